"""P7: looking words up among many old approvals, as the history page does (SQLite)."""

import random
import time
from collections.abc import Iterator
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.figures import Figure, compared, percentile
from benchmarks.past import FEW, MANY, long_past
from benchmarks.past_rows import WORDS, word
from benchmarks.prepare import opened
from webui.store.models import Org
from webui.store.queries.calls import Filters
from webui.store.queries.settled import history

RUNS: Final = 3
ASKED: Final = 150
GOAL_MS: Final = 50.0


def measure() -> Iterator[Figure]:
    """Measure P7: rare, common and several words, and beginnings of words."""
    took: dict[int, list[float]] = {}
    for number in (FEW, MANY):
        folder, _ = long_past(number)
        with opened(folder) as store, store.reading() as session:
            org = session.scalars(select(Org.id)).first()
            assert org is not None
            _run(session, org, 0)  # what is read for the first time comes from the disk
            took[number] = [_run(session, org, run) for run in range(1, RUNS + 1)]
    yield compared(
        took[MANY],
        took[FEW],
        place=("P7", f"search over {MANY} approvals beside {FEW}, SQLite, p99"),
        unit="ms",
        goal=f"< {GOAL_MS:.0f} ms",
        limit=GOAL_MS,
    )


def _run(session: Session, org: str, seed: int) -> float:
    chance = random.Random(seed)  # noqa: S311 - no secret
    took = []
    for _ in range(ASKED):
        filters = Filters(words=_words(chance))
        begin = time.perf_counter()
        history(session, org, filters)
        took.append((time.perf_counter() - begin) * 1000)
    return percentile(took, 0.99)


def _words(chance: random.Random) -> str:
    kind = chance.randrange(4)
    if kind == 0:
        return word(chance.randrange(WORDS))
    if kind == 1:
        return word(chance.randrange(5))
    if kind == 2:  # noqa: PLR2004 - one of four
        return f"{word(chance.randrange(5))} {word(chance.randrange(200))}"
    return word(chance.randrange(WORDS))[: chance.randrange(2, 5)]
