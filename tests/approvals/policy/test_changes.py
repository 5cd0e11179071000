"""The difference of two texts: true, smallest, and in a bounded time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.approvals.policy.changes import changes, lines_of

LINES = st.lists(st.sampled_from("abc"), max_size=8).map("\n".join)


def signs(old: str, new: str) -> str:
    return "".join(line.sign for line in changes(old, new))


@given(LINES, LINES)
def test_what_is_removed_and_added_makes_one_text_of_the_other(old: str, new: str) -> None:
    found = changes(old, new)
    before, after = lines_of(old), lines_of(new)
    assert bool(found) == (before != after)
    removed = [line.was for line in found if line.sign == "-"]
    added = {line.now: line.text for line in found if line.sign == "+"}
    kept = iter(text for at, text in enumerate(before, 1) if at not in removed)
    made = [added[at] if at in added else next(kept) for at in range(1, len(after) + 1)]
    assert made == after
    assert list(kept) == []


def test_three_lines_around_a_change_are_shown_and_the_rest_is_counted() -> None:
    old = "".join(f"{number}\n" for number in range(20))
    found = changes(old, old.replace("10\n", "ten\n"))
    assert signs(old, old.replace("10\n", "ten\n")) == "…   -+   …"
    assert (found[0].text, found[-1].text) == (
        "7 lines are the same",
        "6 lines are the same",
    )
    assert [(line.was, line.now) for line in found[4:6]] == [(11, None), (None, 11)]
    assert changes("a\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n")[0].text == "1 line is the same"


@pytest.mark.parametrize(
    ("old", "new"), [("a\r\nb", "a\nb\n"), ("", ""), ("a\rb", "a\nb"), ("a", "a\n")]
)
def test_how_lines_end_is_no_difference(old: str, new: str) -> None:
    assert changes(old, new) == ()


def test_texts_too_far_apart_are_replaced_between_what_they_share() -> None:
    old = "a\n" + "".join(f"{number}\n" for number in range(2_000)) + "z\n"
    new = "a\n" + "".join(f"{number}.\n" for number in range(2_000)) + "z\n"
    assert signs(old, new) == " " + "-" * 2_000 + "+" * 2_000 + " "
    assert len(signs("a\nb\n" * 30_000, "b\na\na\n" * 21_000)) > 100_000
