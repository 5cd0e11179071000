"""An organization's policy, version by version: accepted whole or not at all.

A text that is wrong anywhere, fails a test of its own, or names a group that is not there never
replaces one that is right.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webui.approvals.authorization import POLICY_WRITE
from webui.approvals.desk import set_for_what_waits
from webui.approvals.errors import ConflictError, InvalidError, NotFoundError
from webui.approvals.people.standing import By, require_in
from webui.approvals.policy import (
    MOST_LOOKS,
    PolicyFault,
    check_policy,
    run_tests,
    tests_cost_too_much,
    warnings_of,
)
from webui.approvals.policy import Policy as Rules
from webui.approvals.policy.document import Webhook
from webui.approvals.policy.secret import KEPT
from webui.approvals.ruling.electorate import lock_outs
from webui.approvals.ruling.terms import group_ids
from webui.approvals.senders.announcing import brings_secret, keep_in_step, keeps_secret
from webui.channels.addresses import Undeliverable, parse_url
from webui.sentences import number, plural, sentence
from webui.store.models import GroupMember, Org, Policy, User
from webui.store.transaction import Transaction

NOTE_MAX: Final = 500
_NO_NUMBER: Final = 2**31
"""No version is called so; a larger one fits into no column."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A policy that is in force, and what looks wrong with it though it is allowed."""

    version: Policy
    changed: bool
    """False: it was in force already."""
    warnings: tuple[PolicyFault, ...]


class PolicyRefusedError(InvalidError):
    """A text that cannot be the policy, with everything that is wrong with it."""

    def __init__(self, wrong: tuple[PolicyFault, ...]) -> None:
        super().__init__(
            plural(
                "This cannot be the policy: %(number)s place must be mended. "
                "The first: %(first)s",
                "This cannot be the policy: %(number)s places must be mended. "
                "The first: %(first)s",
                len(wrong),
                first=wrong[0].told(),
            ),
            code="policy_wrong",
        )
        self.wrong = wrong


def accept(
    tx: Transaction,
    org_id: str,
    text: str,
    by: By,
    *,
    expected: int | None = None,
    note: str = "",
) -> Accepted:
    """Put a policy in force, as a new version. The text that is in force already is none.

    It is kept without its webhook's secret (`senders/announcing.py` has that), so a new secret
    makes a new version of the same text.

    Args:
        tx: the transaction.
        org_id: whose.
        text: the whole file.
        by: who; a person needs `policy:write`.
        expected: the number of the version it was made from, 0 for none; none: whichever.
        note: why, in the author's words.

    Raises:
        NotAllowedError: they may not.
        ConflictError: another version is in force by now.
        PolicyRefusedError: all that is wrong with the text.

    """
    require_in(tx, org_id, by, POLICY_WRITE)
    live = in_force(tx.session, org_id)
    number = 0 if live is None else live.number
    _check(note, number, expected)
    policy = _checked(tx, org_id, text)
    warnings = (*warnings_of(policy), *lock_outs(tx.session, org_id, policy, tx.now))
    webhook = policy.approvals.webhook
    same = live is not None and live.revision == policy.revision
    if live is not None and same and not brings_secret(tx, org_id, webhook):
        return Accepted(live, changed=False, warnings=warnings)
    version = Policy(
        org_id=org_id,
        number=_last_number(tx.session, org_id) + 1,
        revision=policy.revision,
        text=policy.text,
        author=by.name,
        note=note.strip(),
        at=tx.now,
    )
    tx.session.add(version)
    tx.session.get_one(Org, org_id).policy_number = version.number
    tx.session.flush()
    set_for_what_waits(tx, org_id, read_by=None)  # it may mask what the old one did not
    told = {"number": version.number, "revision": version.revision, "before": number}
    tx.record(
        org_id, by.name, "policy.changed", f"org:{org_id}", told | {"note": version.note}
    )
    keep_in_step(tx, org_id, webhook, actor=by.name)
    return Accepted(version, changed=True, warnings=warnings)


def _check(note: str, number: int, expected: int | None) -> None:
    """Refuse a note that is too long, and a text that was made from another version."""
    if len(note) > NOTE_MAX:
        raise InvalidError(
            sentence(
                "The note is longer than %(most)s characters; shorten it.", most=NOTE_MAX
            )
        )
    if expected is not None and expected != number:
        raise ConflictError(
            "policy_moved",
            sentence(
                "Version %(number)s is in force by now, not %(expected)s; look at it, then "
                "set yours.",
                number=number,
                expected=expected,
            ),
        )


