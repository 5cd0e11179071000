"""An ask as the desk takes it: the call, who files it, what the settings allow, what came out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from webui.approvals.policy import Ruling
from webui.store.models import Approval
from webui.store.transaction import Transaction

UPSTREAM_REF = "upstream_ref"
"""The member of `ctx` by which each question of an upstream is a call of its own: it waits for
an answer to this very one, so no twin and no spent yes may stand for it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the settings say about intake. Times in ms."""

    ttl: int = 900_000
    ttl_max: int = 86_400_000
    denial_memory: int = 600_000
    max_pending: int = 200
    """Open approvals of one agent; 0 is no limit."""
    rate: int = 60
    """Filings a minute of one agent, burst twice; 0 is no limit for either bucket."""
    settled_rate: int = 1_200
    """Answers a minute that wait for nobody."""
    max_attempts: int = 3


@dataclass(frozen=True, slots=True)
class Filer:
    """The agent that files, as its key says, and the source it came by."""

    agent_id: str
    org_id: str
    owner_id: str | None = None
    source_id: str | None = None
    project_id: str | None = None

    @property
    def actor(self) -> str:
        """Return its name in the log."""
        return f"agent:{self.agent_id}"


@dataclass(frozen=True, slots=True)
class Ask:
    """One call as it was asked, read strictly and prepared outside the transaction."""

    tool: str
    fingerprint: str
    arguments_hash: str
    canonical: bytes
    received: bytes
    told: Callable[[Transaction, Approval], Mapping[str, Any]]
    """Gives the columns that say what lists show of its row, as it is filed.

    It is masked by the policy that is in force by then.
    """
    tool_def: str | None = None
    ctx: Mapping[str, Any] = field(default_factory=dict)
    scope: str | None = None
    session: str | None = None
    run: str | None = None
    run_deadline: int | None = None
    """ms since the epoch."""
    on_behalf_of: str | None = None
    """User id or e-mail, as asked."""
    triggered_by: str | None = None
    """User id or e-mail of who started the run, as asked."""
    source_ref: str | None = None
    risk: str | None = None
    expires_in: int | None = None
    """ms."""
    summary: str | None = None
    reason: str | None = None
    context: Any = None
    trace: Any = None
    arguments_schema: Any = None
    allowed_decisions: tuple[str, ...] = ("approve", "deny")
    revision_of: str | None = None
    callback_url: str | None = None
    reply_to: Mapping[str, Any] | None = None
    """Where the decision goes back to, in the words of the source's kind."""
    report: bool = True
    misleads: Callable[[Transaction, Approval, Mapping[str, Any]], bool] = lambda *_: False
    """Says of some arguments whether a person would have to look closely at them."""
    ruling: Ruling | None = None
    """What the policy says of it, once it was asked; none without a policy."""
    dedupe_window: int | None = None
    """Of the policy, ms; none: the org's own holds."""
    reserved: str | None = None
    """What was counted for it, where the policy allows it."""

    @property
    def settled(self) -> bool:
        """Say whether the policy settles it, so that nobody is asked."""
        return self.ruling is not None and self.ruling.asking is None


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of an ask: the approval, and whether it was there before."""

    approval: Approval
    reused: bool
