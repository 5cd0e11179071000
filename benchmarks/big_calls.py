"""P8: pages of the largest calls that a desk takes, on the server and drawn in Chromium."""

import http.client
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from playwright.sync_api import Page, sync_playwright

from benchmarks.figures import Figure, compared
from benchmarks.prepare import Visit, opened, visits
from benchmarks.previews import HOSTILE, PLAIN, Arguments
from benchmarks.servers import Account, Served, initialise, scratch, serving
from scripts.test_programs import find_chromium

RUNS: Final = 3
HEAVIEST: Final = (
    "keys with every flag", "items with every flag", "keys that are secret", "addresses with secrets", "invisible",
    "secret numbers", "deep secrets", "lines", "numbers",
)  # fmt: skip
CALLS: Final[Mapping[str, Callable[[], Arguments]]] = {
    "small": lambda: {"path": "a"},
    "one text": PLAIN["one text"],
    **{name: HOSTILE[name] for name in HEAVIEST},
}
PAGE_MS: Final = 1_000.0
SHOWN_MS: Final = 2_000.0
MOST_MS: Final = 120_000.0


def measure() -> Iterator[Figure]:
    """Measure each call's page and its full view; the reference is that of a small call."""
    with scratch() as folder:
        account = initialise(folder)
        with serving(folder) as served:
            filed = {name: _file(served, account, make()) for name, make in CALLS.items()}
            with opened(folder) as store:
                (visit,) = visits(store, account, 1)
            for view in ("", "/full"):
                took = {
                    name: [
                        _got(served, visit, f"/approvals/{each}{view}") for _ in range(RUNS)
                    ]
                    for name, each in filed.items()
                }
                yield from _figures(took, "full view" if view else "page", PAGE_MS)
            yield from _shown(served, visit, filed)


def _figures(took: dict[str, list[float]], what: str, limit: float) -> Iterator[Figure]:
    for name, runs in took.items():
        if name != "small":
            yield compared(
                runs,
                took["small"],
                place=("P8", f"{what} of the largest call ({name})"),
                unit="ms",
                goal=f"< {limit:.0f} ms (reference: that of a small call)",
                limit=limit,
            )


def _shown(served: Served, visit: Visit, filed: dict[str, str]) -> Iterator[Figure]:
    chromium = find_chromium()
    if chromium is None:
        print('{"id": "P8", "name": "drawn", "skipped": "no Chromium here"}')
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"]
        )
        context = browser.new_context(extra_http_headers={"Cookie": visit.cookie})
        page = context.new_page()
        page.set_default_timeout(MOST_MS)
        took = {
            name: [_drawn(page, served, each) for _ in range(RUNS)]
            for name, each in filed.items()
        }
        browser.close()
    yield from _figures(took, "full view drawn in Chromium", SHOWN_MS)


def _drawn(page: Page, served: Served, approval_id: str) -> float:
    """Return the ms until the page is loaded and its last frame was laid out."""
    begin = time.perf_counter()
    page.goto(f"http://127.0.0.1:{served.dashboard}/approvals/{approval_id}/full")
    page.evaluate(
        "() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))"
    )
    return (time.perf_counter() - begin) * 1000


def _file(served: Served, account: Account, arguments: Arguments) -> str:
    sent = {"tool": "look.at", "arguments": arguments}
    body = json.dumps(sent, ensure_ascii=False, separators=(",", ":"))
    headers = {"Authorization": f"Bearer {account.key}", "Content-Type": "application/json"}
    desk = http.client.HTTPConnection("127.0.0.1", served.agents, timeout=60)
    desk.request("POST", "/api/v1/approvals", body.encode(), headers)
    answer = desk.getresponse()
    read = answer.read()
    assert answer.status == http.client.CREATED, read[:300]
    desk.close()
    found: str = json.loads(read)["id"]
    return found


def _got(served: Served, visit: Visit, path: str) -> float:
    desk = http.client.HTTPConnection("127.0.0.1", served.dashboard, timeout=60)
    begin = time.perf_counter()
    desk.request("GET", path, headers={"Cookie": visit.cookie})
    answer = desk.getresponse()
    read = answer.read()
    took = (time.perf_counter() - begin) * 1000
    assert answer.status == http.client.OK, read[:300]
    desk.close()
    return took