def revert(
    tx: Transaction, org_id: str, number: int, by: By, *, expected: int | None = None
) -> Accepted:
    """Put the text of an old version in force again, as a new version.

    Raises:
        NotFoundError: there is no such version.
        PolicyRefusedError: what it names is not there any more.

    """
    old = version_of(tx.session, org_id, number)
    return accept(tx, org_id, old.text, by, expected=expected, note=as_before(number))


def as_before(number: int) -> str:
    """Return why somebody put an old version in force again."""
    return sentence("As version %(number)s was.", number=number)


def in_force(session: Session, org_id: str) -> Policy | None:
    """Return the version in force; none without a policy."""
    return session.scalar(
        select(Policy)
        .join(Org, (Org.id == Policy.org_id) & (Org.policy_number == Policy.number))
        .where(Org.id == org_id)
    )


def version_of(session: Session, org_id: str, number: int) -> Policy:
    """Return a version of an org's policy.

    Raises:
        NotFoundError: there is no such version.

    """
    found = session.get(Policy, (org_id, number)) if number < _NO_NUMBER else None
    if found is None:
        raise NotFoundError("version of the policy")
    return found


def versions(
    session: Session, org_id: str, before: int | None = None, limit: int = 100
) -> list[Policy]:
    """Return the versions of a policy, newest first; those older than `before` if given."""
    found = select(Policy).where(Policy.org_id == org_id)
    if before is not None:
        found = found.where(Policy.number < before)
    return list(session.scalars(found.order_by(Policy.number.desc()).limit(limit)))


def all_faults(
    session: Session, org_id: str, text: str
) -> tuple[Rules | None, tuple[PolicyFault, ...]]:
    """Return the policy of a text as it could be in force here; or all that is wrong with it."""
    policy, faults = check_policy(text)
    if policy is None:
        return None, faults
    wrong = [*_failed_tests(policy), *_wrong_groups(session, org_id, policy)]
    wrong += _wrong_webhook(session, org_id, policy.approvals.webhook)
    return (None if wrong else policy), tuple(sorted(wrong))


def _checked(tx: Transaction, org_id: str, text: str) -> Rules:
    policy, wrong = all_faults(tx.session, org_id, text)
    if policy is None:
        raise PolicyRefusedError(wrong)
    return policy


def _last_number(session: Session, org_id: str) -> int:
    last = select(func.max(Policy.number)).where(Policy.org_id == org_id)
    return session.scalar(last) or 0


def _failed_tests(policy: Rules) -> Iterator[PolicyFault]:
    if tests_cost_too_much(policy):
        said = sentence(
            "together they look at more than %(most)s rules and conditions, so none was run. "
            "Take tests out.",
            most=number(MOST_LOOKS),
        )
        yield PolicyFault(policy.tests[0].line, 1, "tests", said)
        return
    for index, result in enumerate(run_tests(policy)):
        if not result.passed:
            yield PolicyFault(result.line, 1, f"tests[{index}]", result.sentence())


def _wrong_groups(session: Session, org_id: str, policy: Rules) -> Iterator[PolicyFault]:
    known = group_ids(session, org_id, policy.group_names() | policy.groups.keys())
    for rule in policy.rules:
        terms = rule.terms
        named = {*terms.approvers, terms.veto_group, terms.escalate_to} - {None}
        for name in sorted(str(each) for each in named):
            if name not in known:
                said = sentence(
                    'there is no group "%(name)s" here. Add it, or mend the name.',
                    name=name,
                )
                yield PolicyFault(rule.line, 1, f"tools.{rule.tool}", said)
    for name, people in policy.groups.items():
        if name not in known:
            said = sentence("there is no such group here. Add it with these people first.")
            yield PolicyFault(1, 1, f"groups.{name}", said)
        elif _people_of(session, known[name]) != {one.lower() for one in people}:
            said = sentence(
                "the group holds other people here. The desk's own list counts: mend one of "
                "the two, or leave the group out of the file."
            )
            yield PolicyFault(1, 1, f"groups.{name}", said)


def _wrong_webhook(
    session: Session, org_id: str, webhook: Webhook | None
) -> Iterator[PolicyFault]:
    if webhook is None:
        return
    path = "approvals.notify.webhook"
    try:
        parse_url(webhook.url)
    except Undeliverable as error:
        yield PolicyFault(webhook.line, 1, f"{path}.url", error.why)
    if webhook.secret == KEPT and not keeps_secret(session, org_id, webhook.url):
        said = sentence(
            "the desk keeps no secret for this url. Write the secret out here once."
        )
        yield PolicyFault(webhook.line, 1, f"{path}.secret", said)


def _people_of(session: Session, group_id: str) -> set[str]:
    statement = (
        select(User.email)
        .join(GroupMember, GroupMember.user_id == User.id)
        .where(GroupMember.group_id == group_id)
    )
    return set(session.scalars(statement))
