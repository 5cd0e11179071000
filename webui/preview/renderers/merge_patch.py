"""Merge patches (RFC 7386): what each sets, and what it removes by setting it to null."""

from collections.abc import Iterator
from typing import Final

from webui.preview.nodes import Piece
from webui.preview.reading import Value
from webui.preview.renderers.arguments import text_of
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.json_texts import value_in
from webui.preview.renderers.rendering import Token
from webui.preview.renderers.saying import name_said
from webui.preview.renderers.sheets import Sheet, Sheets
from webui.preview.renderers.values import look_at_name, written
from webui.sentences import sentence, sentence_in

_STEPS: Final = 20


def merge_lines(value: Value, found: Findings, sheets: Sheets) -> None:
    """Add a line for each member that is set or removed."""
    sheet = sheets.start(sentence("What it sets and removes"))
    parsed = value_in(text_of(value)) if value.kind == "string" else None
    if parsed is not None:
        words = sentence(
            "The patch is a text of JSON; the arguments below show it as it is."
        )
        found.note("text", words)
        value = parsed
    if value.kind == "object":
        for path, child in _leaves(value, ()):
            is_null = child.kind == "null"
            shown = () if is_null or sheet.is_full else tuple(written(child))
            _line(found, sheet, path, None if is_null else shown)
        if not value.children:
            found.note("nothing", sentence("It changes nothing."))
    else:
        found.danger(
            "whole", sentence("It is no object: it takes the place of the whole document.")
        )
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
            look_at_name(found, step, sentence_in("this call", "It"))
    if shown is None:
        found.note("null", sentence("A member that is set to null is removed."))
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
