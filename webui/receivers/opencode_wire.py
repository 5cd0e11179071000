"""OpenCode's server as it speaks: what it asks, and what it is asked. Pure.

Checked against opencode-ai 1.18.33, whose server has two generations of permissions side by
side: `permission.asked` of the sessions that its terminal runs, and `permission.v2.asked`. Both
come in one event stream; each has its own list and its own place for the reply.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from webui.receivers.way_back import Outgoing
from webui.sentences import sentence

ONCE, ALWAYS, REJECT = "once", "always", "reject"
MAX_MESSAGE = 8 * 1024 * 1024
"""Bytes: what its calls were given and gave is in it, files and diffs among that."""
_ID = r"^[A-Za-z0-9_-]{1,120}$"
_READ_OVER = ConfigDict(strict=True, frozen=True, extra="ignore")


class Unknown(ValueError):
    """What came is not what this version of OpenCode says."""


class Place(BaseModel):
    """The call inside a message of a session that a request is about."""

    model_config = _READ_OVER
    messageID: str = Field(pattern=_ID)  # noqa: N815 - OpenCode's names, as they come
    callID: str = Field(min_length=1, max_length=500)  # noqa: N815


class Request(BaseModel):
    """What OpenCode wants permission for; the names of both generations lead here."""

    model_config = _READ_OVER
    id: str = Field(pattern=_ID)
    sessionID: str = Field(pattern=_ID)  # noqa: N815
    permission: str = Field(min_length=1, max_length=200)
    patterns: list[str]
    metadata: dict[str, Any] = Field(default_factory=dict)
    always: list[str] = Field(default_factory=list)
    tool: Place | None = None


class Replied(BaseModel):
    """A request that was answered, by whomever."""

    model_config = _READ_OVER
    sessionID: str = Field(pattern=_ID)  # noqa: N815
    requestID: str = Field(pattern=_ID)  # noqa: N815
    reply: str = Field(pattern=f"^({ONCE}|{ALWAYS}|{REJECT})$")


class Asked(NamedTuple):
    """A request as it came, and in which generation's words."""

    version: int
    said: Mapping[str, Any]
    request: Request


_NEWER = {
    "action": "permission",
    "resources": "patterns",
    "save": "always",
    "source": "tool",
}


def read_request(said: object, version: int) -> Asked:
    """Read a request; raises Unknown."""
    if not isinstance(said, dict):
        raise Unknown(sentence("A request is no object."))
    named = {_NEWER.get(key, key): value for key, value in said.items()}
    try:
        request = Request.model_validate(named if version > 1 else said)
    except ValidationError as error:
        places = ", ".join(".".join(map(str, each["loc"])) for each in error.errors())
        raise Unknown(
            sentence("A request does not fit at %(places)s.", places=places[:200])
        ) from None
    return Asked(version, said, request)


def read_event(data: str) -> Asked | Replied | None:
    """Return what an event says of permissions, or None; raises Unknown."""
    if '"permission.' not in data:  # most events are text as the model writes it
        return None
    event = read_json(data)
    kind = event.get("type") if isinstance(event, dict) else None
    if kind in {"permission.asked", "permission.v2.asked"}:
        return read_request(event.get("properties"), 2 if ".v2." in kind else 1)
    if kind in {"permission.replied", "permission.v2.replied"}:
        try:
            return Replied.model_validate(event.get("properties"))
        except ValidationError:
            raise Unknown(sentence("An answer does not name its request.")) from None
    return None


def read_pending(body: bytes, version: int) -> list[Asked]:
    """Read the list of what waits for an answer; raises Unknown."""
    found = read_json(body)
    if version > 1:
        found = found.get("data") if isinstance(found, dict) else None
    if not isinstance(found, list):
        raise Unknown(sentence("What should list the waiting requests is no list."))
    return [read_request(each, version) for each in found]


class Call(NamedTuple):
    """The call that a request is about, as the session's own record has it."""

    tool: str
    input: Mapping[str, Any]
    status: str
    """pending, running, completed or error."""
    error: str


def read_call(body: bytes, call_id: str) -> Call | None:
    """Find a call in a message; None if it is not there. Raises Unknown."""
    message = read_json(body)
    parts = message.get("parts") if isinstance(message, dict) else None
    for part in parts if isinstance(parts, list) else []:
        if isinstance(part, dict) and part.get("callID") == call_id:
            state = part.get("state")
            state = state if isinstance(state, dict) else {}
            given = state.get("input")
            return Call(
                str(part.get("tool", "")),
                given if isinstance(given, dict) else {},
                str(state.get("status", "")),
                str(state.get("error", "")),
            )
    return None


def read_json(text: str | bytes) -> Any:
    """Read JSON from OpenCode; raises Unknown."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Unknown(sentence("What came is no JSON.")) from None


@dataclass(frozen=True, slots=True)
class Server:
    """A server and how to sign in there; makes the requests that others send."""

    url: str
    """Without a slash at its end."""
    username: str
    password: str | None
    directory: str | None

    @property
    def headers(self) -> dict[str, str]:
        """Return what every request carries."""
        headers = {"Accept": "application/json"}
        if self.password:
            pair = f"{self.username}:{self.password}".encode()
            headers["Authorization"] = "Basic " + b64encode(pair).decode()
        return headers

    def events(self) -> Outgoing:
        """Subscribe to both generations' events."""
        return self._get("/event")

    def pending(self, version: int) -> Outgoing:
        """Ask for the list of what waits."""
        if version == 1:
            return self._get("/permission")
        return self._get("/api/permission/request", "location[directory]")

    def message(self, session: str, message: str) -> Outgoing:
        """Ask for one message of a session, its calls among its parts."""
        asked = self._get(f"/session/{quote(session)}/message/{quote(message)}")
        return replace(asked, max_answer=MAX_MESSAGE)

    def folder(self) -> Outgoing:
        """Ask for the folder as if it were a file."""
        where = self._where("directory")
        return self._asked(f"/file/content{where}{'&' if where else '?'}path=.")

    def sessions(self) -> Outgoing:
        """Ask whether a session was ever begun in the folder."""
        where = self._where("directory")
        return self._asked(f"/session{where}{'&' if where else '?'}limit=1")

    def all_sessions(self) -> Outgoing:
        """Ask for the latest sessions, in whichever folder."""
        return self._asked("/experimental/session?limit=20")

    def anywhere(self) -> "Server":
        """Return the same server, in the folder that it was started in."""
        return replace(self, directory=None)

    def reply(
        self, version: int, session: str, request: str, reply: str, message: str = ""
    ) -> Outgoing:
        """Answer a request. A rejection without a message stops the session."""
        path = f"/permission/{quote(request)}/reply"
        if version > 1:
            path = f"/api/session/{quote(session)}{path}"
        said = {"reply": reply} | ({"message": message} if message else {})
        headers = self.headers | {"Content-Type": "application/json"}
        url = self.url + path + (self._where("directory") if version == 1 else "")
        return Outgoing("POST", url, headers, json.dumps(said).encode())

    def _get(self, path: str, name: str = "directory") -> Outgoing:
        return self._asked(path + self._where(name))

    def _asked(self, path: str) -> Outgoing:
        return Outgoing("GET", self.url + path, self.headers)

    def _where(self, name: str) -> str:
        return "?" + urlencode({name: self.directory}) if self.directory else ""
