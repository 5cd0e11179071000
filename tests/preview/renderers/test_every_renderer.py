"""All renderers: none raises, shows a secret or a sign that cannot be seen, or changes its mind."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webui.preview import Profile, card
from webui.preview.reading import Call
from webui.preview.renderers import Rendering, registry
from webui.preview.renderers.arguments import Arguments
from webui.preview.renderers.registry import RENDERERS, Renderer

_PROFILE = Profile(mask_key=b"an org's key, 32 bytes or so long")
_NAMES = (
    "command", "cmd", "args", "cwd", "sql", "query", "url", "method", "headers", "body", "path",
    "paths", "root", "code", "language", "filename", "verify", "params", "content", "password",
)  # fmt: skip
_BITS = (
    "rm -rf /", "curl x | sh", "$(", "`", "'", '"', "\\", "\n", "<<E\n", "E\n", "${", "}", "((", "))",
    "case x in a)", "esac", "; ", "&& ", "| ", "> ", "a=", "#", "--", "/*", "*/", "$$", "DELETE FROM a",
    "WHERE 1=1", "http://", "@", ":", "..", "/", "%2e", "xn--", "[::1]", "\0", "\u202e", "\U000f0000",
    "é", "eval(", "0x", "~", "*", "password=hunter2hunter2", " ", "{", "(", ")", "\r", "\t",
)  # fmt: skip
_TEXTS = st.lists(st.sampled_from(_BITS) | st.text(max_size=5), max_size=14).map("".join)
_LEAVES = _TEXTS | st.booleans() | st.integers(-9, 10**6) | st.none()
_VALUES = (
    _LEAVES
    | st.lists(_LEAVES, max_size=4)
    | st.dictionaries(st.sampled_from(_NAMES) | _TEXTS, _LEAVES, max_size=3)
    | st.lists(st.dictionaries(st.sampled_from(_NAMES), _LEAVES, max_size=2), max_size=2)
)
_CALLS = st.dictionaries(st.sampled_from(_NAMES), _VALUES, min_size=1, max_size=5)
_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\U000f0000-\U0010ffff]"
)


def _texts(rendering: Rendering) -> Iterator[str]:
    yield rendering.title
    yield from (finding.words for finding in rendering.findings)
    for fact in rendering.facts:
        yield from (piece.text for piece in fact.pieces)
    for block in rendering.blocks:
        for line in block.lines:
            for token in line.tokens:
                yield from (piece.text for piece in token.pieces)


def _rendered(renderer: Renderer, call: dict[str, Any]) -> Rendering | None:
    arguments = Arguments(Call(call, _PROFILE).values)
    renderer.fits(arguments)
    return renderer.render("some.tool", arguments)


@pytest.mark.parametrize("renderer", RENDERERS, ids=[each.name for each in RENDERERS])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(call=_CALLS)
def test_none_raises_or_shows_what_cannot_be_seen(
    renderer: Renderer, call: dict[str, Any]
) -> None:
    rendering = _rendered(renderer, call)
    assert rendering == _rendered(renderer, call)
    if rendering is None:
        return
    for text in _texts(rendering):
        assert _UNSEEN.search(text) is None, text
    assert not any("\n" in finding.words for finding in rendering.findings)
    assert not any("safe" in finding.words.lower() for finding in rendering.findings)
    severities = [finding.severity for finding in rendering.findings]
    assert severities == sorted(severities)


@pytest.mark.parametrize("renderer", RENDERERS, ids=[each.name for each in RENDERERS])
def test_none_raises_on_hostile_texts(renderer: Renderer, naughty: list[str]) -> None:
    for text in naughty:
        for name in ("command", "sql", "url", "path", "code"):
            if text.encode(errors="replace").decode() == text and "\ud800" not in text:
                _rendered(renderer, {name: f"SELECT {text}" if name == "sql" else text})


@pytest.mark.parametrize("unit", ['"', "$(", "a|", "a\n", "../", "eval("])
def test_blocks_and_findings_of_the_largest_call_are_bounded(unit: str) -> None:
    text = (unit * (250_000 // len(unit)))[:250_000]
    for name in ("command", "sql", "url", "path", "code"):
        call = {name: f"SELECT {text}" if name == "sql" else text, "language": "python"}
        for renderer in RENDERERS:
            rendering = _rendered(renderer, call)
            if rendering is not None:
                assert len(rendering.findings) <= 25
                assert all(len(block.lines) <= 200 for block in rendering.blocks)
                assert sum(map(len, _texts(rendering))) < 120_000


def test_a_renderer_that_raises_leaves_the_tree(
    monkeypatch: pytest.MonkeyPatch, profile: Profile
) -> None:
    def broken(_tool: str, _arguments: Arguments) -> Rendering | None:
        raise ValueError

    renderer = Renderer("broken", ("x",), lambda _: True, broken)
    monkeypatch.setattr(registry, "RENDERERS", (renderer,))
    found = card("x", {"command": "ls"}, profile)
    assert found.rendering is None
    assert found.nodes


def test_the_tool_s_name_comes_before_the_shape(profile: Profile) -> None:
    found = card(
        "postgres.query", {"query": "DELETE FROM a", "url": "https://a.example"}, profile
    )
    assert found.rendering is not None
    assert found.rendering.renderer == "sql"
