"""The arguments as canonical JSON, safe to look at: on one line, and laid out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from webui.approvals.call.canonical import canonical
from webui.preview.clipping import laid_out, quoted_out
from webui.preview.nodes import Piece
from webui.preview.reading import Call, Value
from webui.preview.redaction import Profile, Segment
from webui.preview.values import Inside, plain_value


def canonical_pieces(
    arguments: Mapping[str, Any], profile: Profile, indent: int = 0
) -> tuple[Piece, ...]:
    """Return the canonical form of the arguments (RFC 8785), safe to look at.

    Without `indent` it is laid out as it is hashed and run: on one line, with no white
    space between the values. With it every value has a line of its own. Secrets are masked,
    a text keeping its quotation marks. Raises Unreadable as `preview` does.
    """
    return canonical_of(Call(arguments, profile), indent)


def canonical_of(call: Call, indent: int = 0) -> tuple[Piece, ...]:
    """Return the same of arguments that were read before."""
    layout = _Layout(" " * indent)
    layout.members(call.values, "{}", 1)
    return layout.writer.taken()


class Writer:
    """Collects pieces; neighbouring text becomes one piece."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self._text: list[str] = []
        self.width = 0
        """Characters since pieces were last taken."""

    def text(self, text: str) -> None:
        """Write text that is visible as it stands."""
        self._text.append(text)
        self.width += len(text)

    def show(self, pieces: Iterable[Piece]) -> None:
        """Write pieces. What a letter of another script is stands in the tree; JSON only marks it."""
        for piece in pieces:
            kind, text = piece.kind, piece.text
            self.width += len(text)
            if kind == "text":
                self._text.append(text)
                continue
            if self._text:
                self._flush()
            self._pieces.append(Piece("odd", text) if kind == "odd" else piece)

    def string(self, pieces: Iterable[Piece]) -> None:
        """Write pieces between quotation marks."""
        self._text.append('"')
        self.show(pieces)
        self._text.append('"')
        self.width += 2

    def taken(self) -> tuple[Piece, ...]:
        """Return what was written, and begin anew."""
        self._flush()
        pieces, self._pieces, self.width = tuple(self._pieces), [], 0
        return pieces

    def _flush(self) -> None:
        if self._text:
            self._pieces.append(Piece("text", "".join(self._text)))
            self._text = []


def plain_json(name: str | None, value: Any, colon: str) -> str:
    """Return a value of which nothing is to be said, after its key if it has one, as JSON."""
    text = str(value) if type(value) is int else canonical(value).decode()
    return text if name is None else f"{canonical(name).decode()}{colon}{text}"


class _Layout:
    """Writes values one after the other, or each on a line of its own."""

    def __init__(self, indent: str) -> None:
        self._indent = indent
        self._colon = ": " if indent else ":"
        self.writer = Writer()

    def members(self, values: Sequence[Value], brackets: str, level: int) -> None:
        """Write the values of an object or an array, whose brackets these are."""
        write = self.writer.text
        write(brackets[0])
        for at, (name, found) in enumerate(_parts(values)):
            write("," if at else "")
            self._new_line(level)
            if type(found) is Value:
                value: Value = found
            elif self._indent and found and isinstance(found, (list, dict)):
                value = plain_value(name or "", found, values.survey)  # type: ignore[attr-defined]  # of an Inside
            else:
                write(plain_json(name, found, self._colon))
                continue
            if brackets == "{}":
                self._string(value.name_segments)
                write(self._colon)
            self._value(value, level)
        if values:
            self._new_line(level - 1)
        write(brackets[1])

    def _new_line(self, level: int) -> None:
        if self._indent:
            self.writer.text("\n" + self._indent * level)

    def _value(self, value: Value, level: int) -> None:
        if value.kind == "object":
            self.members(value.children, "{}", level + 1)
        elif value.kind == "array":
            self.members(value.children, "[]", level + 1)
        elif value.kind == "string":
            self._string(value.segments)
        else:
            self.writer.show(laid_out(value.segments))

    def _string(self, segments: tuple[Segment, ...]) -> None:
        self.writer.string(quoted_out(segments))


def _parts(values: Sequence[Value]) -> Iterator[tuple[str | None, Any]]:
    """Yield each value with its key: a Value if something is to be said of it, else itself."""
    if isinstance(values, Inside):
        return ((name, value) for _, name, value in values.parts())
    return ((value.name, value) for value in values)
