"""P4: from the answer an agent gets to what a person sees, in a real Chromium."""

import http.client
import time
from collections.abc import Iterator

from playwright.sync_api import Page, sync_playwright

from benchmarks.figures import Figure, compared, percentile
from benchmarks.intake import bearer, call_of
from benchmarks.load import COUNTER
from benchmarks.past import MANY, desk_with
from benchmarks.prepare import WAITING, file_calls, opened, unused, withdraw
from benchmarks.servers import Account, Served, scratch, serving
from scripts.test_programs import find_chromium

RUNS = 3
LOADS = 9
FILED = 150
A_SECOND = 50
GOAL_MS = 150.0

# The count beside "new" and the number that waits are what a person sees of a call behind the
# bar; both are drawn in one step, and a frame later they are on the screen.
WATCH = """() => {
  window.seen = [];
  const note = () => requestAnimationFrame(() => window.seen.push([
    performance.timeOrigin + performance.now(),
    Number(document.querySelector("[data-waiting-count]").textContent),
  ]));
  new MutationObserver(note).observe(
    document.body, { childList: true, subtree: true, characterData: true });
}"""
IDLE_TRIPS = """async () => {
  const took = [];
  for (let i = 0; i < 40; i += 1) {
    const from = performance.now();
    await (await fetch("/healthz", { cache: "no-store" })).text();
    took.push(performance.now() - from);
  }
  return took;
}"""


# A confirmation arms its button after a moment, so that no double click decides.
ARMED = "#confirm-approve [type=submit]:enabled"
ACKNOWLEDGED = """() => new Promise((heard) => {
  const from = performance.now();
  new MutationObserver(() => {
    if (!document.querySelector("#confirm-approve")) {
      requestAnimationFrame(() => heard(performance.now() - from));
    }
  }).observe(document.body, { childList: true, subtree: true });
  document.querySelector("#confirm-approve [type=submit]").click();
})"""


def measure(number: int = MANY) -> Iterator[Figure]:
    """Measure P4; the reference is this browser's own plain request when nothing happens."""
    chromium = find_chromium()
    if chromium is None:
        print('{"id": "P4", "name": "row visible", "skipped": "no Chromium here"}')
        return
    with scratch() as folder, sync_playwright() as playwright:
        desk, account = desk_with(number, folder)
        with opened(desk) as store:
            store.write(lambda tx: withdraw(tx, account))
            waiting = file_calls(store, account, WAITING, first=unused())
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"]
        )
        with serving(desk) as served:
            page = _signed_in(browser.new_page(), served, account)
            loads = [_complete(page, served) for _ in range(LOADS)]
            page.evaluate(WATCH)
            runs = [_run(page, served, account) for _ in range(RUNS)]
            trips = page.evaluate(IDLE_TRIPS)
            acks = [_acknowledged(page, served, each) for each in waiting[:LOADS]]
        browser.close()
    worst = [percentile(late, 0.99) for late, _ in runs]
    yield compared(
        worst,
        [percentile(trips, 0.99) for _, trips in runs],
        place=("P4", f"filed call visible in Chromium, p99, {A_SECOND} a second"),
        unit="ms",
        goal=f"< {GOAL_MS:.0f} ms (reference: a plain request of the idle browser)",
        limit=GOAL_MS,
    )
    for took, name, most in (
        (loads, f"queue page complete in Chromium, {number} old approvals, p50", 200.0),
        (acks, "decision acknowledged on screen, p50", 100.0),
    ):
        yield compared(
            took,
            trips,
            place=("P4", name),
            unit="ms",
            goal=f"< {most:.0f} ms (reference: a plain request of the idle browser)",
            limit=most,
        )


def _signed_in(page: Page, served: Served, account: Account) -> Page:
    page.goto(f"http://127.0.0.1:{served.dashboard}/sign-in")
    page.fill("input[name=email]", account.email)
    page.fill("input[name=password]", account.password)
    page.click("main button[type=submit]")
    page.wait_for_selector("#connection[data-state=live]", state="attached")
    page.evaluate(WATCH)
    return page


def _complete(page: Page, served: Served) -> float:
    """Return how long the queue takes until it is drawn with all that it loads."""
    page.goto(f"http://127.0.0.1:{served.dashboard}/", wait_until="load")
    took: float = page.evaluate(
        "performance.getEntriesByType('navigation')[0].loadEventEnd || performance.now()"
    )
    return took


def _acknowledged(page: Page, served: Served, approval_id: str) -> float:
    """Return how long it takes from the last click of a yes to the frame that says it was heard."""
    page.goto(f"http://127.0.0.1:{served.dashboard}/approvals/{approval_id}")
    page.wait_for_selector("#connection[data-state=live]", state="attached")
    page.click("#decide-bar [data-opens=confirm-approve]")
    page.wait_for_selector(ARMED)
    took: float = page.evaluate(ACKNOWLEDGED)
    return took


def _run(page: Page, served: Served, account: Account) -> tuple[list[float], list[float]]:
    trips = page.evaluate(IDLE_TRIPS)
    before = int(page.inner_text("[data-waiting-count]"))
    answered = _file(served, account, unused() % 10**8)
    wanted = before + FILED
    page.wait_for_function(
        f"() => Number(document.querySelector('[data-waiting-count]').textContent) >= {wanted}"
    )
    page.wait_for_timeout(100)
    seen: list[tuple[float, int]] = page.evaluate("() => window.seen.splice(0)")
    late = []
    for number, at in enumerate(answered, 1):
        shown = min(when for when, count in seen if count >= before + number)
        late.append(max(0.0, shown - at))
    return late, trips


def _file(served: Served, account: Account, first: int) -> list[float]:
    """File calls at an even pace; return when each was answered, in ms of the wall clock."""
    desk = http.client.HTTPConnection("127.0.0.1", served.agents)
    headers = bearer(account.key) | {"Content-Type": "application/json"}
    answered = []
    begin = time.perf_counter()
    for number in range(FILED):
        time.sleep(max(0.0, begin + number / A_SECOND - time.perf_counter()))
        body = call_of().replace(COUNTER, f"{first + number:08d}")
        desk.request("POST", "/api/v1/approvals", body, headers)
        answer = desk.getresponse()
        answer.read()
        assert answer.status == 201, answer.status  # noqa: PLR2004 - HTTP 201
        answered.append(time.time() * 1000)
    desk.close()
    return answered
