"""Arguments as a tree of safe nodes: the card and the full view (details.md D, P1, P6, P7)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from webui.preview.flags import RAISING, SENTENCES, flags_of
from webui.preview.secrets import Profile, is_secret_name, mask, segments
from webui.preview.visible import Piece, pieces, visible

PREVIEW_VERSION = 1
"""Grows with every change of what a reviewer is shown; part of a decision's seal."""

CARD_KEYS = 40
CARD_CHARS = 16_000
HEAD, TAIL, WHOLE = 1_400, 500, 2_000
NESTED_BYTES = 200
NESTED_DEPTH = 2
NESTED_KEYS, NESTED_ITEMS = 8, 3
Kind = Literal["string", "number", "boolean", "null", "object", "array", "masked"]
HIGH = 2
_LEVELS = ("low", "medium", "high", "critical")


@dataclass(frozen=True, slots=True)
class Node:
    """One value: what it is called, what kind it is, and how it is shown."""

    name: str
    kind: Kind
    pieces: tuple[Piece, ...] = ()
    children: tuple["Node", ...] = ()
    count: int | None = None
    """Members or items of an object or array, shown or not."""
    hidden: int = 0
    """Characters, members or items that this view leaves out."""
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Preview:
    """What a reviewer is shown of a call."""

    version: int
    view: Literal["card", "full"]
    tool: str
    nodes: tuple[Node, ...]
    flags: frozenset[str]
    warnings: tuple[str, ...]
    truncated: bool
    masked: int
    total_bytes: int
    key_count: int
    node_count: int
    depth: int
    hidden_keys: int = 0

    @property
    def requires_full_view(self) -> bool:
        """Say whether something was left out, whatever the risk."""
        return self.truncated


@dataclass(slots=True)
class _Seen:
    """What was come across while the nodes were made."""

    profile: Profile
    full: bool
    budget: int
    flags: set[str] = field(default_factory=set)
    chips: int = 0
    masked: int = 0
    truncated: bool = False


def card(tool: str, arguments: Mapping[str, Any], profile: Profile) -> Preview:
    """Return the view on the approval page: all keys, long values by head and tail."""
    return _preview(tool, arguments, profile, full=False)


def full(tool: str, arguments: Mapping[str, Any], profile: Profile) -> Preview:
    """Return the view that leaves nothing out."""
    return _preview(tool, arguments, profile, full=True)


def gate(preview: Preview, risk: str) -> bool:
    """Say whether approving asks for the full view first (details.md D, P5 and P11).

    Something was cut, or something is masked in a call of at least high class; a warning
    raises the class by one step.
    """
    level = _LEVELS.index(risk) + bool(preview.flags & RAISING)
    return preview.truncated or (preview.masked > 0 and level >= HIGH)


def _preview(
    tool: str, arguments: Mapping[str, Any], profile: Profile, *, full: bool
) -> Preview:
    seen = _Seen(profile, full, CARD_CHARS)
    names = sorted(arguments, key=lambda name: name.encode("utf-16-be"))
    shown = names if full else names[:CARD_KEYS]
    nodes = tuple(
        _node(name, arguments[name], seen, secret=False, level=0) for name in shown
    )
    hidden = len(names) - len(shown)
    seen.flags |= flags_of(tool)
    size = len(json.dumps(arguments, ensure_ascii=False, separators=(",", ":")).encode())
    count, depth = _measure(arguments)
    return Preview(
        version=PREVIEW_VERSION,
        view="full" if full else "card",
        tool=visible(tool),
        nodes=nodes,
        flags=frozenset(seen.flags),
        warnings=_warnings(seen),
        truncated=seen.truncated or hidden > 0,
        masked=seen.masked,
        total_bytes=size,
        key_count=len(names),
        node_count=count,
        depth=depth,
        hidden_keys=hidden,
    )


def _warnings(seen: _Seen) -> tuple[str, ...]:
    told = []
    for flag, sentence in SENTENCES.items():
        if flag not in seen.flags or flag == "nested":
            continue
        if flag == "redacted":
            told.append(f"{sentence} Masked: {seen.masked}.")
        elif flag == "invisible":
            told.append(f"{sentence} Counted: {seen.chips}.")
        else:
            told.append(sentence)
    return tuple(told)


