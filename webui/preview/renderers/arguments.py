"""Arguments as a renderer reads them: secrets are single signs that become masks again.

So a command with a password in it can be read as a command, and no renderer can show the
password: it never sees it.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from webui.preview.nodes import Piece, gap
from webui.preview.reading import Value
from webui.preview.visible import on_one_line, pieces_between
from webui.sentences import one_text, sentence

_SHORT: Final = 80
_FIRST_SIGN: Final = 0xF0000
"""Plane 15 is private use: no text means anything by it, and if it holds some we take others."""


class Text:
    """A text of the call; where a secret was, `plain` has one sign of private use."""

    __slots__ = ("_masks", "name", "plain")

    def __init__(self, plain: str, masks: dict[str, Piece], name: str = "") -> None:
        self.plain = plain
        self._masks = masks
        self.name = name
        """The visible name of the call's argument that it is; empty if it is none."""

    def pieces(self, begin: int = 0, end: int | None = None) -> tuple[Piece, ...]:
        """Return the stretch from `begin` to `end` in pieces that are safe to show.

        Blanks at the text's own edges are marked, those at the edges of a stretch are not.
        """
        stop = len(self.plain) if end is None else end
        if not self._masks:
            return tuple(self._shown(begin, stop))
        found: list[Piece] = []
        done = begin
        for at in range(begin, stop):
            mask = self._masks.get(self.plain[at])
            if mask is not None:
                found += [*self._shown(done, at), mask]
                done = at + 1
        return tuple(found + self._shown(done, stop))

    def _shown(self, begin: int, end: int) -> list[Piece]:
        first, last = begin == 0, end == len(self.plain)
        return pieces_between(self.plain[begin:end], first=first, last=last)

    @property
    def masks(self) -> dict[str, Piece]:
        """Return the masks, by the sign that stands for each."""
        return self._masks

    def lines(self) -> Iterator[tuple[int, int]]:
        """Yield where each line begins and ends, its line feed left out."""
        begin = 0
        while (end := self.plain.find("\n", begin)) >= 0:
            yield begin, end
            begin = end + 1
        if begin < len(self.plain):
            yield begin, len(self.plain)

    def snippet(self, plain: str, most: int = _SHORT) -> tuple[Piece, ...]:
        """Return something read from this text on one line, cut in the middle, secrets masked."""
        if len(plain) <= most:
            return tuple(self._on_one_line(plain, first=True, last=True))
        head, tail = most * 2 // 3, most // 3
        words = sentence("… %(chars)s more …", chars=len(plain) - head - tail)
        begin = self._on_one_line(plain[:head], first=True, last=False)
        end = self._on_one_line(plain[-tail:], first=False, last=True)
        return (*begin, gap(words), *end)

    def words(self, plain: str, most: int = _SHORT) -> str:
        """Return a snippet as visible text, to stand in a sentence."""
        return one_text([piece.text for piece in self.snippet(plain, most)])

    def _on_one_line(self, plain: str, *, first: bool, last: bool) -> Iterator[Piece]:
        done = 0
        for at, sign in enumerate(plain):
            mask = self._masks.get(sign)
            if mask is not None:
                yield from _one_line(plain[done:at], first=first and not done, last=False)
                yield mask
                done = at + 1
        yield from _one_line(plain[done:], first=first and not done, last=last)

    def hides(self, begin: int, end: int) -> bool:
        """Say whether a stretch holds a secret."""
        return any(sign in self._masks for sign in self.plain[begin:end])

    def hides_in(self, plain: str) -> bool:
        """Say whether something read from this text holds a secret."""
        return bool(self._masks) and any(sign in self._masks for sign in plain)


def _one_line(plain: str, *, first: bool, last: bool) -> Iterator[Piece]:
    for piece in pieces_between(plain, first=first, last=last):
        yield piece._replace(text=on_one_line(piece.text))


