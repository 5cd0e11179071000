"""What a notice is about: a call that waits, or a write that an agent asks for in one's name."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from webui.approvals.answering.claiming import holder_of
from webui.approvals.gate.write_gate import GrantStatus
from webui.notices import wishes
from webui.notices.audience import Audience
from webui.notices.planning import waits
from webui.notices.wording import Item
from webui.sentences import sentence
from webui.store.models import Agent, Approval, Notice, Org, WriteGrant
from webui.store.queries import calls

_UNSEEN = sentence("They may not see it any more.")


class Call(NamedTuple):
    """A call, with its agent's name and who owns that agent now."""

    approval: Approval
    agent: str
    owner: str | None

    def item(self, why: str, giver: str) -> Item:
        """Return what is told of it."""
        told = self.approval
        link = f"/approvals/{told.id}"
        return Item(
            told.id,
            why,
            told.tool,
            told.handled_as,
            self.agent,
            told.expires_at,
            giver,
            link,
        )

    def needless(
        self, session: Session, audience: Audience, user_id: str, why: str
    ) -> str | None:
        """Return why somebody need not be told any more; none if they are to be."""
        approval = self.approval
        if why == wishes.BREAK_GLASS:
            return None if audience.sees(user_id, approval) else _UNSEEN
        if not waits(approval, audience.now):
            return sentence("It was settled, or sent back to its agent, before.")
        if why == wishes.MANAGER:
            return None if audience.sees(user_id, approval) else _UNSEEN
        votes = calls.votes(session, [approval.id]).get(approval.id, [])
        if audience.decides(user_id, approval, self.owner, votes) is None:
            return sentence("They had decided already, or may not decide it any more.")
        return None

    def held_until(self, audience: Audience, user_id: str, why: str) -> int | None:
        """Return until when somebody else looks into it; alarms and escalations are told anyway."""
        if why in {wishes.ESCALATED, wishes.BREAK_GLASS}:
            return None
        holder = holder_of(self.approval, audience.now)
        if holder is None or audience.actor(user_id).is_one_of((holder,)):
            return None
        return self.approval.claim_expires_at or audience.now


class Write(NamedTuple):
    """An agent's write, held for the person whose identity it carries."""

    grant: WriteGrant
    service: str
    org: str
    """Slug of its org."""

    def item(self, why: str, _giver: str) -> Item:
        """Return what is told of it: who asks, never what it would write or where."""
        told = self.grant
        link = f"/orgs/{self.org}/write-gate/{told.nonce}"
        return Item(told.id, why, told.method, "", self.service, told.expires_at, "", link)

    def needless(
        self, _session: Session, audience: Audience, user_id: str, _why: str
    ) -> str | None:
        """Return why its person need not be told any more; none if they are to be."""
        actor = audience.actor(user_id)
        if not actor.active or actor.membership != "active":
            return _UNSEEN
        waiting = self.grant.status == GrantStatus.PENDING
        if not waiting or self.grant.expires_at <= audience.now:
            return sentence("It was answered, or its time ran out, before.")
        return None

    def held_until(self, _audience: Audience, _user_id: str, _why: str) -> int | None:
        """Return none: nobody else could look into it."""
        return None


Matter = Call | Write


def matters_of(session: Session, notices: Sequence[Notice]) -> dict[str, Matter]:
    """Return what some notices are about, by the ids that they name."""
    ids = {notice.approval_id for notice in notices}
    fresh = {"populate_existing": True}
    asked = session.execute(
        select(Approval, Agent.name, Agent.owner_id)
        .join(Agent, Agent.id == Approval.agent_id)
        .where(Approval.id.in_(ids))
        .options(
            defer(Approval.sealed), defer(Approval.sealed_edit), defer(Approval.settling)
        ),
        execution_options=fresh,
    )
    found: dict[str, Matter] = {row[0].id: Call._make(row) for row in asked}
    if ids - found.keys():
        written = session.execute(
            select(WriteGrant, Agent.name, Org.slug)
            .join(Agent, Agent.id == WriteGrant.agent_id)
            .join(Org, Org.id == WriteGrant.org_id)
            .where(WriteGrant.id.in_(ids)),
            execution_options=fresh,
        )
        found |= {row[0].id: Write._make(row) for row in written}
    return found
