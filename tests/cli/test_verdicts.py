"""`countersign approvals`: what a person can answer besides yes and no."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from webui.runtime import open_store
from webui.settings import Settings
from webui.store.models import Org

ACTOR = ("--actor", "admin@localhost")


@pytest.fixture
def typed(tmp_path: Path) -> Any:
    """Write edited arguments into a file."""

    def write(arguments: Any) -> str:
        path = tmp_path / "edited.json"
        text = arguments if isinstance(arguments, str) else json.dumps(arguments)
        path.write_text(text)
        return str(path)

    return write


def test_an_edit_starts_from_what_show_gives_and_keeps_what_is_masked(
    told: Any, run: Any, filed: Any, typed: Any
) -> None:
    approval = filed({"command": "ls", "password": "hunter2", "n": 1})
    masked = told("approvals", "show", approval)["masked_arguments"]
    assert "hunter2" not in json.dumps(masked)
    source = typed(masked | {"n": 2})
    answer = told("approvals", "edit", approval, "--arguments", source, *ACTOR)
    assert answer == {"id": approval, "status": "approved", "by": "admin@localhost"}
    shown = told("approvals", "show", approval)
    assert shown["masked_arguments"] == masked | {"n": 2}
    assert shown["changes"] == [
        {"pointer": "/n", "change": "changed", "before": 1, "after": 2}
    ]
    assert "changes: \n  /n: 1 becomes 2\n" in run("approvals", "show", approval).output


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"n": 1, "n": 2}', "cannot be read"),
        ("[1]", "cannot be read"),
        ('{"n": NaN}', "cannot be read"),
        ('{"n": "1"}', "do not fit this tool. See /arguments/n"),
        ('{"n": 1}', "Nothing was changed"),
    ],
)
def test_edited_arguments_are_read_strictly_and_checked(
    run: Any, told: Any, filed: Any, typed: Any, text: str, sentence: str
) -> None:
    approval = filed({"n": 1})
    refused = run("approvals", "edit", approval, "--arguments", typed(text), *ACTOR)
    assert refused.exit_code == 1
    assert sentence in refused.output
    assert told("approvals", "show", approval)["status"] == "pending"


def test_what_asks_for_its_page_is_edited_there_only(
    run: Any, filed: Any, typed: Any
) -> None:
    approval = filed({"n": 1}, risk="high")
    source = typed({"n": 2})
    refused = run("approvals", "edit", approval, "--arguments", source, *ACTOR)
    assert "on its page only" in refused.output


def test_a_token_edits_only_if_it_was_made_for_it(
    run: Any, filed: Any, typed: Any, first: Any
) -> None:
    approval, token = filed({"n": 1}), first["admin"]["token"]
    options = ("--arguments", typed({"n": 2}), "--token", token)
    refused = run("approvals", "edit", approval, *options)
    assert "does not carry approvals:edit_arguments" in refused.output
    assert run("approvals", "approve", approval, "--token", token).exit_code == 0


def test_an_answer_stands_in_the_place_of_a_run(told: Any, run: Any, filed: Any) -> None:
    approval = filed()
    answer = told("approvals", "respond", approval, "--answer", "Use the copy.", *ACTOR)
    assert answer["status"] == "answered"
    assert run("approvals", "respond", filed({"n": 1}), *ACTOR).exit_code == 2


def test_changes_are_asked_for_and_the_conversation_is_shown_in_safe_lines(
    told: Any, run: Any, filed: Any
) -> None:
    approval = filed()
    forged = "Which host?\n\x1b[2J"
    asked = ("request-changes", approval, "--message", forged)
    assert told("approvals", *asked, *ACTOR)["status"] == "needs_revision"
    assert told("approvals", "message", approval, "Hurry.", *ACTOR)["id"] == approval
    texts = [line["text"] for line in told("approvals", "show", approval)["messages"]]
    assert texts == [forged, "Hurry."]
    shown = run("approvals", "show", approval).output
    assert "\x1b" not in shown
    assert "Which host?⟦U+000A⟧⟦U+001B⟧[2J\n" in shown
    refused = run("approvals", "approve", approval, *ACTOR)
    assert "has not answered yet" in refused.output


def test_a_call_is_claimed_let_go_approved_and_taken_back(
    told: Any, run: Any, filed: Any
) -> None:
    approval = filed()
    for verb, status in (
        ("claim", "pending"),
        ("release", "pending"),
        ("approve", "approved"),
        ("revoke", "revoked"),
    ):
        assert told("approvals", verb, approval, *ACTOR)["status"] == status
    late = run("approvals", "message", approval, "too late", *ACTOR)
    assert "Nothing is left to talk about" in late.output


@pytest.mark.parametrize(
    "verb", ["claim", "release", "revoke", "message", "respond", "request-changes", "edit"]
)
def test_every_verb_of_a_person_needs_one(
    run: Any, filed: Any, typed: Any, first: Any, verb: str
) -> None:
    approval = filed({"n": 1})
    more = {
        "message": ("hello",),
        "respond": ("--answer", "no"),
        "request-changes": ("--message", "why"),
        "edit": ("--arguments", typed({"n": 2})),
    }.get(verb, ())
    assert "needs a person" in run("approvals", verb, approval, *more).output
    agent = ("--token", first["agent"]["key"])
    assert "never decides" in run("approvals", verb, approval, *more, *agent).output


def test_who_may_not_edit_learns_nothing_by_trying(
    run: Any, told: Any, filed: Any, typed: Any
) -> None:
    told("users", "add", "vi@example.org", "--role", "viewer")
    approval = filed({"password": "hunter2", "n": 1})
    guesses = (
        {"password": "hunter2", "n": 1},  # right: nothing would be changed
        {"password": "hunter1", "n": 1},
        {"password": 7, "other": None},
    )
    said = set()
    for guess in guesses:
        words = ("--arguments", typed(guess), "--actor", "vi@example.org")
        said.add(run("approvals", "edit", approval, *words).output)
    assert len(said) == 1
    assert run("audit", "export").output.count("access.refused") == len(guesses)


def test_a_token_waits_for_the_second_factor_its_org_asks_for(
    run: Any, told: Any, filed: Any, instance: Path
) -> None:
    token = told("users", "add", "rae@example.org", "--role", "reviewer")["token"]
    approval = filed()
    store = open_store(Settings(instance=instance))
    store.write(
        lambda tx: tx.execute(update(Org).values(require_second_factor=True)).close()
    )
    store.close()
    refused = run("approvals", "deny", approval, "--token", token)
    assert refused.exit_code == 1
    assert "second factor" in refused.output
    assert told("approvals", "show", approval)["status"] == "pending"
