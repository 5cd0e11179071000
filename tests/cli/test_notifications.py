"""`countersign notifications`: where a person is told, on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

WHO = "admin@localhost"


def test_a_persons_places_are_listed_added_changed_and_removed(told: Any, run: Any) -> None:
    made = told("notifications", "add", WHO, "browser")
    assert (made["kind"], made["status"]) == ("browser", "active")
    wish = (
        "--risk-from",
        "high",
        "--hour",
        "9",
        "--hour",
        "17",
        "--quiet",
        "22:00",
        "07:00",
    )
    changed = told(
        "notifications", "change", WHO, made["id"], *wish, "--sound", "--tool", "a.*"
    )
    assert (changed["risk_from"], changed["hours"]) == ("high", [9, 17])
    assert (changed["quiet"], changed["tools"]) == (["22:00", "07:00"], ["a.*"])
    assert changed["sound"] is True
    more = ("--no-quiet", "--all-tools", "--every", "0")
    changed = told("notifications", "change", WHO, made["id"], *more)
    assert (changed["quiet"], changed["tools"], changed["hours"]) == (None, [], [])
    assert (changed["risk_from"], changed["sound"]) == ("high", True), "as it was"
    assert told("notifications", "zone", WHO, "Europe/Berlin")["zone"] == "Europe/Berlin"
    assert told("notifications", "pause", WHO, made["id"])["status"] == "paused"
    assert told("notifications", "resume", WHO, made["id"])["status"] == "active"
    assert [each["id"] for each in told("notifications", "list", WHO)] == [made["id"]]
    assert told("notifications", "remove", WHO, made["id"])["status"] == "removed"
    assert told("notifications", "list", WHO) == []


def test_what_cannot_be_is_refused_in_a_sentence(
    run: Any, told: Any, tmp_path: Path
) -> None:
    made = told("notifications", "add", WHO, "browser")["id"]
    secret = tmp_path / "url"
    secret.write_text("json://bob:hunter2@127.0.0.1/hear")
    for words, said in (
        (("list", "nobody@example.org"), "There is no such active member"),
        (("add", WHO, "mail"), "does not tell people in this way"),
        (("add", WHO, "service", "--url-from", str(secret)), ""),
        (("change", WHO, made, "--every", "7"), "choose 0 or one of 15"),
        (("change", WHO, made, "--hour", "24"), "0 to 23"),
        (("test", WHO, made), "tried on its own page"),
        (("pause", WHO, "dst_nothing"), "There is no such place"),
    ):
        answer = run("notifications", *words)
        assert answer.exit_code != 0, words
        assert said in answer.output
        assert "hunter2" not in answer.output
