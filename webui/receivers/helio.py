"""Helio, a policy proxy for MCP: its webhook channel asks, its approvals API takes the answer."""

import json
import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import Field

from webui.approvals.call.strict_json import Document
from webui.receivers.config import WEB_ADDRESS
from webui.receivers.kind import Ignored, Inbound, SourceSecrets, Submission, Verified
from webui.receivers.reading import at_pointer, received_arguments
from webui.receivers.signed_body import (
    UpstreamConfig,
    check_settings,
    member,
    settings_of,
    verify_body,
)
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

name = "helio"
label = "Helio"
about = sentence(
    "Helio's webhook channel; the decision goes back through Helio's approvals API."
)
token: str | None = sentence("dashboard.api_secret of Helio")
example: Mapping[str, Any] = {"api_url": "http://127.0.0.1:3100"}
options: Mapping[str, Sequence[Option]] = {}
on_shutdown: Literal["reject", "keep"] = "keep"

_SIGNATURE = "x-helio-signature"
_YES = frozenset({"approved", "break_glass"})
_OURS = "Countersign"
"""Who answers, where nobody did: Helio takes no empty name."""


class _Config(UpstreamConfig):
    api_url: Annotated[str, WEB_ADDRESS, Field(max_length=300)]


def new_secret() -> str:
    """Return 43 random characters."""
    return secrets.token_urlsafe(32)


def check_source(source: SourceSecrets) -> None:
    """Raise InvalidError with every fault of config and secrets at once."""
    check_settings(_Config, source, token_needed=True)


def verify(delivery: Inbound, source: SourceSecrets, now: int) -> Verified:  # noqa: ARG001 - Helio signs no time
    """Prove the sender; raises Refused."""
    return verify_body(delivery, source, _SIGNATURE)


def to_submissions(
    body: Document,
    headers: Mapping[str, str],  # noqa: ARG001 - every kind takes the same
    config: Mapping[str, Any],
) -> list[Submission]:
    """Ask for the call of a pending ticket; raises Refused or Ignored."""
    settings_of(_Config, config)
    event = body.value.get("event")
    if event != "approval_requested":
        raise Ignored(sentence("Only the event approval_requested asks for anything."))
    ticket = member(body.value, "ticket")
    if member(ticket, "status") != "pending":
        raise Ignored(sentence("This ticket is settled already."))
    found = at_pointer(body, "/ticket/tool_input")
    submission: Submission = {
        "tool": member(ticket, "tool_name"),
        "arguments": member(ticket, "tool_input"),
        "arguments_text": received_arguments(found.text if found else ""),
        "source_ref": member(ticket, "id"),
        "run_deadline": member(ticket, "timeout_at"),
        "reason": f"Helio's rule: {ticket.get('matched_rule') or 'none'}.",
        "reply_to": {"ticket": member(ticket, "id")},
    }
    if ticket.get("session_id"):
        submission["session"] = ticket["session_id"]
    if ticket.get("breached_budgets"):
        submission["context"] = {"breached_budgets": ticket["breached_budgets"]}
    return [submission]


def tell(
    told: Told,
    reply_to: Mapping[str, Any],
    source: SourceSecrets,
    now: int,  # noqa: ARG001 - every kind takes the same
) -> Conversation:
    """Approve or deny the ticket."""
    yes = told.verdict == APPROVE
    by = told.by or _OURS
    body = {"approved_by": by} if yes else {"denied_by": by, "reason": told.reason}
    api, ticket = source.config["api_url"].rstrip("/"), quote(reply_to["ticket"], safe="")
    heard = yield Outgoing(
        "POST",
        f"{api}/api/approvals/{ticket}/{'approve' if yes else 'deny'}",
        {"Content-Type": "application/json", "Authorization": f"Bearer {source.token}"},
        json.dumps(body).encode(),
    )
    return _read(heard, yes=yes)


def _read(heard: Heard, *, yes: bool) -> Outcome:
    if heard.status != HTTPStatus.CONFLICT:
        return judged(heard)
    try:
        said = json.loads(heard.body)
    except ValueError:
        said = {}
    said = said if isinstance(said, dict) else {}
    if said.get("error") == "native_ticket":
        return Outcome(
            End.PERMANENT, sentence("This ticket can only be settled by Helio's adapter.")
        )
    status = said.get("status")
    if status in _YES or status == "denied":
        approved = status in _YES
        end = End.CONFIRMED if approved == yes else End.GONE
        return Outcome(
            end, sentence("Helio's ticket is %(status)s already.", status=status), approved
        )
    if isinstance(status, str) and status != "pending":
        return Outcome(
            End.GONE, sentence("Helio's ticket has ended: %(status)s.", status=status[:40])
        )
    return Outcome(End.TRANSIENT, sentence("Helio could not settle its ticket."))
