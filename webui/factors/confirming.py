"""Proving once more who one is, within a session, before what could do most harm."""

from dataclasses import dataclass

from webui.approvals.people.sessions import renew
from webui.factors import ceremonies, proving
from webui.factors.entering import OVER, SECONDS, Entered
from webui.factors.passkeys import Site
from webui.factors.proving import Proof
from webui.sentences import sentence
from webui.store.queries.factors import held
from webui.store.transaction import Transaction

NEEDS_CODE = sentence("Enter a code of your app, or a recovery code, besides the password.")


@dataclass(frozen=True, slots=True)
class Here:
    """The session at hand, and the id it goes on under."""

    org_id: str
    user_id: str
    session_hash: str
    new_hash: str
    address: str


def by_password(tx: Transaction, here: Here, code: str) -> Entered:
    """Renew a session after its password was checked; who has a second factor proves it too.

    Raises:
        TooManyError: too many codes of this person.

    """
    if held(tx.session, here.user_id).count == 0:
        return renewed(tx, here, "password")
    if not code.strip():
        return Entered(NEEDS_CODE)
    proof = proving.by_code(tx, here.user_id, code)
    if proof.refusal is not None:
        return _refused(tx, here, proof)
    proving.tell_recovery(tx, here.org_id, proof, address=here.address)
    method = f"password+{SECONDS[proof.method]}"
    return renewed(tx, here, method, by_recovery=proof.method == "recovery")


def by_passkey(
    tx: Transaction, here: Here, ceremony_id: str, site: Site, credential: str
) -> Entered:
    """Renew a session by a passkey of the same person."""
    row = ceremonies.find(tx, ceremony_id, "confirm")
    if row is None or row.user_id != here.user_id:
        return Entered(OVER)
    challenge = ceremonies.take_challenge(tx, row)
    ceremonies.end(tx, row)
    proof = proving.by_passkey(tx, site, challenge, credential, here.user_id)
    if proof.refusal is not None:
        return _refused(tx, here, proof._replace(user_id=here.user_id))
    return renewed(tx, here, "passkey")


def _refused(tx: Transaction, here: Here, proof: Proof) -> Entered:
    proving.tell_refused(tx, here.org_id, proof, address=here.address)
    return Entered(proof.refusal)


def renewed(
    tx: Transaction, here: Here, method: str, *, by_recovery: bool = False
) -> Entered:
    """Let the session go on as one that proved it now."""
    if not renew(tx, here.session_hash, here.new_hash, method):
        return Entered(OVER)
    actor = f"user:{here.user_id}"
    note = {"method": method, "address": here.address}
    tx.record(here.org_id, actor, "user.confirmed", actor, note)
    return Entered(by_recovery=by_recovery)
