"""P6: the pages of queue, history and insights with few and with many old approvals behind them."""

import os
from collections.abc import Iterator

from benchmarks import load
from benchmarks.figures import Figure, compared
from benchmarks.prepare import Visit, file_calls, history, numbers, opened, visits
from benchmarks.servers import initialise, scratch, serving

FULL = os.environ.get("COUNTERSIGN_BENCH") == "full"
FEW, MANY = 1_000, 1_000_000 if FULL else 100_000
WAITING = 50
RUNS = 3
GOAL_MS = 15.0
PATHS = {"/": "queue", "/history": "history", "/insights?days=90": "insights"}


def measure() -> Iterator[Figure]:
    """Measure P6."""
    seen: dict[tuple[str, int], list[float]] = {}
    ports: dict[int, int] = {}
    visitors: dict[int, Visit] = {}
    with scratch() as folder:
        for number in (FEW, MANY):
            account = initialise(folder / str(number))
            history(folder / str(number), account, number)
            with opened(folder / str(number)) as store:
                file_calls(store, account, WAITING)
                numbers(store, account, number)
                (visitors[number],) = visits(store, account, 1)
        with serving(folder / str(FEW)) as few, serving(folder / str(MANY)) as many:
            ports |= {FEW: few.dashboard, MANY: many.dashboard}
            for _ in range(RUNS):
                for path in PATHS:
                    for number in (FEW, MANY):
                        took = _opened(ports[number], path, visitors[number])
                        seen.setdefault((path, number), []).append(took)
    for path, name in PATHS.items():
        yield compared(
            seen[path, MANY],
            seen[path, FEW],
            place=("P6", f"{name} page, {MANY} old approvals beside {FEW}, p50"),
            unit="ms",
            goal=f"<= 1.3 x the small one and < {GOAL_MS:.0f} ms",
            at_most=1.3,
            limit=GOAL_MS,
        )


def _opened(port: int, path: str, visit: Visit) -> float:
    plan = load.Plan(port, path, 2.0, {"Cookie": visit.cookie}, connections=1)
    seen = load.run(plan)
    assert set(seen.statuses) == {"200"}, seen.statuses
    return seen.p50
