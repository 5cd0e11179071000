"""An org's providers of single sign-on: made, changed, switched off. Each change is an event."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from webui.approvals.authorization import MEMBERS
from webui.approvals.errors import ConflictError, Fault, InvalidError, NotFoundError
from webui.approvals.people.standing import By, check_reach, check_role, require_in
from webui.channels.addresses import AllowList
from webui.oidc.wire import ProviderError, check_url
from webui.sentences import sentence
from webui.store.ids import new_id
from webui.store.keyring import Keyring
from webui.store.models import Identity, IdentityProvider, Org, ProviderRole, WebSession
from webui.store.queries.identity import SSO
from webui.store.queries.providers import ACTIVE, of_org, roles_of
from webui.store.transaction import Transaction

OFF = "off"
NAME_MAX, FIELD_MAX, MOST, MOST_ROLES = 60, 500, 20, 200
SCOPES, GROUPS_CLAIM = "openid email profile", "groups"


@dataclass(frozen=True, slots=True)
class Registered:
    """A provider as a sign-in uses it; never for a page or a log."""

    id: str
    org_id: str
    name: str
    issuer: str
    client_id: str
    secret: str = field(repr=False)
    scopes: str
    groups_claim: str
    has_roles: bool
    status: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody enters about a provider."""

    name: str
    issuer: str
    client_id: str
    secret: str = field(repr=False)
    """Empty: the one that is kept."""
    scopes: str = SCOPES
    groups_claim: str = GROUPS_CLAIM
    roles: Mapping[str, str] = field(default_factory=dict)
    """Groups of the provider's and the role each has here."""


def registered(session: Session, keyring: Keyring, provider_id: str) -> Registered | None:
    """Return a provider with its secret opened; none if there is no such."""
    row = session.get(IdentityProvider, provider_id)
    if row is None:
        return None
    data_key = session.scalars(select(Org.data_key).where(Org.id == row.org_id)).one()
    sealed = keyring.open(data_key, row.org_id, _about(row.id), row.client_secret)
    return Registered(
        row.id,
        row.org_id,
        row.name,
        row.issuer,
        row.client_id,
        sealed.decode(),
        row.scopes,
        row.groups_claim,
        bool(roles_of(session, row.id)),
        row.status,
    )


def add(tx: Transaction, org_id: str, by: By, wanted: Wanted, allowed: AllowList) -> str:
    """Make a provider; return its id.

    Raises:
        NotAllowedError: not somebody who manages members, or a role above their own.
        InvalidError: something of it will not do.

    """
    held = require_in(tx, org_id, by, MEMBERS)
    wanted = _checked(wanted, held)
    faults = [] if wanted.secret else [Fault("/client_secret", "is empty")]
    try:
        check_url(wanted.issuer, allowed)
    except ProviderError as error:
        raise InvalidError(error.why, [Fault("/issuer", "cannot be used")]) from None
    if faults:
        raise InvalidError(sentence("The provider needs its client secret."), faults)
    if len(of_org(tx.session, org_id)) >= MOST:
        raise InvalidError(sentence("There are %(most)s providers already.", most=MOST))
    _check_name(tx, org_id, wanted.name, "")
    provider_id = new_id("idp", tx.now)
    tx.session.add(
        IdentityProvider(
            id=provider_id,
            org_id=org_id,
            name=wanted.name,
            issuer=wanted.issuer,
            client_id=wanted.client_id,
            client_secret=_sealed(tx, org_id, provider_id, wanted.secret),
            scopes=wanted.scopes,
            groups_claim=wanted.groups_claim,
            created_at=tx.now,
        )
    )
    tx.session.flush()
    _set_roles(tx, provider_id, wanted.roles)
    note = {"issuer": wanted.issuer, "secret": "set", **_facts(wanted)}
    tx.record(org_id, by.name, "provider.created", subject(provider_id), note)
    return provider_id


def change(tx: Transaction, org_id: str, by: By, provider_id: str, wanted: Wanted) -> None:
    """Change a provider; an empty secret keeps the one there is.

    The issuer stays: another one has other people under the same subjects.

    Raises:
        NotFoundError: no such provider in the org.
        NotAllowedError: not somebody who manages members, or a role above their own.
        ConflictError: another issuer.
        InvalidError: something of it will not do.

    """
    held = require_in(tx, org_id, by, MEMBERS)
    row = _row(tx, org_id, provider_id)
    for role in roles_of(tx.session, provider_id).values():
        check_reach(held, role)
    wanted = _checked(wanted, held)
    if wanted.issuer != row.issuer:
        raise ConflictError(
            "issuer_fixed",
            sentence(
                "A provider keeps its issuer, since people are known by it; switch this one "
                "off and make another."
            ),
        )
    _check_name(tx, org_id, wanted.name, provider_id)
    row.name, row.client_id = wanted.name, wanted.client_id
    row.scopes, row.groups_claim = wanted.scopes, wanted.groups_claim
    if wanted.secret:
        row.client_secret = _sealed(tx, org_id, provider_id, wanted.secret)
    tx.session.flush()
    _set_roles(tx, provider_id, wanted.roles)
    note = {"secret": "set" if wanted.secret else "kept", **_facts(wanted)}
    tx.record(org_id, by.name, "provider.changed", subject(provider_id), note)


