"""What a patch does to one file: a block, and what is odd about it."""

import re
from typing import Final

from webui.preview.renderers.file_texts import look_at_counts
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.patch_parts import FilePatch, Row
from webui.preview.renderers.saying import Span, said
from webui.preview.renderers.sensitive_files import look_at_path
from webui.preview.renderers.sheets import Sheet, Sheets
from webui.sentences import sentence

_EXECUTABLE: Final = re.compile(r"100[0-7]*[1357][0-7]{0,2}$")
_NOT_NAMED: Final = "a file that is not named"


def add_file(file: FilePatch, found: Findings, sheets: Sheets) -> None:
    sheet = sheets.start(
        sentence(
            "%(effect)s: %(added)s added, %(removed)s removed",
            effect=file.effect,
            added=f"{file.added:,}",
            removed=f"{file.removed:,}",
        )
    )
    for path in (file.before, file.path):
        if path is not None:
            look_at_path(found, path, in_a_tree=True)
    name = file.path or file.before
    if name is None:
        found.danger(
            "no-name", sentence("A part of the patch does not say which file it changes.")
        )
        sheet.say(_NOT_NAMED)
    else:
        is_moved = file.before is not None and file.effect in {"Renamed", "Copied"}
        if is_moved:
            sheet.say(sentence("from"), file.before)
        sheet.say(sentence("to") if is_moved else "", name)
    _modes(file, name, found, sheet)
    if file.effect == "Deleted":
        found.note(
            ("deleted", name and name.plain),
            sentence("%(value)s is deleted.", value=_called(name)),
        )
    if file.is_binary:
        words = sentence(
            "%(value)s gets content that is no text: nobody can read it here.",
            value=_called(name),
        )
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
        sheet.say(sentence("mode"), mode)
    last = file.modes[-1].plain if file.modes else ""
    if file.effect == "Deleted":
        return
    if last.startswith("120"):
        found.danger(
            ("link", name and name.plain),
            sentence("%(value)s becomes a link to another file.", value=_called(name)),
        )
    elif last.startswith("160"):
        found.danger(
            ("module", name and name.plain),
            sentence("%(value)s becomes a whole other repository.", value=_called(name)),
        )
    elif _EXECUTABLE.fullmatch(last):
        found.danger(
            ("runs", name and name.plain),
            sentence("%(value)s becomes a program that can be run.", value=_called(name)),
        )
