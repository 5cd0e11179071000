"""The editor of a call: what its boxes show, and what comes back from them."""

import json
from typing import Any

import pytest

from webui.approvals.call.differing import same
from webui.approvals.errors import InvalidError
from webui.preview import Profile, masked_arguments, unmasked
from webui.preview.clipping import CARD
from webui.preview.editable import masked_pieces, spelt, tokens
from webui.web.editor import MOST_FIELDS, editor_of, read

PROFILE = Profile(mask_key=bytes(32))
SECRET = "sk-" + "a1B2" * 10
HOSTILE: list[Any] = [
    "plain",
    "",
    "\nbegins with a line",
    "ends with one\n",
    "two\r\nlines",
    "lone\rreturn",
    "tab\there",
    " edge ",
    "in\u202evoice",
    "caf\u00e9",
    "caf\u00e9\u200b",
    "a\x00b",
    "раypal",
    "\U000e0041tag",
    "⟦redacted 3 chars tag 00000000⟧",
    "⟦U+27E6⟧",
    "back\\u27e6slash",
    '"quoted"',
    "x" + " " * 40 + "y",
    SECRET,
    f"Bearer {SECRET} and more",
    "</textarea><script>",
    12,
    -0.5,
    1.5e10,
    4111111111111111,
    True,
    False,
    None,
    [],
    {},
    [1, "a\u200bb", None],
    {"deep": {"er\u202e": ["x", SECRET]}, "password": "hunter2"},
]


def edited(arguments: dict[str, Any], **typed: str) -> dict[str, Any]:
    """Send the form back with these boxes (by argument) changed, as a browser sends it."""
    editor = editor_of(arguments, PROFILE)
    sent = {field.name: field.shown.replace("\n", "\r\n") for field in editor.fields}
    for field in editor.fields:
        if field.key in typed:
            sent[field.name] = typed[field.key]
    found: dict[str, Any] = unmasked(read(editor, sent), arguments, PROFILE)
    return found


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_a_call_sent_back_as_it_was_shown_is_the_same_to_the_byte(value: Any) -> None:
    arguments = {"value": value, "api_key": SECRET, "na\u200bme": value}
    assert same(edited(arguments), arguments)


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_nothing_that_could_hide_stands_in_a_box(value: Any) -> None:
    for field in editor_of({"value": value, "other": [value]}, PROFILE).fields:
        assert not {"\u202e", "\u200b", "\x00", "\r", "\t", "\U000e0041"} & set(field.shown)


@pytest.mark.parametrize("value", HOSTILE, ids=ascii)
def test_what_is_spelt_is_json_for_the_same_masked_value(value: Any) -> None:
    masked = masked_arguments({"value": value}, PROFILE)
    assert same(json.loads(spelt(masked)), masked)


def test_secrets_are_shown_as_masks_only() -> None:
    arguments = {
        "api_key": SECRET,
        "deep": [{"password": "hunter2"}],
        "text": f"a {SECRET}",
    }
    shown = "".join(field.shown for field in editor_of(arguments, PROFILE).fields)
    assert SECRET not in shown
    assert "hunter2" not in shown
    assert shown.count("⟦redacted") == 3


@pytest.mark.parametrize(
    ("was", "typed", "now"),
    [
        ("a", "b", "b"),
        ("a", "one\r\ntwo", "one\ntwo"),
        ("a", '"b"', '"b"'),
        ("a\u200b", '"b\\u200b"', "b\u200b"),
        (3, "1e3", 1000),
        (3, " 4.5 ", 4.5),
        (3, "-0", 0),
        (True, "false", False),
        ([1], "[2, 3]", [2, 3]),
        ({"a": 1}, '{"a": 2}', {"a": 2}),
        (SECRET, "another", "another"),
        (4111111111111111, "5", 5),
    ],
)
def test_a_box_is_read_as_the_type_of_its_argument(was: Any, typed: str, now: Any) -> None:
    assert same(edited({"value": was, "z": 1}, value=typed), {"value": now, "z": 1})


