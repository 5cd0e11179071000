"""What an upstream is told became of what it asked."""

from dataclasses import dataclass

APPROVE, DENY = "approve", "deny"


@dataclass(frozen=True, slots=True)
class Told:
    """What the upstream is told."""

    verdict: str
    """`approve` or `deny`; whatever ended it otherwise is a denial with that reason."""
    reason: str
    by: str
    """The name of who decided; empty if nobody did."""
    option: str | None = None
    """The name of one of the kind's options; none where it offers none or nobody chose."""
    ended: bool = False
    """Nobody denied it: it ended by itself, as `reason` says."""
