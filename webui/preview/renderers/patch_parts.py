"""What a patch is made of: files, their lines, and names cut out of headers."""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from webui.preview.renderers.rendering import LineKind
from webui.preview.renderers.saying import Span

_PAIR: Final = 2


class Row(NamedTuple):
    """A line of a patch, in the file and in the patch's own text."""

    span: Span
    kind: LineKind
    before: int | None = None
    number: int | None = None
    line: int = 0
    """In the text that the agent wrote."""


@dataclass
class FilePatch:
    """What a patch does to one file."""

    path: Span | None = None
    before: Span | None = None
    """Its name until now, where that is another one."""
    effect: str = "Changed"
    modes: list[Span] = field(default_factory=list)
    is_binary: bool = False
    is_in_head: bool = False
    """Its `diff --git` is read and no part of it yet: `patch` reads on over what it does not know."""
    rows: list[Row] = field(default_factory=list)
    added: int = 0
    removed: int = 0


def after(span: Span, chars: int) -> Span:
    return Span(span.text, min(span.begin + chars, span.end), span.end)


def name_in(span: Span, chars: int) -> Span:
    """Return what stands behind a header's words, without the blanks of its line's end."""
    begin, end = min(span.begin + chars, span.end), span.end
    while end > begin and span.text.plain[end - 1] in " \r\t":
        end -= 1
    return Span(span.text, begin, end)


def named_in(span: Span) -> Span:
    """Return the path of a `---` or `+++` line: without `a/`, and without the time after a tab."""
    plain = span.plain
    begin, end = span.begin, span.begin + len(plain.split("\t")[0].rstrip())
    if plain.startswith('"') and end - begin >= _PAIR and span.text.plain[end - 1] == '"':
        begin, end = begin + 1, end - 1
    if span.text.plain.startswith(("a/", "b/"), begin, end):
        begin += _PAIR
    return Span(span.text, min(begin, end), end)