def _measure(value: Any) -> tuple[int, int]:
    """Return how many values there are, the outermost included, and how deep they nest."""
    count, deepest, waiting = 0, 0, [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        count += 1
        deepest = max(deepest, depth if isinstance(item, (Mapping, list)) else depth - 1)
        if isinstance(item, Mapping):
            waiting += [(inner, depth + 1) for inner in item.values()]
        elif isinstance(item, list):
            waiting += [(inner, depth + 1) for inner in item]
    return count, deepest


def _node(name: str, value: Any, seen: _Seen, *, secret: bool, level: int) -> Node:
    """Make the node of one member; what stands under a secret name is masked leaf by leaf."""
    seen.flags |= flags_of(name)
    shown = visible(name)
    secret = secret or is_secret_name(name, seen.profile.names)
    if isinstance(value, Mapping):
        return _container(shown, "object", value, seen, secret=secret, level=level)
    if isinstance(value, list):
        return _container(shown, "array", value, seen, secret=secret, level=level)
    if secret and value is not None and not isinstance(value, bool):
        return _masked(shown, value, seen)
    if isinstance(value, str):
        return _string(shown, value, seen)
    return _scalar(shown, value, seen)


def _masked(name: str, value: Any, seen: _Seen) -> Node:
    text = value if isinstance(value, str) else json.dumps(value)
    seen.masked += 1
    seen.flags.add("redacted")
    seen.flags |= flags_of(text)
    return Node(name, "masked", (Piece("mask", mask(text, seen.profile)),))


def _scalar(name: str, value: Any, seen: _Seen) -> Node:
    kind: Kind = "number"
    if value is None:
        kind = "null"
    elif isinstance(value, bool):
        kind = "boolean"
    text = json.dumps(value)
    seen.budget -= len(text)
    return Node(name, kind, (Piece("text", text),))


def _string(name: str, value: str, seen: _Seen) -> Node:
    flags = flags_of(value)
    seen.flags |= flags
    shown = tuple(_string_pieces(value, seen))
    cut, hidden = (shown, 0) if seen.full else _clipped(value, shown, seen)
    seen.chips += sum(1 for piece in cut if piece.kind == "chip" and not _is_bracket(piece))
    seen.budget -= sum(len(piece.text) for piece in cut)
    seen.truncated |= hidden > 0
    return Node(name, "string", cut, hidden=hidden, flags=flags)


def _is_bracket(piece: Piece) -> bool:
    return piece.text in {"⟦U+27E6⟧", "⟦U+27E7⟧"}


def _string_pieces(value: str, seen: _Seen) -> Iterator[Piece]:
    for segment in segments(value):
        if segment.masked:
            seen.masked += 1
            seen.flags.add("redacted")
            yield Piece("mask", mask(segment.text, seen.profile))
        else:
            yield from pieces(segment.text)


def _clipped(
    value: str, shown: tuple[Piece, ...], seen: _Seen
) -> tuple[tuple[Piece, ...], int]:
    """Cut a long string to its head and tail, masks first, so that no secret is halved."""
    if len(value) <= WHOLE and len(value) <= max(seen.budget, HEAD + TAIL):
        return shown, 0
    head_room = HEAD if seen.budget > HEAD + TAIL else max(seen.budget, 0) // 4
    tail_room = TAIL if seen.budget > HEAD + TAIL else max(seen.budget, 0) // 4
    marked = tuple(segments(value))
    masked = any(segment.masked for segment in marked)
    text = "".join(
        mask(segment.text, seen.profile) if segment.masked else segment.text
        for segment in marked
    )
    if not masked and len(text) <= head_room + tail_room:
        return shown, 0
    head = _part(value, marked, head_room, seen, tail=False)
    tail = _part(value, marked, tail_room, seen, tail=True)
    left = len(value) - head[1] - tail[1]
    if left <= 0:
        return shown, 0
    gap = Piece("gap", f"⟦… {left} of {len(value)} chars hidden …⟧", "open the full view")
    return (*head[0], gap, *tail[0]), left


def _part(
    value: str, marked: tuple[Any, ...], room: int, seen: _Seen, *, tail: bool
) -> tuple[tuple[Piece, ...], int]:
    """Return the pieces of the first or last `room` characters, and how many those are."""
    parts: list[tuple[Piece, ...]] = []
    used = 0
    for segment in reversed(marked) if tail else marked:
        if used >= room:
            break
        if segment.masked:
            parts.append((Piece("mask", mask(segment.text, seen.profile)),))
            used += len(segment.text)
            continue
        left = room - used
        text = segment.text[-left:] if tail else segment.text[:left]
        parts.append(pieces(text))
        used += len(text)
    ordered = reversed(parts) if tail else parts
    return tuple(piece for part in ordered for piece in part), min(used, len(value))


def _container(
    name: str,
    kind: Literal["object", "array"],
    value: Mapping[str, Any] | list[Any],
    seen: _Seen,
    *,
    secret: bool,
    level: int,
) -> Node:
    seen.flags.add("nested")
    members = _members(value)
    shown = members if seen.full or _is_small(value, level) else _few(members, kind, level)
    hidden = len(members) - len(shown)
    seen.truncated |= hidden > 0
    children = tuple(
        _node(inner, item, seen, secret=secret, level=level + 1) for inner, item in shown
    )
    return Node(name, kind, children=children, count=len(members), hidden=hidden)


def _members(value: Mapping[str, Any] | list[Any]) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return [(name, value[name]) for name in names]
    return [(str(place), item) for place, item in enumerate(value)]


def _is_small(value: Any, level: int) -> bool:
    if level >= CARD_KEYS or len(value) > NESTED_BYTES:
        return False
    return _size_within(value, NESTED_BYTES)


def _size_within(value: Any, room: int) -> bool:
    """Say whether a value is short, without writing out a long one."""
    waiting, size = [value], 0
    while waiting and size <= room:
        item = waiting.pop()
        if isinstance(item, Mapping):
            size += 2 + sum(len(name) + 4 for name in item)
            waiting += item.values()
        elif isinstance(item, list):
            size += 2 + len(item)
            waiting += item
        else:
            size += len(item) + 2 if isinstance(item, str) else len(str(item))
    return size <= room


def _few(
    members: list[tuple[str, Any]], kind: Literal["object", "array"], level: int
) -> list[tuple[str, Any]]:
    if level >= NESTED_DEPTH:
        return []
    return members[: NESTED_KEYS if kind == "object" else NESTED_ITEMS]
