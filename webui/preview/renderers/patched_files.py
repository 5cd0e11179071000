"""What a patch does to one file: a block, and what is odd about it."""

import re
from collections.abc import Mapping
from typing import Final

from webui.preview.renderers.file_texts import look_at_counts
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.patch_parts import FilePatch, Row
from webui.preview.renderers.saying import Span, said
from webui.preview.renderers.sensitive_files import look_at_path
from webui.preview.renderers.sheets import Sheet, Sheets
from webui.sentences import Sentence, capital, number, sentence, sentence_in

_EXECUTABLE: Final = re.compile(r"100[0-7]*[1357][0-7]{0,2}$")
_NOT_NAMED: Final = sentence("a file that is not named")
_EFFECTS: Final[Mapping[str, Sentence]] = {
    "Changed": sentence_in("a file", "Changed"),
    "Created": sentence_in("a file", "Created"),
    "Deleted": sentence_in("a file", "Deleted"),
    "Renamed": sentence_in("a file", "Renamed"),
    "Copied": sentence_in("a file", "Copied"),
}


def add_file(file: FilePatch, found: Findings, sheets: Sheets) -> None:
    sheet = sheets.start(
        sentence(
            "%(effect)s: %(added)s added, %(removed)s removed",
            effect=_EFFECTS[file.effect],
            added=number(file.added),
            removed=number(file.removed),
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
            sheet.say(sentence_in("a file", "from"), file.before)
        sheet.say(sentence_in("a file", "to") if is_moved else "", name)
    _modes(file, name, found, sheet)
    if file.effect == "Deleted":
        found.note(
            ("deleted", name and name.plain),
            sentence("%(file)s is deleted.", file=_called(name)),
        )
    if file.is_binary:
        words = sentence(
            "%(file)s gets content that is no text: nobody can read it here.",
            file=_called(name),
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
    return said(name) if name is not None else capital(_NOT_NAMED)


def _modes(file: FilePatch, name: Span | None, found: Findings, sheet: Sheet) -> None:
    for mode in file.modes:
        sheet.say(sentence_in("a file", "mode"), mode)
    last = file.modes[-1].plain if file.modes else ""
    if file.effect == "Deleted":
        return
    if last.startswith("120"):
        found.danger(
            ("link", name and name.plain),
            sentence("%(file)s becomes a link to another file.", file=_called(name)),
        )
    elif last.startswith("160"):
        found.danger(
            ("module", name and name.plain),
            sentence("%(file)s becomes a whole other repository.", file=_called(name)),
        )
    elif _EXECUTABLE.fullmatch(last):
        found.danger(
            ("runs", name and name.plain),
            sentence("%(file)s becomes a program that can be run.", file=_called(name)),
        )
