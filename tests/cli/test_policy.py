"""`countersign policy`."""

from pathlib import Path
from typing import Any

GOOD = 'version: "1"\ndefault: deny\ntests:\n  - {tool: a, expect: deny}\n'
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


def test_the_shelf_can_be_read(run: Any) -> None:
    names = run("policy", "shelf").output.split()
    assert "github" in names
    assert 'version: "1"' in run("policy", "shelf", "github").output
    assert "There is no nothing" in run("policy", "shelf", "nothing").output
