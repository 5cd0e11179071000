"""Verbs on an org's policy."""

from collections.abc import Callable

from webui.approvals.errors import DeskError
from webui.approvals.people import accounts
from webui.approvals.people.standing import By
from webui.approvals.policy.changes import changes
from webui.approvals.ruling import policies
from webui.approvals.ruling.drafts import check_draft
from webui.approvals.ruling.policies import PolicyRefusedError
from webui.audit.chain import rfc3339
from webui.control.verbs import Office, Plain, org_id_of, verb
from webui.policyfile import require_no_file
from webui.store.models import Policy
from webui.store.transaction import Transaction

_HERE = By()


@verb("policy.set")
def set_policy(
    office: Office,
    *,
    text: str,
    note: str = "",
    expected: int | None = None,
    org: str | None = None,
) -> Plain:
    """Put a policy in force; one that is wrong anywhere changes nothing."""

    def unit(tx: Transaction) -> policies.Accepted:
        org_id = accounts.find_org(tx, org)
        require_no_file(tx, office.settings, org_id)
        return policies.accept(tx, org_id, text, _HERE, expected=expected, note=note)

    return _put_in_force(office, unit)


@verb("policy.revert")
def revert_policy(
    office: Office, *, number: int, expected: int | None = None, org: str | None = None
) -> Plain:
    """Put the text of an older version in force again, as a new version."""

    def unit(tx: Transaction) -> policies.Accepted:
        org_id = accounts.find_org(tx, org)
        require_no_file(tx, office.settings, org_id)
        return policies.revert(tx, org_id, number, _HERE, expected=expected)

    return _put_in_force(office, unit)


def _put_in_force(
    office: Office, unit: Callable[[Transaction], policies.Accepted]
) -> Plain:
    try:
        accepted = office.store.write(unit)
    except PolicyRefusedError as error:
        raise DeskError(error.code, "\n".join(map(str, error.wrong))) from error
    return _plain(accepted.version) | {
        "changed": accepted.changed,
        "warnings": [str(each) for each in accepted.warnings],
    }


@verb("policy.show")
def show_policy(office: Office, *, org: str | None = None) -> Plain:
    """Return the policy in force, with its text; `number` is 0 where there is none."""
    org_id = org_id_of(office, org)
    with office.store.reading() as session:
        live = policies.in_force(session, org_id)
        if live is None:
            return {"number": 0, "revision": None, "text": None}
        return _plain(live) | {"text": live.text}


@verb("policy.versions")
def list_versions(office: Office, *, org: str | None = None) -> list[Plain]:
    """Return the versions of an org's policy, the newest 100."""
    org_id = org_id_of(office, org)
    with office.store.reading() as session:
        return [_plain(version) for version in policies.versions(session, org_id)]


@verb("policy.diff")
def diff_versions(
    office: Office, *, old: int, new: int, org: str | None = None
) -> list[str]:
    """Return what changed between two versions, line by line."""
    org_id = org_id_of(office, org)
    with office.store.reading() as session:
        texts = [policies.version_of(session, org_id, each).text for each in (old, new)]
    return [f"{line.sign} {line.text}" for line in changes(*texts)]


@verb("policy.check")
def check_text(office: Office, *, text: str, org: str | None = None) -> Plain:
    """Return what is wrong with a text as it could be in force here, and what looks wrong."""
    org_id = org_id_of(office, org)
    with office.store.reading() as session:
        found = check_draft(session, org_id, text, office.store.now())
    return {
        "faults": [str(each) for each in found.faults],
        "warnings": [str(each) for each in found.warnings],
    }


def _plain(version: Policy) -> Plain:
    return {
        "number": version.number,
        "revision": version.revision,
        "author": version.author,
        "at": rfc3339(version.at),
        "note": version.note or None,
    }
