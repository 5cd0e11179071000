"""Is there anybody who could say yes? A policy whose questions nobody can answer locks all out."""

from collections.abc import Collection, Iterator, Mapping

from sqlalchemy.orm import Session

from webui.approvals.answering.quorum import Ballot, Quorum, approvals_in
from webui.approvals.policy import Action, Policy, PolicyFault, Rule
from webui.approvals.policy.warning import of_rule
from webui.approvals.ruling.terms import group_ids
from webui.sentences import plural, sentence
from webui.store.queries.deciders import deciders


def lock_outs(
    session: Session, org_id: str, policy: Policy, now: int
) -> tuple[PolicyFault, ...]:
    """Return the questions of a policy that nobody, or too few, could answer as things stand.

    What no rule asks for can be answered always: an org has an owner.
    """
    people = deciders(session, org_id, now).values()
    groups = group_ids(session, org_id, policy.group_names())
    return tuple(sorted(_told(policy, people, groups)))


def _told(
    policy: Policy, people: Collection[frozenset[str]], groups: Mapping[str, str]
) -> Iterator[PolicyFault]:
    for rule in policy.rules:
        if rule.action is not Action.REQUIRE_APPROVAL:
            continue
        needed = rule.terms.approvals_required
        if _is_told_by_the_file(policy, rule):
            continue
        given = _most_approvals(rule, people, groups)
        if given is not None and given < needed:
            said = of_rule(rule, _short_of(given, needed))
            yield PolicyFault(rule.line, 1, f"tools.{rule.tool}", said)


def _is_told_by_the_file(policy: Policy, rule: Rule) -> bool:
    """Say whether the file's own list of people is too short: `warnings_of` says so."""
    terms = rule.terms
    if not terms.approvers or not policy.groups.keys() >= set(terms.approvers):
        return False
    people = {one for group in terms.approvers for one in policy.groups[group]}
    return len(people) < terms.approvals_required


def _most_approvals(
    rule: Rule, people: Collection[frozenset[str]], groups: Mapping[str, str]
) -> int | None:
    """Return how many approvals a rule could get at most; none if a group is not there."""
    terms = rule.terms
    named = {*terms.approvers, *([terms.escalate_to] if terms.escalate_to else [])}
    if not named <= groups.keys():
        return None  # told as an error already
    asked = frozenset(groups[name] for name in named) if terms.approvers else frozenset()
    quorum = Quorum(approvers=asked, distinct=terms.distinct_groups)
    return approvals_in([Ballot("approve", mine) for mine in people], quorum)


def _short_of(given: int, needed: int) -> str:
    if given == 0:
        return sentence(
            "nobody who may decide here could approve it, so every call it asks for expires. "
            "Add such people to its groups, or name other groups."
        )
    return plural(
        "it takes %(needed)s approvals, and %(number)s person could give one here, so every "
        "call it asks for expires. Lower approvals_required, or let more people decide.",
        "it takes %(needed)s approvals, and %(number)s people could give one here, so every "
        "call it asks for expires. Lower approvals_required, or let more people decide.",
        given,
        needed=needed,
    )
