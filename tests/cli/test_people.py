"""`countersign init`, `users`, `agents`, `keys` and `sources`."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

from webui.approvals.keys import read_key


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


def test_several_orgs_must_be_told_apart(run: Any, told: Any, instance: Path) -> None:
    from webui.approvals import accounts  # noqa: PLC0415
    from webui.runtime import open_store  # noqa: PLC0415
    from webui.settings import Settings  # noqa: PLC0415

    store = open_store(Settings(instance=instance))
    store.write(lambda tx: accounts.create_org(tx, "Zebra"))
    store.close()
    assert "--org" in run("users", "list").output
    assert told("users", "list", "--org", "zebra") == []
    assert run("users", "list", "--org", "nonesuch").exit_code == 1
