"""CTRLRun: its webhook provider asks, and takes a signed answer where it says (`respond_to`)."""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Literal

from pydantic import Field

from webui.approvals.call.strict_json import Document
from webui.receivers.kind import (
    Ignored,
    Inbound,
    Refused,
    SourceSecrets,
    Submission,
    Verified,
    misconfigured,
    refusal,
)
from webui.receivers.reading import at_pointer, check_size, received_arguments
from webui.receivers.signed_body import (
    UpstreamConfig,
    check_settings,
    member,
    settings_of,
)
from webui.receivers.under import lies_under
from webui.receivers.way_back import (
    APPROVE,
    Conversation,
    End,
    Heard,
    Option,
    Outcome,
    Outgoing,
    Told,
    judged,
)
from webui.sentences import sentence
from webui.signatures import stamped
from webui.signatures.errors import BadSecret, NotSigned

name = "ctrlrun"
label = "CTRLRun"
about = sentence(
    "CTRLRun's webhook provider; the decision goes back signed to its respond_to."
)
token: str | None = None
example: Mapping[str, Any] = {"public_url": "https://agents.example.com"}
options: Mapping[str, Sequence[Option]] = {}
on_shutdown: Literal["reject", "keep"] = "keep"

SCHEMA = "ctrlrun.approval_request/v1"
_HEADER = "CTRLRun-Signature"
_SETTLED = frozenset({"ok", "already granted", "already denied"})
_NO_WAY_BACK = sentence(
    "It does not say where to answer: give CTRLRun's provider its "
    "public_url, so that the request has a respond_to."
)


_PLACE = r"^https?://[^\s?#@\\]+$"
_UNBOUND = sentence(
    "The settings of this source do not say where answers may go: an admin "
    "of the organization gives them the `public_url` of CTRLRun's "
    "provider, and files this then."
)


class _Config(UpstreamConfig):
    public_url: str | None = Field(default=None, pattern=_PLACE, max_length=300)
    """As CTRLRun's provider has it; a `respond_to` lies below it. Sources made before had none."""
    tolerance_seconds: int = Field(default=300, ge=1, le=3600)


class _NewConfig(_Config):
    public_url: str = Field(pattern=_PLACE, max_length=300)


def new_secret() -> str:
    """Return 43 random characters."""
    return secrets.token_urlsafe(32)


def check_source(source: SourceSecrets) -> None:
    """Raise InvalidError with every fault of config and secrets at once."""
    check_settings(_NewConfig, source, shortest_secret=stamped.MIN_SECRET)


def verify(delivery: Inbound, source: SourceSecrets, now: int) -> Verified:
    """Prove sender and time; raises Refused."""
    check_size(delivery.body)
    tolerance_ms = settings_of(_Config, source.config).tolerance_seconds * 1000
    header = delivery.headers.get(_HEADER.lower())
    try:
        signed_at = stamped.verify(
            source.secrets,
            header,
            delivery.body,
            now=now,
            tolerance_ms=tolerance_ms,
            named=_HEADER,
        )
    except NotSigned as error:
        raise refusal(error) from None
    except BadSecret:
        raise misconfigured() from None
    digest = hashlib.sha256(f"{header}.".encode() + delivery.body).hexdigest()
    return Verified((f"sha256:{digest}",), signed_at)


def to_submissions(
    body: Document,
    headers: Mapping[str, str],  # noqa: ARG001 - every kind takes the same
    config: Mapping[str, Any],
) -> list[Submission]:
    """Ask for the action of a request; raises Refused or Ignored."""
    if body.value.get("schema") != SCHEMA:
        raise Ignored(sentence("Only %(schema)s asks for anything.", schema=SCHEMA))
    if body.value.get("respond_to") is None:
        raise Refused(422, "respond_to_missing", _NO_WAY_BACK)
    if (why := _elsewhere(body.value["respond_to"], config)) is not None:
        raise Refused(422, "respond_to_elsewhere", why)
    action = member(body.value, "action")
    found = at_pointer(body, "/action/arguments")
    asked = {
        "respond_to": member(body.value, "respond_to"),
        "request_id": member(body.value, "request_id"),
        "action_hash": member(body.value, "action_hash"),
    }
    about_call = {
        "resource": action.get("resource"),
        "environment": action.get("environment"),
        "principal": action.get("principal"),
        "action_hash": asked["action_hash"],
    }
    return [
        {
            "tool": member(action, "name"),
            "arguments": member(action, "arguments"),
            "arguments_text": received_arguments(found.text if found else ""),
            "source_ref": asked["request_id"],
            "run_deadline": member(body.value, "expires_at"),
            "ctx": {key: value for key, value in about_call.items() if value is not None},
            "reply_to": asked,
        }
    ]


def _elsewhere(respond_to: object, config: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the place of an answer: a yes is given to nobody else."""
    base = settings_of(_Config, config).public_url
    if base is None:
        return _UNBOUND
    if lies_under(respond_to, base):
        return None
    place = "/".join(str(respond_to).split("/")[:3])[:100]  # all of one place fail alike
    return sentence(
        "It wants its answer at %(place)s, and that does not lie below "
        "%(base)s, the `public_url` of this source's settings. Give CTRLRun's "
        "provider that public_url; or, if it moved, let an admin of the "
        "organization change the settings.",
        place=f"{place!r}",
        base=base,
    )


def tell(
    told: Told, reply_to: Mapping[str, Any], source: SourceSecrets, now: int
) -> Conversation:
    """Grant or deny the request; after a rotation it may know only the older secret."""
    why = _elsewhere(reply_to["respond_to"], source.config)
    if why is not None:  # the settings are others than they were when it asked
        return Outcome(End.PERMANENT, why)
    body = json.dumps(
        {
            "request_id": reply_to["request_id"],
            "action_hash": reply_to["action_hash"],
            "decision": "grant" if told.verdict == APPROVE else "deny",
            "approver": told.by or "Countersign",
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    outcome = Outcome(End.PERMANENT, sentence("The source has no secret."))
    for secret in source.secrets:
        headers = {
            "Content-Type": "application/json",
            _HEADER: stamped.sign(secret, body, now=now),
        }
        heard = yield Outgoing("POST", reply_to["respond_to"], headers, body)
        outcome = _read(heard)
        if outcome.end is not End.PERMANENT:
            break
    return outcome


def _read(heard: Heard) -> Outcome:
    detail = _detail(heard)
    if heard.status == HTTPStatus.OK and detail not in _SETTLED:
        return Outcome(
            End.PERMANENT,
            sentence("CTRLRun wants more than this: %(detail)s", detail=detail),
        )
    if heard.status != HTTPStatus.BAD_REQUEST:
        return judged(heard, gone=())
    if "signature did not verify" in detail or "must be" in detail:
        return Outcome(
            End.PERMANENT, sentence("CTRLRun refused it: %(detail)s", detail=detail)
        )
    return Outcome(
        End.GONE, sentence("CTRLRun waits for it no more: %(detail)s", detail=detail)
    )


def _detail(heard: Heard) -> str:
    try:
        said = json.loads(heard.body)
    except ValueError:
        return ""
    detail = said.get("detail") if isinstance(said, dict) else None
    return detail[:300] if isinstance(detail, str) else ""
