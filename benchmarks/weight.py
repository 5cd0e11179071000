"""P13: what a browser receives: at the first load, and with each page after it."""

import gzip
import http.client
import re
from collections.abc import Iterator

from benchmarks.figures import Figure, compared
from benchmarks.prepare import Visit, file_calls, opened, visits
from benchmarks.servers import initialise, scratch, serving

WAITING = 20
FIRST_KB, LATER_KB = 120.0, 20.0
_ASSET = re.compile(r'(?:href|src|data-waiting)="(/static/[^"#]+)')
_IMPORT = re.compile(rb'(?:from|import)\s*"(\./[^"]+)"')


def measure() -> Iterator[Figure]:
    """Measure P13 from answers as they come over the wire, their headers left aside."""
    with scratch() as folder:
        account = initialise(folder / "desk")
        with opened(folder / "desk") as store:
            waiting = file_calls(store, account, WAITING)
            (visit,) = visits(store, account, 1)
        with serving(folder / "desk") as served:
            first = _first(served.dashboard, visit)
            paths = ("/", "/history", "/audit", f"/approvals/{waiting[0]}")
            later = {path: _got(served.dashboard, path, visit) for path in paths}
    sizes = [_kb(wire) for wire, _ in first.values()]
    plain = [_kb(plain) for _, plain in first.values()]
    yield compared(
        [sum(sizes)],
        [sum(plain)],
        place=(
            "P13",
            f"first load of the queue, {len(first)} files, {WAITING} calls waiting",
        ),
        unit="kB",
        goal=f"< {FIRST_KB:.0f} kB (reference: the same, not compressed)",
        limit=FIRST_KB,
    )
    worst = max(later, key=lambda path: len(later[path][0]))
    yield compared(
        [_kb(later[worst][0])],
        [_kb(later[worst][1])],
        place=("P13", "a later page, the heaviest of queue, history, audit, approval"),
        unit="kB",
        goal=f"< {LATER_KB:.0f} kB (reference: the same, not compressed)",
        limit=LATER_KB,
    )


def _kb(body: bytes) -> float:
    return len(body) / 1000


def _first(port: int, visit: Visit) -> dict[str, tuple[bytes, bytes]]:
    """Return the page and all that it and its scripts name, by path: as sent, and plain."""
    got = {"/": _got(port, "/", visit)}
    ahead = _ASSET.findall(got["/"][1].decode())
    while ahead:
        path = ahead.pop()
        if path not in got:
            got[path] = _got(port, path, visit)
            folder = path.rpartition("/")[0]
            found = _IMPORT.findall(got[path][1]) if path.endswith(".js") else []
            ahead += [f"{folder}{name.decode()[1:]}" for name in found]
    return got


def _got(port: int, path: str, visit: Visit) -> tuple[bytes, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Cookie": visit.cookie, "Accept-Encoding": "gzip, deflate, br"}
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    sent = answer.read()
    connection.close()
    assert answer.status == http.client.OK, (path, answer.status)
    packed = answer.headers["Content-Encoding"] == "gzip"
    return sent, gzip.decompress(sent) if packed else sent