def switch(tx: Transaction, org_id: str, by: By, provider_id: str, *, on: bool) -> None:
    """Switch a provider on or off; off ends the sessions that people have by it.

    Raises:
        NotFoundError: no such provider in the org.
        NotAllowedError: not somebody who manages members.

    """
    require_in(tx, org_id, by, MEMBERS)
    row = _row(tx, org_id, provider_id)
    status = ACTIVE if on else OFF
    if row.status == status:
        return
    row.status = status
    tx.session.flush()
    tx.record(org_id, by.name, "provider.changed", subject(provider_id), {"status": status})
    if not on:
        _end_sessions(tx, row)


def _end_sessions(tx: Transaction, row: IdentityProvider) -> None:
    known = select(Identity.user_id).where(Identity.provider_id == row.id)
    tx.session.execute(
        update(WebSession)
        .where(
            WebSession.org_id == row.org_id,
            WebSession.user_id.in_(known),
            WebSession.method.startswith(SSO),
            WebSession.ended_at.is_(None),
        )
        .values(ended_at=tx.now)
        .execution_options(synchronize_session=False)
    )


def subject(provider_id: str) -> str:
    """Return a provider's name in the log."""
    return f"provider:{provider_id}"


def _about(provider_id: str) -> str:
    return f"{provider_id}/client_secret"


def _sealed(tx: Transaction, org_id: str, provider_id: str, secret: str) -> bytes:
    data_key = tx.session.scalars(select(Org.data_key).where(Org.id == org_id)).one()
    return tx.keyring.seal(data_key, org_id, _about(provider_id), secret.encode())


def _row(tx: Transaction, org_id: str, provider_id: str) -> IdentityProvider:
    row = tx.session.get(IdentityProvider, provider_id, with_for_update=True)
    if row is None or row.org_id != org_id:
        raise NotFoundError("provider")
    return row


def _set_roles(tx: Transaction, provider_id: str, roles: Mapping[str, str]) -> None:
    tx.session.execute(delete(ProviderRole).where(ProviderRole.provider_id == provider_id))
    tx.session.add_all(
        ProviderRole(provider_id=provider_id, provider_group=group, role=role)
        for group, role in roles.items()
    )
    tx.session.flush()


def _facts(wanted: Wanted) -> dict[str, object]:
    return {
        "name": wanted.name,
        "client_id": wanted.client_id,
        "scopes": wanted.scopes,
        "groups_claim": wanted.groups_claim,
        "roles": dict(wanted.roles),
    }


def _check_name(tx: Transaction, org_id: str, name: str, mine: str) -> None:
    if any(each.name == name and each.id != mine for each in of_org(tx.session, org_id)):
        raise InvalidError(
            sentence("There is a provider of this name already."),
            [Fault("/name", "is in use")],
        )


def _checked(wanted: Wanted, held: frozenset[str]) -> Wanted:
    """Return it trimmed; every word of it must be one that can be sent and shown."""
    fine = Wanted(
        wanted.name.strip(),
        wanted.issuer.strip(),
        wanted.client_id.strip(),
        wanted.secret.strip(),
        " ".join(dict.fromkeys(wanted.scopes.split())) or SCOPES,
        wanted.groups_claim.strip() or GROUPS_CLAIM,
        {group.strip(): role.strip() for group, role in wanted.roles.items()},
    )
    if not 0 < len(fine.name) <= NAME_MAX or not fine.name.isprintable():
        raise InvalidError(
            sentence(
                "A provider needs a name of 1 to %(longest)s printable characters; people see it "
                "when they sign in.",
                longest=NAME_MAX,
            ),
            [Fault("/name", "is not a name")],
        )
    for name in ("issuer", "client_id", "secret", "scopes", "groups_claim"):
        text = str(getattr(fine, name))
        if len(text) > FIELD_MAX or not text.isprintable():
            raise InvalidError(
                sentence(
                    "The field %(name)s is too long, or holds signs that no one sees.",
                    name=name,
                )
            )
    if not fine.client_id:
        raise InvalidError(
            sentence("The provider gives a client id; enter it."),
            [Fault("/client_id", "is empty")],
        )
    if "openid" not in fine.scopes.split():
        raise InvalidError(
            sentence(
                "The scopes must hold openid, or the provider says nothing about people."
            ),
            [Fault("/scopes", "lacks openid")],
        )
    _check_roles(fine.roles, held)
    return fine


def _check_roles(roles: Mapping[str, str], held: frozenset[str]) -> None:
    if len(roles) > MOST_ROLES:
        raise InvalidError(sentence("Map %(most)s groups at most.", most=MOST_ROLES))
    for group, role in roles.items():
        if not 0 < len(group) <= FIELD_MAX or not group.isprintable():
            raise InvalidError(sentence("A group needs a name that people can see."))
        check_role(role)
        check_reach(held, role)
