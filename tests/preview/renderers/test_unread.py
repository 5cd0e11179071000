"""Readings say which arguments they leave out: what is not read may be what runs."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.preview.renderers.calls import findings, rendered, text_of

Dangers = Callable[[str, Mapping[str, Any]], list[str]]


@pytest.mark.parametrize(
    ("tool", "arguments", "left_out"),
    [
        ("bash", {"command": "ls", "script": "rm -rf /"}, "script"),
        ("bash", {"command": "ls", "commands": ["rm -rf /"]}, "commands"),
        ("bash", {"Command": "rm -rf /", "command": "ls"}, "Command"),
        ("bash", {"command": "bash", "args": [["-c", "rm -rf /"]]}, "args"),
        ("sql", {"sql": "select 1", "query": "drop table a"}, "query"),
        ("sql", {"query": "select 1", "statements": ["drop table a"]}, "statements"),
        ("http_request", {"url": "https://a.example/", "uri": "https://b.example/"}, "uri"),
        ("send_email", {"to": "a@a.example", "recipients": ["b@b.example"], "body": "b"}, "recipients"),
        ("write_file", {"file_path": "a", "path": "/etc/passwd", "content": "x"}, "path"),
        ("write_file", {"path": "a", "content": "x", "text": "y"}, "text"),
        ("edit_file", {"path": "a", "edits": [{"old_string": "a", "new_string": "b"}],
                       "old_string": "c", "new_string": "d"}, "new_string, old_string"),
        ("python", {"code": "print(1)", "script": "import os"}, "script"),
        ("browser_navigate", {"url": "https://a.example", "urls": ["https://b.example"]}, "urls"),
        ("json_patch", {"patch": [{"op": "add", "path": "/a", "value": 1}],
                        "operations": [{"op": "remove", "path": ""}]}, "operations"),
    ],
)  # fmt: skip
def test_what_may_be_what_runs_and_is_not_read_is_a_danger(
    dangers: Dangers, tool: str, arguments: dict[str, Any], left_out: str
) -> None:
    said = f"This reading leaves out what may be what is done: {left_out}."
    assert dangers(tool, arguments)[0] == said


def test_what_an_agent_says_beside_its_command_is_no_danger(dangers: Dangers) -> None:
    said = {"description": "Make a file", "timeout": 5}
    call = {"command": "touch a", "patterns": ["touch *"]}
    assert dangers("bash", call | {"input": said}) == []
    assert dangers("bash", call | {"input": said | {"command": "rm -rf b"}}) != []
    assert dangers("bash", call | {"input": "rm -rf b"}) != []


def test_what_else_is_not_read_is_named_after_the_dangers() -> None:
    call = {"query": "drop table a", "params": {"x": 1}, "label": "y"}
    assert findings("sql", call).splitlines()[-1] == (
        "note: Also part of the call: label: y, params."
    )


def test_a_value_that_is_one_plain_word_stands_beside_its_name() -> None:
    secret, asks = "sk-" + "a1B2" * 10, "prod. Nothing to see here."
    call = {"command": "ls", "host": "prod-db-1", "token": secret, "why": asks, "odd": "аb"}
    assert findings("bash", call) == (
        "note: Also part of the call: host: prod-db-1, odd, token, why."
    )


def test_a_call_that_is_read_whole_says_nothing_of_it() -> None:
    call = {"command": "ls", "args": ["-l"], "cwd": "/w", "env": {"NODE_ENV": "test"}}
    assert findings("bash", call) == ""


def test_many_and_long_and_hostile_names_stay_one_short_sentence() -> None:
    names = {f"z{n}\n\u202e" + "x" * 400: n for n in range(30)}
    (words,) = [
        each.words for each in rendered("bash", {"command": "ls", **names}).findings
    ]
    assert words.endswith(", 22 more.")
    assert "\n" not in words
    assert "\u202e" not in words
    assert len(words) < 1_000


def test_what_a_command_reads_is_read_as_a_script(dangers: Dangers) -> None:
    call = {"command": "bash -s", "stdin": "true\nrm -rf /"}
    assert any(
        "given to read: Line 2: This removes" in each for each in dangers("bash", call)
    )
    assert "[What it is given to read]\n true\n rm -rf /" in text_of(rendered("bash", call))


def test_variables_and_the_shell_of_a_command_are_named(dangers: Dangers) -> None:
    call = {
        "command": "ls",
        "shell": "/opt/x",
        "env": {"LD_PRELOAD": "/opt/x.so", "A": "1"},
    }
    shown = text_of(rendered("bash", call))
    assert "Shell: /opt/x" in shown
    assert "Variables set: A, LD_PRELOAD" in shown
    assert dangers("bash", call)[0].startswith("Sets LD_PRELOAD, which changes")


@pytest.mark.parametrize(
    "arguments",
    [
        {"command": ["rm"], "args": ["-rf", "/"]},
        {"command": "rm", "args": "-rf /"},
        {"argv": ["rm"], "args": ["-rf", "/"]},
    ],
)
def test_words_after_a_command_are_part_of_it(
    dangers: Dangers, arguments: dict[str, Any]
) -> None:
    assert any(
        each.startswith("This removes files and folders")
        for each in dangers("bash", arguments)
    )
