"""`countersign approvals`, without a server."""

from __future__ import annotations

import time
from typing import Any

import pytest


def test_what_waits_is_listed_and_shown_masked(told: Any, run: Any, filed: Any) -> None:
    approval = filed({"command": "ls", "password": "hunter2"})
    (row,) = told("approvals", "list")
    assert row["id"] == approval
    shown = told("approvals", "show", approval)
    assert shown["tool"] == "shell.run"
    assert "hunter2" not in run("approvals", "show", approval).output
    assert '"ls"' in shown["arguments"]
    assert run("approvals", "show", "apr_none").exit_code == 1


def test_no_text_of_an_agents_moves_the_terminal_or_makes_a_line(
    run: Any, filed: Any
) -> None:
    forged = "fine\n\x1b[2J\u202e\narguments: {}"
    approval = filed({"command": "ls\u202e"}, summary=forged, reason=forged, scope=forged)
    shown, listed = (
        run("approvals", "show", approval).output,
        run("approvals", "list").output,
    )
    assert not {"\x1b", "\u202e"} & set(shown + listed)
    assert shown.count("\narguments: {") == 1
    assert "summary: fine⟦U+000A⟧⟦U+001B⟧[2J" in shown
    assert "ls⟦U+202E⟧" in shown
    assert "ls⟦U+202E⟧" in listed


@pytest.mark.parametrize(("verb", "status"), [("approve", "approved"), ("deny", "denied")])
def test_a_member_decides_by_token_or_in_local_root_mode(
    told: Any, run: Any, filed: Any, first: Any, verb: str, status: str
) -> None:
    by_token, by_name = filed({"n": 1}), filed({"n": 2})
    reason = ("--reason", "looks fine")
    answer = told("approvals", verb, by_token, "--token", first["admin"]["token"], *reason)
    assert answer == {"id": by_token, "status": status, "by": "admin@localhost"}
    told("approvals", verb, by_name, "--actor", "admin@localhost", *reason)
    assert told("approvals", "show", by_name)["status"] == status
    other = "deny" if verb == "approve" else "approve"
    late = run("approvals", other, by_name, "--actor", "admin@localhost")
    assert late.exit_code == 1
    assert "Too late" in late.output


def test_deciding_needs_a_person(run: Any, told: Any, filed: Any, first: Any) -> None:
    approval = filed()
    assert "needs a person" in run("approvals", "approve", approval).output
    assert run("approvals", "approve", approval, "--actor", "x@example.org").exit_code == 1
    assert run("approvals", "approve", approval, "--token", "csp_x").exit_code == 1
    agent = run("approvals", "approve", approval, "--token", first["agent"]["key"])
    assert "An agent never decides" in agent.output
    assert told("approvals", "show", approval)["status"] == "pending"
    assert "agent_cannot_decide" in run("audit", "export").output


def test_high_risk_is_approved_on_its_page_only(run: Any, filed: Any) -> None:
    approval = filed(risk="high")
    actor = ("--actor", "admin@localhost")
    assert "on its page only" in run("approvals", "approve", approval, *actor).output
    assert run("approvals", "deny", approval, *actor).exit_code == 0


def test_what_is_cut_or_could_mislead_is_approved_on_its_page_only(
    run: Any, filed: Any
) -> None:
    actor = ("--actor", "admin@localhost")
    for arguments in ({"x": "ls" + " " * 3000 + "; evil"}, {"x": "a\u202egpj.exe"}):
        approval = filed(arguments)
        assert "on its page only" in run("approvals", "approve", approval, *actor).output
        assert run("approvals", "deny", approval, *actor).exit_code == 0


def test_a_danger_is_told_before_the_command_approves_it(
    run: Any, told: Any, filed: Any
) -> None:
    approval = filed({"command": "rm -rf /srv/old"})
    asked = ("approvals", "approve", approval, "--actor", "admin@localhost")
    cautions = told("approvals", "show", approval)["cautions"]
    for more in ((), ("--seen", "é" * 64), ("--seen", "\udcff")):
        refused = run(*asked, *more)
        assert refused.exit_code == 1
        assert cautions
        assert all(words in refused.output for words in cautions)
    assert f"cautions: \n  {cautions[0]}\n" in run("approvals", "show", approval).output
    seen = refused.output.split("--seen ")[1].split()[0]
    assert told(*asked, "--seen", seen)["status"] == "approved"


def test_a_seal_is_checked_if_given_and_never_made_up(
    told: Any, run: Any, filed: Any
) -> None:
    actor = ("--actor", "admin@localhost")
    approval, bare = filed({"n": 1}), filed({"n": 2})
    seal = told("approvals", "show", approval)["seal"]
    stale = run("approvals", "approve", approval, *actor, "--seal", "0" * 64)
    assert "changed since" in stale.output
    told("approvals", "approve", approval, *actor, "--seal", seal)
    told("approvals", "approve", bare, *actor)
    log = run("audit", "export").output.replace("\\", "")
    assert f'"seal":"{seal}"' in log
    assert '"seal":null' in log


def test_what_else_a_call_is_bound_to_is_shown_masked(told: Any, filed: Any) -> None:
    approval = filed({"n": 1}, ctx={"cwd": "/srv", "password": "hunter2"}, scope="prod")
    runs = told("approvals", "show", approval)["runs"]
    assert '"/srv"' in runs
    assert '"prod"' in runs
    assert "hunter2" not in runs


def test_what_is_overdue_is_expired_on_request(told: Any, run: Any, filed: Any) -> None:
    approval = filed(expires_in=1)
    until = time.monotonic() + 60
    while told("approvals", "expire", "--all-stale")["expired"] == 0:
        assert time.monotonic() < until
    assert told("approvals", "show", approval)["status"] == "expired"
    assert run("approvals", "expire").exit_code == 2


def test_nothing_waits_is_said(run: Any, told: Any) -> None:
    assert run("approvals", "list").output == "Nothing.\n"
    assert told("approvals", "list") == []
