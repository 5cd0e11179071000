"""One proof of who somebody is: a code, or a passkey's answer. Counted, recorded, never twice."""

from typing import NamedTuple

from webui.approvals.asking.throttling import spend
from webui.factors import passkeys, recovery, totp
from webui.factors.changing import SEAL
from webui.factors.passkeys import Site
from webui.sentences import sentence
from webui.store.models import Passkey, TotpSecret
from webui.store.transaction import Transaction

WRONG_CODE = sentence(
    "This code is wrong or was used already; enter the next one that your app shows."
)
WRONG_PASSKEY = sentence("The passkey's answer does not fit; try again.")
COPIED = sentence(
    "This passkey counted backwards, as a copy of it would; it was refused and written "
    "down. Sign in another way and remove it."
)
_TOO_MANY = sentence("Too many codes; wait a minute and try again.")
_BURST = 10


class Proof(NamedTuple):
    """How somebody proved who they are, or why not."""

    user_id: str = ""
    method: str = ""
    """app, recovery or passkey."""
    refusal: str | None = None
    cause: str = ""
    """For the log: wrong_code, wrong_passkey, unknown_passkey or copied_passkey."""


def by_code(tx: Transaction, user_id: str, typed: str) -> Proof:
    """Check a code of the app, or use up a recovery code.

    Raises:
        TooManyError: ten at once, then one a minute: three codes of a million are right.

    """
    spend(tx, f"code:{user_id}", per_minute=1, burst=_BURST, detail=_TOO_MANY)
    plain = typed.replace(" ", "")
    if len(plain) == totp.DIGITS and plain.isascii() and plain.isdigit():
        if _is_of_app(tx, user_id, plain):
            return Proof(user_id, "app")
    elif recovery.use(tx, user_id, plain):
        return Proof(user_id, "recovery")
    return Proof(user_id, refusal=WRONG_CODE, cause="wrong_code")


def _is_of_app(tx: Transaction, user_id: str, code: str) -> bool:
    row = tx.session.get(TotpSecret, user_id, with_for_update=True)
    if row is None or row.confirmed_at is None:
        return False
    secret = tx.keyring.open_own(SEAL, user_id, row.sealed)
    step = totp.step_of(secret, code, tx.now, after=row.last_step)
    if step is None:
        return False
    row.last_step = step
    tx.session.flush()
    return True


def by_passkey(
    tx: Transaction,
    site: Site,
    challenge: bytes | None,
    credential: str,
    user_id: str | None,
) -> Proof:
    """Check a passkey's answer to a challenge.

    Args:
        tx: the transaction.
        site: where passkeys are good.
        challenge: what was asked; none if it was answered before.
        credential: the answer, as the browser made it.
        user_id: who has to answer; none for whoever the passkey belongs to.

    """
    answer = passkeys.answer_of(credential)
    if answer is None or challenge is None:
        return Proof(refusal=WRONG_PASSKEY, cause="wrong_passkey")
    row = tx.session.get(Passkey, answer.passkey_id, with_for_update=True)
    if row is None or not _is_for(row, answer, user_id):
        return Proof(refusal=WRONG_PASSKEY, cause="unknown_passkey")
    count = passkeys.proved(site, challenge, credential, row.public_key)
    if count is None:
        return Proof(row.user_id, refusal=WRONG_PASSKEY, cause="wrong_passkey")
    if (count or row.sign_count) and count <= row.sign_count:
        return Proof(row.user_id, refusal=COPIED, cause="copied_passkey")
    row.sign_count, row.used_at = count, tx.now
    tx.session.flush()
    return Proof(row.user_id, "passkey")


def _is_for(row: Passkey, answer: passkeys.Answer, user_id: str | None) -> bool:
    """Say whether passkey and person fit; who is not named before must be named by the key."""
    if user_id is None:
        return answer.user_id == row.user_id
    return row.user_id == user_id and answer.user_id in {"", user_id}


def tell_refused(tx: Transaction, org_id: str, proof: Proof, *, address: str) -> None:
    """Record that a second factor was refused; the throttles bound how often."""
    actor = f"user:{proof.user_id}"
    note = {"cause": proof.cause, "address": address}
    tx.record(org_id, "none", "user.factor_refused", actor, note)


def tell_recovery(tx: Transaction, org_id: str, proof: Proof, *, address: str) -> None:
    """Record that a recovery code was used."""
    if proof.method == "recovery":
        actor = f"user:{proof.user_id}"
        note = {"address": address}
        tx.record(org_id, actor, "user.recovery_code_used", actor, note)
