"""Who may let a call run: separation of duties, delegates, groups, channels."""

from webui.approvals.authorization.facts import Access, Actor
from webui.approvals.authorization.holding import held
from webui.approvals.authorization.permissions import BREAK_GLASS, DECIDE
from webui.approvals.authorization.question import Question
from webui.approvals.authorization.reasons import (
    ALREADY_DECIDED,
    DELEGATE,
    DELEGATOR_INVOLVED,
    NOT_IN_GROUP,
    ON_YOUR_BEHALF,
    WRONG_CHANNEL,
    YOUR_AGENT,
    YOUR_RUN,
    Cause,
)


def involvement(question: Question, actor: Actor) -> Cause | None:
    """Return how this person is part of what they would decide; none if they are not.

    An org of one person may have opted out.
    """
    resource = question.resource
    if resource.solo:
        return None
    if actor.is_one_of((resource.on_behalf_of,)):
        return ON_YOUR_BEHALF
    if actor.is_one_of((resource.agent_owner, resource.present_owner)):
        return YOUR_AGENT
    if actor.is_one_of((resource.triggered_by,)):
        return YOUR_RUN
    return None


def authority(question: Question) -> Access:
    """Answer whether this person may decide, by their own standing or as a delegate."""
    actor, resource = question.actor, question.resource
    answer = _own(question, actor)
    if not answer.allowed and actor.standing and question.action == DECIDE:
        answer = _delegated(question) or answer
    if not answer.allowed:
        return answer
    if resource.channels and actor.channel not in resource.channels:
        return question.answer(WRONG_CHANNEL)
    if question.action == DECIDE and actor.is_one_of(resource.decided_by):
        return question.answer(ALREADY_DECIDED)
    return answer


def _own(question: Question, actor: Actor) -> Access:
    answer = held(question, actor)
    groups = question.resource.required_groups
    # a broken glass goes past quorum and its groups; that is what it is for
    if answer.allowed and groups and question.action != BREAK_GLASS:
        return answer if groups & actor.groups else question.answer(NOT_IN_GROUP)
    return answer


def _delegated(question: Question) -> Access | None:
    """Answer by the delegators' standing; none where it adds nothing.

    One person counts once: whoever has decided has nothing left to lend.
    """
    involved: Access | None = None
    for delegator in question.actor.acting_for:
        if delegator.is_one_of(question.resource.decided_by):
            continue
        lent = _own(question, delegator)
        if not lent.allowed:
            continue
        if involvement(question, delegator) is None:
            return question.answer(DELEGATE, lent.grant, delegator.id)
        involved = question.answer(DELEGATOR_INVOLVED)
    return involved
