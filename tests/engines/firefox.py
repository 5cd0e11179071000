"""Firefox, by WebDriver BiDi, which it speaks itself."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

from tests.engines.driven import IN_JSON, LONGEST, end

_PREFERENCES = {
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "intl.accept_languages": "en",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.enabled": False,
}


class Firefox:
    """One Firefox with one window, in a profile of its own."""

    name = "Firefox"
    noise: tuple[str, ...] = (
        # What a page was fetching when it is left.
        "htmx:error: NetworkError",
        "error loading dynamically imported module",
    )

    def __init__(self, program: Path, folder: Path) -> None:
        self._last = 0
        self._said: list[str] = []
        with ExitStack() as ends:
            log = folder / "firefox.log"
            started = _start(program, folder, log)
            ends.callback(end, started)
            there = _address_in(log, started)
            self._socket = ends.enter_context(connect(there, max_size=None, proxy=None))
            told = self._send("session.new", capabilities={})
            self.version = str(told["capabilities"]["browserVersion"])
            self._send("session.subscribe", events=["log.entryAdded"])
            # The first tab leaves the focus in the address bar.
            self._context = self._send("browsingContext.create", type="tab")["context"]
            self._send("browsingContext.activate", context=self._context)
            self._ends = ends.pop_all()

    def _send(self, method: str, **params: Any) -> Any:
        self._last += 1
        self._socket.send(
            json.dumps({"id": self._last, "method": method, "params": params})
        )
        while True:
            answer = json.loads(self._socket.recv(timeout=LONGEST))
            if answer["type"] == "event":
                self._hear(answer)
            elif answer.get("id") == self._last:
                if answer["type"] == "error":
                    raise RuntimeError(f"{method}: {answer['error']}: {answer['message']}")
                return answer["result"]

    def _hear(self, event: dict[str, Any]) -> None:
        told = event["params"]
        if event["method"] == "log.entryAdded" and told["level"] in {"error", "warn"}:
            self._said.append(str(told["text"]))

    def open(self, address: str) -> None:
        """Go to an address and wait until it is loaded."""
        self._send(
            "browsingContext.navigate", context=self._context, url=address, wait="complete"
        )

    def evaluate(self, body: str, given: str) -> str:
        """Run the body of a function in the page."""
        answer = self._send(
            "script.callFunction",
            functionDeclaration=IN_JSON.format(body=body),
            arguments=[{"type": "string", "value": given}],
            target={"context": self._context},
            awaitPromise=False,
        )
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return str(answer["result"]["value"])

    def act(self, sources: list[dict[str, Any]]) -> None:
        """Perform actions of keys and pointers."""
        self._send("input.performActions", context=self._context, actions=sources)

    def resize(self, width: int, height: int) -> None:
        """Make the page this large."""
        size = {"width": width, "height": height}
        self._send("browsingContext.setViewport", context=self._context, viewport=size)

    def picture(self) -> bytes:
        """Return a PNG of what is in sight."""
        shown = self._send("browsingContext.captureScreenshot", context=self._context)
        return base64.b64decode(shown["data"])

    def complaints(self) -> list[str]:
        """Return what pages complained of so far."""
        self._send("session.status")  # what was said before this is told before its answer
        return list(self._said)

    def close(self) -> None:
        """End the browser."""
        self._ends.close()


def _start(program: Path, folder: Path, log: Path) -> subprocess.Popen[bytes]:
    profile = folder / "profile"
    profile.mkdir()
    lines = [
        f"user_pref({json.dumps(name)}, {json.dumps(value)});"
        for name, value in _PREFERENCES.items()
    ]
    (profile / "user.js").write_text("\n".join(lines), "utf-8")
    words = ["--headless", "--no-remote", "--remote-debugging-port=0", "--profile"]
    with log.open("wb") as told:
        return subprocess.Popen(
            [program, *words, profile],
            env=os.environ | {"HOME": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=told,
        )


def _address_in(log: Path, started: subprocess.Popen[bytes]) -> str:
    """Wait until it says where it listens."""
    until = time.monotonic() + LONGEST
    while time.monotonic() < until and started.poll() is None:
        found = re.search(r"listening on (ws://\S+)\n", log.read_text("utf-8", "replace"))
        if found:
            return f"{found[1]}/session"
        time.sleep(0.05)
    raise AssertionError(f"Firefox does not listen: {log.read_text('utf-8', 'replace')}")
