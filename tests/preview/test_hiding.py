"""What is masked is hidden from questions: never less than what a page masks, and no more."""

from __future__ import annotations

from typing import Any

import pytest

from webui.preview import HIDDEN, Hider, Profile, masked_arguments, without_secrets

PROFILE = Profile(mask_key=bytes(32))
TOKEN = "ghp_" + "a1B2" * 9


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        ({"password": "x", "n": 1}, {"password": HIDDEN, "n": 1}),
        ({"password": None}, {"password": None}),
        ({"note": f"use {TOKEN}", "n": [1]}, {"note": HIDDEN, "n": [1]}),
        (
            {"env": [{"name": "DB_PASSWORD", "value": "x"}]},
            {"env": [{"name": "DB_PASSWORD", "value": HIDDEN}]},
        ),
        ({"auth": {"user": "bo", "on": True}}, {"auth": {"user": HIDDEN, "on": True}}),
        ({TOKEN: 1, "n": 2}, {"n": 2}),
        ({"card": 4111111111111111}, {"card": HIDDEN}),
        ({"text": "⟦redacted⟧"}, {"text": "⟦redacted⟧"}),
        ({"n": float("nan"), "m": 1}, {"n": HIDDEN, "m": HIDDEN}),
    ],
)
def test_each_value_that_a_page_masks_is_hidden(arguments: Any, left: Any) -> None:
    assert without_secrets(arguments, PROFILE) == left


@pytest.mark.parametrize(
    ("place", "arguments"),
    [
        (("note",), {"note": TOKEN}),
        (("password",), {"password": "x"}),
        (("env",), {"env": [{"name": "DB_PASSWORD", "value": "x"}]}),
        (("env", "0", "value"), {"env": [{"name": "DB_PASSWORD", "value": "x"}]}),
        (("signature",), {"signature": "k3J9xQ2mZ7pLw8RtV5nB4cY6dF1gHsK0"}),
        (("of",), {"of": {TOKEN: 1}}),
        (("card",), {"card": 4111111111111111}),
        ((), {"n": 1, "password": "x"}),
    ],
)
def test_places_are_never_told_more_than_the_whole_call(
    place: tuple[str, ...], arguments: Any
) -> None:
    assert masked_arguments(arguments, PROFILE) != arguments
    assert Hider(PROFILE, [place]).hide(arguments) == without_secrets(arguments, PROFILE)


@pytest.mark.parametrize("value", ["plain", 5, True, None, [1, "a"], {"a": {"b": 2.5}}])
def test_plain_places_are_left_as_they_are_though_there_is_a_secret_beside(
    value: Any,
) -> None:
    arguments = {"v": value, "password": "x"}
    assert Hider(PROFILE, [("v",)]).hide(arguments) is arguments


def test_two_names_whose_masks_look_alike_hide_all_beside_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("webui.preview.hiding.masked_arguments", lambda *_: {"one": 1})
    hidden = without_secrets({"a": 1, "b": 2}, PROFILE)
    assert hidden == {"a": HIDDEN, "b": HIDDEN}
