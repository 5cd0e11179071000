"""The arguments as canonical JSON, safe to look at: on one line, and laid out."""

from collections.abc import Mapping, Sequence
from typing import Any

from webui.preview.clipping import laid_out, quoted_out
from webui.preview.nodes import Piece
from webui.preview.reading import Call, Value
from webui.preview.redaction import Profile, Segment


def canonical_pieces(
    arguments: Mapping[str, Any], profile: Profile, indent: int = 0
) -> tuple[Piece, ...]:
    """Return the canonical form of the arguments (RFC 8785), safe to look at.

    Without `indent` it is laid out as it is hashed and run: on one line, with no white
    space between the values. With it every value has a line of its own. Secrets are masked,
    a text keeping its quotation marks. Raises Unreadable as `preview` does.
    """
    writer = _Writer(" " * indent)
    writer.members(Call(arguments, profile).values, "{}", 1)
    return writer.pieces()


class _Writer:
    """Collects pieces; neighbouring text becomes one piece."""

    def __init__(self, indent: str) -> None:
        self._indent = indent
        self._colon = ": " if indent else ":"
        self._pieces: list[Piece] = []
        self._text: list[str] = []

    def pieces(self) -> tuple[Piece, ...]:
        self._flush()
        return tuple(self._pieces)

    def members(self, values: Sequence[Value], brackets: str, level: int) -> None:
        """Write the values of an object or an array, whose brackets these are."""
        self._text.append(brackets[0])
        for at, value in enumerate(values):
            self._text.append("," if at else "")
            self._new_line(level)
            if brackets == "{}":
                self._string(value.name_segments)
                self._text.append(self._colon)
            self._value(value, level)
        if values:
            self._new_line(level - 1)
        self._text.append(brackets[1])

    def _new_line(self, level: int) -> None:
        if self._indent:
            self._text.append("\n" + self._indent * level)

    def _value(self, value: Value, level: int) -> None:
        if value.kind == "object":
            self.members(value.children, "{}", level + 1)
        elif value.kind == "array":
            self.members(value.children, "[]", level + 1)
        elif value.kind == "string":
            self._string(value.segments)
        else:
            self._visible(laid_out(value.segments))

    def _string(self, segments: tuple[Segment, ...]) -> None:
        self._text.append('"')
        self._visible(quoted_out(segments))
        self._text.append('"')

    def _visible(self, shown: list[Piece]) -> None:
        for piece in shown:
            if piece.kind == "text":
                self._text.append(piece.text)
            else:
                self._flush()
                self._pieces.append(piece)

    def _flush(self) -> None:
        if self._text:
            self._pieces.append(Piece("text", "".join(self._text)))
            self._text = []
