"""Verdicts as they are kept: whose voice, on whose authority, with what in front of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import insert, select, update

from webui.approvals.answering.carrying import reset_yeses
from webui.approvals.answering.editing import Edit
from webui.approvals.answering.messages import TEXT_MAX, check_text
from webui.approvals.answering.quorum import YESES, Ballot
from webui.approvals.answering.reviewing import Look, Reviewer, check_length
from webui.approvals.authorization import Access, Actor
from webui.approvals.call.arguments import effective_hash
from webui.approvals.desk import facts, subject
from webui.approvals.errors import Fault, InvalidError
from webui.approvals.grants.granting import GrantWish
from webui.approvals.ruling.terms import quorum_of
from webui.approvals.states import Verdict
from webui.sentences import sentence
from webui.store.ids import new_id
from webui.store.models import Approval, Decision, table_of
from webui.store.transaction import Transaction

_approvals = table_of(Approval)
_decisions = table_of(Decision)
_EMPTY_ANSWER = sentence("The answer is empty; write it.")
_LONG_ANSWER = sentence(
    "The answer is longer than %(most)s characters; shorten it.", most=TEXT_MAX
)
_EMPTY_REQUEST = sentence("The message to the agent is empty; write it.")
_LONG_REQUEST = sentence(
    "The message to the agent is longer than %(most)s characters; shorten it.",
    most=TEXT_MAX,
)


@dataclass(frozen=True, slots=True)
class Given:
    """One verdict with everything that is kept of it."""

    reviewer: Reviewer
    verdict: Verdict
    reason: str
    look: Look
    access: Access
    """Why they may, and on whose authority."""
    solo: bool = False
    """The org works alone: its people may decide calls of their own agents."""
    because_of: str | None = None
    """The id of the denied approval that this denial follows from."""
    answer: str | None = None
    """With respond: what the agent gets in place of a run."""
    edit: Edit | None = None
    """With edit: what is to run."""
    grant: GrantWish | None = None
    """What is allowed beyond this one call."""
    break_glass: bool = False
    option: str | None = None
    """How it goes back, where the upstream knows several ways."""

    def note(self) -> dict[str, object]:
        """Return what the event says of it."""
        who, look, access = self.reviewer, self.look, self.access
        return {
            "verdict": str(self.verdict),
            "reason": self.reason,
            "who": who.display,
            "channel": who.channel,
            "session": who.session_id,
            "method": who.method,
            "address": who.address,
            "user_agent": who.user_agent,
            "seal": look.seal,
            "opened_full": look.opened_full,
            "seconds": look.seconds,
            "access": access.reason,
            "grant": access.grant.id if access.grant else None,
            "delegated_by": access.delegator or None,
            "solo": self.solo,
            "because_of": self.because_of,
            **({} if self.option is None else {"option": self.option}),
            **self._answer(),
        }

    def _answer(self) -> dict[str, object]:
        if self.edit is not None:
            return {
                "edited_hash": self.edit.arguments_hash,
                "changed": list(self.edit.changed),
                "changes": self.edit.changes,
            }
        return {} if self.answer is None else {"answer": self.answer}


class Vote(NamedTuple):
    """A verdict that counts already."""

    user_id: str
    verdict: str
    delegated_by: str | None
    groups: str

    @property
    def ballot(self) -> Ballot:
        """Return it as quorum counts it."""
        return Ballot(self.verdict, frozenset(self.groups.split()))

    @property
    def people(self) -> frozenset[str]:
        """Return whose voice it was: theirs, and whose authority they had."""
        return frozenset({self.user_id, self.delegated_by or self.user_id})


def votes_on(tx: Transaction, approval_id: str) -> list[Vote]:
    """Return the verdicts on an approval that count already, oldest first."""
    rows = tx.execute(
        select(
            _decisions.c.user_id,
            _decisions.c.verdict,
            _decisions.c.delegated_by,
            _decisions.c.groups,
        )
        .where(_decisions.c.approval_id == approval_id, _decisions.c.reset_at.is_(None))
        .order_by(_decisions.c.id)
    )
    return [Vote._make(row) for row in rows]


def voices(votes: Iterable[Vote]) -> frozenset[str]:
    """Return whose voices count already: of those who voted, and in whose place."""
    return frozenset[str]().union(*(vote.people for vote in votes))


def check_reason(approval: Approval, reason: str, *, required: bool = False) -> None:
    """Check what a person says with a verdict.

    Raises:
        InvalidError: it is too long, or missing where one is required.

    """
    check_length(reason)
    if (approval.require_reason or required) and not reason.strip():
        raise InvalidError(
            sentence("A reason is required for this call."), code="reason_required"
        )


def check_offered(approval: Approval, given: Given) -> None:
    """Check that a verdict is one of those offered, and that it brings what it needs.

    Raises:
        InvalidError: it is not offered; an answer or a message is missing; or something came
            with it that this verdict has no place for.

    """
    verdict = given.verdict
    if verdict != Verdict.DENY and str(verdict) not in approval.allowed_decisions.split():
        offered = ", ".join(approval.allowed_decisions.split())
        raise InvalidError(
            sentence(
                "This approval does not take the verdict %(verdict)s; it takes "
                "%(offered)s.",
                verdict=verdict,
                offered=offered,
            ),
            code="verdict_not_offered",
        )
    if (given.edit is None) == (verdict is Verdict.EDIT):
        raise InvalidError(
            sentence("Edited arguments belong to the verdict edit, and only there.")
        )
    if given.edit is not None and given.edit.arguments_hash == effective_hash(approval):
        raise InvalidError(
            sentence(
                "These are the arguments already; change something, or approve it as it is."
            ),
            code="no_changes",
        )
    if (given.answer is None) == (verdict is Verdict.RESPOND):
        raise InvalidError(
            sentence("An answer belongs to the verdict respond, and only there.")
        )
    if given.answer is not None:
        check_text(given.answer, _EMPTY_ANSWER, _LONG_ANSWER)
    if given.grant is not None and verdict not in YESES:
        raise InvalidError(sentence("A standing grant comes with a yes, and only there."))
    check_alone(approval, given)
    if verdict is Verdict.REQUEST_CHANGES:
        check_text(given.reason, _EMPTY_REQUEST, _LONG_REQUEST)


def check_alone(approval: Approval, given: Given) -> None:
    """Refuse a standing grant with one vote of several, before and after an edit's own terms."""
    if given.grant is not None and approval.approvals_required > 1:
        raise InvalidError(
            sentence(
                "This call needs several people; one alone grants nothing more. "
                "Approve it without a grant."
            ),
            [Fault("/grant", sentence("cannot be given for this call"))],
            code="grant_not_offered",
        )


