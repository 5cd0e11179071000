"""What a provider's word is worth here: a session, a link to an account, a fresh proof."""

from dataclasses import dataclass

from sqlalchemy import select

from webui.approvals.errors import NotFoundError
from webui.approvals.people.standing import lock_org
from webui.factors import ceremonies, confirming
from webui.factors.confirming import Here
from webui.factors.entering import OVER, Door, open_session
from webui.oidc import newcomers, roles
from webui.oidc.answering import Said
from webui.oidc.providers import Registered, subject
from webui.sentences import sentence
from webui.store.models import Identity, IdentityProvider, Membership, User
from webui.store.queries.factors import held
from webui.store.queries.identity import SSO, SSO_STRONG
from webui.store.queries.providers import ACTIVE
from webui.store.transaction import Transaction

SKEW = 60_000
"""ms by which a provider's clock may be behind ours."""
SWITCHED_OFF = sentence(
    "This way of signing in is switched off; use another, or ask who runs this desk."
)
SUSPENDED = sentence(
    "Your account is suspended; ask who manages the members of your organization."
)
NO_MEMBER = sentence(
    "Your membership is suspended; ask who manages the members of your organization."
)
LOST = sentence(
    "None of your groups has a role here any more, so your membership was suspended; ask who "
    "manages the members of your organization."
)
UNKNOWN = sentence(
    "You are not known here by this sign-in. If you have an account, sign in to it and link it "
    "on your account's page; if not, ask for an invitation to the address that the provider "
    "has verified."
)
ELSEWHERE = sentence(
    "This account belongs to several organizations or runs the desk, so no single provider "
    "speaks for it; sign in with your password or passkey."
)
TAKEN = sentence("This identity is linked to another account already.")
NOT_YOURS = sentence(
    "Somebody else signed in at the provider; sign in there as the person you are here."
)
NOT_ANEW = sentence(
    "The provider did not say that you proved it just now, so it does not count as a fresh "
    "proof; use another way."
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it. Refusals are returned, so that what they record is kept."""

    refusal: str | None = None
    second_step: str = ""
    """The ceremony of a second step that is still to come."""


def sign_in(tx: Transaction, provider: Registered, said: Said, door: Door) -> Outcome:
    """Open a session for whom a provider knows, or ask for a second factor of ours."""
    refusal = _closed(tx, provider)
    if refusal is not None:
        return _refused(tx, provider, door.address, "switched_off", refusal)
    lock_org(tx, provider.org_id)
    identity = _identity(tx, provider, said)
    if identity is None:
        identity = newcomers.welcome(tx, provider, said)
    if identity is None:
        return _refused(tx, provider, door.address, "unknown", UNKNOWN)
    user = tx.session.get_one(User, identity.user_id, with_for_update={"read": True})
    cause = _why_not(tx, provider, said, identity, user)
    if cause is not None:
        return _refused(tx, provider, door.address, *cause, user_id=user.id)
    identity.used_at, identity.email = tx.now, said.email
    tx.session.flush()
    if held(tx.session, user.id).count and not said.several_factors:
        return Outcome(second_step=_second_step(tx, user))
    method = SSO_STRONG if said.several_factors else SSO
    proved_at = said.auth_time or 0  # who does not say when proved nothing fresh
    try:
        open_session(tx, user.id, method, door, authenticated_at=proved_at)
    except NotFoundError:
        return Outcome(OVER)
    return Outcome()


def _why_not(
    tx: Transaction, provider: Registered, said: Said, identity: Identity, user: User
) -> tuple[str, str] | None:
    """Return cause and sentence if this person does not get in; groups are applied on the way."""
    if user.status != ACTIVE:
        return "suspended_account", SUSPENDED
    if _is_elsewhere(tx, provider, user):
        return "elsewhere", ELSEWHERE
    member = tx.session.get(Membership, (provider.org_id, user.id), with_for_update=True)
    if member is None:
        joined = newcomers.rejoin(tx, provider, said, identity)
        return None if joined else ("unknown", UNKNOWN)
    if member.status != ACTIVE:
        return "suspended_membership", NO_MEMBER
    if not roles.apply(tx, identity, member, said.groups):
        return "no_group", LOST
    return None


def _is_elsewhere(tx: Transaction, provider: Registered, user: User) -> bool:
    """Say whether more hangs on an account than the org whose provider speaks for it."""
    other = select(Membership.org_id).where(
        Membership.user_id == user.id, Membership.org_id != provider.org_id
    )
    return user.instance_admin or tx.session.scalars(other.limit(1)).first() is not None


def _second_step(tx: Transaction, user: User) -> str:
    return ceremonies.begin(
        tx,
        "second_step",
        user.id,
        whose=user.id,
        epoch=user.session_epoch,
        method=SSO,
    )


def link(tx: Transaction, provider: Registered, said: Said, here: Here) -> Outcome:
    """Let a signed-in person be known by this identity from now on. Twice is fine."""
    refusal = _closed(tx, provider)
    if refusal is not None:
        return _refused(tx, provider, here.address, "switched_off", refusal)
    lock_org(tx, provider.org_id)
    identity = _identity(tx, provider, said)
    if identity is not None and identity.user_id != here.user_id:
        return _refused(
            tx, provider, here.address, "linked_to_another", TAKEN, user_id=here.user_id
        )
    user = tx.session.get_one(User, here.user_id, with_for_update={"read": True})
    if _is_elsewhere(tx, provider, user):
        return _refused(tx, provider, here.address, "elsewhere", ELSEWHERE, user_id=user.id)
    if identity is None:
        newcomers.link(tx, provider, said, here.user_id)
    return Outcome()


def confirm(
    tx: Transaction, provider: Registered, said: Said, here: Here, began_at: int
) -> Outcome:
    """Renew a session by a proof that was asked for anew, after `began_at` (ms)."""
    refusal = _closed(tx, provider)
    if refusal is not None:
        return _refused(tx, provider, here.address, "switched_off", refusal)
    identity = _identity(tx, provider, said)
    if identity is None or identity.user_id != here.user_id:
        return _refused(
            tx, provider, here.address, "another_person", NOT_YOURS, user_id=here.user_id
        )
    if said.auth_time is None or said.auth_time < began_at - SKEW:
        return _refused(
            tx, provider, here.address, "not_anew", NOT_ANEW, user_id=here.user_id
        )
    if held(tx.session, here.user_id).count and not said.several_factors:
        user = tx.session.get_one(User, here.user_id)
        return Outcome(second_step=_second_step(tx, user))
    method = SSO_STRONG if said.several_factors else SSO
    return Outcome(confirming.renewed(tx, here, method).refusal)


def _identity(tx: Transaction, provider: Registered, said: Said) -> Identity | None:
    return tx.session.get(Identity, (provider.id, said.subject), with_for_update=True)


def _closed(tx: Transaction, provider: Registered) -> str | None:
    row = tx.session.get(
        IdentityProvider,
        provider.id,
        with_for_update={"read": True},
        populate_existing=True,
    )
    return None if row is not None and row.status == ACTIVE else SWITCHED_OFF


def _refused(
    tx: Transaction,
    provider: Registered,
    address: str,
    cause: str,
    sentence: str,
    *,
    user_id: str = "",
) -> Outcome:
    note_refused(tx, provider, address, cause, user_id=user_id)
    return Outcome(sentence)


def note_refused(
    tx: Transaction, provider: Registered, address: str, cause: str, *, user_id: str = ""
) -> None:
    """Record that a sign-in by a provider was refused; beginning one is throttled."""
    about = f"user:{user_id}" if user_id else subject(provider.id)
    note = {"provider": provider.id, "cause": cause, "address": address}
    tx.record(provider.org_id, "none", "user.sso_refused", about, note)
