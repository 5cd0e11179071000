"""OpenCode, whose server we listen to ourselves: its permission requests become approvals.

Nothing is sent to us; `webui/bridges/opencode.py` hears what it asks. This module says what a
request means, and what OpenCode is told.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from webui.approvals.call.strict_json import Document
from webui.receivers.config import check_both, read_config
from webui.receivers.kind import Inbound, Refused, SourceSecrets, Submission, Verified
from webui.receivers.opencode_wire import (
    ALWAYS,
    ONCE,
    REJECT,
    Server,
    Unknown,
    read_call,
    read_json,
    read_request,
)
from webui.receivers.reading import check_size, received_arguments
from webui.receivers.way_back import (
    APPROVE,
    DENY,
    Conversation,
    End,
    Heard,
    Option,
    Outcome,
    Told,
    judged,
)
from webui.sentences import sentence
from webui.signatures import hmac_header

name = "opencode"
label = "OpenCode"
about = sentence(
    "A running OpenCode server; the desk listens to it and answers its permission requests."
)
example: Mapping[str, Any] = {"url": "http://127.0.0.1:4096"}
token: str | None = sentence("The password of the server (OPENCODE_SERVER_PASSWORD)")
on_shutdown: Literal["reject", "keep"] = "reject"
TELL, STOP = "tell", "stop"
options: Mapping[str, Sequence[Option]] = {
    APPROVE: (
        Option(ONCE, sentence("Once")),
        Option(ALWAYS, sentence("Always, as OpenCode suggests")),
    ),
    DENY: (
        Option(TELL, sentence("Tell the agent")),
        Option(STOP, sentence("Stop the session")),
    ),
}
_SUMMARY_MAX = 500
_MESSAGE_MAX = 8_000


class _Config(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    url: str = Field(max_length=1_000)
    username: str = Field(default="opencode", pattern=r"^[!-9;-~]{1,100}$")
    directory: str | None = Field(default=None, pattern=r"^[^\x00-\x1f]{1,1000}$")
    expires_in: int | None = Field(default=None, ge=1, le=31_536_000)
    on_shutdown: Literal["reject", "keep"] = "reject"

    @field_validator("url")
    @classmethod
    def _origin(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            fine = bool(parts.hostname) and parts.port != 0
        except ValueError:
            fine = False
        if not fine or parts.scheme not in {"http", "https"} or "@" in parts.netloc:
            raise ValueError(
                sentence('must be the server\'s address, like "http://127.0.0.1:4096"')
            )
        if parts.query or parts.fragment:
            raise ValueError(
                sentence("must end with the host, port or path, without ? and #")
            )
        return url.rstrip("/")


def new_secret() -> str:
    """Return 43 random characters; nobody needs them, as nothing is sent to this kind."""
    return secrets.token_urlsafe(32)


def check_source(source: SourceSecrets) -> None:
    """Raise InvalidError with every fault of config and secrets at once."""
    check_both(
        lambda: read_config(_Config, source.config),
        hmac_header.check_secret,
        source.secrets,
    )


def server_of(source: SourceSecrets) -> Server:
    """Return the server of a source; raises InvalidError."""
    config = read_config(_Config, source.config)
    return Server(config.url, config.username, source.token, config.directory)


def verify(
    delivery: Inbound,
    source: SourceSecrets,  # noqa: ARG001 - every kind takes the same
    now: int,  # noqa: ARG001
) -> Verified:
    """Refuse: what is sent here does not come from OpenCode."""
    check_size(delivery.body)
    raise Refused(
        401,
        "no_webhook",
        sentence(
            "Nothing is sent to a source of this kind: the desk listens to OpenCode itself."
        ),
    )


def to_submissions(
    body: Document,
    headers: Mapping[str, str],  # noqa: ARG001
    config: Mapping[str, Any],
) -> list[Submission]:
    """Say what a request asks for; the bridge put it and the call it is about into the body."""
    try:
        asked = read_request(body.value["request"], body.value["version"])
    except (Unknown, KeyError, TypeError) as error:
        raise Refused(422, "not_opencode", str(error)) from None
    request, settings = asked.request, read_config(_Config, config)
    call = body.value.get("call") or {}
    given = call.get("input") or {}
    arguments = _arguments(request.metadata, request.patterns, given)
    summary = given.get("description")
    place = request.tool
    submission: Submission = {
        "tool": request.permission,
        "arguments": arguments,
        "arguments_text": received_arguments(json.dumps(arguments, ensure_ascii=False)),
        "session": request.sessionID,
        "source_ref": request.id,
        "context": {
            "tool": call.get("tool") or request.permission,
            "always": request.always,
            "directory": settings.directory,
        },
        "reply_to": {
            "version": asked.version,
            "session": request.sessionID,
            "request": request.id,
            "message": place.messageID if place else None,
            "call": place.callID if place else None,
        },
    }
    if isinstance(summary, str) and summary.strip():
        submission["summary"] = summary[:_SUMMARY_MAX]
    if settings.expires_in is not None:
        submission["expires_in"] = settings.expires_in
    return [submission]


def _arguments(
    metadata: Mapping[str, Any], patterns: Sequence[str], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a reviewer has to see: what is asked, and the rest of the tool's input.

    The metadata says it in OpenCode's own words (the command, the file and its diff, the URL).
    What the tool was given besides, such as the folder a command runs in, is `input`.
    """
    clash = {"input", "metadata"} & metadata.keys()
    if metadata.get("patterns", patterns) != patterns:
        clash.add("patterns")
    shown = {"metadata": dict(metadata)} if clash else dict(metadata)
    rest = {
        key: value
        for key, value in given.items()
        if key not in metadata or metadata[key] != value
    }
    return shown | {"patterns": list(patterns)} | ({"input": rest} if rest else {})


