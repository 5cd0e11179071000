"""WebKit, the engine of Safari, as WebKitGTK has it, by the driver that comes with it."""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from tests.engines.driven import IN_JSON, LONGEST, end

BROWSER = Path(__file__).with_name("minimal_browser.py")
_HTTP = build_opener(ProxyHandler({}))
_CONSOLE = re.compile(r"CONSOLE (?:\S+ )?(?:WARN|ERROR)\b.*")


class WebKit:
    """One window of WebKit, on a display of its own."""

    name = "WebKit"
    noise: tuple[str, ...] = (
        "directive 'manifest-src'",  # this build knows no manifests; Safari does
        # What a page was fetching or had open when it is left.
        "htmx:error: Load failed",
        "Importing a module script failed",
        "closed due to suspension",
        "due to access control checks",
    )

    def __init__(self, driver: Path, display: Path, folder: Path) -> None:
        self._log = folder / "webkit.log"
        with ExitStack() as ends:
            shown = _start_display(display)
            ends.callback(end, shown)
            assert shown.stdout is not None
            number = ends.enter_context(shown.stdout).readline().strip()
            port = _free_port()
            self._there = f"http://127.0.0.1:{port}"
            started = _start_driver(driver, port, number, folder, self._log)
            ends.callback(end, started)
            self._wait_for_driver()
            options = {"binary": str(BROWSER), "args": ["--automation"]}
            wanted = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
            made = self._call("POST", "/session", capabilities=wanted)
            self.version = str(made["capabilities"]["browserVersion"])
            self._session = f"/session/{made['sessionId']}"
            ends.callback(self._call, "DELETE", self._session)
            self._ends = ends.pop_all()

    def _wait_for_driver(self) -> None:
        until = time.monotonic() + LONGEST
        while True:
            try:
                self._call("GET", "/status")
            except OSError:
                assert time.monotonic() < until, "WebKitWebDriver does not answer"
                time.sleep(0.05)
            else:
                return

    def _call(self, method: str, path: str, **body: Any) -> Any:
        data = json.dumps(body).encode() if method == "POST" else None
        asking = Request(  # noqa: S310 - our own driver
            self._there + path, data, {"Content-Type": "application/json"}, method=method
        )
        try:
            with _HTTP.open(asking, timeout=LONGEST) as answer:
                return json.load(answer)["value"]
        except HTTPError as error:
            with error:
                raise RuntimeError(f"{path}: {error.read().decode()}") from error

    def open(self, address: str) -> None:
        """Go to an address and wait until it is loaded."""
        self._call("POST", f"{self._session}/url", url=address)

    def evaluate(self, body: str, given: str) -> str:
        """Run the body of a function in the page."""
        script = f"return ({IN_JSON.format(body=body)})(arguments[0])"
        done = self._call(
            "POST", f"{self._session}/execute/sync", script=script, args=[given]
        )
        return str(done)

    def act(self, sources: list[dict[str, Any]]) -> None:
        """Perform actions of keys and pointers."""
        self._call("POST", f"{self._session}/actions", actions=sources)

    def resize(self, width: int, height: int) -> None:
        """Make the page this large: the window has no frame."""
        rect = {"x": 0, "y": 0, "width": width, "height": height}
        self._call("POST", f"{self._session}/window/rect", **rect)
        until = time.monotonic() + LONGEST
        while (
            self.evaluate("return [innerWidth, innerHeight]", "[]") != f"[{width},{height}]"
        ):
            assert time.monotonic() < until, "the window keeps its size"
            time.sleep(0.05)

    def picture(self) -> bytes:
        """Return a PNG of what is in sight."""
        return base64.b64decode(self._call("GET", f"{self._session}/screenshot"))

    def complaints(self) -> list[str]:
        """Return what pages complained of so far."""
        return _CONSOLE.findall(self._log.read_text("utf-8", "replace"))

    def close(self) -> None:
        """End the browser, its driver and its display."""
        self._ends.close()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _start_display(program: Path) -> subprocess.Popen[str]:
    """Start a display; it finds a free number by itself and says which."""
    return subprocess.Popen(
        [program, "-displayfd", "1", "-screen", "0", "1600x1400x24", "-nolisten", "tcp"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def _start_driver(
    program: Path, port: int, display: str, folder: Path, log: Path
) -> subprocess.Popen[bytes]:
    changes = {
        "DISPLAY": f":{display}",
        "GDK_BACKEND": "x11",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "NO_AT_BRIDGE": "1",
        "XDG_RUNTIME_DIR": str(folder),
    }
    if os.geteuid() == 0:  # root cannot make the namespaces that it needs
        changes["WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS"] = "1"
    with log.open("wb") as told:
        return subprocess.Popen(
            # What the browser tells of a page's console comes line by line.
            ["stdbuf", "-oL", program, f"--port={port}"],
            env=os.environ | changes,
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=told,
        )
