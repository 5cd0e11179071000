"""Keys of one object that could be taken for each other are warned of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.preview import Profile, card, full, looks_like

ALIKE = [
    ("pass", "раss"), ("path", "раth"), ("url", "υrl"), ("command", "соmmand"), ("to", "tо"),
    ("host", "һost"), ("id", "іd"), ("name", "nаme"), ("amount", "am0unt"), ("file", "fi1e"),
    ("userId", "userld"), ("mode", "rnode"), ("window", "vvindow"), ("dry-run", "dry‑run"),
    ("key", "kеy"), ("IP", "ІP"), ("TOKEN", "ТОКЕN"), ("a.b", "a․b"), ("force", "fоrсе"),
    ("path", "pa\u200bth"), ("path", "path\ufe0f"), ("cc", "ϲϲ"), ("body", "bodу"), ("x", "х"),
    ("ORG", "ꓳRG"), ("scope", "ѕcope"), ("url", "սrl"), ("q", "ԛ"), ("l", "I"), ("no", "ոo"),
]  # fmt: skip
APART = [
    ("path", "paths"), ("id", "ids"), ("from", "to"), ("user_id", "userid"), ("a", "б"),
    ("имя", "имени"), ("名", "名前"), ("key", "keys"), ("x1", "x2"), ("größe", "grosse"),
    ("Ω", "ω_"), ("caché", "cache"), ("c", "ç"), ("start", "stop"), ("b", "d"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_keys_that_look_alike_are_flagged(profile: Profile, one: str, other: str) -> None:
    for arguments in ({one: 1, other: 2}, {"deep": [{one: "x", "z": 0, other: "y"}]}):
        for view in (card, full):
            shown = view("t", arguments, profile)
            assert "look-alike-keys" in shown.flags
            assert "2 texts are keys that look like others beside them." in shown.warnings


@pytest.mark.parametrize(("one", "other"), APART)
def test_keys_that_differ_to_the_eye_are_not(
    profile: Profile, one: str, other: str
) -> None:
    assert "look-alike-keys" not in card("t", {one: 1, other: 2}, profile).flags


def test_keys_of_different_objects_are_not_compared(profile: Profile) -> None:
    arguments = {"a": {"path": 1}, "b": {"раth": 1}}
    assert "look-alike-keys" not in card("t", arguments, profile).flags


def test_only_the_keys_that_look_alike_carry_the_flag(profile: Profile) -> None:
    nodes = full("t", {"path": 1, "раth": 2, "z": 3, "a\nb": 4}, profile).nodes
    assert ["look-alike-keys" in node.flags for node in nodes] == [False, True, False, True]


def test_keys_that_look_alike_are_told_apart_where_they_stand(profile: Profile) -> None:
    arguments = {"path": 1, "раth": 2, "größe": 3}
    told = ["größe", "path", "⟦U+0440⟧⟦U+0430⟧th"]
    for view in (card, full):
        assert [node.name for node in view("t", arguments, profile).nodes] == told
        (outer,) = view("t", {"a": arguments}, profile).nodes
        assert [node.name for node in outer.children] == told


def test_of_long_keys_that_look_alike_the_shown_ends_are_told_apart(
    profile: Profile,
) -> None:
    one, other = "p" * 200, "р" * 200
    first, second = card("t", {one: 1, other: 2}, profile).nodes
    assert (first.name or "").startswith("ppp")
    assert (second.name or "").startswith("⟦U+0440⟧⟦U+0440⟧")
    assert card("t", {one: 1, other: 2}, profile).truncated


@pytest.mark.parametrize(
    ("one", "other"), [*ALIKE, ("My view", "myview"), (" All\n", "aІl"), ("x", "x")]
)
def test_names_that_look_alike_are_known_as_such(one: str, other: str) -> None:
    assert looks_like(one, other)
    assert looks_like(other, f" {one} ")
    assert not looks_like(one, other + "z")


@given(
    st.lists(st.text(st.sampled_from("abcаbс01lI\n"), max_size=4), unique=True, max_size=8)
)
def test_every_key_is_shown_whatever_it_looks_like(names: list[str]) -> None:
    shown = full("t", dict.fromkeys(names, 1), Profile(b"k" * 32))
    assert len({node.name for node in shown.nodes}) == len(names)
