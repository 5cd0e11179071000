"""What docs/policy.md shows is so: its examples, its errors, and every operator and key."""

import re
from pathlib import Path

from webui.approvals.policy import check_policy, run_tests, warnings_of
from webui.approvals.policy.operators import OPERATORS
from webui.approvals.policy.reading_rules import KEYS

PAGE = (Path(__file__).parents[3] / "docs" / "policy.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_the_examples_of_the_page_are_policies_without_a_warning_and_pass() -> None:
    *right, _wrong = blocks("yaml")
    assert len(right) == 3
    for text in right:
        policy, faults = check_policy(text)
        assert policy is not None, faults
        assert warnings_of(policy) == ()
        assert all(result.passed for result in run_tests(policy))


def test_the_errors_of_the_page_are_those_of_its_wrong_example() -> None:
    [shown] = blocks("text")
    _, faults = check_policy(blocks("yaml")[-1])
    assert "\n".join(map(str, faults)) + "\n" == shown


def test_the_page_names_every_operator_and_every_key_of_a_rule() -> None:
    named = set(re.findall(r"`(\w+)`", PAGE))
    assert set(OPERATORS) <= named
    assert set(KEYS) <= named
