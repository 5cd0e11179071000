"""Whatever an agent sends: no renderer raises, shows a secret, hides a sign, or says it is safe."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.preview.renderers.calls import PROFILE
from tests.preview.renderers.test_real_calls import CALLS
from webui.preview import card, preview_hash
from webui.preview.codes import classes
from webui.preview.reading import Call
from webui.preview.renderers import Rendering
from webui.preview.renderers.arguments import Arguments
from webui.preview.renderers.registry import RENDERERS

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
OURS = (
    *(
        "patch",
        "git",
        "terraform",
        "kubernetes",
        "browser",
        "json-patch",
        "money",
        "message",
    ),
)
NAMES = sorted({name for _, arguments, _, _ in CALLS for name in arguments})
SNIPPETS = (
    *("\n", "\r\n", "--- a/x\n+++ b/x\n", "@@ -1,2 +3 @@\n", "+", "-", "diff --git a/x b/y\n"),
    *("*** Begin Patch\n", "*** Update File: ", "kind: Pod\n", "- ", ": ", "&a ", "*a", "---\n"),
    *("a@b.example", "<", ">", ",", '"', "http://", "javascript:", "@", "1e9", "-", "1,234"),
    *("/~0", "~", "__proto__", "# a.b will be destroyed\n", "Plan: 1 to add, ", "{", "}", "["),
    *("\u202e", "\u200b", "\ud800", "\U000f0000", "⟦", "\x00", "\x1b[1m", "é", f" {TOKEN} ", " " * 90),
)  # fmt: skip
_texts = st.lists(st.sampled_from(SNIPPETS), max_size=12).map("".join)
_leaves = st.one_of(
    _texts, st.integers(-5, 10**13), st.booleans(), st.none(), st.floats(-9, 9)
)
_values = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from([*NAMES, "op", "path", "value", "kind", "amount"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)
_arguments = st.dictionaries(st.sampled_from(NAMES), _values, max_size=6)


def spoken(rendering: Rendering) -> Iterator[str]:
    yield rendering.title
    for fact in rendering.facts:
        yield fact.label
        yield from (piece.text for piece in fact.pieces)
    for finding in rendering.findings:
        yield finding.words
    for block in rendering.blocks:
        yield block.title
        for line in block.lines:
            for token in line.tokens:
                yield from (piece.text for piece in token.pieces)


def check(rendering: Rendering) -> None:
    """Hold what is promised of every rendering."""
    words = list(spoken(rendering))
    assert all("x" not in classes(text) for text in words)
    assert not any(TOKEN in text for text in words)
    for finding in rendering.findings:
        assert "\n" not in finding.words
        assert len(finding.words) < 2_000
        assert "safe" not in finding.words.casefold()
    severities = [finding.severity for finding in rendering.findings]
    assert severities == sorted(severities, key="note".__eq__)
    for block in rendering.blocks:
        assert len(block.lines) <= 201
        assert sum(len(text) for text in words) < 60_000


@pytest.mark.parametrize("name", OURS)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)
@given(arguments=_arguments, tool=st.sampled_from([call[0] for call in CALLS]))
def test_no_renderer_raises_or_shows_what_it_must_not(
    name: str, arguments: dict[str, Any], tool: str
) -> None:
    renderer = next(each for each in RENDERERS if each.name == name)
    try:
        read = Arguments(Call(arguments, PROFILE).values)
    except ValueError:
        return  # not a call that the desk takes
    renderer.fits(read)
    rendering = renderer.render(tool, read)
    if rendering is not None:
        check(rendering)


def changed(value: Any, rng: random.Random) -> Any:
    """Return a value of a real call with hostile texts in some of its places."""
    if isinstance(value, dict):
        return {name: changed(each, rng) for name, each in value.items()}
    if isinstance(value, list):
        return [changed(each, rng) for each in value]
    if rng.random() < 0.5:
        return value
    strange: list[Any] = [None, True, -1, 10**13, "", TOKEN, [], {}, [[]], {"value": TOKEN}]
    joined = "".join(rng.choices([text for text in SNIPPETS if text != "\ud800"], k=6))
    return rng.choice([*strange, joined, f"{value}{joined}", f"{joined}{value}"])


def test_real_calls_with_hostile_parts_are_read_the_same_each_time() -> None:
    rng = random.Random(20_261_127)  # noqa: S311  not for secrets; the same ones each run
    for tool, arguments, _, _ in CALLS * 12:
        sent = changed(arguments, rng)
        first, again = card(tool, sent, PROFILE), card(tool, sent, PROFILE)
        assert preview_hash(first) == preview_hash(again)
        if first.rendering is not None:
            check(first.rendering)


@pytest.mark.parametrize(("tool", "arguments"), [call[:2] for call in CALLS])
def test_a_secret_in_any_text_of_a_real_call_stays_a_mask(
    tool: str, arguments: dict[str, Any]
) -> None:
    written = json.dumps(arguments)
    for value in [each for each in arguments.values() if isinstance(each, str)]:
        sent = json.loads(
            written.replace(json.dumps(value), json.dumps(f"{value} {TOKEN}"))
        )
        rendering = card(tool, sent, PROFILE).rendering
        if rendering is not None:
            check(rendering)
