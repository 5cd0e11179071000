"""Orgs, people, their roles and how they sign in."""

import re
import secrets
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webui.approvals.authorization import ROLES
from webui.approvals.desk import SYSTEM
from webui.approvals.errors import Fault, InvalidError, NotFoundError
from webui.approvals.people.emails import is_email, user_of
from webui.approvals.people.organizations import end_solo
from webui.approvals.people.standing import check_role, keep_an_owner, keep_owners, lock_org
from webui.audit.journal import open_chain
from webui.sentences import Sentence, joined, sentence
from webui.store.ids import new_id
from webui.store.models import (
    INSTANCE,
    AuditHead,
    Install,
    Membership,
    Org,
    User,
)
from webui.store.transaction import Transaction

NAME_MAX = 80
FIELDS = {
    "/email": sentence("email"),
    "/name": sentence("name"),
    "/role": sentence("role"),
}


@dataclass(frozen=True, slots=True)
class Person:
    """A user as the other rooms see one."""

    id: str
    email: str
    display_name: str


def prepare_install(tx: Transaction) -> str:
    """Make the identity of this installation if it has none; return its id."""
    found: str | None = tx.session.scalar(select(Install.id))
    if found is not None:
        return found
    install = Install(id=new_id("ins", tx.now), generation=1)
    tx.session.add(install)
    tx.session.flush()
    if tx.session.get(AuditHead, INSTANCE) is None:
        open_chain(tx, INSTANCE)
    return install.id


def create_org(tx: Transaction, name: str, *, actor: str = SYSTEM) -> str:
    """Make an org with its own data key and audit chain; return its id."""
    name = name.strip()
    if not name:
        raise InvalidError(
            sentence("An organization needs a name."),
            [Fault("/name", sentence("is empty"))],
        )
    org_id = new_id("org", tx.now)
    slug = _free_slug(tx, name)
    tx.session.add(
        Org(
            id=org_id,
            slug=slug,
            name=name,
            data_key=tx.keyring.new_data_key(org_id),
            created_at=tx.now,
        )
    )
    tx.session.flush()
    open_chain(tx, org_id)
    tx.record(org_id, actor, "org.created", f"org:{org_id}", {"name": name, "slug": slug})
    return org_id


def _free_slug(tx: Transaction, name: str) -> str:
    wanted = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "org"
    taken = tx.session.scalar(select(Org.id).where(Org.slug == wanted))
    return wanted if taken is None else f"{wanted}-{secrets.token_hex(3)}"


def find_org(tx: Transaction, name_or_id: str | None) -> str:
    """Return the id of an org, as `org_id_of` does."""
    return org_id_of(tx.session, name_or_id)


def org_id_of(session: Session, name_or_id: str | None) -> str:
    """Return the id of an org by id, slug or name; with none given, the only one there is.

    Raises:
        NotFoundError: there is none of that name.
        InvalidError: none was named and there are several.

    """
    if name_or_id is None:
        ids = session.scalars(select(Org.id).limit(2)).all()
        if len(ids) > 1:
            raise InvalidError(
                sentence("There are several organizations; say which with --org.")
            )
        found = ids[0] if ids else None
    else:
        found = session.scalar(
            select(Org.id).where(
                (Org.id == name_or_id) | (Org.slug == name_or_id) | (Org.name == name_or_id)
            )
        )
    if found is None:
        raise NotFoundError("organization")
    return found


def _faults_of(email: str, display_name: str, role: str) -> list[Fault]:
    faults = []
    if not is_email(email):
        faults.append(Fault("/email", sentence("must be an e-mail address")))
    if not display_name.isprintable() or len(display_name) > NAME_MAX:
        words = sentence(
            "must be at most %(longest)s printable characters", longest=NAME_MAX
        )
        faults.append(Fault("/name", words))
    if role not in ROLES:
        known = ", ".join(ROLES)
        faults.append(Fault("/role", sentence("must be one of %(known)s", known=known)))
    return faults


