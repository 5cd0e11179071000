"""Who sends to us, what arrived, whom we tell, and how that went."""

from sqlalchemy import ForeignKey, Index, LargeBinary, false
from sqlalchemy.orm import Mapped, mapped_column

from webui.store.models.base import Model


class Source(Model):
    """A configured upstream that files approvals by webhook."""

    __tablename__ = "sources"

    id: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"), index=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agents.id"))
    kind: Mapped[str]
    name: Mapped[str]
    status: Mapped[str] = mapped_column(default="active")
    config: Mapped[str] = mapped_column(default="{}")
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    """Encrypted under the org's data key, like the one before it."""
    old_secret: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    old_secret_until: Mapped[int | None] = mapped_column(default=None)
    token: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    """What the desk signs in with at the upstream, encrypted likewise; none where none is needed."""
    created_at: Mapped[int]


class SourceMessage(Model):
    """A message id that was already taken: the replay guard."""

    __tablename__ = "source_messages"

    source_id: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(primary_key=True)
    approval_id: Mapped[str | None] = mapped_column(default=None)
    """Ids of all approvals it led to, a space between them."""
    received_at: Mapped[int] = mapped_column(index=True)


class SourceDelivery(Model):
    """One delivery as it arrived, with our verdict on it; kept 14 days."""

    __tablename__ = "source_deliveries"

    id: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str]
    source_id: Mapped[str] = mapped_column(ForeignKey("sources.id"))
    message_id: Mapped[str | None] = mapped_column(default=None)
    """All ids of the message, a line each; None if its sender is not proven."""
    received_at: Mapped[int] = mapped_column(index=True)
    address: Mapped[str]
    headers: Mapped[str]
    """JSON; secrets and signatures left out."""
    body: Mapped[bytes] = mapped_column(LargeBinary)
    """Encrypted under the org's data key."""
    status_code: Mapped[int]
    verdict: Mapped[str]
    """accepted, known, ignored, refused."""
    why: Mapped[str]
    approval_id: Mapped[str | None] = mapped_column(default=None)

    __table_args__ = (
        Index("ix_source_deliveries_source", "source_id", "id"),
        Index("ix_source_deliveries_verdict", "source_id", "verdict", "id"),
    )


class Endpoint(Model):
    """A receiver of outbound events, chosen per org."""

    __tablename__ = "endpoints"

    id: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"), index=True)
    url: Mapped[str]
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    events: Mapped[str]
    """Space-separated event names; `*` for all that are on by default."""
    status: Mapped[str] = mapped_column(default="active")
    why: Mapped[str | None] = mapped_column(default=None)
    failures: Mapped[int] = mapped_column(default=0)
    open_until: Mapped[int | None] = mapped_column(default=None)
    """The breaker: nothing is sent before this time."""
    by_policy: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Made by the policy's `approvals.notify.webhook`, and kept in step with it."""
    old_secret: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    old_secret_until: Mapped[int | None] = mapped_column(default=None)
    """Until then messages are signed by the secret before as well."""
    plain: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Also sign `timestamp.body` in a header of its own, for receivers that know no better."""
    with_arguments: Mapped[bool] = mapped_column(default=False, server_default=false())
    """`approval.created` brings the call's arguments, secrets masked."""
    created_at: Mapped[int]


class Delivery(Model):
    """One event on its way to one endpoint or callback URL."""

    __tablename__ = "deliveries"

    id: Mapped[str] = mapped_column(primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("orgs.id"))
    endpoint_id: Mapped[str | None] = mapped_column(default=None)
    """None for an approval's own callback URL."""
    url: Mapped[str]
    approval_id: Mapped[str | None] = mapped_column(default=None)
    seq: Mapped[int]
    event: Mapped[str]
    body: Mapped[str]
    status: Mapped[str] = mapped_column(default="waiting")
    """waiting, sending, delivered, dead."""
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[int]
    lease_until: Mapped[int | None] = mapped_column(default=None)
    last_status: Mapped[int | None] = mapped_column(default=None)
    last_error: Mapped[str | None] = mapped_column(default=None)
    tries: Mapped[str] = mapped_column(default="[]", server_default="[]")
    """JSON: the latest attempts, the oldest first, each its end (ms), status and what was wrong."""
    created_at: Mapped[int]
    ended_at: Mapped[int | None] = mapped_column(default=None)

    __table_args__ = (
        Index("ix_deliveries_due", "status", "next_at"),
        Index("ix_deliveries_org", "org_id", "id"),
        Index("ix_deliveries_order", "approval_id", "endpoint_id", "seq"),
        Index("ix_deliveries_endpoint", "endpoint_id", "id"),
        Index("ix_deliveries_endpoint_status", "endpoint_id", "status", "id"),
    )


class Install(Model):
    """One row: the identity of this installation and the generation of its data."""

    __tablename__ = "install"

    id: Mapped[str] = mapped_column(primary_key=True)
    generation: Mapped[int] = mapped_column(default=1)
    """Changes on restore from a backup, so that browsers reload instead of resuming."""
