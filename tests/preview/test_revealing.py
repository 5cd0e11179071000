"""One masked value is shown in the clear, in its place; everything else stays masked."""

import pytest

from webui.preview import (
    Profile,
    full,
    masked_arguments,
    path_of,
    place_in,
    place_of,
    value_at,
)
from webui.preview.nodes import Node

TOKEN = "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"
CALL = {
    "env": [{"name": "DB_PASSWORD", "value": "hunter2 horse"}, {"name": "PATH", "value": "/bin"}],
    "note": f"use {TOKEN} and ghp_{'0' * 30}4QAqqq, please",
    "password": "рreapproved \u202e x",
    f"k {TOKEN}": {"inner": {"secret": 12}},
    "~a/b": {"token": "t0ken"},
    "plain": 1,
}  # fmt: skip


def shown_by(node: Node) -> str:
    return "".join(piece.text for piece in node.pieces)


def masked(nodes: tuple[Node, ...]) -> list[str]:
    return [
        at
        for node in nodes
        for at in (*([node.at] if node.at else []), *masked(node.children))
    ]


def test_every_mask_has_a_place_and_is_taken_off_alone(profile: Profile) -> None:
    before = full("t", CALL, profile)
    places = masked(before.nodes)
    assert len(places) == 6
    secrets = ["hunter2 horse", TOKEN, "рreapproved", "12", "t0ken"]
    for at in places:
        after = full("t", CALL, profile, reveal=place_in(at))
        assert set(masked(after.nodes)) == set(places) - {at}
        assert (
            sum(
                str(after).count(f"'{each}") + str(after).count(f"use {each}")
                for each in secrets
            )
            <= 2
        )
        assert after.masked == before.masked


def test_what_is_revealed_is_still_made_visible_and_flagged(profile: Profile) -> None:
    at = next(node.at for node in full("t", CALL, profile).nodes if node.name == "password")
    node = next(
        node
        for node in full("t", CALL, profile, reveal=place_in(at)).nodes
        if node.name == "password"
    )
    assert shown_by(node) == "рreapproved ⟦U+202E⟧ x"
    assert {"revealed", "invisible", "rtl", "mixed-script"} == set(node.flags)


def test_a_path_names_what_leads_there_without_a_secret_and_leads_back(
    profile: Profile,
) -> None:
    for at in masked(full("t", CALL, profile).nodes):
        place = place_in(at)
        path = path_of(CALL, profile, place)
        assert TOKEN not in path
        if not path.endswith("⟧"):
            assert place_of(CALL, profile, path) == place
    assert path_of(CALL, profile, (0, 0, 1)) == "/env/0/value"
    assert place_of(CALL, profile, "/~0a~1b/token")
    assert value_at(CALL, (0, 0, 1)) == ("value", "hunter2 horse")


@pytest.mark.parametrize("text", ["", "a", "-1", "1.", ".1", "1..2", "1" * 9, "1.2\n", "١"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(LookupError):
        place_in(text)


@pytest.mark.parametrize("place", [(9,), (4,), (0, 1, 1), (0, 0, 9), (0, 0, 1, 0), (0,)])
def test_what_is_not_masked_is_not_revealed(
    profile: Profile, place: tuple[int, ...]
) -> None:
    with pytest.raises(LookupError):
        full("t", CALL, profile, reveal=place)
    with pytest.raises(LookupError):
        path_of(CALL, profile, place)


@pytest.mark.parametrize(
    "path", ["", "/plain", "/nothing", "/env", "/env/0/value/x", "/password/"]
)
def test_a_path_to_nothing_masked_leads_nowhere(profile: Profile, path: str) -> None:
    with pytest.raises(LookupError):
        place_of(CALL, profile, path)


def test_a_masked_name_gives_nothing_away_of_what_stands_below_it(profile: Profile) -> None:
    name = next(each for each in masked_arguments(CALL, profile) if "redacted" in each)
    with pytest.raises(LookupError):
        place_of(CALL, profile, f"/{name}")