def create_user(
    tx: Transaction,
    org_id: str,
    *,
    email: str,
    role: str,
    password_hash: str,
    display_name: str = "",
    instance_admin: bool = False,
    actor: str = SYSTEM,
) -> Person:
    """Make a person with a membership. The password was hashed before the transaction.

    Raises:
        InvalidError: the address or the role will not do, or the address is taken.

    """
    email = email.strip().lower()
    faults = _faults_of(email, display_name, role)
    if user_of(tx.session, email) is not None:
        faults.append(Fault("/email", sentence("is in use")))
    if faults:
        raise InvalidError(
            sentence("The user cannot be added: %(faults)s.", faults=_said(faults)),
            faults,
        )
    user = User(
        id=new_id("usr", tx.now),
        email=email,
        display_name=display_name.strip() or email.split("@")[0],
        password_hash=password_hash,
        instance_admin=instance_admin,
        created_at=tx.now,
    )
    tx.session.add(user)
    tx.session.flush()
    tx.session.add(Membership(org_id=org_id, user_id=user.id, role=role, created_at=tx.now))
    tx.session.flush()
    tx.record(
        org_id, actor, "user.created", f"user:{user.id}", {"email": email, "role": role}
    )
    end_solo(tx, org_id, actor=actor)
    return Person(user.id, user.email, user.display_name)


def _said(faults: list[Fault]) -> Sentence:
    return joined("; ", (joined(" ", (FIELDS[f.pointer], f.detail)) for f in faults))


def suspend_user(tx: Transaction, org_id: str, email: str, *, actor: str) -> str:
    """Suspend a whole account: every session ends with this transaction. Return the user id.

    Raises:
        ConflictError: some org would be left without an active owner.

    """
    user_id = _member(tx, org_id, email).id
    keep_owners(tx, user_id)
    user = _member(tx, org_id, email, lock=True)
    user.status = "suspended"
    user.session_epoch += 1
    tx.session.flush()
    tx.record(org_id, actor, "user.suspended", f"user:{user.id}", {"email": user.email})
    return user.id


def restore_user(tx: Transaction, org_id: str, email: str, *, actor: str) -> str:
    """Bring a suspended account back; its sessions stay ended. Return the user id."""
    user = _member(tx, org_id, email, lock=True)
    user.status = "active"
    tx.session.flush()
    tx.record(org_id, actor, "user.restored", f"user:{user.id}", {"email": user.email})
    return user.id


def set_role(tx: Transaction, org_id: str, email: str, role: str, *, actor: str) -> str:
    """Give a member another role. Return the user id.

    Raises:
        ConflictError: it would leave the org without an active owner.

    """
    check_role(role)
    lock_org(tx, org_id)
    user = _member(tx, org_id, email)
    if role != "owner":
        keep_an_owner(tx, org_id, user.id)
    tx.session.execute(
        update(Membership)
        .where(Membership.org_id == org_id, Membership.user_id == user.id)
        .values(role=role)
    )
    tx.record(org_id, actor, "membership.changed", f"user:{user.id}", {"role": role})
    return user.id


def set_password(
    tx: Transaction, org_id: str, email: str, password_hash: str, *, actor: str
) -> str:
    """Give a member a new password and end their sessions. Return the user id."""
    user = _member(tx, org_id, email, lock=True)
    user.password_hash = password_hash
    user.session_epoch += 1
    tx.session.flush()
    tx.record(org_id, actor, "user.password_changed", f"user:{user.id}", {})
    return user.id


def _member(tx: Transaction, org_id: str, email: str, *, lock: bool = False) -> User:
    statement = (
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.org_id == org_id, User.email == email.strip().lower())
    )
    if lock:
        statement = statement.with_for_update(of=User)
    user = tx.session.scalar(statement, execution_options={"populate_existing": True})
    if user is None:
        raise NotFoundError("user")
    return user
