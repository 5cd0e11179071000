"""The orchestrator's questions: assigning tasks, and what an agent may by being who it is."""

from collections.abc import Iterator
from dataclasses import replace

from webui.approvals.authorization import protection
from webui.approvals.authorization.chain import is_below
from webui.approvals.authorization.facts import Access
from webui.approvals.authorization.holding import granted, grants_of
from webui.approvals.authorization.permissions import (
    ASSIGN,
    ASSIGN_SCOPE,
    ASSIGNING_ROLES,
    CHECKOUTS,
    CONFIG_UPDATE,
    LEGACY,
    MUTATE,
    sources_of,
)
from webui.approvals.authorization.protection import Effect, Strength
from webui.approvals.authorization.question import Question
from webui.approvals.authorization.reasons import (
    FREE_ISSUE,
    LEGACY_CREATOR,
    MANAGES,
    NO_MEMBER,
    OWN_CONFIG,
    OWN_ISSUE,
    SIMPLE_MEMBER,
    Reason,
    restricted,
)
from webui.sentences import sentence


def effect_on(question: Question) -> Effect:
    """Return what the protection policies on the target do, the strongest of them."""
    return protection.strongest(_effects(question))


def assigning(question: Question) -> Access | None:
    """Answer whether a task may be assigned.

    None where no policy stands in the way of `tasks:assign_scope` asked for by its own name:
    that is then a permission like any other.
    """
    effect = effect_on(question)
    if effect.strength is Strength.NONE:
        if question.action == ASSIGN_SCOPE:
            return None
        if _is_simple(question):
            return question.answer(SIMPLE_MEMBER)
        return _by_grant(question)
    if effect.strength is Strength.RESTRICTED:
        answer = _by_grant(question)
    elif effect.strength is Strength.REQUIRES_APPROVAL:
        answer = _by_approval(question)
    else:
        answer = None
    if answer is not None and answer.allowed:
        return answer
    return question.answer(restricted(effect.sentence))


def by_itself(question: Question) -> Access | None:
    """Answer what an agent may without anybody's leave."""
    actor, resource = question.actor, question.resource
    if question.action == MUTATE and resource.kind == "issue":
        if not resource.assignee_agent_id:
            return question.answer(FREE_ISSUE)
        if resource.assignee_agent_id == actor.id:
            return question.answer(OWN_ISSUE)
    own = resource.kind == "agent" and resource.id == actor.id
    if question.action == CONFIG_UPDATE and own:
        return question.answer(OWN_CONFIG)
    return None


def by_standing(question: Question) -> Access:
    """Answer by an agent's grants, then by its legacy authority and whom it manages."""
    actor, action = question.actor, question.action
    answer = granted(question, actor, *sources_of(action))
    if answer.allowed:
        return answer
    asker = question.directory.agent(actor.id)
    if action in LEGACY and asker and (asker.role == "ceo" or asker.can_create_agents):
        return question.answer(LEGACY_CREATOR)
    target = question.target_agent
    if (
        action == CHECKOUTS
        and target
        and is_below(question.directory, target, frozenset({actor.id}))
    ):
        return question.answer(MANAGES)
    return answer


def _effects(question: Question) -> Iterator[Effect]:
    directory, resource = question.directory, question.resource
    issue = resource.id if resource.kind == "issue" else ""
    # An issue that is its own parent speaks as the issue: among equals the first does.
    bearers = (
        (sentence("Target agent"), question.target_agent, directory.agent),
        (
            sentence("Target project"),
            resource.project or question.names.project,
            directory.project,
        ),
        (sentence("Target issue"), issue, directory.issue),
        (sentence("Parent issue"), resource.parent_issue_id, directory.issue),
    )
    for label, bearer_id, look_up in bearers:
        if bearer_id:
            bearer = look_up(bearer_id)
            yield (
                protection.missing(label)
                if bearer is None
                else protection.effect_of(bearer.policy, label)
            )


def _is_simple(question: Question) -> bool:
    actor = question.actor
    return actor.type == "agent" or actor.standing in ASSIGNING_ROLES


def _by_grant(question: Question) -> Access:
    """Answer by `tasks:assign`, then by `tasks:assign_scope`; a role's does not count here."""
    actor = question.actor
    if actor.type == "user" and actor.standing is None:
        return question.answer(NO_MEMBER)
    scoped = granted(question, actor, ASSIGN_SCOPE)
    if question.action == ASSIGN_SCOPE:
        return scoped
    broad = granted(question, actor, ASSIGN)
    if broad.allowed or (broad.reason != Reason.MISSING_GRANT and not scoped.allowed):
        return broad
    return scoped


def _by_approval(question: Question) -> Access:
    """Answer by the grants that a yes of a person has made for this, within their scope."""
    approved = tuple(
        grant
        for grant in grants_of(question, question.actor)
        if grant.approval_id and grant.scope
    )
    asked = replace(question, actor=replace(question.actor, grants=approved))
    return _by_grant(asked)
