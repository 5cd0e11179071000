"""Ask a person before a sensitive tool call runs.

The desk settles every question; this package only asks, waits, and refuses whatever it cannot
show to be approved. There is no setting that lets a call through when the desk is silent.
"""

from countersign_client.approval import Actor, Approval, Change, Decision, Message, Status
from countersign_client.ask import Approved, Ask
from countersign_client.client import Client
from countersign_client.decorator import requires_approval
from countersign_client.errors import (
    AlreadyConsumed,
    Answered,
    BadAnswer,
    Cancelled,
    CountersignError,
    Denied,
    DeskUnreachable,
    Ended,
    Expired,
    FingerprintMismatch,
    InProgress,
    NeedsRevision,
    NotApproved,
    NotSent,
    PolicyChanged,
    Refused,
    Revoked,
    StillPending,
    Superseded,
)
from countersign_client.fields import Binding, Fields, Risk
from countersign_client.gate import Gate
from countersign_client.lease import Lease
from countersign_client.version import __version__

__all__ = [
    "Actor",
    "AlreadyConsumed",
    "Answered",
    "Approval",
    "Approved",
    "Ask",
    "BadAnswer",
    "Binding",
    "Cancelled",
    "Change",
    "Client",
    "CountersignError",
    "Decision",
    "Denied",
    "DeskUnreachable",
    "Ended",
    "Expired",
    "Fields",
    "FingerprintMismatch",
    "Gate",
    "InProgress",
    "Lease",
    "Message",
    "NeedsRevision",
    "NotApproved",
    "NotSent",
    "PolicyChanged",
    "Refused",
    "Revoked",
    "Risk",
    "Status",
    "StillPending",
    "Superseded",
    "__version__",
    "requires_approval",
]
