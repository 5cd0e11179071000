"""T21: a flood of events while somebody clicks: what is decided is what was under the pointer."""

import random
import threading
import time
from collections.abc import Callable
from itertools import count
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest
from countersign_client import CountersignError
from playwright.sync_api import Error, Page, Request, expect

from tests.hostile.judge import WITHOUT_LIMITS
from tests.hostile.values import SEED
from tests.plugins.served import At, ServedDesk, StartDesk

pytestmark = pytest.mark.browser
A_SECOND: Final = 20
ARMED_MS: Final = 700
SLACK_MS: Final = 50  # a frame or two between a change and when the page could notice it
START: Final = 12

# What was under the pointer when the mouse went down, and how long that had stood as it did.
WATCH: Final = """
window.downs = [];
let stood = { key: "", since: 0 };
const places = () => [...document.querySelectorAll("[data-arms]")].filter((b) => b.offsetParent).map((b) => {
  const box = b.getBoundingClientRect(), form = b.closest("form"), detail = b.closest("[data-id]");
  return [Math.round(box.x), Math.round(box.y), form.dataset.verdict, detail.dataset.id, form.elements.seal?.value].join();
}).join(";");
const frame = () => {
  const key = places();
  if (key !== stood.key) stood = { key, since: performance.now() };
  requestAnimationFrame(frame);
};
requestAnimationFrame(frame);
document.addEventListener("mousedown", (event) => {
  const button = event.target.closest("[data-arms]"), row = event.target.closest(".row"), form = button?.closest("form");
  window.downs.push({
    row: event.target.closest(".row__open") && row ? row.dataset.id : null,
    id: form ? form.closest("[data-id]").dataset.id : null,
    seal: form?.elements.seal?.value ?? null, verdict: form ? form.dataset.verdict : null,
    stood: places() === stood.key ? performance.now() - stood.since : 0,
  });
}, { capture: true });
"""
SPOTS: Final = """
() => [...document.querySelectorAll(".row__open, #detail [data-opens], #detail [data-arms], #detail [data-closes]")]
  .filter((node) => node.offsetParent && node.checkVisibility())
  .map((node) => [node.getBoundingClientRect(), ["[data-arms]", "[data-opens=confirm-approve]"].findIndex((kind) => node.matches(kind))])
  .filter(([box]) => box.top >= 0 && box.bottom <= innerHeight)
  .map(([box, kind]) => [box.x + box.width / 2, box.y + box.height / 2, kind])
"""
ROWS: Final = "rows => rows.map(row => [row.id, row.getBoundingClientRect().top + row.closest('.rows, #rows').scrollTop])"


class Flood(threading.Thread):
    """An agent that files, talks and withdraws, so many times a second."""

    def __init__(self, desk: ServedDesk, ids: list[str]) -> None:
        super().__init__(daemon=True)
        self._client = desk.client
        self._ids = ids
        self._rng = random.Random(SEED)  # noqa: S311
        self._over = threading.Event()
        self.sent = 0

    def run(self) -> None:
        began = time.monotonic()
        for number in count():
            wait = began + number / A_SECOND - time.monotonic()
            if self._over.wait(max(0, wait)):
                return
            try:
                self._event(number)
            except CountersignError:
                continue  # it was decided meanwhile
            self.sent += 1

    def _event(self, number: int) -> None:
        kind = self._rng.random()
        earlier = self._rng.choice(self._ids)
        if kind < 0.6:
            self._client.ask("mail.send", {"to": f"number {number}"}, expires_in=3600)
        elif kind < 0.97:
            self._client.say(earlier, f"message {number}")
        else:
            self._client.cancel(earlier, "no longer")

    def stop(self) -> None:
        """End it, and wait."""
        self._over.set()
        self.join()


