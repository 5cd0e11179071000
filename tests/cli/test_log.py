"""`countersign audit`, `db`, `doctor` and `demo`; what stops a start."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from webui.settings import Settings


def test_a_sound_log_verifies_with_0(run: Any, told: Any, filed: Any) -> None:
    filed()
    note = run("audit", "checkpoint").output
    assert note.count("\n") >= 4
    (report,) = told("audit", "verify")
    assert (report["verdict"], report["exit"]) == ("ok", 0)
    assert run("audit", "verify", "--all").exit_code == 0


def test_a_tampered_copy_is_told_with_1(run: Any, filed: Any, instance: Path) -> None:
    filed()
    run("audit", "checkpoint")
    database = sqlite3.connect(instance / "countersign.db", isolation_level=None)
    for (trigger,) in database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'events'"
    ).fetchall():
        database.execute(f"DROP TRIGGER {trigger}")
    database.execute("UPDATE events SET entry = replace(entry, 'tool_call', 'tool_cull')")
    database.close()
    result = run("audit", "verify")
    assert result.exit_code == 1, result.output


def test_a_log_cut_off_behind_a_checkpoint_outside_is_incomplete_with_2(
    run: Any, filed: Any, instance: Path
) -> None:
    run("audit", "checkpoint")
    whole = (instance / "countersign.db").read_bytes()
    filed()
    run("audit", "checkpoint")
    for extra in ("-wal", "-shm"):
        (instance / f"countersign.db{extra}").unlink(missing_ok=True)
    (instance / "countersign.db").write_bytes(whole)  # the older file is put back
    assert run("audit", "verify").exit_code in {1, 2}


def test_an_export_is_verified_by_the_program_that_travels_with_it(
    run: Any, filed: Any, tmp_path: Path
) -> None:
    filed()
    run("audit", "checkpoint")
    export, program = tmp_path / "export.jsonl", tmp_path / "verify.py"
    assert run("audit", "export", "--output", str(export)).exit_code == 0
    assert run("audit", "export", "--verifier", "--output", str(program)).exit_code == 0

    def verified() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", program, export, "--chain-only"],
            capture_output=True,
            text=True,
            check=False,
        )

    assert verified().returncode == 0, verified().stderr
    lines = export.read_text().splitlines(keepends=True)
    export.write_text("".join([*lines[:2], *lines[3:]]))  # one event is taken out
    assert verified().returncode == 1


def test_a_table_for_spreadsheets_is_exported_too(run: Any, filed: Any) -> None:
    filed()
    lines = run("audit", "export", "--format", "csv").output.splitlines()
    assert lines[0].startswith('"seq",')
    assert any("approval.created" in line for line in lines)


def test_a_backup_opens_with_everything_in_it(
    told: Any, run: Any, filed: Any, instance: Path, tmp_path: Path
) -> None:
    approval = filed()
    made = told("db", "backup", str(tmp_path / "copy.db"))
    assert Path(made["backup"]).stat().st_mode & 0o077 == 0
    assert "choose another name" in run("db", "backup", str(tmp_path / "copy.db")).output
    restored = tmp_path / "restored"
    restored.mkdir(mode=0o700)
    (restored / "countersign.db").write_bytes((tmp_path / "copy.db").read_bytes())
    (restored / "keys.json").write_bytes((instance / "keys.json").read_bytes())
    (row,) = told("approvals", "list", COUNTERSIGN_INSTANCE=str(restored))
    assert row["id"] == approval
    assert told("audit", "verify", COUNTERSIGN_INSTANCE=str(restored))[0]["exit"] == 0


def test_an_upgrade_keeps_a_copy_first(told: Any, instance: Path) -> None:
    answer = told("db", "upgrade")
    assert Path(answer["backup"]).parent == instance
    assert Path(answer["backup"]).stat().st_size > 0


def test_a_sound_instance_passes_the_doctor(told: Any) -> None:
    levels = {finding["level"] for finding in told("doctor")}
    assert levels <= {"ok", "warning"}


def test_the_doctor_names_what_is_wrong_and_the_mend(run: Any, instance: Path) -> None:
    (instance / "keys.json").chmod(0o644)
    result = run("doctor")
    assert result.exit_code == 1
    assert f"run `chmod go= {instance / 'keys.json'}`" in result.output
    (instance / "keys.json").unlink()
    assert "put it back from your copy" in run("doctor").output


def test_the_doctor_of_no_instance_says_how_to_make_one(run: Any, tmp_path: Path) -> None:
    result = run("doctor", COUNTERSIGN_INSTANCE=str(tmp_path / "none"))
    assert result.exit_code == 1
    assert "countersign init" in result.output


def test_an_unknown_or_wrong_setting_stops_every_command(run: Any) -> None:
    result = run("users", "list", COUNTERSIGN_BINDD="x", COUNTERSIGN_RATE_LIMIT="many")
    assert result.exit_code == 2
    assert "COUNTERSIGN_BINDD" in result.output
    assert "COUNTERSIGN_RATE_LIMIT" in result.output


def test_a_command_without_an_instance_says_what_to_run(run: Any, tmp_path: Path) -> None:
    result = run("users", "list", COUNTERSIGN_INSTANCE=str(tmp_path / "none"))
    assert result.exit_code == 1
    assert "countersign init" in result.output


def test_the_demo_has_a_history_that_verifies(run: Any, tmp_path: Path) -> None:
    from webui.demo.history import furnish  # noqa: PLC0415

    settings = Settings(instance=tmp_path / "demo")
    welcome = furnish(settings)
    assert welcome.email in welcome.text(settings)
    assert furnish(settings) == welcome  # a second time it is there already
    there = {"COUNTERSIGN_INSTANCE": str(settings.instance)}
    assert run("audit", "verify", **there).exit_code == 0
    rows = sqlite3.connect(settings.instance / "countersign.db")
    statuses = dict(rows.execute("SELECT status, count(*) FROM approvals GROUP BY status"))
    rows.close()
    assert {"denied", "consumed"} <= statuses.keys()
    keys = json.loads((settings.instance / "demo-keys.json").read_text())
    assert keys["keys"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_its_completion(run: Any, shell: str) -> None:
    result = run(_COUNTERSIGN_COMPLETE=f"{shell}_source")
    assert result.exit_code == 0
    assert "countersign" in result.output


def test_commands_and_their_verbs_are_completed(run: Any) -> None:
    asked = {"_COUNTERSIGN_COMPLETE": "bash_complete", "COMP_CWORD": "1"}
    names = run(COMP_WORDS="countersign ", **asked).output
    for name in ("serve", "sources", "ask", "doctor"):
        assert f"plain,{name}" in names
    verbs = run(COMP_WORDS="countersign keys ", **asked | {"COMP_CWORD": "2"}).output
    assert "plain,rotate" in verbs


def test_every_command_has_its_help(run: Any) -> None:
    from webui.cli import COMMANDS  # noqa: PLC0415

    assert "Commands:" in run("--help").output
    for name in COMMANDS:
        assert run(name, "--help").exit_code == 0, name
