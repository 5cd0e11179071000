"""What may pass, what is refused and what a person must see (spec: policy.md).

Pure: a policy's text, a call, its counters, time and history in; a ruling out. Neither YAML
nor RE2 is imported until a policy is read, so that a server without one starts faster.
"""

from webui.approvals.policy.answers import Answer
from webui.approvals.policy.conditions import Condition, holds, read_conditions
from webui.approvals.policy.facts import Call, Facts, History

__all__ = [
    "Answer",
    "Call",
    "Condition",
    "Facts",
    "History",
    "holds",
    "read_conditions",
]
