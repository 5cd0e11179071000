"""How one set of arguments differs from another."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.approvals.call.differing import Difference, differences, same, step_to

_names = st.sampled_from(["", "a", "b", "a/b", "a~1", "~0"])
_leaves = st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["", "0", "x"])
_values = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_names, inner, max_size=3),
    max_leaves=10,
)
_arguments = st.dictionaries(_names, _values, max_size=4)


def applied(value: Any, found: list[Difference]) -> Any:
    """Change a value as the differences say: removals last to first, then the rest."""
    whole = {"": copy.deepcopy(value)}
    removals = [each for each in reversed(found) if each.change == "removed"]
    for each in [*(f for f in found if f.change == "changed"), *removals]:
        _put(whole, each)
    for each in found:
        if each.change == "added":
            _put(whole, each)
    return whole[""]


def _put(whole: Any, found: Difference) -> None:
    *way, last = [
        step.replace("~1", "/").replace("~0", "~") for step in found.pointer.split("/")
    ]
    for step in way:
        whole = whole[int(step) if isinstance(whole, list) else step]
    if isinstance(whole, list):
        at = int(last)
        if found.change == "changed":
            whole[at] = found.after
        elif found.change == "removed":
            del whole[at]
        else:
            whole.insert(at, found.after)
    elif found.change == "removed":
        del whole[last]
    else:
        whole[last] = found.after


@given(_arguments, _arguments)
def test_what_differs_takes_the_one_to_the_other(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    assert same(applied(before, differences(before, after)), after)


@given(_arguments)
def test_nothing_differs_from_itself(arguments: dict[str, Any]) -> None:
    assert differences(arguments, copy.deepcopy(arguments)) == []


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"x": 1}, {"x": True}, [("/x", "changed")]),
        ({"x": 0}, {"x": False}, [("/x", "changed")]),
        ({"x": None}, {}, [("/x", "removed")]),
        ({}, {"x": None}, [("/x", "added")]),
        ({"x": [1, 2, 3]}, {"x": [1, 3]}, [("/x/1", "removed")]),
        ({"x": [1, 3]}, {"x": [1, 2, 3]}, [("/x/1", "added")]),
        ({"x": {"a/b~": 1}}, {"x": {"a/b~": 2}}, [("/x/a~1b~0", "changed")]),
        ({"x": [1]}, {"x": {"0": 1}}, [("/x", "changed")]),
    ],
)
def test_each_place_is_told_once(before: Any, after: Any, found: Any) -> None:
    assert [(each.pointer, each.change) for each in differences(before, after)] == found


def test_a_pointer_escapes_what_would_lead_elsewhere() -> None:
    assert step_to("/a", "b/c~d") == "/a/b~1c~0d"
    assert step_to("", 3) == "/3"
