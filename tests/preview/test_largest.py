"""The largest calls that can be filed: all of them is shown, in rows where lines would be too many."""

import json
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.previews import HOSTILE, PLAIN
from webui.approvals.call.strict_json import read_document
from webui.preview import (
    Call,
    Node,
    Piece,
    Profile,
    canonical_of,
    canonical_pieces,
    card,
    card_of,
    full,
    full_of,
    masked_arguments,
    masked_of,
    pieces,
    place_in,
    visible,
)
from webui.preview.codes import classes
from webui.preview.scripts import odd_letters
from webui.preview.values import MANY

PROFILE = Profile(bytes(32))
MOST_LINES = 6_000
"""Of a page; a call may have 10,000 values, and lists in lists a line for each level."""
MASK = re.compile(r"⟦redacted [^⟧]*⟧")
TOKEN = "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"
LARGEST = {**PLAIN, **HOSTILE}


def below(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from below(child)


def written(shown: tuple[Piece, ...]) -> str:
    return "".join(piece.text for piece in shown)


def rows(node: Node) -> list[Node]:
    return [each for each in below(node) if each.kind == "rows"]


@pytest.mark.parametrize("name", LARGEST)
def test_the_largest_calls_can_be_filed_and_their_pages_have_few_lines(name: str) -> None:
    arguments = dict(LARGEST[name]())
    text = json.dumps({"arguments": arguments}, ensure_ascii=False, separators=(",", ":"))
    assert read_document(text.encode(), envelope_levels=1).value["arguments"] == arguments
    shown = full("t", arguments, PROFILE)
    lines = [node for top in shown.nodes for node in below(top)]
    assert len(lines) < MOST_LINES
    assert card("t", arguments, PROFILE).truncated


def test_many_secrets_stand_in_rows_and_each_mask_has_its_place() -> None:
    secrets = [f"hunter{number}" for number in range(2 * MANY)]
    (node,) = full("t", {"password": secrets}, PROFILE).nodes
    assert {each.kind for each in node.children} == {"rows"}
    said = ", ".join(written(row.pieces) for row in node.children)
    assert json.loads(f"[{said}]") == masked_arguments({"a": secrets, "password": secrets}, PROFILE)["password"]  # fmt: skip
    masks = [p for row in rows(node) for p in row.pieces if p.kind == "mask"]
    assert [mask.at for mask in masks] == [f"0.{at}" for at in range(2 * MANY)]
    assert {row.flags for row in node.children} == {("redacted",)}
    assert sum(row.count or 0 for row in node.children) == 2 * MANY


def test_a_revealed_value_leaves_its_row_and_the_others_stay() -> None:
    secrets = [f"hunter{number}" for number in range(2 * MANY)]
    shown = full("t", {"password": secrets}, PROFILE, reveal=place_in("0.7"))
    (own,) = [each for each in shown.nodes[0].children if each.kind != "rows"]
    assert (own.name, written(own.pieces), own.flags) == ("7", "hunter7", ("revealed",))
    masks = [p for row in rows(shown.nodes[0]) for p in row.pieces if p.kind == "mask"]
    assert len(masks) == 2 * MANY - 1
    assert "0.7" not in [mask.at for mask in masks]


def crowd(extra: Any) -> Node:
    """A list of more than can have lines, and one thing more."""
    (node,) = full("t", {"list": ["\u200b"] * (MANY + 1) + [extra]}, PROFILE).nodes
    return node


def last_row(extra: Any) -> Node:
    return rows(crowd(extra))[-1]


def test_what_is_inside_what_stands_in_a_row_is_written_out() -> None:
    row = last_row([1, {"a": [], "password": "x", "p\u200b": {}, "u": [[TOKEN]]}])
    text = MASK.sub("⟦m⟧", written(row.pieces))
    assert text.endswith(
        '[1, {"a": [], "password": "⟦m⟧", "p⟦U+200B⟧": {}, "u": [["⟦m⟧"]]}]'
    )
    assert row.flags == ("invisible", "redacted")
    assert [p.at for p in row.pieces if p.kind == "mask"] == ["0.501.1.1", "0.501.1.3.0.0"]


def test_names_in_a_row_are_masked_and_told_apart() -> None:
    text = written(last_row({"pay": 1, "раy": 2, f"k {TOKEN}": "\u200b"}).pieces)
    assert '"⟦U+0440⟧⟦U+0430⟧y": 2' in text
    assert TOKEN not in text
    assert MASK.search(text)


def test_what_is_packed_stands_behind_its_row() -> None:
    row = last_row("aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8gd29ybGQ=")
    assert [written(each.pieces) for each in row.decoded] == [
        "hello world hello world hello world"
    ]


def test_a_number_in_a_row_says_how_it_was_received() -> None:
    items = ",".join(["1.0"] * (MANY + 1))
    (node,) = full("t", {"list": [1] * (MANY + 1)}, PROFILE, received=f'{{"list":[{items}]}}').nodes  # fmt: skip
    assert written(rows(node)[0].pieces).startswith("1⟦received as 1.0⟧, 1⟦received")


def test_a_text_that_is_folded_keeps_its_line_however_deep_it_stands() -> None:
    long = "\u200b" + "x" * 10_001
    node = crowd([[long]])
    (own,) = [each for each in below(node) if each.fold]
    assert own.kind == "string"
    assert long[1:] in written(own.pieces)


def test_a_long_list_among_many_has_lines_of_its_own() -> None:
    node = crowd(["\u200b"] * (MANY + 1))
    assert [each.count for each in node.children if each.kind == "array"] == [MANY + 1]


def test_many_short_lists_stand_in_rows_too() -> None:
    arguments = {f"a{number}": [1] * MANY for number in range(5)}
    shown = full("t", arguments, PROFILE).nodes
    assert all({each.kind for each in node.children} == {"rows"} for node in shown)
    few = full("t", {"a": [1] * MANY}, PROFILE).nodes
    assert len(few[0].children) == MANY


def test_views_of_one_reading_are_those_of_their_own() -> None:
    for name in ("deep secrets", "keys", "one text"):
        arguments = dict(LARGEST[name]())
        call = Call(arguments, PROFILE)
        for _ in range(2):
            assert card_of("t", call) == card("t", arguments, PROFILE)
            assert full_of("t", call) == full("t", arguments, PROFILE)
        assert canonical_of(call) == canonical_pieces(arguments, PROFILE)
        assert masked_of(call) == masked_arguments(arguments, PROFILE)


def test_a_text_of_few_classes_is_flagged_as_a_long_one() -> None:
    for text in ("аa", "a", "zаz", "漢a", "pаypal"):
        long = text + " " * 70
        assert odd_letters(text, classes(text)) == odd_letters(long, classes(long))


@given(st.text(st.sampled_from(" \n\ta\u0301\u202e⟦⟧é\u200bб\r\U000e0041x"), max_size=30))
def test_visible_text_is_its_pieces_joined(text: str) -> None:
    for each in (text, text + " " * 9, " " * 9 + text):
        assert visible(each) == written(pieces(each))


def test_the_signs_that_are_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    # the package has a function of the module's name
    monkeypatch.setattr(import_module("webui.preview.visible"), "_MOST_REMEMBERED", 3)
    for sign in "abcdefgh\u200b":
        assert visible(f"{sign}\u200b") == f"{visible(sign)}⟦U+200B⟧"
