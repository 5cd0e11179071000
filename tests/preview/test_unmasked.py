"""Edited arguments: what the masks hid is put back, and nothing that only looks like it."""

from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.preview import (
    Profile,
    StillMaskedError,
    masked_arguments,
    masked_name,
    plain_arguments,
    unmasked,
)
from webui.preview.masked import StillMaskedError as Error

PROFILE = Profile(mask_key=bytes(32))
TOKEN = "ghp_" + "a" * 36
ALIKE = [f"ghp_{number:036}" for number in (54_930, 125_082)]
"""Two tokens whose masks are the same under the key of these tests; they were looked for."""
_names = st.sampled_from(
    ["", "a", "b", "password", "name", "value", "⟦", "⟦redacted⟧", "⟦U+27E6⟧", TOKEN]
)
_texts = st.sampled_from(
    [
        "",
        "x",
        "hunter2",
        "⟦",
        "⟧",
        "⟦redacted 7⟧",
        "⟦U+27E6⟧",
        "U+27E7⟧",
        TOKEN,
        f"k={TOKEN} x",
    ]
)
_leaves = (
    st.none() | st.booleans() | st.integers(-9, 9) | st.just(4111111111111111) | _texts
)
_values = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=3),
    max_leaves=8,
)
_arguments = st.dictionaries(_names, _values, max_size=4)
_ESCAPED = str.maketrans({"⟦": "⟦U+27E6⟧", "⟧": "⟦U+27E7⟧"})


def shown(arguments: dict[str, Any]) -> dict[str, Any]:
    return masked_arguments(arguments, PROFILE)


def back(edited: Any, arguments: dict[str, Any]) -> Any:
    return unmasked(edited, arguments, PROFILE)


def escaped(value: Any) -> Any:
    """A value as somebody types it who wants exactly it."""
    if isinstance(value, str):
        return value.translate(_ESCAPED)
    if isinstance(value, dict):
        return {escaped(name): escaped(item) for name, item in value.items()}
    return [escaped(item) for item in value] if isinstance(value, list) else value


@given(_arguments)
def test_what_is_left_as_it_was_shown_is_what_it_was(arguments: dict[str, Any]) -> None:
    assert back(shown(arguments), arguments) == arguments


@given(_arguments)
def test_what_is_added_changes_nothing_else(arguments: dict[str, Any]) -> None:
    edited = shown(arguments) | {"new": "typed"}
    assert back(edited, arguments) == arguments | {"new": "typed"}


@given(_arguments, _arguments)
def test_what_is_typed_is_what_runs(
    arguments: dict[str, Any], typed: dict[str, Any]
) -> None:
    assert back(escaped(typed), arguments) == typed


@given(_arguments, _arguments)
def test_the_masks_of_another_call_are_put_back_or_refused_and_never_run(
    arguments: dict[str, Any], other: dict[str, Any]
) -> None:
    try:
        found = back(shown(other), arguments)
    except StillMaskedError:
        return
    assert "⟦redacted 4" not in str(found)


@pytest.mark.parametrize(
    "change",
    [
        lambda mask: mask[:-1],
        lambda mask: mask[1:],
        lambda mask: mask + "x",
        lambda mask: "x" + mask,
        lambda mask: mask * 2,
        lambda mask: mask.replace("7", "8"),
        lambda _: "⟦",
        lambda _: "a⟧",
        lambda _: "⟦redacted⟧",
    ],
)
def test_part_of_a_mask_is_refused_at_its_place(change: Any) -> None:
    arguments = {"deep": [{"password": "hunter2"}], "n": 1}
    edited = shown(arguments)
    edited["deep"][0]["password"] = change(edited["deep"][0]["password"])
    with pytest.raises(Error) as caught:
        back(edited, arguments)
    assert caught.value.place == ("deep", 0, "password")


def test_a_mask_that_moves_to_another_member_is_refused() -> None:
    arguments = {"password": "hunter2", "to": "ana"}
    mask = shown(arguments)["password"]
    with pytest.raises(Error):
        back({"password": "new", "to": mask}, arguments)
    with pytest.raises(Error):
        back({"other": mask, "to": "ana"}, arguments)


def test_items_that_move_take_what_they_hide_along() -> None:
    one, two = {"user": "a", "password": "hunter1"}, {"user": "b", "password": "hunter22"}
    arguments = {"logins": [one, two, "x"]}
    first, second, last = shown(arguments)["logins"]
    assert back({"logins": [second, last, first]}, arguments) == {"logins": [two, "x", one]}
    assert back({"logins": [second]}, arguments) == {"logins": [two]}
    changed = back({"logins": [first | {"user": "c"}]}, arguments)
    assert changed == {"logins": [one | {"user": "c"}]}


def test_a_masked_name_keeps_its_member_and_is_not_taken_twice() -> None:
    arguments = {TOKEN: 1, "n": 2}
    edited = shown(arguments)
    assert TOKEN not in edited
    assert back(edited | {"n": 3}, arguments) == {TOKEN: 1, "n": 3}
    with pytest.raises(Error):
        back(edited | {TOKEN: 5}, arguments)


def test_what_another_type_takes_the_place_of_is_gone() -> None:
    arguments = {"a": {"password": "hunter2"}}
    assert back({"a": ["x"]}, arguments) == {"a": ["x"]}
    assert back({"a": None}, arguments) == {"a": None}
    with pytest.raises(Error):
        back({"a": [shown(arguments)["a"]]}, arguments)


CARDS = [4111111111111111, "4111111111111111"]


@pytest.mark.parametrize("pair", [ALIKE, [{"k": each} for each in ALIKE], CARDS])
def test_of_items_whose_masks_look_alike_none_is_taken_for_the_other(pair: Any) -> None:
    arguments = {"a": [*pair, "x"]}
    one, other, last = shown(arguments)["a"]
    assert one == other
    assert back({"a": [one, other, "y"]}, arguments) == {"a": [*pair, "y"]}
    for edited in (
        [one, "x"],
        [other, last],
        ["x", one, other],
        [one, "x", "x"],
        [one] * 3,
    ):
        with pytest.raises(Error):
            back({"a": edited}, arguments)
    assert back({"a": ["x"]}, arguments) == {"a": ["x"]}


def test_of_names_whose_masks_look_alike_none_is_put_back() -> None:
    arguments = {"a": {each: at for at, each in enumerate(ALIKE)}}
    assert back(shown(arguments) | {"b": 1}, arguments) == arguments | {"b": 1}
    (mask,) = shown(arguments)["a"]
    with pytest.raises(Error):
        back({"a": {mask: 2}}, arguments)


def test_a_mask_that_what_is_typed_beside_it_would_open_is_refused() -> None:
    packed = b64encode(b"postgres://u:hunter2hunter2@db.example/x").decode()
    arguments = {"a": "", packed: 1}
    edited = shown(arguments)
    assert packed not in edited
    filled = " ".join(
        b64encode(b"the text of number %03d" % at).decode() for at in range(401)
    )
    with pytest.raises(Error) as caught:
        back(edited | {"a": filled}, arguments)
    assert "⟦redacted" in str(caught.value.place[0])


def test_a_name_alone_is_masked_as_it_is_among_others() -> None:
    for name in (TOKEN, "", "plain", "⟦x⟧"):
        assert [masked_name(name, PROFILE)] == list(shown({name: 1}))


def test_what_hides_nothing_is_the_same_masked_as_plain() -> None:
    arguments = {"⟦a": ["⟧", {"b": [1, None, True, "x"]}], "c": {}}
    assert shown(arguments) == plain_arguments(arguments)
