"""P7: looking words up among many old approvals, as the history page does, on both databases."""

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.figures import Figure, compared, percentile
from benchmarks.past import FEW, MANY, long_past
from benchmarks.past_postgresql import in_postgresql
from benchmarks.past_rows import WORDS, word
from benchmarks.prepare import opened
from scripts.test_programs import find_postgres
from webui.store.models import Org
from webui.store.queries.calls import Filters
from webui.store.queries.settled import history

RUNS: Final = 3
ASKED: Final = 150
GOAL_MS: Final = 50.0


def measure(number: int = MANY) -> Iterator[Figure]:
    """Measure P7: rare, common and several words, and beginnings of words."""
    took = {some: _on_sqlite(long_past(some)[0]) for some in (FEW, number)}
    yield _figure("SQLite", number, took)
    if find_postgres() is not None:
        took = {some: _on_postgresql(long_past(some)[0]) for some in (FEW, number)}
        yield _figure("PostgreSQL", number, took)


def _figure(where: str, number: int, took: dict[int, list[float]]) -> Figure:
    return compared(
        took[number],
        took[FEW],
        place=("P7", f"search over {number} approvals beside {FEW}, {where}, p99"),
        unit="ms",
        goal=f"< {GOAL_MS:.0f} ms",
        limit=GOAL_MS,
    )


def _on_sqlite(instance: Path) -> list[float]:
    return _runs(instance, None)


def _on_postgresql(instance: Path) -> list[float]:
    with in_postgresql(instance) as url:
        return _runs(instance, url)


def _runs(instance: Path, url: str | None) -> list[float]:
    with opened(instance, url) as store, store.reading() as session:
        org = session.scalars(select(Org.id)).first()
        assert org is not None
        _run(session, org, 0)  # what is read for the first time comes from the disk
        return [_run(session, org, run) for run in range(1, RUNS + 1)]


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
    kind = chance.randrange(5)
    if kind == 0:
        return word(chance.randrange(WORDS))
    if kind == 1:
        return word(chance.randrange(5))
    if kind == 2:  # noqa: PLR2004 - one of five
        return f"{word(chance.randrange(5))} {word(chance.randrange(200))}"
    if kind == 3:  # noqa: PLR2004 - one of five
        return f"{word(chance.randrange(2_000))} {word(chance.randrange(2_000))}"
    return word(chance.randrange(WORDS))[: chance.randrange(2, 5)]
