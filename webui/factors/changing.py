"""A person's own second factors: added, named, removed. Each change is an event."""

from sqlalchemy import delete

from webui.approvals.errors import ConflictError, Fault, InvalidError, NotFoundError
from webui.approvals.people.sessions import end_others
from webui.factors import recovery, totp
from webui.factors.passkeys import NewPasskey
from webui.sentences import sentence
from webui.store.models import Org, Passkey, TotpSecret, User
from webui.store.queries.factors import held
from webui.store.transaction import Transaction

NAME_MAX = 60
MOST_PASSKEYS = 20
SEAL = "totp"
_LAST_ONE = sentence(
    "This organization asks for a second factor, and this is your last one; "
    "set up another before you remove it."
)


def start_app(tx: Transaction, user_id: str) -> None:
    """Make the secret of an authenticator app; it counts once a code of it is entered.

    Raises:
        ConflictError: an app is set up already.

    """
    row = _locked_app(tx, user_id)
    if row is not None and row.confirmed_at is not None:
        raise ConflictError(
            "app_exists", sentence("An app is set up already; remove it first.")
        )
    if row is not None:
        tx.session.delete(row)
        tx.session.flush()
    sealed = tx.keyring.seal_own(SEAL, user_id, totp.new_secret())
    tx.session.add(TotpSecret(user_id=user_id, sealed=sealed, created_at=tx.now))
    tx.session.flush()


def confirm_app(
    tx: Transaction, org_id: str, user_id: str, session_hash: str, code: str
) -> list[str]:
    """Let an app count from its first code on; return recovery codes if there were none.

    Raises:
        InvalidError: the code is not one of this app.
        ConflictError: no app is being set up.

    """
    row = _locked_app(tx, user_id)
    if row is None or row.confirmed_at is not None:
        raise ConflictError("no_app", sentence("No app is being set up; begin anew."))
    secret = tx.keyring.open_own(SEAL, user_id, row.sealed)
    step = totp.step_of(secret, code, tx.now, after=row.last_step)
    if step is None:
        raise InvalidError(
            sentence(
                "This code is not the one that the app shows now. Check that the clock of "
                "the phone is right, and enter the next code."
            ),
            [Fault("/code", "is not right")],
        )
    first = held(tx.session, user_id).count == 0
    row.confirmed_at, row.last_step = tx.now, step
    tx.session.flush()
    return _added(tx, org_id, user_id, session_hash, {"factor": "app"}, first=first)


def add_passkey(
    tx: Transaction,
    org_id: str,
    user_id: str,
    session_hash: str,
    new: NewPasskey,
    name: str,
) -> list[str]:
    """Keep a new passkey; return recovery codes if it is the first factor.

    Raises:
        InvalidError: it has no name, or there are too many.
        ConflictError: it is known already.

    """
    name = _named(name)
    tx.session.get(User, user_id, with_for_update=True)
    before = held(tx.session, user_id)
    if len(before.passkeys) >= MOST_PASSKEYS:
        raise InvalidError(
            sentence(
                "There are %(most)s passkeys already; remove one first.",
                most=MOST_PASSKEYS,
            )
        )
    if tx.session.get(Passkey, new.id) is not None:
        raise ConflictError("passkey_exists", sentence("This passkey is set up already."))
    tx.session.add(
        Passkey(
            id=new.id,
            user_id=user_id,
            public_key=new.public_key,
            sign_count=new.sign_count,
            name=name,
            created_at=tx.now,
        )
    )
    tx.session.flush()
    note = {"factor": "passkey", "name": name, "passkey": new.id}
    return _added(tx, org_id, user_id, session_hash, note, first=before.count == 0)


def _added(
    tx: Transaction,
    org_id: str,
    user_id: str,
    session_hash: str,
    note: dict[str, str],
    *,
    first: bool,
) -> list[str]:
    """Record it. The first factor ends the sessions that did without one."""
    actor = f"user:{user_id}"
    tx.record(org_id, actor, "user.factor_added", actor, note)
    if not first:
        return []
    end_others(tx, user_id, session_hash)
    return recovery.renew(tx, user_id)