def ballot_of(approval: Approval, actor: Actor, given: Given) -> Ballot:
    """Return a verdict as quorum counts it: with the groups of whose authority it is.

    Of these only the ones that the rule asks for are kept; all, where it names none and wants
    approvals from distinct ones.
    """
    lender = given.access.delegator
    voice = next((each for each in actor.acting_for if each.id == lender), actor)
    quorum = quorum_of(approval)
    named = quorum.approvers | quorum.veto
    any_will_do = quorum.distinct and not quorum.approvers
    return Ballot(given.verdict, voice.groups if any_will_do else voice.groups & named)


def vote_row(approval: Approval, given: Given, ballot: Ballot, now: int) -> dict[str, Any]:
    """Return a verdict as it is kept."""
    return {
        "id": new_id("dec", now),
        "org_id": approval.org_id,
        "approval_id": approval.id,
        "user_id": given.reviewer.user_id,
        "verdict": str(given.verdict),
        "reason": given.reason,
        "seal": given.look.seal,
        "channel": given.reviewer.channel,
        "delegated_by": given.access.delegator or None,
        "answer": given.answer,
        "option": given.option,
        "groups": " ".join(sorted(ballot.groups)),
        "at": now,
    }


def count_vote(
    tx: Transaction,
    approval: Approval,
    given: Given,
    vote: Mapping[str, Any],
    changes: Mapping[str, object],
) -> Approval:
    """Return the approval with one vote more that does not settle it: what was shown changed."""
    if given.edit is not None:
        reset_yeses(tx, approval.id, tx.now)
    tx.execute(insert(_decisions), dict(vote))
    tx.record(
        approval.org_id,
        given.reviewer.actor,
        "approval.vote",
        subject(approval.id),
        facts(approval) | given.note(),
    )
    values = {"version": approval.version + 1, **changes}
    tx.execute(update(_approvals).where(_approvals.c.id == approval.id).values(values))
    approval.__dict__.update(values)
    return approval
