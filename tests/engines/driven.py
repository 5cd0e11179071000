"""A browser of another engine, driven by the protocol that it speaks itself.

No library stands between: what a test needs is to open, run, press, click and look. Each engine
says only how it is started, how a script is run in it and how it is told of keys and pointers.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any, Protocol

LONGEST = 60
"""Seconds: only what hangs reaches it, on a machine however busy."""
_KEYS = {
    "Enter": "\ue007",
    "Escape": "\ue00c",
    "Tab": "\ue004",
    "Control": "\ue009",
    "Shift": "\ue008",
    "ArrowDown": "\ue015",
    "ArrowUp": "\ue013",
    "End": "\ue010",
}
IN_JSON = "(json) => JSON.stringify(((found) => (found instanceof Node ? true : found ?? null))(((given) => {{ {body} }})(JSON.parse(json))))"
"""A function around the body of another, so that all engines take and give the same."""
_CENTRE = """
  const node = [...document.querySelectorAll(given[0])].find((each) =>
    each.checkVisibility() && (!given[1] || each.textContent.includes(given[1])));
  if (!node || node.disabled || node.closest("[inert]")) return null;
  node.scrollIntoView({ block: "center", behavior: "instant" });
  const box = node.getClientRects()[0];
  const [x, y] = [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)];
  const there = document.elementFromPoint(x, y);
  if (!there || !(node.contains(there) || there.contains(node))) return null;
  const place = `${given} ${x} ${y}`;
  const stands = window.stood === place;
  window.stood = undefined;
  if (!stands) requestAnimationFrame(() => { window.stood = place; });
  return stands ? [x, y] : null;
"""


def end(program: subprocess.Popen[Any]) -> None:
    """End what was started, in one way or the other."""
    program.terminate()
    try:
        program.wait(LONGEST)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()


class Engine(Protocol):
    """What is different in each engine."""

    name: str
    version: str
    noise: tuple[str, ...]
    """Patterns of what it complains of although nothing is wrong."""

    def open(self, address: str) -> None:
        """Go to an address and wait until it is loaded."""

    def evaluate(self, body: str, given: str) -> str:
        """Run the body of a function in the page; `given` and what it returns are JSON."""

    def act(self, sources: list[dict[str, Any]]) -> None:
        """Perform actions of keys and pointers, in the words of WebDriver."""

    def resize(self, width: int, height: int) -> None:
        """Make the page this large."""

    def picture(self) -> bytes:
        """Return a PNG of what is in sight."""

    def complaints(self) -> list[str]:
        """Return the errors and warnings that pages wrote to the console so far."""

    def close(self) -> None:
        """End the browser."""


class Window:
    """One window, at one desk."""

    def __init__(self, engine: Engine, dashboard: str) -> None:
        self.engine = engine
        self._dashboard = dashboard
        self._forgiven: list[str] = list(engine.noise)
        self._heard = len(engine.complaints())

    def open(self, path: str) -> None:
        """Go to a page of the desk."""
        self.engine.open(self._dashboard + path)

    def run(self, body: str, *given: Any) -> Any:
        """Run the body of a function whose arguments are `given`; a part of the page is true."""
        return json.loads(self.engine.evaluate(body, json.dumps(given)))

    def until(self, body: str, *given: Any) -> Any:
        """Wait for an answer that is neither false nor null, and return it."""
        end = time.monotonic() + LONGEST
        failed = None
        while time.monotonic() < end:
            try:
                found = self.run(body, *given)
            except RuntimeError as error:
                failed = error  # a page that is left has no document for a moment
            else:
                if found is not None and found is not False:
                    return found
            time.sleep(0.05)
        there = self.run("return [location.href, document.body.innerText.slice(0, 2000)]")
        raise AssertionError(
            f"{self.engine.name}: never {body} {given}; at {there}; {failed}"
        )

    def press(self, *keys: str) -> None:
        """Press keys one after the other; `Control+k` holds the first."""
        actions = []
        for key in keys:
            held = (
                [_KEYS.get(each, each) for each in key.split("+")]
                if len(key) > 1
                else [key]
            )
            actions += [{"type": "keyDown", "value": each} for each in held]
            actions += [{"type": "keyUp", "value": each} for each in reversed(held)]
        self.engine.act([{"type": "key", "id": "keys", "actions": actions}])

    def type(self, text: str) -> None:
        """Type a text where the focus is."""
        self.press(*text)

    def click(self, selector: str, words: str = "") -> None:
        """Click the first such part that is in sight, once nothing covers it and a frame found it where it is."""
        x, y = self.until(_CENTRE, selector, words)
        self.engine.act(
            [
                {
                    "type": "pointer",
                    "id": "mouse",
                    "parameters": {"pointerType": "mouse"},
                    "actions": [
                        {"type": "pointerMove", "x": x, "y": y, "duration": 0},
                        {"type": "pointerDown", "button": 0},
                        {"type": "pointerUp", "button": 0},
                    ],
                }
            ]
        )

    def reads(self, selector: str, words: str) -> None:
        """Wait until words stand in a part."""
        self.until(
            "return [...document.querySelectorAll(given[0])].some((node) => node.textContent.includes(given[1]))",
            selector,
            words,
        )

    def forgive(self, pattern: str) -> None:
        """Leave out the complaints that a test provokes."""
        self._forgiven.append(pattern)

    def complaints(self) -> list[str]:
        """Return what pages complained of since this window was opened."""
        said = self.engine.complaints()[self._heard :]
        return [
            each for each in said if not re.search("|".join(self._forgiven) or "$^", each)
        ]

    def picture(self, path: Path) -> None:
        """Keep a picture of what is in sight."""
        path.write_bytes(self.engine.picture())
