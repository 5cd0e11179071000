"""The two views of a call on a page: the card, cut to what a person reads, and all of it.

Specification: preview.md, "Three views, always"; details.md, section D, P1, P6 and P7.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from webui.approvals.call.canonical import canonical
from webui.preview.clipping import (
    CARD,
    FULL,
    NAME,
    NESTED,
    Size,
    fitted,
    folded,
    width,
)
from webui.preview.nodes import (
    EMPTY,
    PREVIEW_VERSION,
    Decoded,
    Node,
    NodeKind,
    Piece,
    Preview,
    gap,
    respelt,
)
from webui.preview.notices import Tally
from webui.preview.reading import Call, Value, flags_of, in_order
from webui.preview.redaction import Payload, Profile
from webui.preview.renderers import render
from webui.preview.revealing import Place, hides, revealed
from webui.preview.rows import in_rows, unpacked
from webui.preview.values import Inside
from webui.preview.visible import inline, on_one_line, told_apart
from webui.sentences import plural

_MOST_KEYS: Final = 40
_MOST_CHARS: Final = 16_000
_LEAST_ROOM: Final = 500  # one more name, number, mask or shortest text always fits in it
_WHOLE_BYTES: Final = 200  # a nested value up to here is shown as it is
_NESTED_KEYS: Final = 8
_NESTED_ITEMS: Final = 3
_NESTED_LEVELS: Final = 2
_MOST_UNPACKED: Final = 5
_EMPTY: Final = {
    "string": EMPTY,
    "object": Piece("text", "{}"),
    "array": Piece("text", "[]"),
}


def preview(
    tool: str,
    arguments: Mapping[str, Any],
    profile: Profile,
    *,
    received: str | None = None,
    view: Literal["card", "full"] = "card",
) -> Preview:
    """Return a call as a tree of safe nodes.

    `arguments` is the stored canonical value, `received` its JSON text as it came in; with
    it, numbers that were spelt otherwise show both spellings. Pure and deterministic.
    Raises Unreadable if `arguments` is not a value that the strict reader accepts.
    """
    show = full if view == "full" else card
    return show(tool, arguments, profile, received=received)


def card(
    tool: str,
    arguments: Mapping[str, Any],
    profile: Profile,
    *,
    received: str | None = None,
) -> Preview:
    """Return what stands on the approval page; see `preview`."""
    return card_of(tool, Call(arguments, profile, received))


def card_of(tool: str, call: Call) -> Preview:
    """Return the same of arguments that were read before."""
    layout, tally = _Card(), call.tally.copy()
    nodes: list[Node] = []
    given = call.arguments
    for value, name in zip(call.values[:_MOST_KEYS], in_order(given), strict=False):
        if not layout.has_room:
            break
        inside = given[name]
        is_long = call.is_long(inside)
        node = layout.top(value, _WHOLE_BYTES + 1 if is_long else len(canonical(inside)))
        tally.flags["nested"] += "nested" in node.flags
        nodes.append(node)
    tally.cut = layout.cut
    tally.hidden_keys = len(call.values) - len(nodes)
    cut = layout.truncated or len(nodes) < len(call.values)
    return _made("card", tool, call, nodes, tally, truncated=cut)


def full(
    tool: str,
    arguments: Mapping[str, Any],
    profile: Profile,
    *,
    received: str | None = None,
    reveal: Place | None = None,
) -> Preview:
    """Return the whole call: every character is visible or in a mask; see `preview`.

    What stands at the place `reveal` is shown in the clear. Raises LookupError if nothing is
    masked there.
    """
    return full_of(tool, Call(arguments, profile, received), reveal)


def full_of(tool: str, call: Call, reveal: Place | None = None) -> Preview:
    """Return the same of arguments that were read before."""
    values = call.values if reveal is None else revealed(call.values, reveal)
    nodes = [_whole(value, at) for at, value in enumerate(values)]
    return _made("full", tool, call, nodes, call.tally, truncated=False)


def _made(
    view: Literal["card", "full"],
    tool: str,
    call: Call,
    nodes: list[Node],
    tally: Tally,
    *,
    truncated: bool,
) -> Preview:
    return Preview(
        version=PREVIEW_VERSION,
        view=view,
        tool=inline(tool),
        nodes=tuple(nodes),
        flags=frozenset(+tally.flags),
        warnings=tuple(tally.sentences()),
        truncated=truncated,
        masked=tally.masks,
        total_bytes=call.total_bytes,
        key_count=len(call.values),
        node_count=call.node_count,
        depth=call.depth,
        hidden_keys=len(call.values) - len(nodes),
        rendering=render(tool, call.values, call.own_domains),
    )


def _whole(value: Value, step: int, above: str = "") -> Node:
    place = f"{above}{step}"
    flags = tuple(sorted(value.flags)) if value.flags else ()
    at = place if value.flags and hides(value) else ""
    if value.kind in {"object", "array"}:
        below = _below(value.children, place + ".")
        empty = () if below else (_EMPTY[value.kind],)
        count = len(value.children)
        return Node(_name(value), value.kind, empty, below, count, 0, flags, at=at)
    pieces, fold = folded(value.segments, FULL)
    shown = _leaf(value, pieces)
    decoded = tuple(map(unpacked, value.payloads)) if value.payloads else ()
    kind, name = _leaf_kind(value), _name(value)
    return Node(name, kind, shown, (), None, 0, flags, decoded, fold, at)


def _name(value: Value) -> str:
    """Return a name as it is shown: of names that look alike, every letter can be told."""
    return told_apart(value.name) if "look-alike-keys" in value.flags else value.name


def _below(children: Sequence[Value], above: str) -> tuple[Node, ...]:
    if isinstance(children, Inside) and children.goes_in_rows:
        return in_rows(children, lambda child, at: _whole(child, at, above), above)
    return tuple([_whole(child, at, above) for at, child in enumerate(children)])


def _flags(payload: Payload) -> tuple[str, ...]:
    return tuple(sorted(flags_of(payload.text)))


def _leaf_kind(value: Value) -> NodeKind:
    return "masked" if value.is_masked else value.kind


def _leaf(value: Value, shown: list[Piece]) -> tuple[Piece, ...]:
    if value.received:
        shown.append(respelt(value.received))
    return tuple(shown) or (_EMPTY[value.kind],)


class _Card:
    """Lays out a card and keeps count of what is left of its room."""

    def __init__(self) -> None:
        self._room = _MOST_CHARS - _LEAST_ROOM
        self.truncated = False
        self.cut = 0

    @property
    def has_room(self) -> bool:
        """Whether another value can be shown, if only its ends."""
        return self._room >= _LEAST_ROOM

    def top(self, value: Value, size: int) -> Node:
        """Lay out a top-level value of `size` canonical bytes."""
        if value.kind not in {"object", "array"}:
            return self._shown_leaf(value, CARD)
        if size <= _WHOLE_BYTES:
            return self._shown_nested(value, levels=size, keys=size, items=size)
        self.truncated = True
        node = self._shown_nested(value, _NESTED_LEVELS, _NESTED_KEYS, _NESTED_ITEMS)
        return node._replace(flags=tuple(sorted({*node.flags, "nested"})))

    def _shown_leaf(self, value: Value, size: Size) -> Node:
        name = self._shown_name(value)
        shown, hidden = fitted(value.segments, size, self._room - _LEAST_ROOM // 2)
        pieces = _leaf(value, shown)
        self._take(width(pieces), hidden)
        self.cut += hidden > 0
        flags = tuple(sorted(value.flags))
        decoded = self._decoded(value.payloads, size) if value.payloads else ()
        return Node(name, _leaf_kind(value), pieces, (), None, hidden, flags, decoded)

    def _decoded(self, payloads: tuple[Payload, ...], size: Size) -> tuple[Decoded, ...]:
        shown: list[Decoded] = []
        for payload in payloads[:_MOST_UNPACKED]:
            if not self.has_room:
                break
            pieces, hidden = fitted(payload.segments, size, self._room - _LEAST_ROOM // 2)
            self._take(width(pieces), hidden)
            self.cut += hidden > 0
            inside = self._decoded(payload.inside, size)
            flags, seen = _flags(payload), tuple(pieces) or (EMPTY,)
            shown.append(Decoded(payload.how, seen, hidden, inside, flags))
        if len(shown) < len(payloads):
            left = len(payloads) - len(shown)
            words = plural(
                "%(number)s more unpacked text not shown",
                "%(number)s more unpacked texts not shown",
                left,
            )
            shown.append(Decoded("", (gap(words),), left))
            self.truncated = True
        return tuple(shown)

    def _shown_nested(self, value: Value, levels: int, keys: int, items: int) -> Node:
        name = self._shown_name(value)
        most = 0 if levels == 0 else keys if value.kind == "object" else items
        below: list[Node] = []
        for child in value.children[:most]:
            if not self.has_room:
                break
            if child.kind in {"object", "array"}:
                below.append(self._shown_nested(child, levels - 1, keys, items))
            else:
                below.append(self._shown_leaf(child, NESTED))
        count = len(value.children)
        hidden = count - len(below)
        pieces = [] if below else [_counted(value.kind, count)]
        self._take(width(pieces), hidden)
        flags = tuple(sorted(value.flags))
        return Node(name, value.kind, tuple(pieces), tuple(below), count, hidden, flags)

    def _shown_name(self, value: Value) -> str:
        name = _name(value)
        hidden = 0
        if len(name) > NAME.most:
            shown, hidden = fitted(value.name_segments, NAME, 2 * NAME.most)
            name = on_one_line("".join([piece.text for piece in shown]))
            if "look-alike-keys" in value.flags:
                name = told_apart(name)
            self.cut += hidden > 0
        self._take(len(name), hidden)
        return name

    def _take(self, chars: int, hidden: int) -> None:
        self._room -= chars
        self.truncated = self.truncated or hidden > 0


def _counted(kind: str, count: int) -> Piece:
    if count == 0:
        return _EMPTY[kind]
    words = (
        plural("%(number)s key not shown", "%(number)s keys not shown", count)
        if kind == "object"
        else plural("%(number)s item not shown", "%(number)s items not shown", count)
    )
    return gap(words)
