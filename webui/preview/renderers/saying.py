"""Words of a rendering: stretches of what an agent wrote, cut short, and what is found in them."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from webui.preview.nodes import Piece
from webui.preview.renderers.arguments import Arguments, Text, text_of
from webui.preview.renderers.rendering import Fact, Finding, Severity
from webui.preview.visible import on_one_line

_MOST_FINDINGS: Final = 24
_MOST_PLACES: Final = 5
_SAID: Final = 60
_SHOWN: Final = 400
_EMPTY: Final = Piece("blank", "⟦empty⟧", "a text of no characters")
_LINE_FEED: Final = Piece("chip", "⟦U+000A⟧", "LINE FEED")


class Span(NamedTuple):
    """A stretch of a text of the call."""

    text: Text
    begin: int
    end: int

    @property
    def plain(self) -> str:
        """Return what is read in it; a secret is one sign."""
        return self.text.plain[self.begin : self.end]

    @property
    def is_secret(self) -> bool:
        """Whether a part of it is masked, so that nothing can be told from it."""
        return self.text.hides(self.begin, self.end)


def whole(text: Text) -> Span:
    """Return all of a text as a stretch."""
    return Span(text, 0, len(text.plain))


def pieces_of(span: Span, most: int = _SHOWN) -> tuple[Piece, ...]:
    """Return a stretch, cut in its middle where it is long, in pieces that are safe to show."""
    text, begin, end = span
    length = end - begin
    if length <= most:
        return text.pieces(begin, end)
    head, tail = most * 2 // 3, most // 3
    words = f"{length - head - tail} of {length} chars hidden"
    gap = Piece("gap", f"⟦… {words} …⟧", words)
    return (*text.pieces(begin, begin + head), gap, *text.pieces(end - tail, end))


def said(span: Span | Text, most: int = _SAID) -> str:
    """Return a stretch on one line and cut in its middle, for a sentence of ours."""
    taken = whole(span) if isinstance(span, Text) else span
    return on_one_line("".join([piece.text for piece in pieces_of(taken, most)]))


def fact(label: str, span: Span | Text, *, is_alarming: bool = False) -> Fact:
    """Return one thing that the agent wrote, with our label."""
    taken = whole(span) if isinstance(span, Text) else span
    shown = pieces_of(taken) or (_EMPTY,)
    return Fact(label, tuple(_flat(shown)), is_alarming)


def _flat(shown: Iterable[Piece]) -> Iterator[Piece]:
    """Yield pieces with each line feed as a chip: a fact must not look like two of them."""
    for piece in shown:
        if piece.kind != "text" or "\n" not in piece.text:
            yield piece
            continue
        for at, part in enumerate(piece.text.split("\n")):
            if at:
                yield _LINE_FEED
            if part:
                yield Piece("text", part)


def own_fact(label: str, words: str, *, is_alarming: bool = False) -> Fact:
    """Return one thing in our own words."""
    return Fact(label, (Piece("text", words),), is_alarming)


def leaf(arguments: Arguments, *names: str) -> Text | None:
    """Return the first of these members that is a text, a number, true or false, as a text."""
    for name in names:
        value = arguments.value(name)
        if value is not None and value.kind not in {"object", "array", "null"}:
            return text_of(value)
    return None


def name_said(name: str) -> str:
    """Return the visible name of a member for a sentence or a label."""
    if len(name) <= _SAID:
        return name
    return f"{name[: _SAID // 2]}⟦…⟧{name[-_SAID // 3 :]}"


def facts_of(
    arguments: Arguments, labels: Sequence[tuple[str, tuple[str, ...]]]
) -> list[Fact]:
    """Return a fact for each of these members that there is."""
    found = [(label, leaf(arguments, *names)) for label, names in labels]
    return [fact(label, text) for label, text in found if text is not None]


def says_yes(text: Text | None) -> bool:
    """Say whether a member means yes; one that is masked may."""
    if text is None:
        return False
    return text.plain.strip().casefold() in {"true", "yes", "on", "y", "1"} or text.hides(
        0, len(text.plain)
    )


class _Found:
    def __init__(self, severity: Severity, words: str) -> None:
        self.severity: Severity = severity
        self.words = words
        self.lines: list[int] = []
        self.times = 0

    def sentence(self) -> str:
        others = self.times - 1
        if not others:
            return self.words
        lines = ", ".join(map(str, self.lines[1:_MOST_PLACES]))
        where = f", as in line {lines}" if lines else ""
        return f"{self.words} And {others:,} more like it{where}."


class Findings:
    """What is found, each kind said once and counted, however often an agent repeats it."""

    def __init__(self) -> None:
        self._found: dict[Hashable, _Found] = {}
        self._seen: set[Hashable] = set()

    def is_new(self, thing: Hashable) -> bool:
        """Say whether this is looked at for the first time; what repeats is not said twice."""
        if thing in self._seen:
            return False
        self._seen.add(thing)
        return True

    def danger(self, kind: Hashable, words: str, line: int | None = None) -> None:
        """Add what may do harm; `words` are said for the first of its kind."""
        self._add("danger", kind, words, line)

    def note(self, kind: Hashable, words: str, line: int | None = None) -> None:
        """Add what a person may want to know."""
        self._add("note", kind, words, line)

    def has(self, kind: Hashable) -> bool:
        """Say whether there is one of this kind, so that its words need not be made again."""
        return kind in self._found

    def again(self, kind: Hashable, line: int | None = None) -> None:
        """Count one more of a kind that there is."""
        found = self._found[kind]
        found.times += 1
        if line is not None and len(found.lines) < _MOST_PLACES:
            found.lines.append(line)

    def sentences(self) -> tuple[Finding, ...]:
        """Return all of them, dangers first; of very many, how many are not listed."""
        ordered = sorted(self._found.values(), key=lambda found: found.severity != "danger")
        listed = [
            Finding(found.severity, found.sentence()) for found in ordered[:_MOST_FINDINGS]
        ]
        if rest := ordered[_MOST_FINDINGS:]:
            words = f"{len(rest):,} more findings are not listed; read the arguments below."
            listed.insert(0, Finding(rest[0].severity, words))
        return tuple(sorted(listed, key=lambda finding: finding.severity != "danger"))

    def _add(
        self, severity: Severity, kind: Hashable, words: str, line: int | None
    ) -> None:
        if kind not in self._found:
            self._found[kind] = _Found(severity, words)
        self.again(kind, line)
