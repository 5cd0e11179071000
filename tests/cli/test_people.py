"""`countersign init`, `users`, `agents`, `keys`, `sources` and `endpoints`."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

from webui.approvals.agents.keys import read_key
from webui.approvals.people import accounts


def test_init_prints_one_object_with_everything_that_is_shown_once(
    first: Any, instance: Path
) -> None:
    assert set(first) == {"org", "admin", "agent"}
    assert set(first["admin"]) == {"email", "password", "token"}
    assert set(first["agent"]) == {"id", "name", "key"}
    assert first["admin"]["email"] == "admin@localhost"
    assert read_key(first["agent"]["key"]) is not None
    assert read_key(first["admin"]["token"]) is not None
    for file in (instance, instance / "keys.json"):
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0


def test_init_a_second_time_says_what_to_do_instead(run: Any) -> None:
    again = run("init")
    assert again.exit_code == 1
    assert "countersign users add" in again.output
    quiet = run("init", "--if-needed")
    assert (quiet.exit_code, quiet.output) == (0, "")


def test_the_first_agent_has_no_owner_and_three_scopes(told: Any, first: Any) -> None:
    (agent,) = told("agents", "list")
    assert (agent["id"], agent["owner"]) == (first["agent"]["id"], None)
    (key,) = told("keys", "list")
    assert key["scopes"] == ["approvals:write", "approvals:read", "authorize"]


def test_people_are_added_listed_changed_and_suspended(told: Any, run: Any) -> None:
    made = told("users", "add", "Rae@Example.org", "--role", "reviewer")
    assert set(made) == {"email", "password", "token"}
    assert made["email"] == "rae@example.org"
    told("users", "role", "rae@example.org", "auditor")
    assert told("users", "password", "rae@example.org")["password"] != made["password"]
    told("users", "suspend", "rae@example.org")
    rows = {row["email"]: row for row in told("users", "list")}
    assert rows["rae@example.org"]["role"] == "auditor"
    assert rows["rae@example.org"]["status"] == "suspended"
    refused = run("users", "add", "rae@example.org", "--role", "king")
    assert refused.exit_code == 1
    assert "in use" in refused.output
    assert "must be one of" in refused.output


def test_agents_and_their_keys(told: Any, run: Any) -> None:
    made = told("agents", "add", "deploy-bot", "--owner", "admin@localhost")
    assert set(made) == {"id", "name", "key"}
    more = told("keys", "add", "deploy-bot", "--scope", "authorize", "--expires-in", "60")
    assert more["key"].startswith("csk_")
    key_id = read_key(made["key"]).id  # type: ignore[union-attr]
    assert told("keys", "rotate", key_id)["key"] != made["key"]
    told("keys", "revoke", key_id)
    rows = {row["id"]: row for row in told("keys", "list")}
    assert rows[key_id]["revoked_at"] is not None
    assert made["key"] not in run("keys", "list").output
    assert "cannot be rotated" in run("keys", "rotate", key_id).output
    assert run("keys", "revoke", "nonesuch").exit_code == 1
    assert "Unknown scope" in run("keys", "add", "deploy-bot", "--scope", "all").output


def test_sources_are_added_listed_and_rotated(told: Any, run: Any) -> None:
    made = told("sources", "add", "gw", "--kind", "standard")
    assert set(made) == {"id", "kind", "secret", "url"}
    assert made["url"].endswith(f"/hooks/{made['id']}")
    settings = ["signature_header=X-Sig", "signed=body", "fields.tool=/tool"]
    settings += ["fields.arguments=/args", "tolerance_seconds=60"]
    words = [word for setting in settings for word in ("--set", setting)]
    own = told("sources", "add", "own", "--kind", "hmac", "--agent", "first-agent", *words)
    rotated = told("sources", "rotate", own["id"])
    assert rotated["secret"] != own["secret"]
    rows = told("sources", "list")
    assert [row["name"] for row in rows] == ["gw", "own"]
    assert own["secret"] not in run("sources", "list").output
    assert told("sources", "pause", own["id"])["status"] == "paused"
    assert told("sources", "resume", own["id"])["status"] == "active"
    assert "Start the desk first" in run("sources", "test", own["id"]).output


def test_endpoints_are_added_rotated_switched_tested_and_removed(
    told: Any, run: Any
) -> None:
    url = "https://hooks.example.com/desk"
    every = told("endpoints", "add", url)
    few = told("endpoints", "add", url, "--event", "approval.decided", "--plain")
    assert told("endpoints", "rotate", few["id"])["secret"] != few["secret"]
    assert told("endpoints", "test", few["id"])["delivery"].startswith("dlv_")
    rows = {row["id"]: row for row in told("endpoints", "list")}
    assert rows[every["id"]]["events"] == "*"
    assert (rows[few["id"]]["events"], rows[few["id"]]["waiting"]) == (
        "approval.decided",
        1,
    )
    assert few["secret"] not in run("endpoints", "list").output
    told("endpoints", "pause", few["id"])
    assert "switched off" in run("endpoints", "test", few["id"]).output
    told("endpoints", "resume", few["id"])
    assert told("endpoints", "resend", few["id"])["resent"] == 0
    told("endpoints", "remove", few["id"])
    assert [row["id"] for row in told("endpoints", "list")] == [every["id"]]
    assert "https://" in run("endpoints", "add", "ftp://example.com/").output
    assert "approval.decided" in run("endpoints", "add", url, "--event", "x").output


def test_a_source_that_cannot_work_is_refused_with_all_its_faults(run: Any) -> None:
    unknown = run("sources", "add", "x", "--kind", "carrier-pigeon")
    assert (unknown.exit_code, "There is no such kind" in unknown.output) == (1, True)
    faulty = run("sources", "add", "x", "--kind", "hmac")
    assert "/signature_header" in faulty.output
    assert "/fields" in faulty.output
    assert run("sources", "add", "x", "--kind", "hmac", "--set", "novalue").exit_code == 2
    twice = ("--set", "fields=1", "--set", "fields.tool=/t")
    assert run("sources", "add", "x", "--kind", "hmac", *twice).exit_code == 2


def test_what_people_named_is_shown_without_acting_on_the_terminal(
    run: Any, filed: Any
) -> None:
    filed({"command": "ls \u202e\x1b[31m"})
    output = run("approvals", "list").output
    assert "\x1b" not in output
    assert "\u202e" not in output


def test_the_write_gate_is_switched_and_the_switch_recorded(
    told: Any, run: Any, first: Any
) -> None:
    named = told("orgs", "domains", "@Acme.example", "acme.example", "shop.example")
    assert named == {"org": first["org"], "own_domains": ["acme.example", "shop.example"]}
    assert told("orgs", "domains", "acme.example", "shop.example") == named
    assert told("orgs", "domains", "--org", "main")["own_domains"] == []
    assert run("orgs", "domains", "acme").exit_code == 1
    assert told("orgs", "write-gate", "on") == {"org": first["org"], "write_gate": "on"}
    assert told("orgs", "write-gate", "off", "--org", "main")["write_gate"] == "off"
    assert run("orgs", "write-gate", "maybe").exit_code == 2
    assert run("orgs", "write-gate", "on", "--org", "nonesuch").exit_code == 1


def test_several_orgs_must_be_told_apart(run: Any, told: Any, instance: Path) -> None:
    from webui.runtime import open_store  # noqa: PLC0415
    from webui.settings import Settings  # noqa: PLC0415

    store = open_store(Settings(instance=instance))
    store.write(lambda tx: accounts.create_org(tx, "Zebra"))
    store.close()
    assert "--org" in run("users", "list").output
    assert told("users", "list", "--org", "zebra") == []
    assert run("users", "list", "--org", "nonesuch").exit_code == 1


def test_an_account_joins_another_org_instead_of_failing(told: Any, run: Any) -> None:
    made = told("users", "add", "rae@example.org", "--role", "reviewer")
    org = told("orgs", "add", "Research", "--owner", "rae@example.org")
    assert (org["slug"], org["owner"]) == ("research", "rae@example.org")
    assert [row["slug"] for row in told("orgs", "list")] == ["main", "research"]
    again = told("users", "add", "ADMIN@localhost", "--role", "viewer", "--org", "research")
    assert again["email"] == "admin@localhost"
    assert "already" in again["said"]
    assert "password" not in again
    rows = {row["email"]: row["role"] for row in told("users", "list", "--org", "research")}
    assert rows == {"rae@example.org": "owner", "admin@localhost": "viewer"}
    twice = run("users", "add", "rae@example.org", "--role", "viewer", "--org", "research")
    assert (twice.exit_code, "in use" in twice.output) == (1, True)
    assert run("orgs", "add", "X", "--owner", "nobody@example.org").exit_code == 1
    assert run("orgs", "add", " ").exit_code == 1
    assert len(told("orgs", "list")) == 2
    assert made["password"]


def test_the_place_of_a_person_is_changed_from_the_command_line(
    told: Any, run: Any
) -> None:
    for email in ("rae@example.org", "alias@example.org"):
        told("users", "add", email, "--role", "reviewer")
    assert "last active owner" in run("users", "suspend", "admin@localhost").output
    assert "last active owner" in run("users", "role", "admin@localhost", "admin").output
    assert "last active owner" in run("users", "remove", "admin@localhost").output
    told("users", "suspend", "rae@example.org")
    assert told("users", "restore", "rae@example.org")["status"] == "active"
    told("users", "same-person", "alias@example.org", "rae@example.org")
    told("users", "apart", "alias@example.org")
    assert "not marked" in run("users", "apart", "alias@example.org").output
    told("users", "remove", "alias@example.org")
    assert run("users", "remove", "alias@example.org").exit_code == 1
    assert run("users", "same-person", "rae@example.org", "x@x.org").exit_code == 1


def test_invitations_from_the_command_line(told: Any, run: Any) -> None:
    made = told("users", "invite", "new@example.org", "--role", "viewer")
    assert "/join/" in made["link"]
    (row,) = told("users", "invitations")
    assert (row["id"], row["email"]) == (made["id"], "new@example.org")
    assert made["link"].split(".")[-1] not in run("users", "invitations").output
    told("users", "uninvite", made["id"])
    assert told("users", "invitations") == []
    assert run("users", "invite", "new@example.org", "--role", "king").exit_code == 1


def test_groups_from_the_command_line(told: Any, run: Any) -> None:
    told("groups", "add", "On call")
    told("groups", "add", "On call", "admin@localhost")
    assert [row["members"] for row in told("groups", "list")] == [1]
    assert [row["email"] for row in told("groups", "members", "On call")] == [
        "admin@localhost"
    ]
    told("groups", "rename", "On call", "Night")
    told("groups", "remove", "Night", "admin@localhost")
    assert run("groups", "remove", "Night", "admin@localhost").exit_code == 1
    assert told("groups", "remove", "Night")["deleted"]
    assert run("groups", "members", "Night").exit_code == 1
    assert run("groups", "add", "a\x1bb").exit_code == 1


def test_an_agent_is_set_from_the_command_line(told: Any, run: Any) -> None:
    told("agents", "add", "boss")
    words = ("--owner", "admin@localhost", "--manager", "boss", "--role", "worker")
    found = told("agents", "set", "first-agent", *words, "--can-create-agents")
    assert (found["owner"], found["manager"], found["role"]) == (
        "admin@localhost",
        "boss",
        "worker",
    )
    assert found["can_create_agents"]
    same = told("agents", "set", "first-agent", "--status", "paused")
    assert (same["status"], same["manager"]) == ("paused", "boss")
    circle = run("agents", "set", "boss", "--manager", "first-agent")
    assert "boss → first-agent → boss" in circle.output
    assert run("agents", "set", "nobody", "--role", "x").exit_code == 1


def test_lost_second_factors_are_shown_and_removed(told: Any, run: Any) -> None:
    told("users", "add", "rae@example.org", "--role", "reviewer")
    shown = told("users", "factors", "rae@example.org")
    assert shown == {
        "email": "rae@example.org",
        "app": False,
        "passkeys": [],
        "recovery_codes": 0,
    }
    assert told("users", "factors", "rae@example.org", "--reset")["removed"] == 0
    assert run("users", "factors", "nobody@example.org").exit_code == 1


def test_sessions_are_listed_and_ended(told: Any, run: Any) -> None:
    assert told("sessions", "list", "admin@localhost") == []
    assert told("sessions", "end", "admin@localhost")["ended"] == "all"
    refused = run("sessions", "end", "admin@localhost", "--session", "0123456789ab")
    assert refused.exit_code == 1
    assert "no such session" in refused.output
