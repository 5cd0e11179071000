"""Who decides and what they had in front of them; whether they may; the seal of what they saw."""

import hashlib
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from webui.approvals.authorization import (
    DECIDE,
    Access,
    Actor,
    Resource,
    Source,
    authorize,
)
from webui.approvals.call.arguments import effective_hash
from webui.approvals.call.canonical import canonical
from webui.approvals.errors import DeskError, InvalidError
from webui.approvals.states import Status
from webui.sentences import sentence
from webui.store.models import Agent, Approval
from webui.store.queries.standing import OrgDirectory, person_in
from webui.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who decides, as the signed-in session or token says; never from a body."""

    user_id: str
    display: str
    channel: str
    """page, token, cli, slack or discord."""
    session_id: str = ""
    address: str = ""
    user_agent: str = ""
    agent_context: bool = False
    method: str = ""
    """How they proved who they are; goes into the record."""

    @property
    def actor(self) -> str:
        """Return the name in the log."""
        return f"user:{self.user_id}"


@dataclass(frozen=True, slots=True)
class Look:
    """What the reviewer had in front of them."""

    seal: str | None
    preview_version: int
    opened_full: bool = False
    seconds: int | None = None
    """On the card, as the browser counted."""
    checked: str | None = None
    """The seal of what was looked at for dangers, if that was done for somebody without a page."""

    def is_of(self, approval: Approval) -> bool:
        """Say whether what stands now is what was shown and looked at."""
        now = seal_of(approval, self.preview_version)
        return all(seal is None or seal == now for seal in (self.seal, self.checked))


_SOURCES: dict[str, Source] = {
    "page": "session",
    "token": "token",
    "slack": "chat",
    "discord": "chat",
    # with a token or in local root mode; for deciding it is the member's standing that counts
    "cli": "local_implicit",
}
REASON_MAX = 4_000
LATE = frozenset({"already_settled", "already_decided_by_you", "settling"})


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a verdict."""

    approval: Approval
    applied: bool
    """False for an identical repeat, which is a success too."""
    refusal: DeskError | None = None
    """Set when it came late or was not allowed: recorded, not applied."""

    @property
    def denies(self) -> bool:
        """Say whether the call is denied, or will be once that can be undone no more."""
        waits = self.applied and self.approval.settles_at is not None
        return self.refusal is None and (waits or self.approval.status == Status.DENIED)

    @property
    def late(self) -> bool:
        """Say whether it was refused only because the verdict is given already."""
        return self.refusal is not None and self.refusal.code in LATE


def check_length(reason: str) -> None:
    """Refuse a reason that nobody will read to its end; raises InvalidError."""
    if len(reason) > REASON_MAX:
        raise InvalidError(
            sentence(
                "The reason is longer than %(most)s characters; shorten it.",
                most=REASON_MAX,
            )
        )


def seal_of(approval: Approval, preview_version: int) -> str:
    """Return the digest of what was shown; a form carries it and the server compares."""
    shown = {
        "approval": approval.id,
        "arguments_hash": effective_hash(approval),
        "fingerprint": approval.fingerprint,  # covers ctx, scope and tool_def too
        "preview_version": preview_version,
        "rule_hash": approval.rule_hash,
        "edits": approval.edits,
        "change_requests": approval.change_requests,
        "own_domains": approval.own_domains,
    }
    return hashlib.sha256(b"seal-v3\0" + canonical(shown)).hexdigest()


def source_of(reviewer: Reviewer) -> Source:
    """Return how a reviewer proved who they are."""
    return _SOURCES.get(reviewer.channel, "none")


def actor_of(tx: Transaction, reviewer: Reviewer, org_id: str) -> Actor:
    """Return where this person stands in an org, from rows read in this transaction.

    On PostgreSQL these rows are locked, so that a revocation waits for us or we for it.
    """
    return person_in(
        tx.session,
        org_id,
        reviewer.user_id,
        tx.now,
        source=source_of(reviewer),
        agent_context=reviewer.agent_context,
        locked=tx.on_postgresql,
    )


def access_of(
    tx: Transaction,
    actor: Actor,
    approval: Approval,
    verb: str = DECIDE,
    decided_by: frozenset[str] = frozenset(),
    *,
    yes: bool = False,
) -> Access:
    """Answer whether this person may decide this approval, by the rows of this transaction.

    Args:
        tx: the transaction.
        actor: who, as `actor_of` read them in it.
        approval: which.
        verb: `DECIDE`, or `BREAK_GLASS` for a yes past quorum.
        decided_by: whose voices count already.
        yes: whether it is to approve, which takes more than a veto does.

    """
    directory = OrgDirectory(lambda: nullcontext(tx.session), approval.org_id, tx.now)
    owner = owner_now(tx.session, approval)
    resource = resource_of(approval, owner, decided_by, yes=yes)
    return authorize(actor, verb, resource, None, directory)


# Built once: every list, page and verdict runs them.
_owner = select(Agent.owner_id).where(Agent.id == bindparam("agent"))
_owners = select(Agent.id, Agent.owner_id).where(
    Agent.id.in_(bindparam("agents", expanding=True))
)


def owner_now(session: Session, approval: Approval) -> str | None:
    """Return who owns the agent of an approval now."""
    return session.scalar(_owner, {"agent": approval.agent_id})


def owners_now(session: Session, approvals: Iterable[Approval]) -> dict[str, str | None]:
    """Return who owns the agents of some approvals now, by the agent's id."""
    wanted = {approval.agent_id for approval in approvals}
    rows = session.execute(_owners, {"agents": list(wanted)})
    return {agent_id: owner_id for agent_id, owner_id in rows}  # noqa: C416 - rows are no pairs to mypy


def resource_of(
    approval: Approval,
    present_owner: str | None = None,
    decided_by: frozenset[str] = frozenset(),
    *,
    yes: bool = False,
) -> Resource:
    """Return what authorization needs to know of an approval.

    Args:
        approval: which.
        present_owner: who owns its agent now; only deciding asks for it.
        decided_by: whose voices count already, as `votes.voices` gives them.
        yes: whether it is to approve: whoever is in a veto group alone may only deny.

    """
    groups = approval.approvers.split()
    if groups and not yes:
        groups += approval.veto_groups.split()
    return Resource(
        approval.org_id,
        kind="approval",
        id=approval.id,
        agent_id=approval.agent_id,
        tool=approval.tool,
        risk=approval.handled_as,
        project_id=approval.project_id,
        agent_owner=approval.agent_owner,
        present_owner=present_owner,
        on_behalf_of=approval.on_behalf_of,
        triggered_by=approval.triggered_by,
        solo=approval.solo,
        decided_by=decided_by,
        required_groups=frozenset(groups),
    )
