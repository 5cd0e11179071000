"""A draft of the policy beside the one in force: it is asked about every new call, and decides none."""

from typing import Final

from sqlalchemy import delete, update

from webui.approvals.authorization import POLICY_WRITE, VIEW
from webui.approvals.errors import ConflictError, InvalidError
from webui.approvals.people.standing import By, require_in
from webui.approvals.ruling import policies
from webui.approvals.ruling.policies import Accepted, PolicyRefusedError
from webui.approvals.senders.announcing import brings_secret
from webui.sentences import sentence
from webui.store.ids import first_id
from webui.store.models import PolicyShadow
from webui.store.transaction import Transaction

RAN_BESIDE: Final = sentence("It ran beside the policy before.")
"""Why a draft was put in force that ran beside the policy, where its author says nothing."""


def start_shadow(tx: Transaction, org_id: str, text: str, by: By) -> PolicyShadow:
    """Let a draft run beside the policy in force, from the next call on.

    Raises:
        NotAllowedError: they may not write the policy, or not see all calls.
        ConflictError: another draft runs already.
        PolicyRefusedError: all that is wrong with the text.
        InvalidError: it brings a secret.

    """
    _check(tx, org_id, by)
    if shadow_of(tx, org_id) is not None:
        raise ConflictError(
            "shadow_runs",
            sentence("A draft runs beside the policy already; stop it first."),
        )
    policy, wrong = policies.all_faults(tx.session, org_id, text)
    if policy is None:
        raise PolicyRefusedError(wrong)
    if brings_secret(tx, org_id, policy.approvals.webhook):
        raise InvalidError(
            sentence(
                "A draft that runs beside the policy announces nothing and keeps no "
                "secret. Save the webhook in the policy first, or leave it out of the "
                "draft."
            )
        )
    live = policies.in_force(tx.session, org_id)
    shadow = PolicyShadow(
        org_id=org_id,
        text=policy.text,
        revision=policy.revision,
        made_from=0 if live is None else live.number,
        started_by=by.name,
        started_at=tx.now,
        position=first_id("apr", tx.now),
        state="{}",
    )
    tx.session.add(shadow)
    tx.session.flush()
    note = {"revision": policy.revision, "beside": shadow.made_from}
    tx.record(org_id, by.name, "policy.shadow_started", f"org:{org_id}", note)
    return shadow


def stop_shadow(tx: Transaction, org_id: str, by: By) -> None:
    """Let the draft run no more; what it counted is gone.

    Raises:
        NotAllowedError: they may not.
        ConflictError: none runs.

    """
    _check(tx, org_id, by)
    _stop(tx, _running(tx, org_id), by)


def take_over(
    tx: Transaction, org_id: str, by: By, *, expected: int, note: str = ""
) -> Accepted:
    """Put the draft in force, as a new version, and stop it as one that runs beside.

    Args:
        tx: the transaction.
        org_id: whose.
        by: who.
        expected: the number of the version that is in force, as they saw it; 0 for none.
        note: why.

    Raises:
        NotAllowedError: they may not.
        ConflictError: none runs, or another version is in force by now.
        PolicyRefusedError: it cannot be the policy any more.

    """
    _check(tx, org_id, by)
    shadow = _running(tx, org_id)
    accepted = policies.accept(tx, org_id, shadow.text, by, expected=expected, note=note)
    _stop(tx, shadow, by)
    return accepted


def shadow_of(tx: Transaction, org_id: str) -> PolicyShadow | None:
    """Return the draft that runs; none without one."""
    return tx.session.get(PolicyShadow, org_id)


def keep_progress(tx: Transaction, seen: PolicyShadow, position: str, state: str) -> bool:
    """Note how far a draft is; False: another node was faster, or it runs no more."""
    return _note(tx, seen, position=position, state=state)


def stand_still(tx: Transaction, seen: PolicyShadow, why: str) -> bool:
    """Note that a draft cannot go on, and why."""
    return _note(tx, seen, error=why)


def _note(tx: Transaction, seen: PolicyShadow, **values: str) -> bool:
    noted = (
        update(PolicyShadow)
        .where(
            PolicyShadow.org_id == seen.org_id,
            PolicyShadow.started_at == seen.started_at,
            PolicyShadow.revision == seen.revision,
            PolicyShadow.position == seen.position,
        )
        .values(**values)
        .returning(PolicyShadow.org_id)
    )
    return tx.session.execute(noted).first() is not None


def _check(tx: Transaction, org_id: str, by: By) -> None:
    require_in(tx, org_id, by, POLICY_WRITE)
    require_in(tx, org_id, by, VIEW)


def _running(tx: Transaction, org_id: str) -> PolicyShadow:
    shadow = shadow_of(tx, org_id)
    if shadow is None:
        raise ConflictError(
            "no_shadow", sentence("No draft runs beside the policy; start one first.")
        )
    return shadow


def _stop(tx: Transaction, shadow: PolicyShadow, by: By) -> None:
    org_id = shadow.org_id
    tx.session.execute(
        delete(PolicyShadow)
        .where(PolicyShadow.org_id == org_id)
        .execution_options(synchronize_session=False)
    )
    note = {"revision": shadow.revision}
    tx.record(org_id, by.name, "policy.shadow_stopped", f"org:{org_id}", note)
