"""Trying a policy out: its own tests, and what another one would have said of the same calls."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from webui.approvals.policy.document import Policy, Verdict
from webui.approvals.policy.facts import Facts
from webui.approvals.policy.replaying import verdict_of
from webui.approvals.policy.rulebook import Rulebook
from webui.approvals.policy.ruling import Ruling, evaluate
from webui.sentences import sentence

MOST_LOOKS: Final = 30_000
"""Rules and conditions that the tests of a policy may look at, all together: they run at once."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one test in a policy."""

    name: str
    line: int
    expected: Verdict
    expected_rule: str | None
    ruling: Ruling

    @property
    def passed(self) -> bool:
        """Say whether verdict and, where it is named, rule are as expected."""
        rule_fits = self.expected_rule in {None, self.ruling.rule.name}
        return self.ruling.verdict is self.expected and rule_fits

    def sentence(self) -> str:
        """Say what came of it, for a person."""
        if self.passed:
            return sentence(
                '"%(name)s" (line %(line)s): %(expected)s, as expected.',
                name=self.name,
                line=self.line,
                expected=str(self.expected),
            )
        wanted = sentence(
            '%(expected)s by "%(rule)s"',
            expected=str(self.expected),
            rule=self.expected_rule,
        )
        return sentence(
            '"%(name)s" (line %(line)s): expected %(expected)s, got %(verdict)s by '
            '"%(rule)s". %(said)s',
            name=self.name,
            line=self.line,
            expected=wanted if self.expected_rule else str(self.expected),
            verdict=str(self.ruling.verdict),
            rule=self.ruling.rule.name,
            said=self.ruling.sentence,
        )

    def as_document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "name": self.name,
            "line": self.line,
            "passed": self.passed,
            "expected": {"verdict": str(self.expected), "rule": self.expected_rule},
            "ruling": self.ruling.as_document(),
            "sentence": self.sentence(),
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """One call of which two policies say different things."""

    index: int
    """Its number among the calls, from 0."""
    old: Verdict
    old_rule: str
    new: Verdict
    new_rule: str

    @property
    def looser(self) -> bool:
        """Say whether the new policy lets more through."""
        return self.new.strictness < self.old.strictness


def tests_cost_too_much(policy: Policy) -> bool:
    """Say whether running the tests would hold up a desk that has other things to do."""
    book, looks = Rulebook(policy), 0
    for each in policy.tests:
        rules = book.entry(each.facts.call.tool).rules
        looks += sum(1 + len(rule.conditions) for rule in rules)
        if looks > MOST_LOOKS:
            return True
    return False


def run_tests(policy: Policy) -> tuple[Result, ...]:
    """Return what comes of every test in the policy's text."""
    book = Rulebook(policy)
    return tuple(
        Result(each.name, each.line, each.expect, each.rule, evaluate(book, each.facts))
        for each in policy.tests
    )


def compare(old: Policy, new: Policy, calls: Iterable[Facts]) -> Iterator[Difference]:
    """Yield the calls of which two policies say different things, as they come."""
    before, after = Rulebook(old), Rulebook(new)
    for index, facts in enumerate(calls):
        was, old_rule = verdict_of(before, facts)
        now, new_rule = verdict_of(after, facts)
        if was is not now:
            yield Difference(index, was, old_rule, now, new_rule)
