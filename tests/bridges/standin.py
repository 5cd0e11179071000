"""A stand-in for OpenCode that speaks as opencode-ai 1.18.33 was recorded to speak.

What it says and in which order (which siblings fall with a rejection, what `always` answers too,
that a list with a fetch in it cannot be read) was taken from the real one; `make sure` runs the
same tests against that.
"""

from __future__ import annotations

import json
import queue
import threading
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.bridges.program import PASSWORD, Program

NOTHING_THERE = {"type": "text", "content": ""}
_NO = "The user rejected permission to use this specific tool call"


class StandIn(Program):
    """Takes the same orders as the program, in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, 0
        self.work = folder / "work"
        self.work.mkdir()
        self.lock = threading.RLock()
        self.waiting: dict[str, dict[str, Any]] = {}
        self.newer: dict[str, dict[str, Any]] = {}
        """Requests of the second generation."""
        self.messages: dict[str, dict[str, Any]] = {}
        self.listeners: list[queue.SimpleQueue[bytes | None]] = []
        self.sessions: list[Path] = []
        """The folders of its sessions, the latest last."""
        self.refuses = 0
        """How many lists from now on cannot be read."""
        self._count = 0
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        handler = type("Handler", (self.routes(),), {"standin": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        ).start()

    def routes(self) -> type[Handler]:
        return Handler

    def kill(self) -> None:
        """End: what waits is in memory, and lost."""
        if self._server is not None:
            self.hang_up()
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        self.waiting.clear()

    def hang_up(self) -> None:
        """Break off every event stream."""
        with self.lock:
            for each in self.listeners:
                each.put(None)
            self.listeners.clear()

    def close(self) -> None:
        self.kill()

    def session(self, directory: Path | None = None) -> str:
        self.sessions.append(directory or self.work)
        self.emit("session.created", {})
        return self._id("ses")

    def prompt(self, *calls: tuple[str, dict[str, Any]], session: str = "") -> str:
        with self.lock:
            session, message = session or self.session(), self._id("msg")
            parts = [
                {
                    "id": self._id("prt"),
                    "type": "tool",
                    "tool": tool,
                    "callID": f"call_{at}",
                    "state": {"status": "running", "input": given},
                }
                for at, (tool, given) in enumerate(calls)
            ]
            self.messages[message] = {
                "info": {
                    "id": message,
                    "sessionID": session,
                    "path": {"cwd": str(self.work)},
                },
                "parts": parts,
            }
            for part in parts:
                self._ask(session, message, part)
        return session

    def _ask(self, session: str, message: str, part: dict[str, Any]) -> None:
        given, name = part["state"]["input"], part["tool"]
        if name == "bash":
            word = given["command"].split()[0]
            asked = [given["command"]], {"command": given["command"]}, [f"{word} *"]
        else:
            asked = [given["url"]], {"url": given["url"], "format": "text"}, ["*"]
        request = {
            "id": self._id("per"),
            "sessionID": session,
            "permission": name,
            "patterns": asked[0],
            "metadata": asked[1],
            "always": asked[2],
            "tool": {"messageID": message, "callID": part["callID"]},
        }
        self.waiting[request["id"]] = request
        self.emit("permission.asked", request)

    def emit(self, kind: str, properties: dict[str, Any]) -> None:
        event = {"id": self._id("evt"), "type": kind, "properties": properties}
        with self.lock:
            for each in self.listeners:
                each.put(f"data: {json.dumps(event)}\n\n".encode())

    def pending(self) -> list[dict[str, Any]]:
        return list(self.waiting.values())

    def told(self, session: str) -> str:
        return json.dumps(
            [
                each
                for each in self.messages.values()
                if each["info"]["sessionID"] == session
            ]
        )

    def answer(self, request_id: str, said: dict[str, Any]) -> bool:
        """Answer a request and what falls with it; False: it does not wait."""
        with self.lock:
            request = self.waiting.pop(request_id, None)
            if request is None:
                return False
            self._settle(request, said["reply"], said.get("message"))
            session = request["sessionID"]
            for other in [x for x in self.waiting.values() if x["sessionID"] == session]:
                same = other["always"] == request["always"]
                if said["reply"] == "reject" or (said["reply"] == "always" and same):
                    del self.waiting[other["id"]]
                    self._settle(other, said["reply"], None)
        return True

    def _settle(self, request: dict[str, Any], reply: str, message: str | None) -> None:
        place = request["tool"]
        parts = self.messages[place["messageID"]]["parts"]
        (part,) = [each for each in parts if each["callID"] == place["callID"]]
        if reply == "reject":
            why = f"{_NO} with the following feedback: {message}" if message else f"{_NO}."
            part["state"] |= {"status": "error", "error": why}
        else:
            part["state"] |= {"status": "completed", "output": "(no output)"}
            command = part["state"]["input"].get("command", "").split()
            if command[:1] == ["touch"]:
                (self.work / command[1]).touch()
            elif command[:1] == ["mkdir"]:
                (self.work / command[1]).mkdir()
        named = {
            "sessionID": request["sessionID"],
            "requestID": request["id"],
            "reply": reply,
        }
        self.emit("permission.replied", named)

    def reply(self, request: str, reply: str, message: str | None = None) -> None:
        assert self.answer(request, {"reply": reply, "message": message})

    def _id(self, kind: str) -> str:
        with self.lock:
            self._count += 1
            return f"{kind}_21c7cf{self._count:06d}001Jck8sJPDcQmP0Z"


class Handler(BaseHTTPRequestHandler):
    """Its routes."""

    standin: StandIn

    def do_GET(self) -> None:
        path, asked = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        folder = Path(asked["directory"][0]) if "directory" in asked else self.standin.work
        if not self._known():
            return
        if "location[directory]" in asked:
            folder = Path(asked["location[directory]"][0])
        away = not folder.exists() and path == "/api/permission/request"
        if folder.is_file() or away:
            self._say(500, {"name": "UnknownError"})
            return
        if path == "/event":
            self._stream()
        elif path == "/permission":
            self._list()
        elif path == "/file/content":
            there = folder.exists()
            self._say(500 if there else 200, None if there else NOTHING_THERE)
        elif path in {"/session", "/experimental/session"}:
            begun = reversed(self.standin.sessions)
            listed = [each for each in begun if path != "/session" or each == folder]
            self._say(200, [{"id": "ses_1", "directory": str(each)} for each in listed])
        elif path == "/api/permission/request":
            self._say(200, {"location": {}, "data": list(self.standin.newer.values())})
        else:
            found = self.standin.messages.get(path.rsplit("/", 1)[1])
            self._say(200 if found else 404, found or {"name": "NotFoundError"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._known():
            return
        *_, request, _ = urlsplit(self.path).path.split("/")
        if self.path.startswith("/api/session/") and self.standin.newer.pop(request, {}):
            named = {"requestID": request, "reply": body["reply"], "sessionID": "ses_2"}
            self.standin.emit("permission.v2.replied", named)
            self._say(204, None)
        else:
            self.take(request, body)

    def take(self, request: str, body: dict[str, Any]) -> None:
        """Answer a reply of the first generation."""
        if self.standin.answer(request, body):
            self._say(200, True)
        else:
            self._unknown(request)

    def _unknown(self, request: str) -> None:
        tag = {"_tag": "PermissionNotFoundError", "requestID": request}
        self._say(404, tag | {"message": f"Permission request not found: {request}"})

    def _known(self) -> bool:
        pair = b64encode(f"opencode:{PASSWORD}".encode()).decode()
        if self.headers["Authorization"] == f"Basic {pair}":
            return True
        self.send_response(401)
        self.send_header("www-authenticate", 'Basic realm="Secure Area"')
        self.send_header("Content-Length", "0")
        self.end_headers()
        return False

    def _list(self) -> None:
        listed = self.standin.pending()
        fetches = [each for each in listed if each["permission"] == "webfetch"]
        if fetches or self.standin.refuses:
            self.standin.refuses = max(0, self.standin.refuses - 1)
            why = 'Expected JSON value, got undefined\n  at [0]["metadata"]["timeout"]'
            self._say(400, {"name": "BadRequest", "data": {"message": why, "kind": "Body"}})
        else:
            self._say(200, listed)

    def _stream(self) -> None:
        mine: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        hello = {"id": "evt_1", "type": "server.connected", "properties": {}}
        mine.put(f"data: {json.dumps(hello)}\n\n".encode())
        with self.standin.lock:
            self.standin.listeners.append(mine)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        while (event := mine.get()) is not None:
            try:
                self.wfile.write(event)
            except OSError:
                return

    def _say(self, status: int, said: Any) -> None:
        text = b"" if status == 204 else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