def tell(
    told: Told,
    reply_to: Mapping[str, Any],
    source: SourceSecrets,
    now: int,  # noqa: ARG001
) -> Conversation:
    """Answer a request, and look what became of one that OpenCode knows no more."""
    server = server_of(source)
    reply, message = words_for(told)
    heard = yield server.reply(
        reply_to["version"], reply_to["session"], reply_to["request"], reply, message
    )
    if not _gone(heard):
        return _outcome(heard, reply_to["version"])
    gone = Outcome(End.GONE, sentence("OpenCode waits for it no more."))
    if not reply_to["message"]:
        return gone
    heard = yield server.message(reply_to["session"], reply_to["message"])
    away = judged(heard)
    if away.end is End.TRANSIENT:
        return away  # the record may say more later
    return what_became(heard, reply_to["call"]) or gone


def words_for(told: Told) -> tuple[str, str]:
    """Return OpenCode's word for a verdict, and what the agent is told with it."""
    if told.verdict == APPROVE:
        return (ALWAYS if told.option == ALWAYS else ONCE), ""
    if told.option == STOP:
        return REJECT, ""
    who = f"{told.by} denied this." if told.by else "This was not allowed."
    reason = told.reason.strip()
    return REJECT, (reason or who)[:_MESSAGE_MAX]


def what_became(heard: Heard, call_id: str) -> Outcome | None:
    """Read in a session's own record what became of a request; None: it does not say."""
    try:
        call = read_call(heard.body, call_id) if heard.status == HTTPStatus.OK else None
    except Unknown:
        call = None
    if call is None:
        return None
    if call.status == "completed":
        return Outcome(
            End.GONE, sentence("OpenCode's record says that it ran."), approved=True
        )
    if call.status == "error" and "rejected permission" in call.error:
        return Outcome(End.GONE, sentence("OpenCode's record says no."), approved=False)
    if call.status == "running":  # allowed, and not done; or left so by a server that ended
        return Outcome(
            End.TRANSIENT, sentence("OpenCode's record does not say yet what became of it.")
        )
    return None


def _gone(heard: Heard) -> bool:
    """Say whether OpenCode itself says that it knows no such request: a proxy's 404 is not it."""
    if heard.status != HTTPStatus.NOT_FOUND:
        return False
    try:
        said = read_json(heard.body)
    except Unknown:
        return False
    return isinstance(said, dict) and said.get("_tag") == "PermissionNotFoundError"


def _outcome(heard: Heard, version: int) -> Outcome:
    """Judge an answer; a page that some other program serves confirms nothing."""
    fine = HTTPStatus.OK if version == 1 else HTTPStatus.NO_CONTENT
    body = b"true" if version == 1 else b""
    if heard.status < HTTPStatus.MULTIPLE_CHOICES:
        if (heard.status, heard.body.strip()) == (fine, body):
            return Outcome(End.CONFIRMED)
        return Outcome(
            End.PERMANENT, sentence("What answered is no OpenCode of a version we know.")
        )
    return judged(heard, gone=())
