"""What a preview is made of. Templates only lay it out; nothing here is markup.

Every text in these types is already visible text (see `visible`): it holds no code point
that a screen could hide, reorder or draw as another.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from webui.sentences import Sentence, joined, number, sentence, sentence_in

if TYPE_CHECKING:
    from webui.preview.renderers.rendering import Rendering

PREVIEW_VERSION: Final = 14
"""Goes up whenever the same call would look different; it is part of a decision's seal."""

PieceKind = Literal["text", "chip", "blank", "gap", "mask", "alarm", "odd"]
NodeKind = Literal[
    "string", "number", "boolean", "null", "object", "array", "masked", "gap", "rows"
]
"""What a value is; rows: several of a long list or object, as JSON."""

KIND: Final[dict[NodeKind, Sentence]] = {
    "string": sentence_in("a kind of value", "string"),
    "number": sentence_in("a kind of value", "number"),
    "boolean": sentence_in("a kind of value", "boolean"),
    "null": sentence_in("a kind of value", "null"),
    "object": sentence_in("a kind of value", "object"),
    "array": sentence_in("a kind of value", "array"),
    "masked": sentence_in("a kind of value", "masked"),
}
"""The same for people."""


class Piece(NamedTuple):
    """A stretch of visible text, and what it is.

    text: as the agent wrote it; chip: escaped code points; blank: a counted run of spaces
    or newlines; gap: something is not shown here; mask: a secret; alarm: of several names in a fact, one to look at;
    odd: a letter among those of another script, which it may look like.
    """

    kind: PieceKind
    text: str
    title: str = ""
    """What a chip stands for or an odd letter is, in words; may be empty."""
    at: str = ""
    """Of a mask in a row of the full view: its place, by which it can be asked for."""


EMPTY: Final = Piece("blank", sentence("⟦empty⟧"), sentence("a text of no characters"))


def gap(words: Sentence, dots: str = "") -> Piece:
    """Return what stands where something is not shown: `⟦words⟧`, or with dots `⟦… words …⟧`."""
    inside = (dots, " ", words, " ", dots) if dots else (words,)
    return Piece("gap", joined("", ("⟦", *inside, "⟧")), words)


def cut_gap(hidden: int, of: int) -> Piece:
    """Return what stands in the middle of a text that is cut."""
    counts = {"hidden": number(hidden, str(hidden)), "chars": number(of, str(of))}
    return gap(sentence("%(hidden)s of %(chars)s chars hidden", **counts), "…")


def respelt(received: str) -> Piece:
    """Return what stands beside a number that was received in another spelling."""
    return gap(sentence("received as %(received)s", received=received))._replace(
        kind="chip"
    )


class Decoded(NamedTuple):
    """What a stretch of a value unpacks to."""

    how: str
    """In our words, as "gzip in base64"; empty for a gap that stands for several."""
    pieces: tuple[Piece, ...]
    hidden: int = 0
    """Characters that are not shown."""
    inside: tuple["Decoded", ...] = ()
    """What is packed in it once more."""
    flags: tuple[str, ...] = ()


class Node(NamedTuple):
    """One value of the arguments, and all below it that is shown."""

    name: str | None
    """The key, on one line, or the index in its array; None for the whole."""
    kind: NodeKind
    pieces: tuple[Piece, ...] = ()
    children: tuple["Node", ...] = ()
    count: int | None = None  # type: ignore[assignment]  # hides tuple.count, unused here
    """Keys of an object or items of an array, shown or not; of rows, how many stand in one."""
    hidden: int = 0
    """Characters of a string, or keys or items, that are not shown."""
    flags: tuple[str, ...] = ()
    """This value's own, in alphabetical order."""
    decoded: tuple[Decoded, ...] = ()
    """What is packed in it, beside what it is."""
    fold: tuple[int, int, int] | None = None
    """Of a long text that is shown whole: from which piece to which a page may fold it up, and
    how many characters these are."""
    at: str = ""
    """In the full view of a masked value: its place, by which it can be asked for."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A call, safe to look at."""

    version: int
    view: Literal["card", "full"]
    tool: str
    nodes: tuple[Node, ...]
    """One for each top-level key that is shown, in canonical order."""
    flags: frozenset[str]
    """Of all values, shown or not."""
    warnings: tuple[str, ...]
    """A sentence for each flag, counted."""
    truncated: bool
    masked: int
    """How many masks the whole call has, shown or not."""
    total_bytes: int
    """Of the canonical form."""
    key_count: int
    node_count: int
    depth: int
    hidden_keys: int = 0
    """Top-level keys without a node."""
    rendering: "Rendering | None" = None
    """The call in the terms of what it does, where a renderer knows them."""

    @property
    def root(self) -> Node:
        """Return the whole as one node."""
        return Node(None, "object", (), self.nodes, self.key_count, self.hidden_keys)

    @property
    def requires_full_view(self) -> bool:
        """Whether something is cut, so that nobody may approve from this view alone.

        With the risk at hand `gate` is the question to ask: masks may count too.
        """
        return self.truncated


def gate(preview: Preview, risk: str) -> bool:
    """Whether the full view must be opened before this call may be approved.

    True if anything is cut, or if anything is masked and the risk is neither low nor
    medium: a mask is a place to hide a payload in (details.md D, P11; security.md F12).
    """
    return preview.truncated or (preview.masked > 0 and risk not in {"low", "medium"})


def preview_hash(preview: Preview) -> str:
    """Return "sha256:" and the hex digest of all that the preview shows and says."""
    shown = (
        preview.version,
        preview.view,
        preview.tool,
        preview.nodes,
        sorted(preview.flags),
        preview.warnings,
        preview.truncated,
        preview.masked,
        preview.total_bytes,
        preview.key_count,
        preview.node_count,
        preview.depth,
        preview.hidden_keys,
        preview.rendering,
    )
    written = json.dumps(shown, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(b"preview-v1\0" + written.encode()).hexdigest()