@pytest.mark.parametrize(
    ("was", "typed", "said"),
    [
        (3, "three", "is no number"),
        (3, "1,000", "is no number"),
        (3, "0x10", "is no number"),
        (3, "NaN", "is no number"),
        (3, "٣", "is no number"),
        (3, "9007199254740993", "9007199254740"),
        (True, "yes", "is neither true nor false"),
        ([1], "[1", "is not JSON"),
        ([1], '{"a": 1}', "keep it one, in [ ]"),
        ([1], '[1], "other": 2', "is not JSON"),
        ({"a": 1}, '{"a": 1, "a": 2}', "more than once"),
        ({"a": 1}, '{"a": NaN}', "NaN"),
        ({"a": 1}, "[" * 100_000, "make it smaller"),
        (3, "9" * 5_000, "make it smaller"),
        ("a\u200b", "b", "is not JSON"),
        ("a\u200b", "12", "quotation marks"),
        ("a\u200b", '"\\ud800"', "surrogate"),
    ],
)
def test_what_an_argument_cannot_be_is_told_beside_its_box(
    was: Any, typed: str, said: str
) -> None:
    arguments = {"z": "other", "value": was}
    editor = editor_of(arguments, PROFILE)
    sent = {field.name: field.shown for field in editor.fields}
    name = next(field.name for field in editor.fields if field.key == "value")
    sent[name] = typed
    with pytest.raises(InvalidError) as refused:
        read(editor, sent)
    again = editor.retyped(sent, refused.value.faults)
    told = {field.key: field.faults for field in again.fields}
    assert told["z"] == ()
    assert said in " ".join(told["value"])
    assert next(field.typed for field in again.fields if field.key == "value") == typed


def test_all_faults_are_told_at_once() -> None:
    editor = editor_of({"a": 1, "b": [1], "a/b": 2}, PROFILE)
    sent = dict.fromkeys((field.name for field in editor.fields), "?")
    with pytest.raises(InvalidError) as refused:
        read(editor, sent)
    again = editor.retyped(sent, refused.value.faults)
    assert [len(field.faults) for field in again.fields] == [1, 1, 1]


def test_what_is_null_stays_null_whatever_is_sent() -> None:
    editor = editor_of({"value": None}, PROFILE)
    assert read(editor, {editor.fields[0].name: "1"}) == {"value": None}


@pytest.mark.parametrize(
    "arguments",
    [
        {f"key{at}": at for at in range(MOST_FIELDS + 1)},
        {"text": "x" * 70_000, "api_key": SECRET},
    ],
    ids=["many", "large"],
)
def test_a_very_large_call_is_one_text(arguments: dict[str, Any]) -> None:
    editor = editor_of(arguments, PROFILE)
    assert [field.kind for field in editor.fields] == ["whole"]
    sent = {"arguments": editor.fields[0].shown.replace("\n", "\r\n")}
    assert same(unmasked(read(editor, sent), arguments, PROFILE), arguments)
    with pytest.raises(InvalidError) as refused:
        read(editor, {"arguments": "[]"})
    assert editor.retyped({"arguments": "[]"}, refused.value.faults).faulty


def test_a_call_that_no_form_can_carry_says_so() -> None:
    assert not editor_of({"text": "\u202e" * 90_000}, PROFILE).fits


def test_a_newer_value_is_told_beside_what_was_typed_for_an_older_one() -> None:
    editor = editor_of({"a": "now", "b": "same"}, PROFILE)
    typed = editor.retyped({field.name: "mine" for field in editor.fields[:1]})
    again = typed.beside_the_newer()
    assert [field.faults for field in again.fields] == [("is now now",), ()]


@pytest.mark.parametrize(
    "text", [each for each in HOSTILE if isinstance(each, str)], ids=ascii
)
def test_masked_pieces_hide_nothing_and_forge_no_mask(text: str) -> None:
    masked = masked_arguments({"value": text}, PROFILE)["value"]
    assert "".join(tokens(masked)) == masked
    pieces = masked_pieces(masked, CARD)
    assert sum(piece.kind == "mask" for piece in pieces) == (SECRET in text)
    assert not {"\u202e", "\u200b", "\x00"} & set("".join(piece.text for piece in pieces))
