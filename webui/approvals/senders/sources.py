"""Sources: where approvals come from besides the API. Made, mended, rotated, switched."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import select

from webui.approvals.agents import agents
from webui.approvals.desk import SYSTEM
from webui.approvals.errors import NotFoundError
from webui.approvals.senders.source_checks import (
    checked_config,
    checked_name,
    checked_token,
    kind_of,
)
from webui.receivers.kind import SourceSecrets
from webui.store.ids import new_id
from webui.store.keyring import Keyring
from webui.store.models import Agent, Org, Source
from webui.store.transaction import Transaction

ACTIVE, PAUSED = "active", "paused"
OVERLAP = 86_400_000
"""ms for which a rotated secret goes on working beside the new one."""


class Created(NamedTuple):
    """A source's id, and its secret, which is shown once."""

    source_id: str
    secret: str


def create_source(
    tx: Transaction,
    org_id: str,
    *,
    kind: str,
    name: str,
    agent: str | None = None,
    config: Mapping[str, Any] | None = None,
    secret: str | None = None,
    token: str | None = None,
    actor: str = SYSTEM,
) -> Created:
    """Make a source.

    Args:
        tx: the transaction.
        org_id: its org.
        kind: a name in `receivers.registry.KINDS`.
        name: what people call it, at most 80 characters.
        agent: id or name of the agent it files for; made if there is none of that name.
            None means an agent of the source's own name.
        config: the kind's settings.
        secret: the sender's, if the sender makes it; None generates one.
        token: what the desk signs in with at the upstream, for kinds that need one.
        actor: for the log.

    Raises:
        InvalidError: the kind, name, config, token or secret cannot be used; lists all faults.

    """
    module = kind_of(kind)
    name = checked_name(name)
    settings = checked_config(config or {})
    secret = secret if secret is not None else module.new_secret()
    module.check_source(SourceSecrets((secret,), settings, checked_token(module, token)))
    source_id = new_id("src", tx.now)
    agent_id = _find_or_make_agent(tx, org_id, agent or name, actor)
    tx.session.add(
        Source(
            id=source_id,
            org_id=org_id,
            agent_id=agent_id,
            kind=kind,
            name=name,
            config=json.dumps(settings),
            secret=_seal(tx, org_id, source_id, secret),
            token=_seal(tx, org_id, source_id, token) if token else None,
            created_at=tx.now,
        )
    )
    tx.session.flush()
    facts = {"name": name, "kind": kind, "agent": agent_id, "config": settings}
    tx.record(org_id, actor, "source.created", subject(source_id), facts)
    return Created(source_id, secret)


def change_config(
    tx: Transaction,
    org_id: str,
    source_id: str,
    config: Mapping[str, Any],
    *,
    actor: str = SYSTEM,
) -> None:
    """Give a source other settings of its kind.

    Raises:
        NotFoundError: no such source in this org.
        InvalidError: the settings cannot work with this kind and secret.

    """
    source = load(tx, org_id, source_id)
    settings = checked_config(config)
    data_key = _data_key(tx, org_id)
    secret = open_secret(tx.keyring, data_key, source, source.secret)
    token = token_of(tx.keyring, data_key, source)
    kind_of(source.kind).check_source(SourceSecrets((secret,), settings, token))
    source.config = json.dumps(settings)
    tx.session.flush()
    _record_change(tx, source, actor, {"config": settings})


def set_token(
    tx: Transaction, org_id: str, source_id: str, token: str, *, actor: str = SYSTEM
) -> None:
    """Sign in at the upstream with another token from now on.

    Raises:
        NotFoundError: no such source in this org.
        InvalidError: this kind takes no token, or not such a one.

    """
    source = load(tx, org_id, source_id)
    module = kind_of(source.kind)
    secret = open_secret(tx.keyring, _data_key(tx, org_id), source, source.secret)
    config = json.loads(source.config)
    module.check_source(SourceSecrets((secret,), config, checked_token(module, token)))
    source.token = _seal(tx, org_id, source_id, token)
    tx.session.flush()
    _record_change(tx, source, actor, {"token": "replaced"})


