"""Arguments as safe text: the one line of lists and notices, and masked canonical JSON."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from webui.preview.secrets import Profile, is_secret_name, mask, segments
from webui.preview.tree import Preview
from webui.preview.visible import Piece, pieces, visible

LINE_CHARS = 200
LINE_KEYS = 5
LINE_STRING = 80
_LOOK_AT = 400
"""Of a long string, as much is searched for secrets as could reach into the line."""
_TOOL_CHARS = 80


def line(tool: str, arguments: Mapping[str, Any], profile: Profile) -> str:
    """Return the tool and its first arguments on one line of at most 200 characters.

    Shortened and masked: for lists, notices and chat, never for deciding.
    """
    parts = [_cut(_on_one_line(visible(tool[:_LOOK_AT])), _TOOL_CHARS)]
    names = sorted(arguments, key=lambda name: name.encode("utf-16-be"))
    parts += [
        f"{_cut(_on_one_line(visible(name)), 40)}={_short(name, arguments[name], profile)}"
        for name in names[:LINE_KEYS]
    ]
    if len(names) > LINE_KEYS:
        parts.append(f"+{len(names) - LINE_KEYS} more")
    return _cut(" ".join(parts), LINE_CHARS)


def _short(name: str, value: Any, profile: Profile) -> str:
    if isinstance(value, Mapping):
        return f"{{{len(value)} keys}}"
    if isinstance(value, list):
        return f"[{len(value)} items]"
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if is_secret_name(name, profile.names):
        return "⟦redacted⟧"
    if not isinstance(value, str):
        return json.dumps(value)
    shown = "".join(
        "⟦redacted⟧" if segment.masked else visible(segment.text)
        for segment in segments(value[:_LOOK_AT])
    )
    return _cut(_on_one_line(shown), LINE_STRING)


def _on_one_line(text: str) -> str:
    return text.replace("\n", "⏎")


def _cut(text: str, room: int) -> str:
    """Cut without halving a chip, which would then mean something else."""
    if len(text) <= room:
        return text
    kept = text[: room - 1]
    opened = kept.rfind("⟦")
    if opened > kept.rfind("⟧"):
        kept = kept[:opened]
    return kept + "…"


def masked_arguments(arguments: Mapping[str, Any], profile: Profile) -> dict[str, Any]:
    """Return a copy with secrets masked: for search, lists and differences."""
    return {name: _masked(name, value, profile, False) for name, value in arguments.items()}


def _masked(name: str, value: Any, profile: Profile, secret: bool) -> Any:
    secret = secret or is_secret_name(name, profile.names)
    if isinstance(value, Mapping):
        return {
            inner: _masked(inner, item, profile, secret) for inner, item in value.items()
        }
    if isinstance(value, list):
        return [_masked("", item, profile, secret) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    if secret:
        return mask(value if isinstance(value, str) else json.dumps(value), profile)
    if not isinstance(value, str):
        return value
    return "".join(
        mask(segment.text, profile) if segment.masked else segment.text
        for segment in segments(value)
    )


def searchable_text(tool: str, arguments: Mapping[str, Any], profile: Profile) -> str:
    """Return the words of a call for the search index, secrets left out."""
    words = [visible(tool)]
    waiting: list[tuple[str, Any, bool]] = [("", arguments, False)]
    while waiting:
        name, value, secret = waiting.pop()
        secret = secret or (name != "" and is_secret_name(name, profile.names))
        if isinstance(value, Mapping):
            waiting += [(inner, item, secret) for inner, item in value.items()]
        elif isinstance(value, list):
            waiting += [("", item, secret) for item in value]
        elif not secret and value is not None:
            words += [visible(name), *_unmasked(value)]
    return " ".join(word for word in words if word)


def _unmasked(value: Any) -> Iterator[str]:
    if not isinstance(value, str):
        yield json.dumps(value)
        return
    for segment in segments(value):
        if not segment.masked:
            yield visible(segment.text)


def canonical_pieces(
    arguments: Mapping[str, Any], profile: Profile, *, indent: int = 0
) -> tuple[Piece, ...]:
    """Return the canonical JSON as pieces: secrets masked, every code point visible.

    Args:
        arguments: of the call.
        profile: how to mask.
        indent: spaces a level; 0 writes it on one line, exactly as it is hashed.

    """
    return tuple(_joined(_written(arguments, profile, indent, 0, secret=False)))


def _written(
    value: Any, profile: Profile, indent: int, level: int, *, secret: bool
) -> Iterator[Piece]:
    if isinstance(value, Mapping):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        yield from _block(
            "{}", names, indent, level, _member(value, profile, indent, level, secret)
        )
    elif isinstance(value, list):
        places = range(len(value))

        def item(place: int) -> Iterator[Piece]:
            return _written(value[place], profile, indent, level + 1, secret=secret)

        yield from _block("[]", places, indent, level, item)
    elif isinstance(value, str):
        yield from _quoted(value, profile, secret=secret)
    elif secret and value is not None and not isinstance(value, bool):
        yield Piece("mask", mask(json.dumps(value), profile))
    else:
        yield Piece("text", json.dumps(value))


def _member(
    value: Mapping[str, Any], profile: Profile, indent: int, level: int, secret: bool
) -> Any:
    def member(name: str) -> Iterator[Piece]:
        yield from _quoted_plain(name)
        yield Piece("text", ": " if indent else ":")
        hides = secret or is_secret_name(name, profile.names)
        yield from _written(value[name], profile, indent, level + 1, secret=hides)

    return member


def _block(
    brackets: str, members: Any, indent: int, level: int, write: Any
) -> Iterator[Piece]:
    yield Piece("text", brackets[0])
    for place, member in enumerate(members):
        yield Piece("text", "," if place else "")
        if indent:
            yield Piece("text", "\n" + " " * (indent * (level + 1)))
        yield from write(member)
    if indent and members:
        yield Piece("text", "\n" + " " * (indent * level))
    yield Piece("text", brackets[1])


def _quoted(value: str, profile: Profile, *, secret: bool) -> Iterator[Piece]:
    if secret:
        yield Piece("mask", f'"{mask(value, profile)}"')
        return
    yield Piece("text", '"')
    for segment in segments(value):
        if segment.masked:
            yield Piece("mask", mask(segment.text, profile))
        else:
            yield from pieces(_escaped(segment.text))
    yield Piece("text", '"')


def _quoted_plain(name: str) -> Iterator[Piece]:
    yield Piece("text", '"')
    yield from pieces(_escaped(name))
    yield Piece("text", '"')


def _escaped(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _joined(parts: Iterator[Piece]) -> Iterator[Piece]:
    """Join neighbouring text, so that a page holds few nodes."""
    held: list[str] = []
    for part in parts:
        if part.kind == "text":
            held.append(part.text)
            continue
        if held:
            yield Piece("text", "".join(held))
            held = []
        yield part
    if held:
        yield Piece("text", "".join(held))


def preview_hash(preview: Preview) -> str:
    """Return the digest of a preview, for the log: what exactly the reviewer saw."""
    document = json.dumps(asdict(preview), sort_keys=True, default=sorted)
    return "sha256:" + hashlib.sha256(document.encode()).hexdigest()
