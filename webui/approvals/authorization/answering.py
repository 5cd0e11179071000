"""The one function that answers every question, and the order in which it does."""

from collections.abc import Callable, Mapping

from webui.approvals.authorization.deciding import authority, involvement
from webui.approvals.authorization.facts import (
    NOBODY,
    NOTHING,
    Access,
    Actor,
    Directory,
    Resource,
)
from webui.approvals.authorization.holding import held
from webui.approvals.authorization.permissions import (
    ALL,
    ASSIGN,
    ASSIGNING,
    BY_AGENTS,
    DECIDING,
    MUTATE,
    TASKS,
)
from webui.approvals.authorization.protection import Effect
from webui.approvals.authorization.question import Question
from webui.approvals.authorization.reasons import (
    AGENT_CONTEXT,
    AGENT_DECIDES,
    ASKER_INACTIVE,
    FOREIGN_AGENT,
    INSTANCE_ADMIN,
    LOCAL_ROOT,
    NAME_A_MEMBER,
    NO_SUCH_TARGET,
    OTHER_ORG,
    SIGN_IN,
    SUSPENDED,
    TARGET_INACTIVE,
    TARGET_NO_MEMBER,
    Reason,
    not_for_agents,
    not_for_people,
    unknown_action,
)
from webui.approvals.authorization.scopes import names_of
from webui.approvals.authorization.tasks import (
    assigning,
    by_itself,
    by_standing,
    effect_on,
)


def authorize(
    actor: Actor,
    action: str,
    resource: Resource,
    scope: Mapping[str, object] | None = None,
    directory: Directory = NOTHING,
) -> Access:
    """Answer one question of "may this principal do this to that?".

    Args:
        actor: who; facts about their membership are those of the resource's org.
        action: a permission name.
        resource: what.
        scope: what the question names (`projectId`, `assigneeAgentId`, else `targetAgentId`);
            none: what the resource names.
        directory: where to look up what the facts do not carry, bound to the resource's org.

    """
    question = _ask(actor, action, resource, scope, directory)
    for step in _ORDER:
        answer = step(question)
        if answer is not None:
            return answer
    return _in_the_end(question)


def protection_of(
    resource: Resource,
    scope: Mapping[str, object] | None = None,
    directory: Directory = NOTHING,
) -> Effect:
    """Return what protection policies do to assigning this, whoever asks."""
    return effect_on(_ask(NOBODY, ASSIGN, resource, scope, directory))


def _ask(
    actor: Actor,
    action: str,
    resource: Resource,
    scope: Mapping[str, object] | None,
    directory: Directory,
) -> Question:
    names = names_of(actor, resource, scope)
    return Question(actor, action, resource, names, directory)


def _signed_in(question: Question) -> Access | None:
    actor, action = question.actor, question.action
    is_local = actor.source == "local_implicit" and actor.type != "agent"
    if is_local and action not in DECIDING:
        return question.answer(LOCAL_ROOT if action in ALL else unknown_action(action))
    if actor.type == "none" or not actor.id:
        return question.answer(NAME_A_MEMBER if is_local else SIGN_IN)
    return None


def _in_its_org(question: Question) -> Access | None:
    """Refuse what is asked across orgs: nothing that follows is meant for another's."""
    if question.actor.org_id != question.resource.org_id:
        return question.answer(OTHER_ORG)
    return question.answer(SUSPENDED) if not question.actor.active else None


def _instance_admin(question: Question) -> Access | None:
    actor = question.actor
    if (
        actor.type == "user"
        and actor.instance_admin
        and question.action in ALL - DECIDING  # an unknown action is nobody's
    ):
        return question.answer(INSTANCE_ADMIN)
    return None


def _asker_in_bounds(question: Question) -> Access | None:
    if question.actor.type != "agent" or question.action not in BY_AGENTS:
        return None
    asker = question.directory.agent(question.actor.id)
    if asker is None:
        return question.answer(FOREIGN_AGENT)
    return question.answer(ASKER_INACTIVE) if not asker.active else None


def _target_in_bounds(question: Question) -> Access | None:
    target_id, user_id = question.target_agent, question.resource.assignee_user_id
    if target_id:
        target = question.directory.agent(target_id)
        if target is None:
            return question.answer(NO_SUCH_TARGET)
        if question.action in TASKS and not target.active:
            return question.answer(TARGET_INACTIVE)
    elif (
        user_id
        and question.action in ASSIGNING
        and question.directory.membership(user_id) != "active"
    ):
        return question.answer(TARGET_NO_MEMBER)
    return None


def _no_agent_decides(question: Question) -> Access | None:
    if question.action not in DECIDING:
        return None
    if question.actor.type == "agent":
        return question.answer(AGENT_DECIDES)
    return question.answer(AGENT_CONTEXT) if question.actor.agent_context else None


def _duties_separated(question: Question) -> Access | None:
    if question.action not in DECIDING:
        return None
    cause = involvement(question, question.actor)
    return question.answer(cause) if cause else None


def _unprotected(question: Question) -> Access | None:
    return assigning(question) if question.action in ASSIGNING else None


def _itself(question: Question) -> Access | None:
    return by_itself(question) if question.actor.type == "agent" else None


_ORDER: tuple[Callable[[Question], Access | None], ...] = (
    _signed_in,
    _in_its_org,
    _instance_admin,
    _asker_in_bounds,
    _target_in_bounds,
    _no_agent_decides,
    _duties_separated,
    _unprotected,
    _itself,
)
"""Of those who may say no, or yes, before it comes to what one holds."""


def _in_the_end(question: Question) -> Access:
    actor, action = question.actor, question.action
    if actor.type == "agent":
        if action in BY_AGENTS:
            return by_standing(question)
        known = action in ALL
        return question.answer((not_for_agents if known else unknown_action)(action))
    answer = authority(question) if action in DECIDING else held(question, actor)
    if answer.reason != Reason.MISSING_GRANT:
        return answer
    if action not in ALL:
        return question.answer(unknown_action(action))
    return question.answer(not_for_people(action)) if action == MUTATE else answer
