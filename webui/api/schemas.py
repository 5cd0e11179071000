"""What the agents' API takes. Unknown members are refused: a typo must not drop a safeguard.

The same models validate the requests and make the OpenAPI document. What asks for an
approval is in `webui.asks`, as webhooks say it in the same words.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from webui.approvals.answering.messages import TEXT_MAX
from webui.approvals.gate.write_gate import METHOD_MAX, PATH_MAX
from webui.approvals.grants.granting import MOST_USES, GrantWish
from webui.asks import (
    AskBody,
    Body,
    Call,
    Moment,
    Name,
    Prose,
    Text,
    Token,
    to_ms,
    without_nul,
)

Fingerprint = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class GateBody(AskBody):
    """`POST /api/v1/gate`, which asks: may I do this now."""

    report: bool = True


class EvaluateBody(Call):
    """A call that policy is asked about; nothing is recorded."""

    risk: Literal["low", "medium", "high", "critical"] | None = None
    session: Name | None = None


class ConsumeFingerprint(Body):
    """Consuming by the fingerprint of what is about to run."""

    fingerprint: Fingerprint


class LeaseBody(Body):
    """What proves that the caller holds the use."""

    lease_token: Token


class RollbackBody(LeaseBody):
    """The call is known not to have taken effect."""

    error: Prose = ""


class OutcomeBody(LeaseBody):
    """How the run ended."""

    result: Literal["ok", "error", "unknown"]
    detail: Prose = ""


class CancelBody(Body):
    """Withdrawing an approval; nothing needs to be said."""

    reason: Prose = ""


class MessageBody(Body):
    """One line of the conversation about an approval."""

    text: Annotated[Text, Field(min_length=1, max_length=TEXT_MAX)]


class EmptyBody(Body):
    """Nothing needs to be said."""


Reason = Annotated[str, Field(max_length=4_000), AfterValidator(without_nul)]
Seal = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class DecideBody(Body):
    """The small admin API: a reason, and the seal where the risk asks for one."""

    reason: Reason = ""
    seal: Seal | None = None
    seen: Seal | None = None
    """With a yes to a call that the desk warns of: the `seen` that came with its `cautions`."""


class GrantBody(Body):
    """What is allowed beyond the one call; what no condition names stays as it was approved."""

    uses: Annotated[int, Field(ge=1, le=MOST_USES)] | None = None
    until: Moment | None = None
    session: bool = False
    conditions: Annotated[list[dict[str, Any]], Field(max_length=100)] = Field(
        default_factory=list
    )
    """`{path, op, value}` on `args.` members, as in a policy."""

    def wish(self) -> GrantWish:
        """Return it as the desk takes it."""
        until = None if self.until is None else to_ms(self.until)
        return GrantWish(self.uses, until, self.session, self.conditions)


class VerdictBody(DecideBody):
    """A reviewer's verdict on one approval."""

    verdict: Literal["approve", "deny", "edit", "respond", "request_changes"]
    arguments: dict[str, Any] | None = None
    """With edit: all arguments as they are to run; a mask left as it was keeps what it hides."""
    answer: Annotated[Text, Field(min_length=1, max_length=TEXT_MAX)] | None = None
    """With respond: what the agent gets in place of a run."""
    grant: GrantBody | None = None
    """With a yes: a standing grant made from it."""
    cascade: bool = False
    """With a denial: deny the other waiting calls of its session too."""
    break_glass: bool = False
    option: Annotated[Text, Field(min_length=1, max_length=40)] | None = None
    """How it goes back, where the source knows several ways (`options` of the approval)."""


class PolicyText(Body):
    """A policy that is looked at and not set."""

    text: Annotated[str, Field(max_length=131_072)]


class PolicyBody(PolicyText):
    """A policy that is to be in force."""

    expected: Annotated[int, Field(ge=0)]
    """The number of the version it was made from; 0 for none."""
    note: Annotated[Text, Field(max_length=500)] = ""


class PolicyRevert(Body):
    """An older version whose text is to be in force again."""

    number: Annotated[int, Field(ge=1)]
    expected: Annotated[int, Field(ge=1)]
    """The number of the version that is in force."""


class BacktestBody(PolicyText):
    """A draft that is to be replayed over recorded calls."""

    days: Annotated[int, Field(ge=1, le=3_650)] = 30
    all: bool = False
    """All recorded calls, whatever `days` says."""


class SuggestionsBody(Body):
    """How often, and by how many people, a call must have been approved to be suggested."""

    approvals: Annotated[int, Field(ge=3, le=1_000)] = 10
    people: Annotated[int, Field(ge=1, le=20)] = 2
    days: Annotated[int, Field(ge=1, le=90)] = 30


class TakeOverBody(Body):
    """Putting the draft that runs beside the policy in force."""

    expected: Annotated[int, Field(ge=0)]
    """The number of the version that is in force; 0 for none."""
    note: Annotated[Text, Field(max_length=500)] = ""


class RevealBody(Body):
    """Which masked value is to be shown, and the seal of what it stands in."""

    path: Annotated[Text, Field(min_length=1, max_length=20_000)]
    """The JSON pointer of the value in the `arguments` of the approval as they are shown."""
    seal: Seal


class RevokeBody(Body):
    """Taking a yes back."""

    reason: Reason = ""


class SealedCall(Body):
    """One call of a list, as it was shown."""

    id: Name
    seal: Seal


class BulkBody(Body):
    """One verdict on several calls; the exact ids and seals that were on screen."""

    verdict: Literal["approve", "deny"]
    reason: Reason = ""
    items: Annotated[list[SealedCall], Field(min_length=1, max_length=200)]


Scope = Annotated[str, Field(pattern=r"^[!#-\[\]-~]{1,200}$")]
"""A word of a service's own permissions (the characters are those of RFC 6749, 3.3)."""


class WriteGateBody(Body):
    """A request that a service is about to serve, as its own authentication describes it."""

    user: Name
    """Id or e-mail address of the person whose identity it carries."""
    org_ref: Name
    """Id or slug of the key's own organization."""
    agent_context: bool
    """Whether an agent acts with the person's identity."""
    method: Annotated[Name, Field(max_length=METHOD_MAX)]
    path: Annotated[Name, Field(max_length=PATH_MAX)]
    """As it reaches the service, with its query."""
    scopes_required: Annotated[list[Scope], Field(min_length=1, max_length=50)]
    scopes_held: Annotated[list[Scope], Field(max_length=1_000)]
    payload_hash: Annotated[str, Field(pattern=r"^[!-~]{1,200}$")] | None = None
    """Whatever the service computes over what it will act on; compared exactly."""