def rotate_secret(
    tx: Transaction,
    org_id: str,
    source_id: str,
    *,
    overlap: int = OVERLAP,
    secret: str | None = None,
    actor: str = SYSTEM,
) -> str:
    """Give a source a new secret and return it; the old one works on for `overlap` ms.

    Raises:
        NotFoundError: no such source in this org.
        InvalidError: the given secret cannot be used.

    """
    source = load(tx, org_id, source_id)
    module = kind_of(source.kind)
    secret = secret if secret is not None else module.new_secret()
    token = token_of(tx.keyring, _data_key(tx, org_id), source)
    module.check_source(SourceSecrets((secret,), json.loads(source.config), token))
    source.old_secret, source.old_secret_until = source.secret, tx.now + overlap
    source.secret = _seal(tx, org_id, source_id, secret)
    tx.session.flush()
    _record_change(
        tx, source, actor, {"secret": "rotated", "old_works_until": tx.now + overlap}
    )
    return secret


def pause(tx: Transaction, org_id: str, source_id: str, *, actor: str = SYSTEM) -> None:
    """Take nothing from a source until it is resumed. Asking twice is fine."""
    _switch(tx, org_id, source_id, PAUSED, actor)


def resume(tx: Transaction, org_id: str, source_id: str, *, actor: str = SYSTEM) -> None:
    """Take deliveries again. Asking twice is fine."""
    _switch(tx, org_id, source_id, ACTIVE, actor)


def note(
    tx: Transaction, org_id: str, source_id: str, facts: Mapping[str, Any], *, actor: str
) -> None:
    """Tell what somebody did with a source that changes nothing of it."""
    _record_change(tx, load(tx, org_id, source_id), actor, facts)


def load(tx: Transaction, org_id: str, source_id: str) -> Source:
    """Return a source of the org, locked.

    Raises:
        NotFoundError: there is none in this org.

    """
    source = tx.session.get(Source, source_id, with_for_update=True)
    if source is None or source.org_id != org_id:
        raise NotFoundError("source")
    return source


def secrets_of(
    keyring: Keyring, data_key: bytes, source: Source, now: int
) -> tuple[str, ...]:
    """Return the secrets that are good at `now` (ms), newest first."""
    sealed = [source.secret]
    if source.old_secret is not None and (source.old_secret_until or 0) > now:
        sealed.append(source.old_secret)
    return tuple(open_secret(keyring, data_key, source, one) for one in sealed)


def open_secret(keyring: Keyring, data_key: bytes, source: Source, sealed: bytes) -> str:
    """Return the text of a source's stored secret."""
    about = _about(source.org_id, source.id)
    return keyring.open(data_key, source.org_id, about, sealed).decode()


def token_of(keyring: Keyring, data_key: bytes, source: Source) -> str | None:
    """Return what the desk signs in with at a source's upstream, if anything."""
    if source.token is None:
        return None
    return open_secret(keyring, data_key, source, source.token)


def subject(source_id: str) -> str:
    """Return the name of a source in the log."""
    return f"source:{source_id}"


def _find_or_make_agent(tx: Transaction, org_id: str, wanted: str, actor: str) -> str:
    found = tx.session.scalar(
        select(Agent.id).where(
            Agent.org_id == org_id, (Agent.id == wanted) | (Agent.name == wanted.strip())
        )
    )
    return found or agents.create_agent(tx, org_id, wanted, actor=actor)


def _switch(tx: Transaction, org_id: str, source_id: str, status: str, actor: str) -> None:
    source = load(tx, org_id, source_id)
    if source.status != status:
        source.status = status
        tx.session.flush()
        _record_change(tx, source, actor, {"status": status})


def _record_change(
    tx: Transaction, source: Source, actor: str, change: Mapping[str, Any]
) -> None:
    facts = {"name": source.name, "kind": source.kind, **change}
    tx.record(source.org_id, actor, "source.changed", subject(source.id), facts)


def _seal(tx: Transaction, org_id: str, source_id: str, secret: str) -> bytes:
    about = _about(org_id, source_id)
    return tx.keyring.seal(_data_key(tx, org_id), org_id, about, secret.encode())


def _about(org_id: str, source_id: str) -> str:
    return f"{org_id}/{source_id}/secret"


def _data_key(tx: Transaction, org_id: str) -> bytes:
    return tx.session.scalars(select(Org.data_key).where(Org.id == org_id)).one()