def rename_passkey(
    tx: Transaction, org_id: str, user_id: str, passkey_id: str, name: str
) -> None:
    """Give a passkey another name."""
    row, name = _own_passkey(tx, user_id, passkey_id), _named(name)
    row.name = name
    tx.session.flush()
    actor = f"user:{user_id}"
    note = {"factor": "passkey", "name": name, "passkey": passkey_id}
    tx.record(org_id, actor, "user.factor_changed", actor, note)


def remove_passkey(tx: Transaction, org_id: str, user_id: str, passkey_id: str) -> None:
    """Remove a passkey; with the last factor the recovery codes go too.

    Raises:
        ConflictError: the org asks for a factor and this is the last.

    """
    row = _own_passkey(tx, user_id, passkey_id)
    _removed(tx, org_id, user_id, row, {"factor": "passkey", "name": row.name})


def remove_app(tx: Transaction, org_id: str, user_id: str) -> None:
    """Remove the authenticator app, set up or under way."""
    row = _locked_app(tx, user_id)
    if row is None:
        raise NotFoundError("app")
    if row.confirmed_at is None:
        tx.session.delete(row)
        tx.session.flush()
        return
    _removed(tx, org_id, user_id, row, {"factor": "app"})


def _removed(
    tx: Transaction,
    org_id: str,
    user_id: str,
    row: TotpSecret | Passkey,
    note: dict[str, str],
) -> None:
    tx.session.get(User, user_id, with_for_update=True)
    last = held(tx.session, user_id).count == 1
    if last and tx.session.get_one(Org, org_id).require_second_factor:
        raise ConflictError("last_factor", _LAST_ONE)
    tx.session.delete(row)
    tx.session.flush()
    if last:
        recovery.forget(tx, user_id)
    actor = f"user:{user_id}"
    tx.record(org_id, actor, "user.factor_removed", actor, note)


def renew_codes(tx: Transaction, org_id: str, user_id: str) -> list[str]:
    """Replace the recovery codes by new ones.

    Raises:
        ConflictError: there is no second factor that they could stand in for.

    """
    if held(tx.session, user_id).count == 0:
        raise ConflictError(
            "no_factor",
            sentence("Recovery codes stand in for a second factor; set up one first."),
        )
    actor = f"user:{user_id}"
    tx.record(org_id, actor, "user.factor_changed", actor, {"factor": "recovery codes"})
    return recovery.renew(tx, user_id)


def remove_all(tx: Transaction, org_id: str, user_id: str, *, actor: str) -> int:
    """Remove every second factor of somebody who lost them, and end their sessions."""
    user = tx.session.get_one(User, user_id, with_for_update=True)
    found = held(tx.session, user_id)
    tx.execute(delete(Passkey).where(Passkey.user_id == user_id))
    tx.execute(delete(TotpSecret).where(TotpSecret.user_id == user_id))
    recovery.forget(tx, user_id)
    user.session_epoch += 1
    tx.session.flush()
    note = {"factor": "all", "app": found.has_app, "passkeys": len(found.passkeys)}
    tx.record(org_id, actor, "user.factor_removed", f"user:{user_id}", note)
    return found.count


def _locked_app(tx: Transaction, user_id: str) -> TotpSecret | None:
    return tx.session.get(TotpSecret, user_id, with_for_update=True)


def _own_passkey(tx: Transaction, user_id: str, passkey_id: str) -> Passkey:
    row = tx.session.get(Passkey, passkey_id, with_for_update=True)
    if row is None or row.user_id != user_id:
        raise NotFoundError("passkey")
    return row


def _named(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= NAME_MAX or not name.isprintable():
        raise InvalidError(
            sentence(
                "A passkey needs a name of 1 to %(longest)s printable characters, so that "
                "you know it again.",
                longest=NAME_MAX,
            ),
            [Fault("/name", "is not a name")],
        )
    return name
