"""A text that may become the policy: everything there is to say of it beforehand."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from webui.approvals.policy import (
    Policy,
    PolicyFault,
    Result,
    check_policy,
    run_tests,
    tests_cost_too_much,
    warnings_of,
)
from webui.approvals.ruling.electorate import lock_outs
from webui.approvals.ruling.policies import all_faults
from webui.sentences import number, sentence

LONGEST: Final = 131_072
"""Characters of a policy that is set over HTTP."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What is wrong with a text, what looks wrong, and what came of its tests."""

    policy: Policy | None
    """As it could be tried out: it reads, though it may name groups that are not here."""
    faults: tuple[PolicyFault, ...]
    warnings: tuple[PolicyFault, ...]
    tests: tuple[Result, ...]

    @property
    def acceptable(self) -> bool:
        """Say whether it could be put in force now."""
        return not self.faults


def too_long() -> PolicyFault:
    """Return what is wrong with a text that is longer than any policy."""
    said = sentence(
        "the text is longer than %(most)s characters. Shorten it.", most=number(LONGEST)
    )
    return PolicyFault(1, 1, "", said)


def check_draft(session: Session, org_id: str, text: str, now: int) -> Checked:
    """Look at a text as `accept` would; nothing changes."""
    if len(text) > LONGEST:
        return Checked(None, (too_long(),), (), ())
    policy, faults = check_policy(text)
    if policy is None:
        return Checked(None, faults, (), ())
    _, faults = all_faults(session, org_id, text)
    warnings = (*warnings_of(policy), *lock_outs(session, org_id, policy, now))
    tests = () if tests_cost_too_much(policy) else run_tests(policy)
    return Checked(policy, faults, tuple(sorted(warnings)), tests)
