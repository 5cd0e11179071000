"""The one sentence for whoever may not decide a call now, whatever stands in their way."""

from collections.abc import Sequence

from webui.approvals.answering.quorum import NOES, YESES
from webui.approvals.authorization import Access, Actor
from webui.approvals.states import OPEN, Status, Verdict
from webui.approvals.words import VERDICT
from webui.audit.chain import rfc3339
from webui.sentences import sentence
from webui.store.models import Approval
from webui.store.queries.calls import Vote

DELEGATOR_DECIDED = sentence(
    "Who made you their delegate has decided this call already; it waits for others."
)

_SENDING = sentence(
    "A verdict was given, and the source of this call is being told. It settles the call once "
    "the source has confirmed it."
)


def why_not(
    actor: Actor,
    access: Access,
    status: Status,
    settled: str,
    votes: Sequence[Vote],
    settles_at: int | None = None,
    *,
    sending: bool = False,
) -> str | None:
    """Return why a person cannot decide an approval, or none if they can.

    Args:
        actor: who.
        access: what authorization says, asked with the voices of others as `decided_by`.
        status: as it counts now.
        settled: how it ended, in one sentence, if it did.
        votes: the verdicts given so far.
        settles_at: when a verdict settles it that can still be undone, if there is one.
        sending: that verdict is on its way to the upstream.

    """
    if status not in OPEN:
        return sentence("Nothing is left to decide. %(settled)s", settled=settled)
    if settles_at is not None:
        return (
            _SENDING
            if sending
            else sentence(
                "A verdict was given that settles this call at %(time)s UTC, unless it is "
                "undone before.",
                time=rfc3339(settles_at)[11:19],
            )
        )
    mine = voted(actor, votes)
    if mine is not None:
        return _already(actor, mine)
    if access.allowed:
        return None
    lent = {each.id for each in actor.acting_for}
    if access.reason == "deny_missing_grant" and any(
        lent & _voices(vote) for vote in votes
    ):
        return DELEGATOR_DECIDED
    return access.explanation


def verdicts_open_to(
    approval: Approval, mine: Vote | None, status: Status, *, approve: bool, edit: bool
) -> frozenset[str]:
    """Return the verdicts that would be taken of somebody who may decide.

    Whoever voted yes may still change the call.

    Args:
        approval: which.
        mine: the vote that counts as theirs, if there is one.
        status: as it counts now.
        approve: they may let it run; who is only asked for a veto may not.
        edit: they may change it.

    """
    if status not in OPEN or approval.settles_at is not None:
        return frozenset()
    offered = {Verdict.DENY, *map(Verdict, approval.allowed_decisions.split())}
    if status is Status.NEEDS_REVISION:
        offered &= NOES
    if mine is not None:
        changing = {Verdict.EDIT, Verdict.REQUEST_CHANGES}
        offered &= changing if mine.decision.verdict in YESES else set()
    if not approve:
        offered -= YESES
    if not edit:
        offered.discard(Verdict.EDIT)
    return frozenset(map(str, offered))


def voted(actor: Actor, votes: Sequence[Vote]) -> Vote | None:
    """Return the vote that counts as this person's, whoever gave it; none if there is none."""
    return next((vote for vote in votes if actor.is_one_of(_voices(vote))), None)


def _already(actor: Actor, vote: Vote) -> str:
    done = VERDICT[Verdict(vote.decision.verdict)]
    if vote.decision.user_id == actor.id:
        return sentence("You have %(done)s this call; it waits for others.", done=done)
    if actor.is_one_of((vote.decision.user_id,)):
        return sentence(
            "You have %(done)s this call by another account of yours; it waits for others.",
            done=done,
        )
    return sentence(
        "%(who)s has %(done)s this call in your place; it waits for others.",
        who=vote.display,
        done=done,
    )


def others_voices(actor: Actor, votes: Sequence[Vote]) -> frozenset[str]:
    """Return whose voices a delegate cannot lend any more."""
    voted = frozenset[str]().union(*(_voices(vote) for vote in votes))
    return frozenset(name for name in voted if not actor.is_one_of((name,)))


def _voices(vote: Vote) -> frozenset[str]:
    given = vote.decision
    return frozenset({given.user_id, given.delegated_by or given.user_id})
