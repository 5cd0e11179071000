"""Idempotency-Key: the same key and body is the same request, however often it is sent.

Kept 30 days an agent and compared by the hash of method, path and body
(draft-ietf-httpapi-idempotency-key-header; spec: approvals.md, "Intake").
"""

import hashlib
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from webui.approvals.errors import InvalidError
from webui.store.models import IdempotencyKey, table_of
from webui.store.transaction import Transaction

_keys = table_of(IdempotencyKey)
KEPT = 30 * 86_400_000
LONGEST = 255


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it came, with the hash of what it came with."""

    name: str
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class Known:
    """What a key stood for."""

    approval_id: str
    consumption_id: str | None


def key_for(name: str | None, method: str, path: str, body: bytes) -> Key | None:
    """Return the key of a request, or none when it brings none.

    Raises:
        InvalidError: it is longer than 255 characters, empty, or not printable ASCII.

    """
    if name is None:
        return None
    if not 0 < len(name) <= LONGEST or not name.isascii() or not name.isprintable():
        raise InvalidError(
            f"Idempotency-Key must be 1 to {LONGEST} printable ASCII characters.",
            code="idempotency_key_invalid",
        )
    digest = hashlib.sha256(f"{method} {path}\0".encode() + body).digest()
    return Key(name, digest)


def recall(tx: Transaction, agent_id: str, key: Key) -> Known | None:
    """Return what this key stood for, or none if it is new.

    Repeats at the same moment take turns: the later one hears what the earlier one got.

    Raises:
        InvalidError: it came with another request before (`idempotency_key_reused`).

    """
    found = tx.execute(
        select(_keys.c.body_hash, _keys.c.approval_id, _keys.c.consumption_id)
        .where(_keys.c.agent_id == agent_id, _keys.c.key == key.name)
        .with_for_update()
    ).one_or_none()
    if found is None:
        return None
    if found.body_hash != key.body_hash:
        raise InvalidError(
            "This Idempotency-Key came with another request before; use a new one.",
            code="idempotency_key_reused",
        )
    return Known(found.approval_id, found.consumption_id)


def remember(
    tx: Transaction,
    agent_id: str,
    key: Key,
    *,
    approval_id: str,
    consumption_id: str | None = None,
    known: Known | None = None,
) -> None:
    """Keep what a key stands for; `known` is what it stood for until now.

    Two requests with one key at the same time: the later insert fails on the primary key,
    its transaction is rolled back and the caller asks again.
    """
    if known is not None:
        tx.execute(
            update(_keys)
            .where(_keys.c.agent_id == agent_id, _keys.c.key == key.name)
            .values(approval_id=approval_id, consumption_id=consumption_id)
        )
        return
    tx.execute(
        insert(_keys),
        {
            "agent_id": agent_id,
            "key": key.name,
            "body_hash": key.body_hash,
            "approval_id": approval_id,
            "consumption_id": consumption_id,
            "created_at": tx.now,
        },
    )


def forget_old(tx: Transaction) -> None:
    """Drop keys older than 30 days."""
    tx.execute(delete(_keys).where(_keys.c.created_at < tx.now - KEPT))
