"""What a patch does to one file: a block, and what is odd about it."""

import re
from typing import Final

from webui.preview.renderers.file_texts import look_at_counts
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.patch_parts import FilePatch, Row
from webui.preview.renderers.saying import Span, said
from webui.preview.renderers.sensitive_files import look_at_path
from webui.preview.renderers.sheets import Sheet, Sheets

_EXECUTABLE: Final = re.compile(r"100[0-7]*[1357][0-7]{0,2}$")
_NOT_NAMED: Final = "a file that is not named"


def add_file(file: FilePatch, found: Findings, sheets: Sheets) -> None:
    sheet = sheets.start(f"{file.effect}: {file.added:,} added, {file.removed:,} removed")
    for path in (file.before, file.path):
        if path is not None:
            look_at_path(found, path, in_a_tree=True)
    name = file.path or file.before
    if name is None:
        found.danger("no-name", "A part of the patch does not say which file it changes.")
        sheet.say(_NOT_NAMED)
    else:
        is_moved = file.before is not None and file.effect in {"Renamed", "Copied"}
        if is_moved:
            sheet.say("from", file.before)
        sheet.say("to" if is_moved else "", name)
    _modes(file, name, found, sheet)
    if file.effect == "Deleted":
        found.note(("deleted", name and name.plain), f"{_called(name)} is deleted.")
    if file.is_binary:
        words = f"{_called(name)} gets content that is no text: nobody can read it here."
        found.danger(("binary", name and name.plain), words)
    for at, row in enumerate(file.rows):
        if sheet.is_full:
            sheet.hidden += len(file.rows) - at
            break
        _row(sheet, row)
    look_at_counts(found, name, file.added, file.removed)
    sheets.keep(sheet)


def _row(sheet: Sheet, row: Row) -> None:
    sheet.add(
        row.span,
        row.kind,
        row.number,
        row.before,
        "comment" if row.kind == "head" else "plain",
    )


def _called(name: Span | None) -> str:
    return said(name) if name is not None else _NOT_NAMED.capitalize()


def _modes(file: FilePatch, name: Span | None, found: Findings, sheet: Sheet) -> None:
    for mode in file.modes:
        sheet.say("mode", mode)
    last = file.modes[-1].plain if file.modes else ""
    if file.effect == "Deleted":
        return
    if last.startswith("120"):
        found.danger(
            ("link", name and name.plain),
            f"{_called(name)} becomes a link to another file.",
        )
    elif last.startswith("160"):
        found.danger(
            ("module", name and name.plain),
            f"{_called(name)} becomes a whole other repository.",
        )
    elif _EXECUTABLE.fullmatch(last):
        found.danger(
            ("runs", name and name.plain),
            f"{_called(name)} becomes a program that can be run.",
        )
