"""A reviewer at a browser who clicks, scrolls and types at random moments, and what they sent by it."""

import random
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Error, Page, Request, expect

from tests.hostile.values import SEED

ARMED_MS: Final = 700
SLACK_MS: Final = 50  # a frame or two between a change and when the page could notice it

# What was under the pointer when the mouse went down (or what a key met), and how long it had stood.
WATCH: Final = """
window.downs = [];
let stood = { key: "", since: 0 };
const places = () => [...document.querySelectorAll("[data-arms]")].filter((b) => b.offsetParent).map((b) => {
  const box = b.getBoundingClientRect(), form = b.closest("form"), detail = b.closest("[data-id]");
  return [Math.round(box.x), Math.round(box.y), form.dataset.verdict, detail?.dataset.id, form.elements.seal?.value].join();
}).join(";");
const frame = () => {
  const key = places();
  if (key !== stood.key) stood = { key, since: performance.now() };
  requestAnimationFrame(frame);
};
requestAnimationFrame(frame);
// What comes of a press is told at once, so that no request of an earlier one is taken for it.
const comes = (what) => { const last = window.downs.at(-1) ; if (last) (last.comes ??= []).push(what); else window.unasked.push(what); };
window.unasked = [];
document.addEventListener("submit", ({ target }) => {
  if (target.matches(".confirm")) comes([target.closest("[data-id]")?.dataset.id ?? null, target.elements.seal?.value ?? null, target.dataset.verdict ?? null]);
}, { capture: true });
document.addEventListener("click", ({ target }) => {
  if (target.closest(".row__open")) comes(target.closest(".row").dataset.id);
}, { capture: true });
const keep = (target, form, elsewhere) => window.downs.push({
  row: target.closest(".row__open") ? target.closest(".row").dataset.id : null,
  id: form ? form.closest("[data-id]")?.dataset.id ?? null : null,
  seal: form?.elements.seal?.value ?? null, verdict: form ? form.dataset.verdict ?? null : null,
  stood: places() === stood.key ? performance.now() - stood.since : 0, elsewhere,
});
document.addEventListener("mousedown", (event) => {
  const button = event.target.closest("[data-arms]");
  keep(event.target, button?.closest("form"), !event.target.closest(".row__open, .decide") && Boolean(event.target.closest("a, button, input, summary, label")));
}, { capture: true });
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  const held = event.ctrlKey || event.metaKey;
  const form = held ? document.querySelector(".confirm:not([hidden])") : event.target.closest("[data-arms]")?.closest("form");
  keep(event.target, form, !form && !event.target.closest(".row__open"));
}, { capture: true });
"""
SPOTS: Final = """
() => [...document.querySelectorAll(".row__open, #detail [data-opens], #detail [data-arms], #detail [data-closes]")]
  .filter((node) => node.offsetParent && node.checkVisibility())
  .map((node) => [node.getBoundingClientRect(), ["[data-arms]", "[data-opens=confirm-approve]"].findIndex((kind) => node.matches(kind))])
  .filter(([box]) => box.top >= 0 && box.bottom <= innerHeight)
  .map(([box, kind]) => [box.x + box.width / 2, box.y + box.height / 2, kind])
"""
ROWS: Final = """
() => [...document.querySelectorAll(".row")].map(row => [row.id, row.getBoundingClientRect().top + (row.closest(".split__list")?.scrollTop ?? 0)])
"""
PAUSES: Final = (0, 50, 200, 400, 700, 750, 900)
KEYS: Final = ("j", "j", "k", "Enter", "a", "d", "Control+Enter", "Control+Enter", "Escape")  # fmt: skip


