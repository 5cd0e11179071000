"""P10: the backtest of a policy: two policies asked about the same recorded calls."""

import json
import random
import statistics
import time
from collections.abc import Iterator

from sqlalchemy import select

from benchmarks.figures import Figure, spread
from benchmarks.policy_calls import TOOLS, arguments_of
from benchmarks.prepare import opened
from benchmarks.recorded import fill
from benchmarks.servers import initialise, scratch
from webui.approvals.jobs import Claimed
from webui.approvals.policy import Call, Facts, History, Policy, compare, read_policy
from webui.approvals.policy.shelf import shelf
from webui.replays.backtest import run_backtest
from webui.replays.reading import slices
from webui.store.models import Org
from webui.store.store import Store

RUNS = 5
CALLS = 20_000
GOAL = 20_000
STORED = 100_000
NOON = 1_767_614_400_000


def measure() -> Iterator[Figure]:
    """Measure calls a second on one core, beside only reading the calls' arguments."""
    for name, tools in TOOLS.items():
        old, new = _policies(name)
        recorded = _recorded(tools)
        runs = [(_backtest(old, new, recorded), _reading(recorded)) for _ in range(RUNS)]
        rates, references = [rate for rate, _ in runs], [rate for _, rate in runs]
        figure, reference = statistics.median(rates), statistics.median(references)
        yield Figure(
            id="P10",
            name=f"policy backtest ({name})",
            figure=figure,
            unit="calls/s",
            reference=reference,
            ratio=figure / reference,
            goal=f">= {GOAL:,} calls/s on one core",
            met=figure >= GOAL,
            spread=spread(rates),
        )
    yield from _end_to_end()


def _end_to_end() -> Iterator[Figure]:
    """Measure a backtest from the rows on, as its job does it, beside only reading the rows."""
    with scratch() as folder:
        initialise(folder / "i")
        with opened(folder / "i") as store:
            fill(store, STORED)
            with store.reading() as session:
                org_id = session.scalars(select(Org.id).limit(1)).one()
            for name in TOOLS:
                text = next(each.text for each in shelf() if each.name == name)
                wanted = {"text": text, "days": 30, "revision": ""}
                job = Claimed("job", org_id, "backtest", "", 1, wanted, store.now())
                runs = [(_replayed(store, job), _rows(store, job)) for _ in range(3)]
                rates, references = [each for each, _ in runs], [each for _, each in runs]
                figure, reference = statistics.median(rates), statistics.median(references)
                yield Figure(
                    id="P10",
                    name=f"backtest of {STORED:,} recorded calls, from the rows on ({name})",
                    figure=figure,
                    unit="calls/s",
                    reference=reference,
                    ratio=figure / reference,
                    goal=f">= {GOAL:,} calls/s on one core",
                    met=figure >= GOAL,
                    spread=spread(rates),
                )


def _replayed(store: Store, job: Claimed) -> float:
    started = time.process_time()
    for _ in run_backtest(store, job):
        pass
    return STORED / (time.process_time() - started)


def _rows(store: Store, job: Claimed) -> float:
    started = time.process_time()
    read = sum(len(found.calls) for _, found in slices(store, job.org_id, "", "b"))
    assert read == STORED
    return STORED / (time.process_time() - started)


def _policies(name: str) -> tuple[Policy, Policy]:
    """Return a policy of the shelf, and the same with another default."""
    text = next(each.text for each in shelf() if each.name == name)
    return read_policy(text), read_policy(
        text.replace("default: require_approval", "default: allow")
    )


def _recorded(tools: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return calls as they are kept: the tool, and the arguments' JSON text."""
    chance = random.Random(7)  # noqa: S311 - no secret
    return [(chance.choice(tools), json.dumps(arguments_of(chance))) for _ in range(CALLS)]


def _backtest(old: Policy, new: Policy, recorded: list[tuple[str, str]]) -> float:
    started = time.perf_counter()
    calls = (
        Facts(Call(tool, json.loads(text)), NOON, history=History())
        for tool, text in recorded
    )
    differences = sum(1 for _ in compare(old, new, calls))
    assert 0 < differences < CALLS
    return CALLS / (time.perf_counter() - started)


def _reading(recorded: list[tuple[str, str]]) -> float:
    started = time.perf_counter()
    for _, text in recorded:
        json.loads(text)
    return CALLS / (time.perf_counter() - started)
