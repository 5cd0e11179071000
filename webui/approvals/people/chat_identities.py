"""Who a chat user is here: linked by the person, signed in; taken back by them or an admin."""

from sqlalchemy import select

from webui.approvals.authorization import MEMBERS
from webui.approvals.errors import ConflictError, NotFoundError
from webui.approvals.people.standing import By, require_in
from webui.sentences import sentence
from webui.store.ids import new_id
from webui.store.models import ChatIdentity
from webui.store.transaction import Transaction


def link(
    tx: Transaction, org_id: str, user_id: str, *, kind: str, team: str, external_id: str
) -> None:
    """Let a chat user act as a person of the org. Asking twice is fine.

    Raises:
        ConflictError: that chat user is somebody else here.

    """
    before = tx.session.scalar(
        select(ChatIdentity).where(
            ChatIdentity.org_id == org_id,
            ChatIdentity.kind == kind,
            ChatIdentity.team == team,
            ChatIdentity.external_id == external_id,
        )
    )
    if before is not None and before.user_id != user_id:
        raise ConflictError(
            "linked_to_another",
            sentence(
                "This chat user is linked to another account here; unlink it there first."
            ),
        )
    if before is not None:
        return
    identity = ChatIdentity(
        id=new_id("cid", tx.now),
        org_id=org_id,
        kind=kind,
        team=team,
        external_id=external_id,
        user_id=user_id,
        created_at=tx.now,
    )
    tx.session.add(identity)
    tx.session.flush()
    _record(tx, identity, f"user:{user_id}", "identity.linked")


def unlink(tx: Transaction, org_id: str, user_id: str, identity_id: str) -> None:
    """Forget a chat identity of one's own.

    Raises:
        NotFoundError: they have none of that id here.

    """
    identity = _load(tx, org_id, identity_id)
    if identity.user_id != user_id:
        raise NotFoundError("identity")
    _forget(tx, identity, f"user:{user_id}")


def unlink_for(tx: Transaction, org_id: str, by: By, identity_id: str) -> None:
    """Forget a chat identity of somebody of the org.

    Raises:
        NotAllowedError: whoever asks does not manage its members.
        NotFoundError: nobody has one of that id here.

    """
    require_in(tx, org_id, by, MEMBERS)
    _forget(tx, _load(tx, org_id, identity_id), by.name)


def _load(tx: Transaction, org_id: str, identity_id: str) -> ChatIdentity:
    identity = tx.session.get(ChatIdentity, identity_id, with_for_update=True)
    if identity is None or identity.org_id != org_id:
        raise NotFoundError("identity")
    return identity


def _forget(tx: Transaction, identity: ChatIdentity, actor: str) -> None:
    tx.session.delete(identity)
    tx.session.flush()
    _record(tx, identity, actor, "identity.unlinked")


def _record(tx: Transaction, identity: ChatIdentity, actor: str, action: str) -> None:
    note = {
        "provider": identity.kind,
        "team": identity.team,
        "subject": identity.external_id,
        "channel": "chat",
    }
    tx.record(identity.org_id, actor, action, f"user:{identity.user_id}", note)
