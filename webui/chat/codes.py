"""The code by which a person says in a chat who they are here: shown on the desk, typed there.

It goes this way and not the other: a link from the chat could be sent on, and whoever opened it
would have made a stranger's clicks their own. A code links nobody by being typed. It belongs to
the session that began, works once, for five minutes, and then that session is shown who typed it
and has to say that this is them. Why so: docs/decisions/0005-linking-chat-users.md.
"""

import json
import secrets
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from webui.approvals.asking.throttling import spend
from webui.approvals.errors import InvalidError
from webui.factors.ceremonies import LIFETIME, hash_of
from webui.sentences import sentence
from webui.store.models import Ceremony, Membership, User
from webui.store.transaction import Transaction

PURPOSE: Final = "chat_link"
TRIES_A_MINUTE: Final = 5
TYPED = (
    "Thank you. Now look at the page where you got the code, and confirm that it was you."
)
OVER = "This code is over or mistyped; get a new one on your account's page and type that."
NOT_TYPED = sentence("Nobody has typed this code in time; begin again.")
_SIGNS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH: Final = 10
_ALIKE: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


@dataclass(frozen=True, slots=True)
class Claim:
    """Who typed a code, as the platform says."""

    source_id: str
    kind: str
    team: str
    external_id: str
    name: str = ""
    """How they are shown there; anybody may call themselves anything."""
    team_name: str = ""

    @property
    def key(self) -> str:
        """Return what a form that was shown this user sends back."""
        return json.dumps([self.source_id, self.team, self.external_id])


def begin(tx: Transaction, org_id: str, user_id: str, session_hash: str) -> str:
    """Return a new code for a session; one that it had before is worth nothing from now on.

    Raises:
        TooManyError: too many were begun.

    """
    spend(
        tx,
        f"chat-code:{user_id}",
        per_minute=TRIES_A_MINUTE,
        detail=sentence("You asked for several codes within a minute; wait a little."),
    )
    stop(tx, user_id)
    code = "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))
    tx.session.add(
        Ceremony(
            id=_id_of(org_id, code),
            purpose=PURPOSE,
            user_id=user_id,
            epoch=tx.session.get_one(User, user_id).session_epoch,
            challenge=json.dumps({"session": session_hash, "org": org_id}).encode(),
            created_at=tx.now,
            expires_at=tx.now + LIFETIME,
        )
    )
    tx.session.flush()
    return f"{code[:5]}-{code[5:]}"


def stop(tx: Transaction, user_id: str) -> None:
    """Forget what a person began."""
    mine = (Ceremony.user_id == user_id) & (Ceremony.purpose == PURPOSE)
    tx.execute(delete(Ceremony).where(mine))


def type_in(tx: Transaction, org_id: str, code: str, claim: Claim) -> None:
    """Note who typed a code in a chat of an org; it can be typed no more.

    Raises:
        InvalidError: it is none that waits, or its person is no member any more.
        TooManyError: this chat user typed several within a minute.

    """
    spend(
        tx,
        f"chat-typed:{claim.source_id}:{claim.external_id}"[:200],
        per_minute=TRIES_A_MINUTE,
        detail="You typed several codes within a minute; wait a little.",
    )
    row = tx.session.get(
        Ceremony, _id_of(org_id, code), with_for_update=True, populate_existing=True
    )
    if row is None or not _waits(tx.session, row, org_id, tx.now):
        raise InvalidError(OVER)
    kept = _kept(row)
    if "claim" in kept:
        raise InvalidError(OVER)
    row.challenge = json.dumps(kept | {"claim": asdict(claim)}).encode()
    tx.session.flush()


def under_way(
    session: Session, org_id: str, user_id: str, session_hash: str, now: int
) -> tuple[bool, Claim | None]:
    """Say whether this very session waits for a code to be typed, and who typed it, if anybody."""
    found = _mine(session, org_id, user_id, session_hash, now)
    if found is None:
        return False, None
    claim = _kept(found).get("claim")
    return True, None if claim is None else Claim(**claim)


def take(tx: Transaction, org_id: str, user_id: str, session_hash: str, seen: str) -> Claim:
    """Return who typed the code of this session, and forget it; `seen` is the key of who was shown.

    Raises:
        InvalidError: nobody did, not in time, or it is another than the one who was shown.

    """
    _, claim = under_way(tx.session, org_id, user_id, session_hash, tx.now)
    if claim is None or claim.key != seen:
        raise InvalidError(NOT_TYPED)
    stop(tx, user_id)
    return claim


def _mine(
    session: Session, org_id: str, user_id: str, session_hash: str, now: int
) -> Ceremony | None:
    rows = session.scalars(
        select(Ceremony).where(Ceremony.user_id == user_id, Ceremony.purpose == PURPOSE)
    )
    for row in rows:
        if _kept(row)["session"] == session_hash and _waits(session, row, org_id, now):
            return row
    return None


def _waits(session: Session, row: Ceremony, org_id: str, now: int) -> bool:
    if row.purpose != PURPOSE or row.expires_at <= now or _kept(row)["org"] != org_id:
        return False
    user = session.get(User, row.user_id)
    place = session.get(Membership, (org_id, row.user_id))
    return (
        user is not None
        and (user.status, user.session_epoch) == ("active", row.epoch)
        and place is not None
        and place.status == "active"
    )


def _kept(row: Ceremony) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(row.challenge or b"{}")
    return found


def _id_of(org_id: str, code: str) -> str:
    plain = code[:40].upper().translate(_ALIKE)
    return hash_of(f"{PURPOSE}:{org_id}:{plain}")
