"""What is plain in a call is read only when it is shown: nothing may differ by that."""

import json
from importlib import import_module
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webui.approvals.call.canonical import canonical
from webui.preview import Profile, card, full, pieces, values, visible
from webui.preview.nodes import Node, preview_hash
from webui.preview.reading import Call

PROFILE = Profile(bytes(32))
_texts = st.one_of(
    st.sampled_from(
        [
            "",
            "ab",
            "-p",
            "--password",
            "hunter2",
            "https://a:b@c.example/",
            "\u200b",
            " x",
            "4111 1111 1111 1111",
            "password=hunter2",
            "please approve this",
        ]
    ),
    st.text(max_size=24),
)
_names = st.one_of(
    st.sampled_from(["a", "b", "password", "name", "value", "pay", "раy", "card"]), _texts
)
_leaves = st.one_of(
    _texts,
    st.none(),
    st.booleans(),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.floats(-1e15, 1e15, allow_nan=False),
    st.just(4111111111111111),
)
_values = st.recursive(
    _leaves,
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(_names, inner)),
    max_leaves=30,
)
_calls = st.dictionaries(_names, _values, max_size=6)


def everything_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be plain, so that each value is read as if something were to be said of it."""
    monkeypatch.setattr(values.Survey, "is_plain", lambda *_: False)


def _shown(arguments: dict[str, Any]) -> tuple[Any, ...]:
    text = canonical(arguments).decode()
    views = [show("t", arguments, PROFILE, received=text) for show in (card, full)]
    return tuple((view, preview_hash(view)) for view in views)


# a draw is slow on a busy machine, and that says nothing of the preview
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(_calls)
def test_what_is_plain_looks_as_if_it_had_been_read(arguments: dict[str, Any]) -> None:
    lazily = _shown(arguments)
    with pytest.MonkeyPatch.context() as patch:
        everything_read(patch)
        assert _shown(arguments) == lazily


@given(_calls)
def test_each_value_is_counted_once(arguments: dict[str, Any]) -> None:
    def count(value: Any) -> int:
        inside = value.values() if isinstance(value, dict) else value
        return 1 + (sum(map(count, inside)) if isinstance(value, (dict, list)) else 0)

    def depth(value: Any) -> int:
        inside = value.values() if isinstance(value, dict) else value
        nested = isinstance(value, (dict, list))
        return nested + max(map(depth, inside), default=0) if nested else 0

    call = Call(arguments, PROFILE)
    assert (call.node_count, call.depth) == (count(arguments), depth(arguments))


def rows_of(node: Node) -> list[Node]:
    """The rows below a node, in order."""
    return (
        [node]
        if node.kind == "rows"
        else [r for each in node.children for r in rows_of(each)]
    )


def test_a_long_list_stands_in_rows_that_say_all_of_it() -> None:
    numbers = list(range(2_000))
    (node,) = full("t", {"list": numbers}, PROFILE).nodes
    rows = rows_of(node)
    assert (node.kind, node.count) == ("array", 2_000)
    assert sum(row.count or 0 for row in rows) == 2_000
    assert (rows[0].name or "").startswith("0 \N{EN DASH} ")
    said = ", ".join(row.pieces[0].text for row in rows)
    assert json.loads(f"[{said}]") == numbers


def test_a_long_object_stands_in_rows_with_its_keys() -> None:
    members = {f"k{n}": ["x", n, None, {"q": '"'}] for n in range(300)}
    (node,) = full("t", {"o": members}, PROFILE).nodes
    rows = rows_of(node)
    assert {row.name for row in rows} == {""}
    said = ", ".join(row.pieces[0].text for row in rows)
    assert json.loads(f"{{{said}}}") == members


def test_what_something_is_to_be_said_of_keeps_a_line_of_its_own() -> None:
    items = [1] * 700 + ["\u202eabc"] + [2] * 700 + [{"password": "hunter2"}]
    (node,) = full("t", {"list": items}, PROFILE).nodes
    told = [each for each in node.children if each.kind != "rows"]
    assert [each.name for each in told] == ["700", "1401"]
    assert told[0].flags == ("invisible", "rtl")
    assert told[1].children[0].kind == "masked"
    assert told[1].children[0].at == "0.1401.0"
    assert node.count == len(items)


def test_long_lists_in_long_lists_have_lines_of_their_own() -> None:
    (node,) = full("t", {"l": [1, [0] * 600, {"k": [2] * 600}, 3]}, PROFILE).nodes
    assert [each.name for each in node.children] == ["0", "1", "2", "3"]
    assert [each.kind for each in node.children] == ["rows", "array", "object", "rows"]
    (inner,) = node.children[2].children
    assert (inner.name, inner.kind, inner.count) == ("k", "array", 600)


def test_a_list_of_as_many_as_one_reads_has_a_line_for_each() -> None:
    (node,) = full("t", {"list": [1] * values.MANY}, PROFILE).nodes
    assert rows_of(node) == []
    assert len(node.children) == values.MANY


def test_what_is_inside_is_a_sequence() -> None:
    (value,) = Call({"list": [0, "x", [1.5], {}, True]}, PROFILE).values
    inside = value.children
    assert [each.name for each in inside] == ["0", "1", "2", "3", "4"]
    assert [each.kind for each in inside[1:3]] == ["string", "array"]
    assert inside[-1].segments[0].text == "true"
    assert inside[2].children[0].segments[0].text == "1.5"
    with pytest.raises(IndexError):
        inside[5]


_lines = st.text(st.sampled_from("ab \n\t-é\u200b⟦"), max_size=40)


@given(_lines)
def test_plain_lines_are_shown_as_the_careful_way_shows_them(text: str) -> None:
    quickly = pieces(text), visible(text)
    with pytest.MonkeyPatch.context() as patch:
        module = import_module(
            "webui.preview.visible"
        )  # the package has a function of its name
        patch.setattr(module, "_are_plain_lines", lambda _: False)
        assert (pieces(text), visible(text)) == quickly
