"""Merge patches (RFC 7386): what each sets, and what it removes by setting it to null."""

import json
from collections.abc import Iterator
from typing import Any, Final

from webui.preview.nodes import Piece
from webui.preview.reading import Value
from webui.preview.renderers.arguments import text_of
from webui.preview.renderers.json_values import look_at_name, written
from webui.preview.renderers.rendering import Token
from webui.preview.renderers.saying import Findings, name_said
from webui.preview.renderers.sheets import Sheet, Sheets
from webui.preview.visible import inline

_VALUE: Final = 300
_DEEPEST: Final = 40
_STEPS: Final = 20


def merge_lines(value: Value, found: Findings, sheets: Sheets) -> None:
    """Add a line for each member that is set or removed."""
    sheet = sheets.start("What it sets and removes")
    parsed = _parsed(value)
    if parsed is not None:
        found.note(
            "text", "The patch is a text of JSON; the arguments below show it whole."
        )
        for path, child in _plain_leaves(parsed, ()):
            words = "" if sheet.is_full else _shortened(child)
            _line(found, sheet, path, None if child is None else (Piece("text", words),))
    elif value.kind == "object":
        for path, child in _leaves(value, ()):
            is_null = child.kind == "null"
            shown = () if is_null or sheet.is_full else tuple(written(child))
            _line(found, sheet, path, None if is_null else shown)
        if not value.children:
            found.note("nothing", "It changes nothing.")
    else:
        found.danger("whole", "It is no object: it takes the place of the whole document.")
        sheet.write((Token("string", tuple(written(value))),), "added")
    sheets.keep(sheet)


def _line(
    found: Findings,
    sheet: Sheet,
    path: tuple[str, ...],
    shown: tuple[Piece, ...] | None,
) -> None:
    for step in path:
        if found.is_new(step):
            look_at_name(found, step, "It")
    if shown is None:
        found.note("null", "A member that is set to null is removed.")
    if sheet.is_full:
        sheet.hidden += 1
        return
    tokens = []
    for at, step in enumerate(path[-_STEPS:]):
        if at:
            tokens.append(Token("operator", (Piece("text", " / "),)))
        tokens.append(Token("name", (Piece("text", name_said(step)),)))
    if shown is not None:
        tokens += [Token("operator", (Piece("text", " := "),)), Token("string", shown)]
    sheet.write(tuple(tokens), "removed" if shown is None else "added")


def _leaves(value: Value, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Value]]:
    for child in value.children:
        here = (*path, child.name)
        if child.kind == "object" and child.children:
            yield from _leaves(child, here)
        else:
            yield here, child


def _parsed(value: Value) -> dict[str, Any] | None:
    if value.kind != "string":
        return None
    try:
        parsed = json.loads(text_of(value).plain)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def _plain_leaves(
    value: dict[str, Any], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, child in value.items():
        here = (*path, inline(name))
        if isinstance(child, dict) and child and len(here) < _DEEPEST:
            yield from _plain_leaves(child, here)
        else:
            yield here, child


def _shortened(child: Any) -> str:
    try:
        words = json.dumps(child, ensure_ascii=False)
    except RecursionError:
        return "⟦too deep to be shown⟧"
    if len(words) <= _VALUE:
        return inline(words)
    return f"{inline(words[: _VALUE // 2])}⟦…⟧{inline(words[-_VALUE // 3 :])}"
