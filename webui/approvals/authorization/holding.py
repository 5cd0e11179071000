"""Whether a principal holds a permission: by role, by owning the agent, by explicit grant."""

from collections.abc import Iterator

from webui.approvals.authorization.facts import Access, Actor, Grant, PrincipalKind
from webui.approvals.authorization.permissions import ROLES, VIEW, sources_of
from webui.approvals.authorization.question import Question
from webui.approvals.authorization.reasons import (
    NO_MEMBER,
    OWNS_AGENT,
    by_grant,
    by_role,
    missing,
    not_covered,
)
from webui.approvals.authorization.scopes import gap


def held(question: Question, actor: Actor) -> Access:
    """Answer by what a person holds in the org; without a membership they hold nothing."""
    role = actor.standing
    if role is None:
        return question.answer(NO_MEMBER)
    if question.action in ROLES.get(role, frozenset()):
        return question.answer(by_role(role))
    if (
        question.action == VIEW
        and role == "member"
        and actor.is_one_of((question.resource.agent_owner,))
    ):
        return question.answer(OWNS_AGENT)
    return granted(question, actor, *sources_of(question.action))


def granted(question: Question, actor: Actor, *permissions: str) -> Access:
    """Answer by explicit grants of one of these permissions.

    A standing grant goes before one for a single use, which is not to be spent in vain. If none
    covers the question, the first that was held says why.
    """
    refused: Access | None = None
    for grant in sorted(
        grants_of(question, actor), key=lambda each: each.approval_id != ""
    ):
        if grant.permission not in permissions:
            continue
        why_not = gap(grant, question.names, question.directory)
        if why_not is None:
            return question.answer(by_grant(grant.permission), grant)
        refused = refused or question.answer(not_covered(why_not, grant.permission), grant)
    return refused or question.answer(missing(permissions[0]))


def grants_of(question: Question, actor: Actor) -> Iterator[Grant]:
    """Return all grants of a principal and of their groups."""
    if actor.grants is not None:
        yield from actor.grants
        return
    kind: PrincipalKind = "agent" if actor.type == "agent" else "user"
    yield from question.directory.grants(kind, actor.id)
    for group in sorted(actor.groups):
        yield from question.directory.grants("group", group)
