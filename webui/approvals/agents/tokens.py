"""People's own tokens for the reviewers' API: made and revoked."""

from collections.abc import Collection

from webui.approvals.agents.agents import NAME_MAX
from webui.approvals.agents.keys import PERSONAL, make_key
from webui.approvals.authorization import ALL, AUDIT_READ, DECIDE, POLICY_READ, VIEW
from webui.approvals.desk import SYSTEM
from webui.approvals.errors import Fault, InvalidError, NotFoundError
from webui.sentences import sentence
from webui.store.models import PersonalToken
from webui.store.transaction import Transaction

TOKEN_SCOPES = frozenset({VIEW, DECIDE})
"""What a token carries unless it is made for more or less."""
READING = frozenset({VIEW, POLICY_READ, AUDIT_READ})
"""All that a token of an agent acting for a person can carry."""
DAY = 86_400_000
TOKEN_DAYS = 90
TOKEN_DAYS_MAX = 365


def create_token(
    tx: Transaction,
    org_id: str,
    user_id: str,
    *,
    label: str,
    scopes: Collection[str] = TOKEN_SCOPES,
    agent_context: bool = False,
    expires_at: int | None = None,
    actor: str = SYSTEM,
) -> str:
    """Give a person a token for the reviewers' API; return its text, shown once.

    Args:
        tx: the transaction.
        org_id: where it works.
        user_id: whose it is.
        label: its name.
        scopes: permissions it carries as far as its person has them, each time it is used.
        agent_context: for an agent acting in their name: it reads, and never decides.
        expires_at: ms; in 90 days by default.
        actor: for the log.

    Raises:
        InvalidError: a scope is unknown, none is left, or the time is too long.

    """
    carried = _scopes_of_token(scopes, agent_context=agent_context)
    ends = _end_of_token(tx.now, expires_at)
    token = make_key(PERSONAL)
    tx.session.add(
        PersonalToken(
            id=token.id,
            user_id=user_id,
            org_id=org_id,
            secret_hash=token.secret_hash,
            label=label[:NAME_MAX],
            scopes=" ".join(carried),
            agent_context=agent_context,
            created_at=tx.now,
            expires_at=ends,
        )
    )
    tx.session.flush()
    tx.record(
        org_id,
        actor,
        "token.created",
        f"token:{token.id}",
        {
            "user": user_id,
            "label": label[:NAME_MAX],
            "scopes": carried,
            "agent_context": agent_context,
            "expires_at": ends,
        },
    )
    return token.text


def _end_of_token(now: int, wanted: int | None) -> int:
    ends = now + TOKEN_DAYS * DAY if wanted is None else wanted
    if not now < ends <= now + TOKEN_DAYS_MAX * DAY:
        raise InvalidError(
            sentence(
                "A token works for 1 to %(token_days_max)s days.",
                token_days_max=TOKEN_DAYS_MAX,
            ),
            [Fault("/days", sentence("is not between them"))],
        )
    return ends


def _scopes_of_token(scopes: Collection[str], *, agent_context: bool) -> list[str]:
    unknown = sorted(set(scopes) - ALL)
    if unknown:
        raise InvalidError(
            sentence("There is no permission %(unknown)s.", unknown=", ".join(unknown))
        )
    carried = sorted(set(scopes) & READING if agent_context else set(scopes))
    if not carried:
        raise InvalidError(
            sentence(
                "Choose at least one permission that the token carries, one for reading."
            )
            if agent_context
            else sentence("Choose at least one permission that the token carries."),
            [Fault("/scope", sentence("is empty"))],
        )
    return carried


def revoke_token(
    tx: Transaction, org_id: str, user_id: str, token_id: str, *, actor: str
) -> None:
    """Revoke a person's own token. Asking twice is fine.

    Raises:
        NotFoundError: it is not theirs.

    """
    token = tx.session.get(PersonalToken, token_id, with_for_update=True)
    if token is None or token.org_id != org_id or token.user_id != user_id:
        raise NotFoundError("token")
    if token.revoked_at is None:
        token.revoked_at = tx.now
        tx.session.flush()
        tx.record(org_id, actor, "token.revoked", f"token:{token_id}", {"user": user_id})
