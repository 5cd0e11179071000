"""How a person is asked when several rules ask at once: each figure as strict as the strictest."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from webui.approvals.policy.document import Defaults, Rule, Terms
from webui.approvals.states import Risk


@dataclass(frozen=True, slots=True)
class Asking:
    """How a person is asked. Lengths of time are in milliseconds."""

    asked_by: tuple[str, ...]
    """The names of all rules that ask; the first one is named as the ruling's rule."""
    approvers: tuple[str, ...]
    """Groups, any of which may approve; none: whoever may decide at all."""
    approvals_required: int
    denials_required: int
    distinct_groups: bool
    veto_groups: tuple[str, ...]
    require_reason: bool
    timeout: int | None
    deadline: int | None
    """When it expires, in ms since the epoch; None: the desk's own default holds."""
    escalate_after: int | None
    escalate_to: str | None
    max_grant: int | None
    """The longest grant made from it; 0: none at all; None: the organization's maximum."""

    def as_document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "asked_by": list(self.asked_by),
            "approvers": list(self.approvers),
            "approvals_required": self.approvals_required,
            "denials_required": self.denials_required,
            "distinct_groups": self.distinct_groups,
            "veto_groups": list(self.veto_groups),
            "require_reason": self.require_reason,
            "timeout": self.timeout,
            "deadline": self.deadline,
            "escalate_after": self.escalate_after,
            "escalate_to": self.escalate_to,
            "max_grant": self.max_grant,
        }


def combined(
    rules: Sequence[Rule], defaults: Defaults, now: int, *, irreversible: bool
) -> Asking:
    """Return how a person is asked when all these rules ask; none: the policy's default does.

    Most approvals and fewest denials, the shortest times, every veto, a reason if one rule
    wants it. The approvers are the groups that all rules with approvers share; rules that
    share none need one approval each, from distinct groups of all of them.
    """
    terms = [rule.terms for rule in rules] or [Terms()]
    approvers, apart = _approvers([each.approvers for each in terms if each.approvers])
    timeout = _shortest([each.timeout or defaults.timeout for each in terms])
    escalation = min(
        ((each.escalate_after, each.escalate_to) for each in terms if each.escalate_after),
        key=lambda pair: pair[0],
        default=(None, None),
    )
    return Asking(
        asked_by=tuple(rule.name for rule in rules),
        approvers=approvers,
        approvals_required=max(apart, *(each.approvals_required for each in terms)),
        denials_required=min(each.denials_required for each in terms),
        distinct_groups=apart > 1 or any(each.distinct_groups for each in terms),
        veto_groups=_in_order(each.veto_group for each in terms if each.veto_group),
        require_reason=any(each.require_reason for each in terms),
        timeout=timeout,
        deadline=None if timeout is None else now + timeout,
        escalate_after=escalation[0],
        escalate_to=escalation[1],
        max_grant=0 if irreversible else _shortest([each.max_grant for each in terms]),
    )


def risk_of(rules: Sequence[Rule], *, irreversible: bool) -> Risk:
    """Return how much harm is assumed: the highest of the rules', medium where none says."""
    if irreversible:
        return Risk.CRITICAL
    risks = [rule.terms.risk or Risk.MEDIUM for rule in rules] or [Risk.MEDIUM]
    return max(risks, key=lambda risk: risk.level)


def _approvers(lists: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], int]:
    """Return the groups, and how many approvals from distinct groups make up for no overlap."""
    everybody = _in_order(group for groups in lists for group in groups)
    shared = tuple(group for group in everybody if all(group in each for each in lists))
    if shared or not lists:
        return shared, 1
    return everybody, len(lists)


def _shortest(lengths: Sequence[int | None]) -> int | None:
    return min((length for length in lengths if length is not None), default=None)


def _in_order(names: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
