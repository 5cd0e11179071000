"""The end of a sign-in: a second step after the password, or a passkey alone."""

from collections.abc import Callable
from dataclasses import dataclass

from webui.approvals.errors import NotFoundError
from webui.approvals.people import sessions
from webui.factors import ceremonies, proving
from webui.factors.passkeys import Site
from webui.factors.proving import Proof
from webui.sentences import sentence
from webui.store.models import Ceremony
from webui.store.transaction import Transaction

OVER = sentence("This sign-in took too long or was tried too often; begin again.")
SECONDS = {"app": "totp", "recovery": "recovery", "passkey": "passkey"}
"""How a second step is called after a `+` in a session's method."""


@dataclass(frozen=True, slots=True)
class Door:
    """The browser that wants in, and the session it would get."""

    session_hash: str
    before: str | None
    """The hash of the session it had; it ends with the new one."""
    address: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class Entered:
    """What became of a step. Refusals are returned, so that what they count is kept."""

    refusal: str | None = None
    over: bool = False
    """Nothing is left to try; begin again."""
    by_recovery: bool = False


def open_session(
    tx: Transaction,
    user_id: str,
    method: str,
    door: Door,
    *,
    epoch: int | None = None,
    authenticated_at: int | None = None,
) -> None:
    """Open a session and end the one before.

    Raises:
        NotFoundError: suspended, or reset since the password was checked.

    """
    if door.before:
        sessions.sign_out(tx, door.before)
    sessions.sign_in(
        tx,
        user_id,
        door.session_hash,
        address=door.address,
        user_agent=door.user_agent,
        method=method,
        epoch=epoch,
        authenticated_at=authenticated_at,
    )


def by_code(tx: Transaction, ceremony_id: str, typed: str, door: Door) -> Entered:
    """Take the second step with a code.

    Raises:
        TooManyError: too many codes of this person.

    """
    row = ceremonies.find(tx, ceremony_id, "second_step")
    if row is None or row.user_id is None:
        return Entered(OVER, over=True)
    user_id = row.user_id
    return _second_step(tx, row, lambda: proving.by_code(tx, user_id, typed), door)


def by_passkey(
    tx: Transaction, ceremony_id: str, site: Site, credential: str, door: Door
) -> Entered:
    """Take the second step with a passkey."""
    row = ceremonies.find(tx, ceremony_id, "second_step")
    if row is None or row.user_id is None:
        return Entered(OVER, over=True)
    user_id, challenge = row.user_id, ceremonies.take_challenge(tx, row)

    def prove() -> Proof:
        proof = proving.by_passkey(tx, site, challenge, credential, user_id)
        return proof._replace(user_id=user_id)

    return _second_step(tx, row, prove, door)


def _second_step(
    tx: Transaction, row: Ceremony, prove: Callable[[], Proof], door: Door
) -> Entered:
    proof = prove()
    org_id = sessions.home(tx, proof.user_id)
    if org_id is None:
        return Entered(OVER, over=True)
    if proof.refusal is not None:
        ceremonies.count_try(tx, row)
        proving.tell_refused(tx, org_id, proof, address=door.address)
        return Entered(proof.refusal, over=row.tries >= ceremonies.MOST_TRIES)
    epoch, first = row.epoch, row.method
    ceremonies.end(tx, row)
    proving.tell_recovery(tx, org_id, proof, address=door.address)
    return _entered(tx, proof, f"{first}+{SECONDS[proof.method]}", door, epoch)


def by_passkey_alone(
    tx: Transaction, ceremony_id: str, site: Site, credential: str, door: Door
) -> Entered:
    """Sign in with a passkey: having it and unlocking it are two factors."""
    row = ceremonies.find(tx, ceremony_id, "passkey_alone")
    if row is None:
        return Entered(OVER, over=True)
    challenge = ceremonies.take_challenge(tx, row)
    ceremonies.end(tx, row)
    proof = proving.by_passkey(tx, site, challenge, credential, None)
    if proof.refusal is not None:
        org_id = sessions.home(tx, proof.user_id) if proof.user_id else None
        if org_id is not None:
            proving.tell_refused(tx, org_id, proof, address=door.address)
        return Entered(proof.refusal)
    return _entered(tx, proof, "passkey", door, None)


def _entered(
    tx: Transaction, proof: Proof, method: str, door: Door, epoch: int | None
) -> Entered:
    try:
        open_session(tx, proof.user_id, method, door, epoch=epoch)
    except NotFoundError:
        return Entered(OVER, over=True)
    return Entered(by_recovery=proof.method == "recovery")
