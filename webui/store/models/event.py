"""The audit log: one chain an org. The row is also the live feed and the outbox."""

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from webui.store.models.base import Model

INSTANCE = "_instance"
"""The chain of events that belong to no org."""


class Event(Model):
    """One link of an org's chain (spec: details.md, B). Never changed, only erased."""

    __tablename__ = "events"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry: Mapped[bytes] = mapped_column(LargeBinary)
    row_hash: Mapped[bytes] = mapped_column(LargeBinary)
    nonce: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    payload: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    # Read from `entry` for filters; the verifier checks that they agree with it.
    at: Mapped[int]
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]

    __table_args__ = (
        # from a time to the seq it stands for
        Index("ix_events_at", "org_id", "at", "seq"),
        Index("ix_events_subject", "org_id", "subject", "seq"),
        Index("ix_events_actor", "org_id", "actor", "seq"),
        Index("ix_events_action", "org_id", "action", "seq"),
    )


class AuditHead(Model):
    """The end of an org's chain: the lock that serialises its writers."""

    __tablename__ = "audit_heads"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]
    row_hash: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[int]
    """High-water mark of this chain's clock."""
    frontier: Mapped[bytes] = mapped_column(LargeBinary)
    pruned_upto: Mapped[int] = mapped_column(default=0)
    fanned_out: Mapped[int] = mapped_column(default=0)
    """Up to which seq deliveries were made out of events (the outbox cursor)."""


class Checkpoint(Model):
    """A signed statement of a chain's size and root (C2SP signed note)."""

    __tablename__ = "checkpoints"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    note: Mapped[str]
    frontier: Mapped[bytes] = mapped_column(LargeBinary)
    """Of the Merkle tree at that size, so that the next one is computed from here."""
    created_at: Mapped[int]
