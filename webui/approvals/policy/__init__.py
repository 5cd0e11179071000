"""What may pass, what is refused and what a person must see (spec: policy.md).

Pure: a policy's text, a call, its counters, time and history in; a ruling out. Neither YAML
nor RE2 is imported until a policy is read, so that a server without one starts faster.
"""

from webui.approvals.policy.answers import Answer
from webui.approvals.policy.combining import Asking
from webui.approvals.policy.conditions import Condition, holds, read_conditions
from webui.approvals.policy.counters import (
    Reservation,
    amount_of,
    give_back,
    reserve,
    window_at,
)
from webui.approvals.policy.document import (
    Action,
    Counter,
    Policy,
    Rule,
    Terms,
    Tool,
    Verdict,
)
from webui.approvals.policy.facts import Call, Facts, History
from webui.approvals.policy.faults import PolicyError, PolicyFault
from webui.approvals.policy.hashing import policy_revision
from webui.approvals.policy.importing import Imported, import_policy
from webui.approvals.policy.notation import Window
from webui.approvals.policy.reading import check_policy, read_policy
from webui.approvals.policy.replaying import Outcome, Replay, verdict_of
from webui.approvals.policy.rulebook import Rulebook
from webui.approvals.policy.ruling import (
    Ruling,
    asked_anyway,
    evaluate,
    refused_by,
    refused_by_count,
)
from webui.approvals.policy.saying import rule_told
from webui.approvals.policy.seeing import Seen
from webui.approvals.policy.testing import (
    MOST_LOOKS,
    Difference,
    Result,
    compare,
    run_tests,
    tests_cost_too_much,
)
from webui.approvals.policy.warning import warnings_of

__all__ = [
    "MOST_LOOKS",
    "Action",
    "Answer",
    "Asking",
    "Call",
    "Condition",
    "Counter",
    "Difference",
    "Facts",
    "History",
    "Imported",
    "Outcome",
    "Policy",
    "PolicyError",
    "PolicyFault",
    "Replay",
    "Reservation",
    "Result",
    "Rule",
    "Rulebook",
    "Ruling",
    "Seen",
    "Terms",
    "Tool",
    "Verdict",
    "Window",
    "amount_of",
    "asked_anyway",
    "check_policy",
    "compare",
    "evaluate",
    "give_back",
    "holds",
    "import_policy",
    "policy_revision",
    "read_conditions",
    "read_policy",
    "refused_by",
    "refused_by_count",
    "reserve",
    "rule_told",
    "run_tests",
    "tests_cost_too_much",
    "verdict_of",
    "warnings_of",
    "window_at",
]
