"""Recovery codes: ten that sign in once each, when every other second factor is out of reach."""

import secrets

from sqlalchemy import delete, update

from webui.store.models import RecoveryCode
from webui.store.transaction import Transaction

HOW_MANY = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that look like others."""
_HALF = 5


def renew(tx: Transaction, user_id: str) -> list[str]:
    """Replace a person's codes by ten new ones; return them, to be shown once."""
    forget(tx, user_id)
    codes = [_new_code() for _ in range(HOW_MANY)]
    for code in codes:
        tx.session.add(
            RecoveryCode(
                user_id=user_id, code_hash=_digest(tx, user_id, code), created_at=tx.now
            )
        )
    tx.session.flush()
    return codes


def forget(tx: Transaction, user_id: str) -> None:
    """Drop a person's codes."""
    tx.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def use(tx: Transaction, user_id: str, code: str) -> bool:
    """Use a code up; say whether it was one that had not been used."""
    used = tx.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.code_hash == _digest(tx, user_id, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=tx.now)
        .returning(RecoveryCode.user_id)
    ).first()
    return used is not None


def _new_code() -> str:
    halves = ("".join(secrets.choice(_LETTERS) for _ in range(_HALF)) for _ in range(2))
    return "-".join(halves)


def _digest(tx: Transaction, user_id: str, code: str) -> bytes:
    """Keyed, so that nobody finds the 49 bits of a code from a copy of the database."""
    plain = code.replace("-", "").replace(" ", "").lower()
    return bytes.fromhex(tx.keyring.tag("recovery-code", f"{user_id}\0{plain}"))
