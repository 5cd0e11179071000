"""P6: pages with few and with many old approvals behind them."""

import http.client
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks import load
from benchmarks.figures import Figure, compared
from benchmarks.past import FEW, MANY, desk_with, long_past
from benchmarks.past_postgresql import in_postgresql
from benchmarks.prepare import (
    WAITING,
    Visit,
    file_calls,
    opened,
    unused,
    visits,
    withdraw,
)
from benchmarks.servers import Account, scratch, serving

RUNS = 3
SECONDS = 1.2
GOAL_MS = 15.0
_PATHS = {
    "queue": "/",
    "history": "/history",
    "history of one status": "/history?status=denied",
    "history of some tools": "/history?tool=create_*",
    "approval": "/approvals/{}",
    "full arguments": "/approvals/{}/full",
    "audit": "/audit",
    "insights": "/insights?days=90",
}


def measure(number: int = MANY) -> Iterator[Figure]:
    """Measure P6 on SQLite."""
    with scratch() as folder, ExitStack() as ends:
        asked = [_asked(ends, *desk_with(some, folder), None) for some in (FEW, number)]
        yield from _figures("SQLite", number, asked)


def measure_postgresql(number: int = MANY) -> Iterator[Figure]:
    """Measure P6 on PostgreSQL, on the kept desks themselves."""
    with ExitStack() as ends:
        asked = []
        for some in (FEW, number):
            instance, account = long_past(some)
            url = ends.enter_context(in_postgresql(instance))
            asked.append(_asked(ends, instance, account, url))
        yield from _figures("PostgreSQL", number, asked)


class _Asked:
    """A served desk, who visits it, and a call that waits there."""

    def __init__(self, port: int, visit: Visit, waiting: str) -> None:
        self.port, self.visit, self.waiting = port, visit, waiting

    def open(self, path: str) -> float:
        """Return the median of how long a page takes, in ms."""
        path, headers = path.format(self.waiting), {"Cookie": self.visit.cookie}
        desk = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        desk.request(
            "GET", path, headers=headers
        )  # templates are compiled, pages read once
        desk.getresponse().read()
        desk.close()
        plan = load.Plan(self.port, path, SECONDS, headers, connections=1, warm_up=0.2)
        seen = load.run(plan)
        assert set(seen.statuses) == {"200"}, seen.statuses
        return seen.p50


def _asked(ends: ExitStack, instance: Path, account: Account, url: str | None) -> _Asked:
    with opened(instance, url) as store:
        store.write(lambda tx: withdraw(tx, account))
        waiting = file_calls(store, account, WAITING, first=unused())[0]
        (visit,) = visits(store, account, 1)
    more = {} if url is None else {"COUNTERSIGN_DATABASE_URL": url}
    served = ends.enter_context(serving(instance, **more))
    return _Asked(served.dashboard, visit, waiting)


def _figures(where: str, number: int, asked: list[_Asked]) -> Iterator[Figure]:
    for page, path in _PATHS.items():
        took: list[list[float]] = [[], []]
        for _ in range(RUNS):
            for at, desk in enumerate(asked):
                took[at].append(desk.open(path))
        yield compared(
            took[1],
            took[0],
            place=(
                "P6",
                f"{page} page, {where}, {number} old approvals beside {FEW}, p50",
            ),
            unit="ms",
            goal=f"<= 1.3 x the small one and < {GOAL_MS:.0f} ms",
            at_most=1.3,
            limit=GOAL_MS,
        )
