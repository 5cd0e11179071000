"""The verbs of the rules in few words: `desk` files, decides, uses and looks, a unit each."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from sqlalchemy import update

from tests.plugins.desk import NO_LIMITS, House, Member, Program, TestClock, ask_for
from webui.approvals import ending
from webui.approvals.answering import conversation, deciding
from webui.approvals.answering.editing import Edit
from webui.approvals.answering.reviewing import Decided, Look, Reviewer
from webui.approvals.asking import ask, idempotency, intake
from webui.approvals.errors import DeskError
from webui.approvals.grants.granting import GrantWish
from webui.approvals.people.standing import By
from webui.approvals.ruling import policies
from webui.approvals.states import Verdict
from webui.approvals.use import leases, using
from webui.edits import prepare_edit
from webui.store.models import Approval, Event, Org
from webui.store.queries import events
from webui.store.store import Store

T = TypeVar("T")
UNSEEN = Look(None, 1)
LEASE = leases.Lease()
ARGUMENTS = {"command": "echo hello"}


def reviewer_of(member: Member, **more: Any) -> Reviewer:
    """Return a person as a signed-in page would present them."""
    return Reviewer(member.id, member.name, "page", **more)


def granted(answer: T | DeskError) -> T:
    """Raise what a unit returned as a refusal, as the views do after it is committed."""
    if isinstance(answer, DeskError):
        raise answer
    return answer


def at_once(*works: Callable[[], object]) -> list[object]:
    """Start all works at the same moment; return what each returned or raised, in order."""
    ready, answers = threading.Barrier(len(works)), [object()] * len(works)

    def run(at: int, work: Callable[[], object]) -> None:
        ready.wait()
        try:
            answers[at] = work()
        except DeskError as error:
            answers[at] = error

    threads = [
        threading.Thread(target=run, args=(at, work)) for at, work in enumerate(works)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@dataclass(frozen=True)
class Desk:
    """One call of a rule is one transaction."""

    store: Store
    house: House
    clock: TestClock

    def submit(
        self,
        agent: Program | None = None,
        tool: str = "shell.run",
        arguments: dict[str, Any] | None = None,
        *,
        limits: ask.Limits = NO_LIMITS,
        key: idempotency.Key | None = None,
        **more: Any,
    ) -> ask.Filed:
        """File a call, the same one unless something of it is given."""
        by = agent or self.house.ci
        asked = ask_for(by, tool, arguments or ARGUMENTS, **more)
        return granted(
            self.store.write(
                lambda tx: intake.submit_or_refuse(tx, by.filer, asked, limits, key)
            )
        )

    def gate(
        self,
        agent: Program | None = None,
        tool: str = "shell.run",
        arguments: dict[str, Any] | None = None,
        *,
        limits: ask.Limits = NO_LIMITS,
        lease: leases.Lease = LEASE,
        key: idempotency.Key | None = None,
        **more: Any,
    ) -> using.Used | ask.Filed:
        """Ask "may I do this now?"."""
        by = agent or self.house.ci
        asked = ask_for(by, tool, arguments or ARGUMENTS, **more)
        answer: using.Used | ask.Filed | DeskError = self.store.write(
            lambda tx: using.gate(tx, by.filer, asked, limits, lease, key)
        )
        if isinstance(answer, DeskError):
            raise answer
        return answer

    def decide(
        self,
        who: Member,
        approval_id: str,
        verdict: Verdict = Verdict.APPROVE,
        reason: str = "",
        *,
        org_id: str | None = None,
        look: Look = UNSEEN,
        answer: str | None = None,
        edit: Edit | None = None,
        grant: GrantWish | None = None,
        **reviewer: Any,
    ) -> Decided:
        """Give a verdict."""
        by, org = reviewer_of(who, **reviewer), org_id or self.house.org_id
        decided = self.store.write(
            lambda tx: deciding.decide(
                tx,
                by,
                org,
                approval_id,
                verdict,
                reason,
                look,
                answer=answer,
                edit=edit,
                grant=grant,
            )
        )
        if decided.refusal is not None and not decided.late:
            raise decided.refusal
        return decided

    def prepared(self, approval_id: str, arguments: dict[str, Any]) -> Edit:
        """Return an edit, as a page or token prepares it."""
        with self.store.reading() as session:
            row = session.get_one(Approval, approval_id)
            return prepare_edit(session, self.store.keyring, row, arguments)

    def edit(
        self, who: Member, approval_id: str, arguments: dict[str, Any], **more: Any
    ) -> Decided:
        """Approve with changed arguments."""
        edit = self.prepared(approval_id, arguments)
        return self.decide(who, approval_id, Verdict.EDIT, edit=edit, **more)

    def say(self, who: Member, approval_id: str, text: str, org_id: str = "") -> Approval:
        """Write to the agent."""
        org = org_id or self.house.org_id
        said = self.store.write(
            lambda tx: conversation.say(tx, reviewer_of(who), org, approval_id, text)
        )
        if said.refusal is not None:
            raise said.refusal
        return said.approval

    def reply(
        self, approval_id: str, text: str = "Done.", agent: Program | None = None
    ) -> Approval:
        """Write to the reviewers."""
        by = agent or self.house.ci
        return self.store.write(
            lambda tx: conversation.reply(tx, by.filer, approval_id, text)
        )

    def consume(
        self,
        approval_id: str,
        agent: Program | None = None,
        *,
        fingerprint: str | None = None,
        lease: leases.Lease = LEASE,
        key: idempotency.Key | None = None,
    ) -> using.Used | DeskError:
        """Take the one use, of exactly what was approved unless another print is given."""
        by = agent or self.house.ci
        print_of = fingerprint or self.row(approval_id).fingerprint
        return self.store.write(
            lambda tx: using.consume(tx, by.filer, approval_id, print_of, lease, key)
        )

    def use(self, approval_id: str, **more: Any) -> using.Used:
        """Take the one use, which must be there."""
        used = self.consume(approval_id, **more)
        assert isinstance(used, using.Used), used
        return used

    def roll_back(
        self, approval_id: str, token: str, agent: Program | None = None
    ) -> Approval:
        """Give the use back."""
        by = agent or self.house.ci
        return self.store.write(
            lambda tx: leases.roll_back(tx, by.filer, approval_id, token, "refused")
        )

    def report(
        self, approval_id: str, token: str, result: str, agent: Program | None = None
    ) -> Approval:
        """Say how it ended."""
        by = agent or self.house.ci
        return self.store.write(
            lambda tx: leases.report(tx, by.filer, approval_id, token, result, "as told")
        )

    def heartbeat(
        self,
        approval_id: str,
        token: str,
        lease: leases.Lease = LEASE,
        agent: Program | None = None,
    ) -> int:
        """Renew the lease."""
        by = agent or self.house.ci
        return self.store.write(
            lambda tx: leases.heartbeat(tx, by.filer, approval_id, token, lease)
        )

    def cancel(self, approval_id: str, agent: Program | None = None) -> Approval:
        """Withdraw a call."""
        by = agent or self.house.ci
        return self.store.write(lambda tx: ending.cancel(tx, by.org_id, by.id, approval_id))

    def sweep(self, limit: int = ending.SWEEP) -> int:
        """Settle what is overdue."""
        return self.store.write(lambda tx: ending.sweep(tx, limit))

    def row(self, approval_id: str) -> Approval:
        """Return the row as it is committed, whatever the clock says."""
        with self.store.reading() as session:
            return session.get_one(Approval, approval_id)

    def status(self, approval_id: str) -> str:
        """Return the committed status."""
        return str(self.row(approval_id).status)

    def events(self, approval_id: str) -> list[Event]:
        """Return what the log tells of it, oldest first."""
        with self.store.reading() as session:
            return list(
                events.about(session, self.house.org_id, f"approval:{approval_id}", 1_000)
            )

    def actions(self, approval_id: str) -> list[str]:
        """Return the names of its events, oldest first."""
        return [event.action for event in self.events(approval_id)]

    def told(self, approval_id: str) -> dict[str, Any]:
        """Return the payload of its last event."""
        payload = self.events(approval_id)[-1].payload
        assert payload is not None
        told: dict[str, Any] = json.loads(payload)
        return told

    def demand(self, approval_id: str, **columns: Any) -> None:
        """Set what a rule would, such as `approvals_required` or `require_reason`."""
        self.store.write(
            lambda tx: (
                tx.execute(
                    update(Approval).where(Approval.id == approval_id).values(**columns)
                )
                and None
            )
        )

    def set_org(self, **columns: Any) -> None:
        """Set what an org's settings page would."""
        self.store.write(
            lambda tx: (
                tx.execute(update(Org).where(Org.id == self.house.org_id).values(**columns))
                and None
            )
        )

    def set_policy(self, text: str, **more: Any) -> policies.Accepted:
        """Put a policy in force, as whoever owns the machine."""
        return self.store.write(
            lambda tx: policies.accept(tx, self.house.org_id, text, By(), **more)
        )

    def approved(self, agent: Program | None = None, **more: Any) -> str:
        """File the call and have Rae approve it."""
        approval_id = self.submit(agent, **more).approval.id
        assert self.decide(self.house.rae, approval_id).applied
        return approval_id


@pytest.fixture
def desk(store: Store, house: House, clock: TestClock) -> Desk:
    """The verbs, over the database at hand."""
    return Desk(store, house, clock)
