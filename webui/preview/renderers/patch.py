"""Changes of files: edits, whole files, and patches."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from webui.preview.renderers.arguments import Arguments, Text
from webui.preview.renderers.file_texts import (
    add_difference,
    add_whole,
    look_at_counts,
    look_at_text,
)
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.member_names import FILES
from webui.preview.renderers.patch_parts import FilePatch
from webui.preview.renderers.patch_text import Reader, is_patch
from webui.preview.renderers.patched_files import add_file
from webui.preview.renderers.rendering import Block, Fact, Rendering
from webui.preview.renderers.saying import fact, leaf, own_fact, said, says_yes, whole
from webui.preview.renderers.sensitive_files import look_at_path
from webui.preview.renderers.sheets import Sheets
from webui.preview.renderers.tool_names import globs, squeezed
from webui.sentences import Sentence, number, sentence

TOOLS: Final = (
    "edit",
    "multiedit",
    "write",
    "notebookedit",
    "str_replace*",
    "*__edit",
    "*__write",
    *globs(
        "edit file, write file, create file, apply patch, apply diff, text editor, "
        "str replace, replace in file, write to file, append file"
    ),
)

_PATHS: Final = (
    *FILES, "notebook_path", "target_file", "TargetFile", "absolute_path", "relative_path",
)  # fmt: skip
_PATCHES: Final = (
    "patch",
    "diff",
    "input",
    "patchText",
    "patch_text",
    "unified_diff",
    "content",
)
_OLD: Final = ("old_string", "old_str", "oldText", "oldString", "old_text", "search", "old")
_NEW: Final = (
    "new_string",
    "new_str",
    "newText",
    "newString",
    "new_text",
    "replace",
    "new",
)
_CONTENTS: Final = (
    "content",
    "file_text",
    "contents",
    "text",
    "new_source",
    "code_edit",
    "data",
)
_EDITS: Final = ("edits", "replacements", "changes")
_ALL: Final = ("replace_all", "replaceAll", "allow_multiple")
_READS: Final = re.compile(r"view|undo_edit|read|list")
_SHORT: Final = 4
_MOST_EDITS: Final = 50


class Edit(NamedTuple):
    """One text to be found and what takes its place."""

    old: Text
    new: Text
    is_everywhere: bool


def fits(arguments: Arguments) -> bool:
    """Say whether these are changes of files whatever the tool is called."""
    if any(is_patch(text.plain) for text in _texts(arguments, _PATCHES)):
        return True
    if arguments.text(*_PATHS) is None:
        return False
    return bool(_edits_of(arguments)) or arguments.text("file_text", "content") is not None


def render(tool: str, arguments: Arguments) -> Rendering | None:
    """Return what is changed in which files."""
    found, sheets = Findings(), Sheets()
    patch = next(
        (text for text in _texts(arguments, _PATCHES) if is_patch(text.plain)), None
    )
    if patch is not None and not _edits_of(arguments):
        return _patched(patch, arguments, found, sheets)
    command = arguments.text("command")
    path = arguments.text(*_PATHS)
    if path is None or (command is not None and _READS.fullmatch(command.plain)):
        return None
    edits = _edits_of(arguments)
    look_at_path(found, whole(path), in_a_tree=False)
    facts = [fact(sentence("File"), path)]
    if edits:
        _edited(edits, path, found, sheets)
        title = sentence("Edit of a file")
    else:
        written = _written(tool, arguments, path, found, sheets)
        if written is None:
            return None
        title, effect = written
        facts.append(effect)
    if says_yes(leaf(arguments, "dryRun", "dry_run")):
        facts.append(
            own_fact(
                sentence("Dry run"),
                sentence("asked for: the server may only show the result"),
            )
        )
    return Rendering(
        "patch",
        title,
        tuple(facts),
        sheets.blocks(sentence("more")),
        found.sentences(),
        alarms=found.alarms,
    )


def _texts(arguments: Arguments, names: tuple[str, ...]) -> Iterator[Text]:
    for name in names:
        if (text := arguments.text(name)) is not None:
            yield text


def _edits_of(arguments: Arguments) -> list[Edit]:
    several = arguments.items(*_EDITS)
    if several:
        found = [_edit_of(each) for each in several]
        return [edit for edit in found if edit is not None] if all(found) else []
    one = _edit_of(arguments)
    return [] if one is None else [one]


def _edit_of(arguments: Arguments) -> Edit | None:
    old, new = arguments.text(*_OLD), arguments.text(*_NEW)
    if old is None:
        return None
    nothing = Text("", {})
    return Edit(old, new or nothing, says_yes(leaf(arguments, *_ALL)))


def _edited(edits: list[Edit], path: Text, found: Findings, sheets: Sheets) -> None:
    added = removed = 0
    for at, edit in enumerate(edits):
        title = (
            sentence("What changes")
            if len(edits) == 1
            else sentence(
                "Edit %(nth)s of %(edits)s", nth=number(at + 1), edits=number(len(edits))
            )
        )
        sheet = sheets.start(title)
        if at < _MOST_EDITS:
            comes, goes = add_difference(sheet, edit.old, edit.new, found)
            look_at_text(found, edit.new, whole(path))
        else:
            comes, goes = edit.new.plain.count("\n") + 1, edit.old.plain.count("\n") + 1
            sheet.hidden = comes + goes
        added, removed = added + comes, removed + goes
        sheets.keep(sheet)
        _look_at_edit(found, edit)
    if rest := edits[_MOST_EDITS:]:
        joined = Text("\n".join([edit.new.plain for edit in rest]), {})
        look_at_text(found, joined, whole(path), what=sentence("Of the later edits, line"))
    look_at_counts(found, whole(path), added, removed)


def _look_at_edit(found: Findings, edit: Edit) -> None:
    if edit.is_everywhere and len(edit.old.plain.strip()) < _SHORT:
        words = sentence(
            "Every place that holds “%(text)s” is changed; so short a text is in many.",
            text=said(edit.old),
        )
        found.danger("everywhere", words)
    elif edit.is_everywhere:
        words = sentence(
            "Every place that holds the old text is changed; how many, the call "
            "does not say."
        )
        found.note("everywhere", words)
    if edit.old.plain and edit.old.plain == edit.new.plain:
        found.note("nothing", sentence("An edit puts in place what it takes away."))
    if not edit.old.plain:
        found.note(
            "no-old", sentence("An edit names no old text: it makes or fills a file.")
        )


def _written(
    tool: str, arguments: Arguments, path: Text, found: Findings, sheets: Sheets
) -> tuple[Sentence, Fact] | None:
    inserted = arguments.text("insert_text")
    text = inserted or arguments.text(*_CONTENTS)
    line = leaf(arguments, "insert_line")
    if text is None and line is not None:
        text = arguments.text("new_str")
    if text is None:
        return None
    sheet = sheets.start(sentence("What is written"))
    if line is not None:
        sheet.say(sentence("after line"), whole(line))
    add_whole(sheet, text)
    sheets.keep(sheet)
    look_at_text(found, text, whole(path))
    if line is not None:
        return sentence("Text put into a file"), own_fact(
            sentence("Effect"), sentence("the file keeps all other lines")
        )
    if "append" in squeezed(tool):
        return sentence("Text put behind a file"), own_fact(
            sentence("Effect"), sentence("the file keeps what it holds")
        )
    effect = own_fact(
        sentence("Effect"), sentence("the file is made, or all that it held is replaced")
    )
    if not text.plain:
        found.danger(
            "emptied", sentence("%(path)s becomes an empty file.", path=said(path))
        )
    return sentence("A whole file written"), effect


def _patched(
    text: Text, arguments: Arguments, found: Findings, sheets: Sheets
) -> Rendering | None:
    reader = Reader(text, found)
    files = reader.read()
    if not files:
        return None
    named = arguments.text(*_PATHS)
    if named is not None:
        look_at_path(found, whole(named), in_a_tree=False)
    for file in files:
        add_file(file, found, sheets)
    for name in reader.named:
        look_at_path(found, name, in_a_tree=True)
    only = files[0].path if len(files) == 1 else None
    look_at_text(found, text, only, sign="+")
    if only is None and any(_is_package(file) for file in files):
        look_at_text(
            found, text, next(file.path for file in files if _is_package(file)), sign="+"
        )
    facts = [] if named is None else [fact(sentence("File"), named)]
    facts.append(own_fact(sentence("Files"), _counts(files, reader.unread)))
    return Rendering(
        "patch",
        sentence("Patch"),
        tuple(facts),
        _blocks(sheets, reader),
        found.sentences(),
        alarms=found.alarms,
    )


def _counts(files: list[FilePatch], unread: int) -> Sentence:
    counts = {
        "files": number(len(files)),
        "added": number(sum(file.added for file in files)),
        "removed": number(sum(file.removed for file in files)),
    }
    if not unread:
        return sentence(
            "%(files)s changed, %(added)s lines added, %(removed)s removed", **counts
        )
    return sentence(
        "%(files)s changed, %(added)s lines added, %(removed)s removed and %(unread)s lines "
        "that were not read",
        **counts,
        unread=number(unread),
    )


def _blocks(sheets: Sheets, reader: Reader) -> tuple[Block, ...]:
    blocks = sheets.blocks(sentence("more files"))
    if reader.unread:
        blocks += (Block(sentence("The rest of the patch"), (), reader.unread),)
    return blocks


def _is_package(file: FilePatch) -> bool:
    return file.path is not None and file.path.plain.endswith("package.json")
