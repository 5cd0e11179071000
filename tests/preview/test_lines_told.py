"""A line is kept in English; its marks are told in the reader's language, an agent's words never."""

from __future__ import annotations

import re
from typing import Any

import pytest

from webui.languages import language
from webui.preview import Profile, arguments_told, glance, line, line_told
from webui.preview.telling import mark_told
from webui.sentences import told

GERMAN = language("de")


def german(tool: str, written: str) -> object:
    return told(line_told(tool, written), GERMAN)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "t()"),
        ({"note": "café"}, 't(note: "café")'),
        ({"a": {"x": 1}, "b": [1, 2]}, "t(a: {1 Schlüssel}, b: [2 Elemente])"),
        ({"a": {}, "b": [1]}, "t(a: {0 Schlüssel}, b: [1 Element])"),
        ({"a": "x" + " " * 30 + "y"}, 't(a: "x⟦30 Leerzeichen⟧y")'),
        (
            {"a": "x" * 81},
            f't(a: "{"x" * 50}⟦… 11 von 81 Zeichen ausgelassen …⟧{"x" * 20}")',
        ),
        (
            {f"k{n}": n for n in range(7)},
            "t(k0: 0, k1: 1, k2: 2, k3: 3, k4: 4, ⟦+2 weitere Schlüssel⟧)",
        ),
        (
            {"note": "[2 items] {3 keys} 300 spaces +2 more keys"},
            't(note: "[2 items] {3 keys} 300 spaces +2 more keys")',
        ),
        (
            {"note": '", x: [2 items], y: {3 keys}, z: "'},
            't(note: "\\", x: [2 items], y: {3 keys}, z: \\"")',
        ),
        ({"[2 items]": 1, "{3 keys}": "\\"}, 't("[2 items]": 1, "{3 keys}": "\\\\")'),
        (
            {"a": "⟦9 spaces⟧⟦+2 more keys⟧"},
            't(a: "⟦U+27E6⟧9 spaces⟦U+27E7⟧⟦U+27E6⟧+2 more keys⟦U+27E7⟧")',
        ),
        ({"a": "\u202e"}, 't(a: "⟦U+202E⟧")'),
    ],
)
def test_a_line_is_told_in_german_but_for_what_the_agent_wrote(
    profile: Profile, arguments: dict[str, Any], said: str
) -> None:
    assert german("t", line("t", arguments, profile)) == said


@pytest.mark.parametrize(
    "tool", ["x[2 items]", 'x"', "x(a: {3 keys}", "x ⟦9 spaces⟧", "t" * 90, "{1 key}("]
)
def test_no_name_of_a_tool_is_taken_for_a_mark(profile: Profile, tool: str) -> None:
    written = line(tool, {"a": [1, 2]}, profile)
    said = str(german(tool, written))
    assert said.endswith("(a: [2 Elemente])")
    name = written.removesuffix("(a: [2 items])")
    assert said.removesuffix("(a: [2 Elemente])") == name.replace(
        "63 of 90 chars hidden", "63 von 90 Zeichen ausgelassen"
    )
    assert told(arguments_told(tool, written), GERMAN) == "a: [2 Elemente]"


def test_a_mask_is_told_in_words_and_keeps_its_tag(profile: Profile) -> None:
    written = line("t", {"password": "hunter2", "token": "a b"}, profile)
    tags = [part.split("⟧")[0] for part in written.split("tag ")[1:]]
    assert german("t", written) == (
        f"t(password: ⟦verdeckt, 7 Zeichen, Kennzeichen {tags[0]}⟧, "
        f"token: ⟦verdeckt, 3 Zeichen mit Leerzeichen, Kennzeichen {tags[1]}⟧)"
    )


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("t(a: [2 items], ⟦+1 more key⟧)", "t(a: [2 Elemente], ⟦+1 weiterer Schlüssel⟧)"),
        ("x[2 items]( (a: {1 key})", "x[2 items]( (a: {1 Schlüssel})"),
        ('t(a: "(b: [2 items])", c: [1 item])', 't(a: "(b: [2 items])", c: [1 Element])'),
        ("t(⟦+9 more keys⟧)", "t(⟦+9 weitere Schlüssel⟧)"),
        ("no line: [2 items] ⟦9 spaces⟧", "no line: [2 items] ⟦9 Leerzeichen⟧"),
        ("t(a: [2 items]", "t(a: [2 items]"),
    ],
)
def test_a_line_that_names_its_tool_otherwise_is_told_where_its_arguments_begin(
    written: str, said: str
) -> None:
    assert german("other", written) == said


def test_such_a_line_is_shown_whole_beside_its_tool() -> None:
    said = told(arguments_told("other", "t(a: [2 items])"), GERMAN)
    assert said == "t(a: [2 Elemente])"


def test_in_english_a_line_stays_as_it_was_kept(
    profile: Profile, naughty: list[str]
) -> None:
    whole = [text for text in naughty if not any("\ud800" <= c <= "\udfff" for c in text)]
    for text in whole:
        arguments = {"a": text * 40, text[:200]: {text: 1}, "b": [text], "token": text}
        written = line(text, arguments, profile)
        assert line_told(text, written) == written
        assert written.endswith(f"({arguments_told(text, written)})")


@pytest.mark.parametrize("mark", ["⟦U+202E⟧", "⟦⟧", "⟦3 worlds⟧", "⟦redacted⟧"])
def test_what_is_no_mark_of_ours_stays(mark: str) -> None:
    assert mark_told(mark) == mark


def test_a_call_in_which_nothing_long_is_flagged_has_one_line_whoever_reads_it(
    profile: Profile, naughty: list[str]
) -> None:
    # No call holds half of a surrogate pair.
    whole = [text for text in naughty if not re.search("[\ud800-\udfff]", text)]
    calls: list[dict[str, Any]] = [
        {},
        {"secret": {"a": 1}, "password": ["x"], "token": "abc", "z": None},
        {f"k{number}": number for number in range(9)},
        {"a": {"b": {"c": 1}}, "list": [1, 2], "flag": True, "text": "x" * 5_000},
        *({text[:40] or "empty": text, "password": text} for text in whole[::10]),
    ]
    for arguments in calls:
        seen = glance("a.tool", arguments, profile)
        assert seen.line == line("a.tool", arguments, profile)
