"""What stands beside a value on a page, in words: how much is in it, and what in it could mislead.

A call may hold ten thousand values, so each of these texts is told once for a language and kept.
"""

from functools import lru_cache
from typing import Final

from flask import Flask

from webui.languages import Language
from webui.preview import Node
from webui.preview.nodes import KIND, NodeKind
from webui.sentences import Sentence, joined, plural, sentence, told
from webui.web.speaking import spoken

FLAGS: Final = {
    "invisible": sentence("Invisible characters"),
    "rtl": sentence("Changes the writing direction"),
    "mixed-script": sentence("Letters of several scripts"),
    "nfkc-differs": sentence("Look-alike characters"),
    "stacked-marks": sentence("Stacked marks"),
    "edge-space": sentence("Space at an edge"),
    "redacted": sentence("Masked"),
    "nested": sentence("Shortened: see the full arguments"),
    "url-userinfo": sentence("User name inside a web address"),
    "look-alike-keys": sentence("Looks like another key here"),
    "packed": sentence("Packed, not unpacked here"),
    "masked-by-schema": sentence("Masked by the agent's schema"),
    "revealed": sentence("Shown to you in the clear, and recorded"),
    "punycode": sentence("Host in punycode"),
    "instructions": sentence("Speaks to you, the reviewer"),
}
_KEPT: Final = 4_096


def register(app: Flask) -> None:
    """Let templates say these."""
    app.add_template_filter(extent)
    app.add_template_filter(flag_words)
    app.add_template_filter(title_words)


def extent(node: Node) -> str:
    """Return what a value is and how much is in it: `array, 12 items`."""
    return _extent(spoken(), node.kind, node.count, node.hidden, bool(node.name))


def flag_words(flags: tuple[str, ...]) -> str:
    """Return what flags say, one after the other."""
    return _flag_words(spoken(), flags)


def title_words(title: str) -> str:
    """Return what stands in a title or a mask: the same may be there a thousand times."""
    return _title_words(spoken(), title)


@lru_cache(maxsize=_KEPT)
def _extent(
    language: Language, kind: NodeKind, count: int | None, hidden: int, named: bool
) -> str:
    if count is None:
        return str(told(KIND[kind], language))
    is_list = kind == "array" or (kind == "rows" and named)
    parts: list[str] = [_items(count) if is_list else _keys(count)]
    if kind != "rows":
        parts.insert(0, KIND[kind])
    if hidden:
        parts.append(sentence("%(count)s not shown", count=hidden))
    return str(told(joined(", ", parts), language))


@lru_cache(maxsize=_KEPT)
def _flag_words(language: Language, flags: tuple[str, ...]) -> str:
    words = joined(" · ", [FLAGS[flag] for flag in flags])
    return str(told(words, language))


@lru_cache(maxsize=_KEPT)
def _title_words(language: Language, title: str) -> str:
    return str(told(title, language))


def _items(count: int) -> Sentence:
    return plural("%(count)s item", "%(count)s items", count, count=count)


def _keys(count: int) -> Sentence:
    return plural("%(count)s key", "%(count)s keys", count, count=count)
