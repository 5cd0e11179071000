"""Groups of a provider's become a role here, at each sign-in (docs/single-sign-on.md).

Whoever gave a role governs it. A provider touches a membership only while it has the role that
the provider gave; what a person set by hand, an invitation included, stays. The last active owner
is never demoted.
"""

from collections.abc import Iterable

from webui.approvals.authorization import ROLES
from webui.approvals.errors import ConflictError, Fault, InvalidError
from webui.approvals.people.members import shut_out
from webui.approvals.people.standing import keep_an_owner
from webui.oidc.providers import subject
from webui.sentences import sentence
from webui.store.models import Identity, Membership
from webui.store.queries.providers import roles_of
from webui.store.transaction import Transaction

BY_STRENGTH = ("owner", "admin", "operator", "reviewer", "auditor", "viewer", "member")
"""The strongest first."""


def roles_from(text: str) -> dict[str, str]:
    """Read lines like `desk-reviewers = reviewer`.

    Raises:
        InvalidError: a line is not of this form.

    """
    roles: dict[str, str] = {}
    for line in filter(str.strip, text.splitlines()):
        group, equals, role = line.rpartition("=")
        if not equals or not group.strip() or role.strip() not in ROLES:
            raise InvalidError(
                sentence(
                    "Write each group on a line of its own as: group = role. A role is one of "
                    "%(names)s.",
                    names=", ".join(ROLES),
                ),
                [Fault("/roles", "is not of this form")],
            )
        roles[group.strip()] = role.strip()
    return roles


def role_for(tx: Transaction, provider_id: str, groups: Iterable[str]) -> str | None:
    """Return the strongest role that these groups have here; none if they have none."""
    mapped = roles_of(tx.session, provider_id)
    found = {mapped[group] for group in groups if group in mapped}
    return next((role for role in BY_STRENGTH if role in found), None)


def apply(
    tx: Transaction, identity: Identity, member: Membership, groups: Iterable[str]
) -> bool:
    """Let the groups of this sign-in govern a membership; say whether it is still active.

    The caller holds the org's lock.
    """
    if identity.role is None or member.role != identity.role:
        return True
    wanted = role_for(tx, identity.provider_id, groups)
    if wanted == member.role:
        return True
    if member.role == "owner" and _is_last_owner(tx, member):
        note = {"role": "owner", "kept": "last owner"}
        _record(tx, identity, member, "membership.changed", note)
        return True
    if wanted is None:
        note = {"cause": "no group of theirs has a role here any more"}
        shut_out(tx, member, actor=subject(identity.provider_id), note=note)
        return False
    note = {"role": wanted, "before": member.role, "by": "groups"}
    member.role = identity.role = wanted
    tx.session.flush()
    _record(tx, identity, member, "membership.changed", note)
    return True


def _is_last_owner(tx: Transaction, member: Membership) -> bool:
    try:
        keep_an_owner(tx, member.org_id, member.user_id)
    except ConflictError:
        return True
    return False


def _record(
    tx: Transaction,
    identity: Identity,
    member: Membership,
    action: str,
    note: dict[str, str],
) -> None:
    actor = subject(identity.provider_id)
    tx.record(member.org_id, actor, action, f"user:{member.user_id}", note)
