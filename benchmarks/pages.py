"""P6: pages with few and with many old approvals behind them."""

from collections.abc import Iterator

from benchmarks import load
from benchmarks.figures import Figure, compared
from benchmarks.past import FEW, MANY, copied
from benchmarks.prepare import Visit, file_calls, numbers, opened, visits
from benchmarks.servers import scratch, serving

WAITING = 50
RUNS = 3
GOAL_MS = 15.0


def measure() -> Iterator[Figure]:
    """Measure P6."""
    seen: dict[tuple[str, int], list[float]] = {}
    ports: dict[int, int] = {}
    visitors: dict[int, Visit] = {}
    waiting: dict[int, str] = {}
    pages = tuple(_PATHS)
    with scratch() as folder:
        for number in (FEW, MANY):
            account = copied(number, folder / str(number))
            with opened(folder / str(number)) as store:
                waiting[number] = file_calls(store, account, WAITING)[0]
                numbers(store, account, number)
                (visitors[number],) = visits(store, account, 1)
        with serving(folder / str(FEW)) as few, serving(folder / str(MANY)) as many:
            ports |= {FEW: few.dashboard, MANY: many.dashboard}
            for _ in range(RUNS):
                for page in pages:
                    for number in (FEW, MANY):
                        path = _PATHS[page].format(waiting[number])
                        took = _opened(ports[number], path, visitors[number])
                        seen.setdefault((page, number), []).append(took)
    for page in pages:
        yield compared(
            seen[page, MANY],
            seen[page, FEW],
            place=("P6", f"{page} page, {MANY} old approvals beside {FEW}, p50"),
            unit="ms",
            goal=f"<= 1.3 x the small one and < {GOAL_MS:.0f} ms",
            at_most=1.3,
            limit=GOAL_MS,
        )


_PATHS = {
    "queue": "/",
    "history": "/history",
    "approval": "/approvals/{}",
    "audit": "/audit",
    "insights": "/insights?days=90",
}


def _opened(port: int, path: str, visit: Visit) -> float:
    plan = load.Plan(port, path, 2.0, {"Cookie": visit.cookie}, connections=1)
    seen = load.run(plan)
    assert set(seen.statuses) == {"200"}, seen.statuses
    return seen.p50
