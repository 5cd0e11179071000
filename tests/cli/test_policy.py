"""`countersign policy`."""

from pathlib import Path
from typing import Any

GOOD = 'version: "1"\ndefault: deny\ntests:\n  - {tool: a, expect: deny}\n'
ASKS = """version: "1"
tools:
  pay:
    rules: [{name: ask, action: require_approval, approvers: [finance]}]
"""
GATEWAYS = 'version: "1"\ntools:\n  pay:\n    rules: [{name: no, action: deny}]\n'


def test_a_policy_is_checked_tested_set_and_shown(
    run: Any, told: Any, tmp_path: Path
) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(GOOD)
    assert told("policy", "show")["number"] == 0
    assert run("policy", "validate", str(file)).output.endswith("The file is a policy.\n")
    assert run("policy", "test", str(file)).output.endswith("1 tests, 0 failed.\n")
    made = told("policy", "set", str(file), "--note", "first", "--expect", "0")
    assert (made["number"], made["changed"], made["note"]) == (1, True, "first")
    assert made["author"] == "local_implicit"
    assert run("policy", "show").output == GOOD
    late = run("policy", "set", str(file), "--expect", "0")
    assert (late.exit_code, "Version 1 is in force" in late.output) == (1, True)
    assert [row["number"] for row in told("policy", "versions")] == [1]


def test_a_wrong_file_is_told_line_by_line_and_changes_nothing(
    run: Any, told: Any, tmp_path: Path
) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text('version: "2"\nhide: 5\n')
    for verb in ("validate", "test", "set", "import"):
        refused = run("policy", verb, str(file))
        assert refused.exit_code == 1
        assert "line 1, column 1" in refused.output
        assert "line 2, column 1" in refused.output
    assert told("policy", "show")["number"] == 0
    file.write_text(GOOD.replace("expect: deny", "expect: allow"))
    failing = run("policy", "test", str(file))
    assert (failing.exit_code, "FAILED" in failing.output) == (1, True)
    file.write_bytes(b"\xff")
    assert "not UTF-8" in run("policy", "validate", str(file)).output


def test_a_gateways_file_is_brought_in(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text(GATEWAYS)
    printed = run("policy", "import", str(file), "--print").output
    assert printed.splitlines()[:2] == ['version: "1"', "default: allow"]
    assert run("policy", "import", str(file)).exit_code == 0
    assert run("policy", "show").output == printed


def test_versions_are_compared_and_taken_back(run: Any, told: Any, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    for text in (GOOD, GOOD.replace("default: deny", "default: deny\n# later")):
        file.write_text(text)
        told("policy", "set", str(file))
    assert "+ # later" in run("policy", "diff", "1", "2").output.splitlines()
    assert run("policy", "diff", "1", "9").exit_code == 1
    late = run("policy", "revert", "1", "--expect", "1")
    assert (late.exit_code, "Version 2 is in force" in late.output) == (1, True)
    assert told("policy", "revert", "1", "--expect", "2")["number"] == 3
    assert run("policy", "show").output == GOOD


def test_validate_looks_at_the_groups_of_the_desk(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(ASKS)
    beside = run("policy", "validate", str(file))
    assert (beside.exit_code, 'no group "finance"' in beside.output) == (1, True)
    run("groups", "add", "finance")
    empty = run("policy", "validate", str(file))
    assert "warning: " in empty.output
    assert "nobody who may decide here" in empty.output
    alone = run(
        "policy", "validate", str(file), COUNTERSIGN_INSTANCE=str(tmp_path / "nowhere")
    )
    assert alone.output == "The file is a policy.\n"


def test_while_a_file_rules_nothing_else_does(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(GOOD)
    ruled = {"COUNTERSIGN_POLICY_FILE": str(file)}
    refused = run("policy", "set", str(file), **ruled)
    assert (refused.exit_code, str(file) in refused.output) == (1, True)
    assert "it is right" not in run("doctor").output
    assert f"{file} is right; the server takes it in." in run("doctor", **ruled).output
    file.write_text(GOOD.replace("default", "defalt"))
    wrong = run("doctor", **ruled)
    assert wrong.exit_code == 1
    assert "did you mean" in wrong.output
    nobodys = run("doctor", **ruled, COUNTERSIGN_POLICY_ORG="nobody")
    assert "policy_org does not name" in nobodys.output


def test_the_shelf_can_be_read(run: Any) -> None:
    names = run("policy", "shelf").output.split()
    assert "github" in names
    assert 'version: "1"' in run("policy", "shelf", "github").output
    assert "There is no nothing" in run("policy", "shelf", "nothing").output