class Arguments:
    """The members of an object, by name; it knows which of them were never taken."""

    def __init__(
        self,
        values: Sequence[Value],
        own_domains: tuple[str, ...] = (),
        *,
        is_inner: bool = False,
    ) -> None:
        self._is_inner = is_inner
        self.own_domains = own_domains
        """Of the organization, in small letters; empty if it names none."""
        self._values = {value.name: value for value in values}
        self._taken: set[str] = set()
        self._passed_over: set[str] = set()

    @property
    def unread(self) -> tuple[str, ...]:
        """Return the visible names of the members that nobody has taken."""
        return tuple(name for name in self._values if name not in self._taken)

    @property
    def passed_over(self) -> tuple[str, ...]:
        """Return those of `unread` in whose place another was taken, or whose kind did not fit."""
        return tuple(name for name in self.unread if name in self._passed_over)

    @property
    def values(self) -> tuple[Value, ...]:
        """Return the members, in canonical order; all of them are taken then."""
        self._taken.update(self._values)
        return tuple(self._values.values())

    @property
    def names(self) -> tuple[str, ...]:
        """Return the visible names, in canonical order."""
        return tuple(self._values)

    def put_back(self) -> None:
        """Begin anew: nobody has taken anything."""
        self._taken.clear()
        self._passed_over.clear()

    def look(self, name: str) -> Value | None:
        """Return a member without taking it."""
        return self._values.get(name)

    def value(self, *names: str) -> Value | None:
        """Return the member with the first of these names that there is."""
        return self._first(names, lambda _: True)

    def text(self, *names: str) -> Text | None:
        """Return the first of these members that is a text; masked ones too."""
        value = self._first(names, lambda each: each.kind == "string" or each.is_masked)
        return None if value is None else self.text_of(value)

    def text_of(self, value: Value) -> Text:
        """Return a leaf among these members as a text that knows its name."""
        text = text_of(value)
        return text if self._is_inner else Text(text.plain, text.masks, value.name)

    def texts(self, *names: str) -> tuple[Text, ...] | None:
        """Return the first of these members that is a list of leaves, as texts."""
        value = self._first(names, _is_list_of_leaves)
        return None if value is None else tuple(map(text_of, value.children))

    def inside(self, *names: str) -> "Arguments | None":
        """Return the first of these members that is an object."""
        value = self._first(names, lambda each: each.kind == "object")
        return None if value is None else self._inner(value)

    def items(self, *names: str) -> "tuple[Arguments, ...] | None":
        """Return the first of these members that is a list of objects."""
        value = self._first(names, _is_list_of_objects)
        if value is None:
            return None
        return tuple(self._inner(child) for child in value.children)

    def _inner(self, value: Value) -> "Arguments":
        return Arguments(value.children, self.own_domains, is_inner=True)

    def _first(self, names: Sequence[str], fits: Callable[[Value], bool]) -> Value | None:
        there = [self._values[name] for name in names if name in self._values]
        found = next((value for value in there if fits(value)), None)
        self._passed_over.update(value.name for value in there if value is not found)
        if found is not None:
            self._taken.add(found.name)
        return found


def _is_list_of_leaves(value: Value) -> bool:
    return value.kind == "array" and all(
        child.kind not in {"object", "array"} for child in value.children
    )


def _is_list_of_objects(value: Value) -> bool:
    return value.kind == "array" and all(child.kind == "object" for child in value.children)


def text_of(value: Value) -> Text:
    """Return a leaf as a text: a number, true, false and null as they are written in JSON."""
    if not any(segment.mask for segment in value.segments):
        return Text("".join([segment.text for segment in value.segments]), {})
    present = {sign for segment in value.segments for sign in segment.text}
    signs = _signs(present)
    masks: dict[str, Piece] = {}
    plain = []
    for segment in value.segments:
        if segment.mask:
            sign = next(signs)
            masks[sign] = segment.piece()
            plain.append(sign)
        else:
            plain.append(segment.text)
    return Text("".join(plain), masks)


def joined(texts: Sequence[Text], quoted: Callable[[str], str]) -> Text:
    """Return texts as one, with a blank between them, each written as `quoted` says."""
    present = {sign for text in texts for sign in text.plain}
    signs = _signs(present)
    masks: dict[str, Piece] = {}
    written = []
    for text in texts:
        renamed = dict(zip(text.masks, signs, strict=False))
        masks |= {renamed[sign]: mask for sign, mask in text.masks.items()}
        written.append(quoted("".join([renamed.get(sign, sign) for sign in text.plain])))
    return Text(" ".join(written), masks)


def _signs(taken: set[str]) -> Iterator[str]:
    code = _FIRST_SIGN
    while True:
        sign = chr(code)
        if sign not in taken:
            yield sign
        code += 1
