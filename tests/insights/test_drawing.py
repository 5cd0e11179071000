"""Charts: legible by everybody, and no markup in them but ours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from xml.etree import ElementTree as ET

import pytest
from flask import Flask, get_template_attribute

from webui.insights import buckets, drawing
from webui.insights.drawing import LABEL_MAX, Drawing, Mark

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{0}{key.__class__}",
    "</text></svg><b>bold</b>",
    "&amp;&#60;b&#62;",
    "' onload='alert(1)",
)
Draw = Callable[[str, str, str, Sequence[Mark]], Drawing]
Read = Callable[[Drawing], ET.Element]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def read(dashboard: Flask) -> Read:
    """Read a drawing as the page writes it."""

    def written(drawing: Drawing) -> ET.Element:
        with dashboard.app_context():
            svg = str(get_template_attribute("insights/_chart.html", "draw")(drawing))
        return ET.fromstring(  # noqa: S314 - our own
            svg.strip().replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
        )

    return written


@pytest.mark.parametrize("draw", [drawing.columns, drawing.bars])
def test_no_name_becomes_markup(draw: Draw, read: Read) -> None:
    marks = [Mark(text, 3, text, 2) for text in HOSTILE]
    tree = read(draw("waits", HOSTILE[0], HOSTILE[1], marks))
    known = {"svg", "title", "desc", "defs", "pattern", "rect", "line", "text"}
    assert {node.tag.removeprefix(SVG) for node in tree.iter()} <= known
    names = {name for node in tree.iter() for name in node.attrib}
    assert not {name for name in names if name.startswith("on") or name == "style"}
    said = [node.text for node in tree.iter(f"{SVG}text")]
    assert set(HOSTILE) <= set(said)
    assert [tree[0].text, tree[1].text] == [HOSTILE[0], HOSTILE[1]]


@pytest.mark.parametrize("draw", [drawing.columns, drawing.bars])
def test_a_chart_is_an_image_with_a_name_and_a_description(draw: Draw, read: Read) -> None:
    markup = draw("waits", "How long", "Half of them.", [Mark("a", 1, "1")])
    tree = read(markup)
    assert tree.get("role") == "img"
    named = str(tree.get("aria-labelledby")).split()
    assert [tree[0].get("id"), tree[1].get("id")] == named
    assert [tree[0].text, tree[1].text] == ["How long", "Half of them."]
    assert markup == draw("waits", "How long", "Half of them.", [Mark("a", 1, "1")])


def test_lengths_are_as_the_numbers_and_what_is_there_can_be_seen(read: Read) -> None:
    marks = [Mark("half", 25, "50", 25), Mark("all", 100, "100"), Mark("one", 1, "1")]
    tree = read(drawing.bars("k", "t", "d", [*marks, Mark("none", 0, "0")]))
    rects = list(tree.iter(f"{SVG}rect"))
    first = [r.get("width") for r in rects if r.get("class") == "chart__first"]
    assert first == ["25.00%", "100.00%", "2.00%", "0.00%"]
    (second,) = [r for r in rects if r.get("class") == "chart__second"]
    assert (second.get("x"), second.get("width")) == ("25.00%", "25.00%")
    assert second.get("fill") == "url(#k-hatch)"
    tree = read(drawing.columns("k", "t", "d", marks))
    high = [r.get("height") for r in tree.iter(f"{SVG}rect")]
    assert high == ["24", "96", "2"]


def test_nothing_at_all_is_drawn_without_a_fault(read: Read) -> None:
    for draw in (drawing.columns, drawing.bars):
        assert read(draw("k", "t", "d", [])).get("role") == "img"
        assert read(draw("k", "t", "d", [Mark("a", 0, "0")])).get("role") == "img"


def test_a_long_label_says_how_much_it_hides() -> None:
    text = "x" * 1_000
    assert drawing.clipped("x" * LABEL_MAX) == "x" * LABEL_MAX
    assert drawing.clipped(text) == "x" * 30 + " (+970 more)"


def test_a_median_is_named_by_the_bounds_of_its_bucket() -> None:
    assert [buckets.bucket_of(ms) for ms in (0, 1_999, 2_000, 86_399_999, 86_400_000)] == [
        *(0, 0, 1, 12, 13)
    ]
    assert buckets.median([0] * buckets.BUCKETS) is None
    assert buckets.median([1, 0, 1]) == 0
    assert buckets.median([1, 0, 2]) == 2
    assert [buckets.words(b) for b in (None, 0, 1, 6, 13)] == [
        *("none", "under 2 s", "2 s to 5 s", "2 min to 5 min", "1 d or more")
    ]
