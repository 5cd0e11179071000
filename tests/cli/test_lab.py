"""`countersign policy backtest`, `suggest` and `shadow`, where no server runs."""

from pathlib import Path
from typing import Any

DRAFT = 'version: "1"\ndefault: allow\n'


def test_a_draft_is_replayed_here_and_the_exit_status_says_what_came_of_it(
    run: Any, told: Any, tmp_path: Path
) -> None:
    file = tmp_path / "draft.yaml"
    file.write_text(DRAFT)
    result = told("policy", "backtest", str(file), "--all")
    assert (result["calls"], result["lists"]["let_through"]["count"]) == (0, 0)
    said = run("policy", "backtest", str(file), "--days", "7")
    assert said.exit_code == 0
    assert "0 that were denied would pass." in said.output
    assert run("policy", "backtest", str(file), "--days", "0").exit_code == 1
    file.write_text('version: "3"\n')
    assert "line 1, column 1" in run("policy", "backtest", str(file)).output
    assert "Nothing was approved" in run("policy", "suggest").output
    assert "give numbers" in run("policy", "suggest", "--people", "0").output


def test_a_draft_runs_beside_the_policy_and_takes_over(
    run: Any, told: Any, tmp_path: Path
) -> None:
    file = tmp_path / "draft.yaml"
    file.write_text(DRAFT)
    assert told("policy", "shadow", "show") == {"running": False}
    assert told("policy", "shadow", "start", str(file))["running"]
    assert run("policy", "shadow", "start", str(file)).exit_code == 1
    assert told("policy", "shadow", "show")["calls"] == 0
    assert run("policy", "shadow", "take-over", "--expect", "4").exit_code == 1
    assert told("policy", "shadow", "take-over", "--expect", "0")["number"] == 1
    assert run("policy", "show").output == DRAFT
    assert "No draft runs" in run("policy", "shadow", "stop").output
