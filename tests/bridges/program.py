"""The real OpenCode on loopback, with a model of ours; it reaches nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from base64 import b64encode
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

from scripts.test_programs import find_opencode
from tests.bridges.model import Model, prompt_for

PASSWORD = "sesame, open the code"
PATIENCE = 60.0
OFFLINE = (
    "AUTOUPDATE",
    "MODELS_FETCH",
    "LSP_DOWNLOAD",
    "DEFAULT_PLUGINS",
    "EMBEDDED_WEB_UI",
    "SHARE",
)


def until(found: Any, what: str = "it", seconds: float = PATIENCE) -> Any:
    """Look until something is there, and return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if there := found():
            return there
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come in {seconds} s")


class Program:
    """`opencode serve` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, 0
        self._model = ThreadingHTTPServer(("127.0.0.1", 0), Model)
        threading.Thread(target=self._model.serve_forever, daemon=True).start()
        self._process: subprocess.Popen[str] | None = None
        (folder / "home").mkdir()
        self.work = folder / "work"
        self.work.mkdir()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve, at the port of before if there was one."""
        program = find_opencode()
        assert program is not None, (
            "OpenCode is not installed: run `python scripts/test_programs.py --opencode`"
        )
        self._process = subprocess.Popen(
            [program, "serve", "--pure", "--port", str(self.port)],
            cwd=self.work,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if "listening on" in line:
                self.port = int(line.rsplit(":", 1)[1])
                break
        until(self._answers, "OpenCode")

    def kill(self) -> None:
        """KILL: it has no time to say anything."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.communicate()
            self._process = None

    def close(self) -> None:
        self.kill()
        self._model.shutdown()
        self._model.server_close()

    def session(self, directory: Path | None = None) -> str:
        where = "" if directory is None else f"?directory={quote(str(directory), safe='')}"
        return str(self.call("POST", f"/session{where}", {})["id"])

    def prompt(self, *calls: tuple[str, dict[str, Any]]) -> str:
        """Have the model ask for calls in a new session; return its id."""
        session = self.session()
        parts = [{"type": "text", "text": prompt_for(list(calls))}]
        self.call("POST", f"/session/{session}/prompt_async", {"parts": parts})
        return session

    def pending(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", "/permission")
        return found

    def reply(self, request: str, reply: str, message: str | None = None) -> None:
        """Answer as its own terminal does."""
        said = {"reply": reply} | ({"message": message} if message else {})
        self.call("POST", f"/permission/{quote(request)}/reply", said)

    def told(self, session: str) -> str:
        """Return all that the session's record says, as text."""
        return json.dumps(self.call("GET", f"/session/{session}/message"))

    def call(self, method: str, path: str, body: Any = None, timeout: float = 30) -> Any:
        pair = b64encode(f"opencode:{PASSWORD}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.url + path, data, headers, method=method)  # noqa: S310
        with urlopen(request, timeout=timeout) as answer:  # noqa: S310
            text = answer.read()
        return json.loads(text) if text else None

    def _answers(self) -> bool:
        try:  # the first request of a cold start may be lost, so it is given up early
            self.call("GET", "/permission", timeout=2)
        except HTTPError:
            raise
        except OSError:
            return False
        return True

    def _environment(self) -> dict[str, str]:
        home = str(self.folder / "home")
        kept = {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "OPENCODE_SERVER_PASSWORD": PASSWORD,
        }
        kept |= {f"OPENCODE_DISABLE_{name}": "1" for name in OFFLINE}
        kept |= {
            f"XDG_{name}_HOME": f"{home}/{name}"
            for name in ("DATA", "CONFIG", "CACHE", "STATE")
        }
        model = {"name": "m", "tool_call": True}
        options = {
            "baseURL": f"http://127.0.0.1:{self._model.server_port}/v1",
            "apiKey": "none",
        }
        provider = {
            "npm": "@ai-sdk/openai-compatible",
            "name": "Stand",
            "options": options,
            "models": {"m": model},
        }
        config = {
            "autoupdate": False,
            "share": "disabled",
            "snapshot": False,
            "model": "stand/m",
            "small_model": "stand/m",
            "provider": {"stand": provider},
            "permission": {"bash": "ask", "edit": "ask", "webfetch": "ask"},
        }
        return kept | {"OPENCODE_CONFIG_CONTENT": json.dumps(config)}
