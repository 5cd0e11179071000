"""The endpoint that a policy names (`approvals.notify.webhook`), kept in step with it.

There is one row for each URL that a policy ever named; its secret stays there, encrypted, so that
a text without it, an older version too, can be put in force again.
"""

from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from webui.approvals.policy.document import Webhook
from webui.approvals.policy.secret import KEPT
from webui.approvals.senders import endpoints
from webui.approvals.senders.endpoints import ACTIVE, PAUSED, REMOVED, Wishes
from webui.sentences import sentence
from webui.store.models import Endpoint, Org
from webui.store.transaction import Transaction

WISHES: Final = Wishes(("approval.created",))
_NOT_NAMED: Final = sentence("The policy does not name it any more.")


def keeps_secret(session: Session, org_id: str, url: str) -> bool:
    """Say whether the desk keeps a secret for a URL of the policy."""
    return _of(session, org_id, url) is not None


def brings_secret(tx: Transaction, org_id: str, webhook: Webhook | None) -> bool:
    """Say whether a policy's text holds a secret that is not the one that is kept."""
    if webhook is None or webhook.secret == KEPT:
        return False
    endpoint = _of(tx.session, org_id, webhook.url)
    if endpoint is None:
        return True
    data_key = tx.session.scalars(select(Org.data_key).where(Org.id == org_id)).one()
    return endpoints.secret_of(tx.keyring, data_key, endpoint) != webhook.secret


def keep_in_step(
    tx: Transaction, org_id: str, webhook: Webhook | None, *, actor: str
) -> None:
    """Make the policy's endpoint what the policy in force says; others of it are switched off."""
    url = None if webhook is None else webhook.url
    for other in tx.session.scalars(_all(org_id).where(Endpoint.status != PAUSED)).all():
        if other.url != url:
            _switch_off(tx, other, actor)
    if webhook is not None:
        _name(tx, org_id, webhook, actor)


def _name(tx: Transaction, org_id: str, webhook: Webhook, actor: str) -> None:
    endpoint = _of(tx.session, org_id, webhook.url)
    if endpoint is None:
        assert webhook.secret != KEPT  # such a text was refused
        endpoints.keep(
            tx, org_id, webhook.url, WISHES, webhook.secret, actor=actor, by_policy=True
        )
        return
    change: dict[str, Any] = {}
    if brings_secret(tx, org_id, webhook):
        endpoints.seal_secret(tx, endpoint, webhook.secret)
        change["new_secret"] = True
    if endpoint.status == PAUSED or (change and endpoint.status != ACTIVE):
        endpoint.status, endpoint.why = ACTIVE, None
        endpoint.failures, endpoint.open_until = 0, None
        change["status"] = ACTIVE
    if change:
        endpoints.changed(tx, endpoint, actor, change)


def _switch_off(tx: Transaction, endpoint: Endpoint, actor: str) -> None:
    endpoint.status, endpoint.why = PAUSED, _NOT_NAMED
    endpoints.give_up(tx, endpoint.id, _NOT_NAMED)
    endpoints.changed(tx, endpoint, actor, {"status": PAUSED, "why": _NOT_NAMED})


def _of(session: Session, org_id: str, url: str) -> Endpoint | None:
    return session.scalar(_all(org_id).where(Endpoint.url == url))


def _all(org_id: str) -> Select[Endpoint]:
    return select(Endpoint).where(
        Endpoint.org_id == org_id,
        Endpoint.by_policy.is_(True),
        Endpoint.status != REMOVED,
    )