class Clicker:
    """One window, and what is judged of each press in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.rng = random.Random(SEED)  # noqa: S311
        self.posted: list[tuple[str, str, str]] = []
        self.submitted: list[tuple[str, str, str]] = []
        self.opened = 0
        self.downs: list[dict[str, Any]] = []
        self.early = 0
        self.keyed = 0
        self.faults: list[str] = []
        self._astray = False
        page.add_init_script(WATCH)
        page.on("request", self._asked)

    def _asked(self, request: Request) -> None:
        path = urlsplit(request.url).path.split("/")
        if request.method == "POST" and path[-1] == "decide":
            form = parse_qs(request.post_data or "")
            self.posted.append((path[2], form["seal"][0], form["verdict"][0]))
        elif path[-1] == "panel" and request.headers.get("hx-target"):
            self.opened += 1

    def go_on(self, seconds: float, enough: Callable[[], bool] = lambda: True) -> None:
        """Work for so long, and until it is enough; open the queue anew now and then."""
        over = time.monotonic() + seconds
        while time.monotonic() < over or not enough():
            self._open()
            expect(self.page.locator("#connection")).to_have_text("Live")
            before = self.page.evaluate(ROWS)
            self._astray = False
            for _ in range(25):
                self._act()
                if (
                    self._astray
                ):  # it met a link that leads elsewhere, or what brings new rows
                    break
            else:
                self._compare(before)

    def _open(self) -> None:
        try:
            self.page.goto("/")
        except Error:  # the last press leads elsewhere only now
            self.page.wait_for_load_state()
            self.page.goto("/")

    def _compare(self, before: Any) -> None:
        after = self.page.evaluate(ROWS)
        if before != after:
            moved = [
                pair for pair in zip(before, after, strict=False) if pair[0] != pair[1]
            ]
            self.faults.append(f"rows moved: {moved[:3]}")

    def _act(self) -> None:
        kind = self.rng.random()
        if kind < 0.7:
            self._press(self._click_a_spot)
        elif kind < 0.8:
            self._press(self._click_anywhere)
        elif kind < 0.87:
            self.page.mouse.wheel(0, self.rng.choice((-600, -120, 120, 600)))
        else:
            self.keyed += 1
            self._press(lambda: self.page.keyboard.press(self.rng.choice(KEYS)))

    def _click_a_spot(self) -> None:
        spots = self.page.evaluate(SPOTS)
        if not spots:
            return
        for kind in (0, 1):  # rather a button that sends, or one that opens its form
            some = [spot for spot in spots if spot[2] == kind]
            if some and self.rng.random() < 0.7:
                spots = some
        x, y, _ = self.rng.choice(spots)
        self._click(x, y)

    def _click_anywhere(self) -> None:
        size = self.page.viewport_size
        assert size is not None
        self._click(
            self.rng.randrange(220, size["width"]), self.rng.randrange(size["height"])
        )

    def _click(self, x: float, y: float) -> None:
        self.page.mouse.move(x, y, steps=self.rng.choice((1, 1, 5)))
        self.page.wait_for_timeout(self.rng.choice(PAUSES))
        self.page.mouse.down()
        self.page.mouse.up()

    def _press(self, act: Callable[[], None]) -> None:
        try:
            act()
            self.page.wait_for_timeout(30)
            told = self.page.evaluate("[window.downs.splice(0), window.unasked.splice(0)]")
        except Error:  # the page went elsewhere, which nothing that decides may do
            told, self._astray = ([], []), True
            self.page.wait_for_load_state()
        for down in told[0]:
            self._judge(down, down.get("comes", []))
        if told[1]:
            self.faults.append(f"came without a press: {told[1]}")

    def _judge(self, down: dict[str, Any], comes: list[Any]) -> None:
        self.downs.append(down)
        self._astray = self._astray or down["elsewhere"]
        sent = [each for each in comes if isinstance(each, list)]
        self.submitted += [tuple(each) for each in sent]
        if any(each != down["row"] for each in comes if isinstance(each, str)):
            self.faults.append(f"pressed row {down['row']}, opened {comes}")
        if any(each != [down["id"], down["seal"], down["verdict"]] for each in sent):
            self.faults.append(f"under the pointer was {down}, sent was {sent}")
        if down["verdict"] and down["stood"] < ARMED_MS - SLACK_MS:
            self.early += 1
            if sent:
                self.faults.append(f"sent {down['stood']:.0f} ms after a change: {down}")