class Clicker:
    """A reviewer who clicks rows and buttons at random moments, and what they sent by it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.rng = random.Random(SEED)  # noqa: S311
        self.posted: list[tuple[str, str, str]] = []
        self.opened: list[str] = []
        self.downs: list[dict[str, Any]] = []
        self.early = 0
        self.faults: list[str] = []
        page.add_init_script(WATCH)
        page.on("request", self._asked)

    def _asked(self, request: Request) -> None:
        path = urlsplit(request.url).path.split("/")
        if request.method == "POST" and path[-1] == "decide":
            form = parse_qs(request.post_data or "")
            self.posted.append((path[2], form["seal"][0], form["verdict"][0]))
        elif path[-1] == "panel" and request.headers.get("hx-target"):
            self.opened.append(path[2])

    def go_on(self, seconds: float) -> None:
        """Click for so long; open the queue anew when nothing is left to decide."""
        over = time.monotonic() + seconds
        while time.monotonic() < over:
            self.page.goto("/")
            expect(self.page.locator("#connection")).to_have_text("Live")
            before = self.page.locator(".row").evaluate_all(ROWS)
            for _ in range(25):
                self._click()
            after = self.page.locator(".row").evaluate_all(ROWS)
            if before != after:
                moved = [pair for pair in zip(before, after, strict=False) if pair[0] != pair[1]]  # fmt: skip
                self.faults.append(f"rows moved: {moved[:3]}")

    def _click(self) -> None:
        spots = self.page.evaluate(SPOTS)
        if not spots:
            return
        for kind in (0, 1):  # rather a button that sends, or one that opens its form
            some = [spot for spot in spots if spot[2] == kind]
            if some and self.rng.random() < 0.7:
                spots = some
        x, y, _ = self.rng.choice(spots)
        self.page.mouse.move(x, y)
        self.page.wait_for_timeout(self.rng.choice((0, 50, 200, 400, 700, 750, 900)))
        sent, opened = len(self.posted), len(self.opened)
        self.page.mouse.down()
        self.page.mouse.up()
        try:
            downs: list[dict[str, Any]] = self.page.evaluate("window.downs.splice(0)")
        except Error:  # the page went elsewhere, which nothing that decides may do
            downs = []
            self.page.wait_for_load_state()
        self.page.wait_for_timeout(30)
        for down in downs:
            self._judge(down, self.posted[sent:], self.opened[opened:])
        if not downs and len(self.posted) > sent:
            self.faults.append(f"sent without a click: {self.posted[sent:]}")

    def _judge(self, down: dict[str, Any], sent: list[Any], opened: list[str]) -> None:
        self.downs.append(down)
        if down["row"] and any(each != down["row"] for each in opened):
            self.faults.append(f"clicked row {down['row']}, opened {opened}")
        if any(each != (down["id"], down["seal"], down["verdict"]) for each in sent):
            self.faults.append(f"under the pointer was {down}, sent was {sent}")
        if down["verdict"] and down["stood"] < ARMED_MS - SLACK_MS:
            self.early += 1
            if sent:
                self.faults.append(f"sent {down['stood']:.0f} ms after a change: {down}")


@pytest.mark.parametrize("seconds", [6, pytest.param(60, marks=pytest.mark.sure)])
def test_what_is_decided_in_a_flood_is_what_was_under_the_pointer(
    start_desk: StartDesk, at: At, report: Callable[..., None], seconds: int
) -> None:
    desk = start_desk(**WITHOUT_LIMITS)
    asked = [
        desk.client.ask("mail.send", {"to": f"reader {place}"}, expires_in=3600)
        for place in range(START)
    ]
    page = at(desk.admin, desk, viewport={"width": 1280, "height": 900}, forgiven="409|403")
    clicker = Clicker(page)
    flood = Flood(desk, [each.id for each in asked])
    flood.start()
    try:
        clicker.go_on(seconds)
    finally:
        flood.stop()
    report(
        rig="T21", seconds=seconds, events=flood.sent, clicks=len(clicker.downs), decisions=len(clicker.posted),
        rows_opened=len(clicker.opened), early_clicks_inert=clicker.early, faults=clicker.faults[:5], violations=len(clicker.faults),
    )  # fmt: skip
    assert clicker.faults == []
    assert clicker.posted or seconds < 60
