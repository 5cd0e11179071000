"""Verbs on an org's policy."""

from webui.approvals import accounts, policies
from webui.approvals.errors import DeskError
from webui.approvals.policies import PolicyRefusedError
from webui.approvals.standing import By
from webui.audit.chain import rfc3339
from webui.control.verbs import Office, Plain, org_id_of, verb
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
        return policies.accept(tx, org_id, text, _HERE, expected=expected, note=note)

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


def _plain(version: Policy) -> Plain:
    return {
        "number": version.number,
        "revision": version.revision,
        "author": version.author,
        "at": rfc3339(version.at),
        "note": version.note or None,
    }
