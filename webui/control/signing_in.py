"""Verbs on how people sign in and where they are signed in."""

from sqlalchemy import select

from webui.approvals.errors import NotFoundError
from webui.approvals.people import accounts, sessions
from webui.audit.chain import rfc3339
from webui.control.verbs import LOCAL, Office, Plain, org_id_of, verb
from webui.factors import changing
from webui.store.models import Membership, User
from webui.store.queries import people as queries
from webui.store.queries.factors import held
from webui.store.transaction import Transaction


def _member(tx: Transaction, org: str | None, email: str) -> tuple[str, User]:
    """Return the org and a member of it, active or not."""
    org_id = accounts.find_org(tx, org)
    user = tx.session.scalar(
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.org_id == org_id, User.email == email.strip().lower())
    )
    if user is None:
        raise NotFoundError("user")
    return org_id, user


@verb("users.factors")
def show_factors(
    office: Office, *, email: str, reset: bool = False, org: str | None = None
) -> Plain:
    """Return a person's second factors; with `reset` remove them and end their sessions."""

    def unit(tx: Transaction) -> Plain:
        org_id, user = _member(tx, org, email)
        if reset:
            removed = changing.remove_all(tx, org_id, user.id, actor=LOCAL)
            return {"email": user.email, "removed": removed}
        found = held(tx.session, user.id)
        return {
            "email": user.email,
            "app": found.has_app,
            "passkeys": [passkey.name for passkey in found.passkeys],
            "recovery_codes": found.codes_left,
        }

    return office.store.write(unit)


@verb("sessions.list")
def list_sessions(office: Office, *, email: str, org: str | None = None) -> list[Plain]:
    """Return where a person is signed in."""
    org_id = org_id_of(office, org)
    user = office.store.write(lambda tx: _member(tx, org_id, email)[1])
    now, settings = office.store.now(), office.settings
    with office.store.reading() as session:
        opened = queries.sessions(
            session,
            user.id,
            user.session_epoch,
            seen_after=now - settings.session_idle * 1000,
            made_after=now - settings.session_max * 1000,
        )
        return [
            {
                "id": kept.id[: sessions.NAME_LENGTH],
                "address": kept.address,
                "method": kept.method,
                "created_at": rfc3339(kept.created_at),
                "seen_at": rfc3339(kept.seen_at),
            }
            for kept in opened
        ]


@verb("sessions.end")
def end_sessions(
    office: Office, *, email: str, session: str | None = None, org: str | None = None
) -> Plain:
    """End one session of a person, or all."""

    def unit(tx: Transaction) -> None:
        org_id, user = _member(tx, org, email)
        if session is None:
            sessions.sign_out_everywhere(tx, user.id, org_id, actor=LOCAL)
        else:
            sessions.end_one(tx, user.id, session, actor=LOCAL)

    office.store.write(unit)
    return {"email": email, "ended": session or "all"}
