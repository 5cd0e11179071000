"""File paths: where they lead, whether they leave their folder, and what lies there."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final

from webui.preview.renderers.arguments import Arguments, Text
from webui.preview.renderers.findings import Found
from webui.preview.renderers.languages import paths
from webui.preview.renderers.listing import Mark, listing
from webui.preview.renderers.rendering import Block, Fact, Rendering, TokenKind

TOOLS: Final = (
    "read", "glob", "grep", "ls", "*read_file*", "*read_text_file*", "*read_media_file*", "*read_multiple_files*", "*list_directory*",
    "*directory_tree*", "*search_files*", "*get_file_info*", "*create_directory*", "*move_file*", "*delete_file*", "*remove_file*",
    "*rename_file*", "*copy_file*", "*list_files*", "*view_file*", "*delete_directory*", "*list_dir*", "*open_file*",
)  # fmt: skip
_NAMES: Final = (
    "path",
    "file_path",
    "filepath",
    "filePath",
    "filename",
    "file",
    "source",
    "src",
    "from",
    "destination",
    "dest",
    "dst",
    "to",
    "target",
    "new_path",
    "old_path",
    "directory",
    "dir",
    "folder",
    "uri",
    "target_file",
    "relative_workspace_path",
)
_LISTS: Final = ("paths", "files", "file_paths")
_ROOTS: Final = (
    "root",
    "cwd",
    "workspace",
    "base",
    "base_path",
    "workspace_root",
    "root_dir",
    "project_root",
    "workdir",
)
_CONTENTS: Final = frozenset(
    {
        "content",
        "contents",
        "old_string",
        "new_string",
        "old_str",
        "new_str",
        "edits",
        "patch",
        "diff",
        "code",
        "command",
        "sql",
        "body",
        "text",
        "message",
        "file_text",
        "subject",
        "query",
        "amount",
    }
)
_SURE: Final = frozenset(
    {"path", "file_path", "filepath", "filePath", "paths", "file_paths", "target_file"}
)
_MOST: Final = 50


def fits(arguments: Arguments) -> bool:
    """Say whether there is a path and nothing that would be written into it."""
    names = arguments.names
    return (
        not _SURE.isdisjoint(names) and _CONTENTS.isdisjoint(names) and "url" not in names
    )


def render(tool: str, arguments: Arguments) -> Rendering | None:
    """Return where the paths of a call lead."""
    found = list(_paths(arguments))
    if not found or not _CONTENTS.isdisjoint(arguments.names):
        return None
    root = arguments.text(*_ROOTS)
    said = Found("")
    facts: list[Fact] = []
    if root is not None:
        facts.append(Fact("Root", root.snippet(root.plain)))
    for name, text in found:
        _look(said, text, root, tool)
        if len(facts) < _MOST:
            facts += _leads(name, text, root)
    blocks = tuple(_blocks(found[:_MOST]))
    if len(found) > _MOST:
        said.note(
            0,
            f"{len(found) - _MOST} more paths are not shown here; all of them were looked at.",
        )
    return Rendering(
        "path",
        "File path" if len(found) == 1 else "File paths",
        tuple(facts),
        blocks,
        said.findings(),
    )


def _paths(arguments: Arguments) -> Iterator[tuple[str, Text]]:
    for name in arguments.names:
        if name in _NAMES:
            text = arguments.text(name)
            if text is not None and text.plain:
                yield name, text
        elif name in _LISTS:
            for text in arguments.texts(name) or ():
                if text.plain:
                    yield name, text


def _blocks(found: Sequence[tuple[str, Text]]) -> Iterator[Block]:
    for name, group in groupby(found, key=itemgetter(0)):
        shown = [_listed(text) for _, text in group]
        lines = tuple(line for block in shown for line in block.lines)
        hidden = sum(block.hidden for block in shown)
        yield Block(name.replace("_", " ").capitalize(), lines, hidden)


def _listed(text: Text) -> Block:
    place = paths.place_of(text.plain)
    kind: TokenKind = "danger" if place is not None and place.is_danger else "name"
    return listing(text, (Mark(0, len(text.plain), kind),))


def _resolved(text: Text, root: Text | None) -> str:
    plain = text.plain
    if root is not None and root.plain and not paths.is_absolute(plain):
        plain = f"{root.plain}/{plain}"
    return paths.normalised(plain)


def _leads(name: str, text: Text, root: Text | None) -> Iterator[Fact]:
    resolved = _resolved(text, root)
    if resolved != text.plain:
        pieces = (root if root is not None and root.masks else text).snippet(resolved, 200)
        yield Fact(f"Leads to ({name.replace('_', ' ')})", pieces, _leaves(text, root))


def _leaves(text: Text, root: Text | None) -> bool:
    resolved = _resolved(text, root)
    if root is not None and root.plain:
        return not paths.is_inside(resolved, paths.normalised(root.plain))
    return resolved.startswith("..")


def _look(said: Found, text: Text, root: Text | None, tool: str) -> None:
    shown = text.words(text.plain)
    resolved = _resolved(text, root)
    if _leaves(text, root):
        where = (
            "leaves its root"
            if root is not None
            else "climbs above the folder where it begins"
        )
        said.danger(0, f"The path {shown} {where} and leads to {text.words(resolved)}.")
    elif ".." in text.plain.replace("\\", "/").split("/"):
        said.danger(
            0, f"The path {shown} goes up by .. and leads to {text.words(resolved)}."
        )
    if root is None and paths.is_absolute(text.plain):
        said.note(0, f"The path {shown} begins at the root of a machine or a home.")
    if len(text.plain) > paths.LONGEST:
        said.danger(0, f"The path {shown} is longer than any system takes.")
    place = paths.place_of(resolved)
    if place is not None and place.is_danger:
        said.danger(0, f"The path {shown} leads to {place.words}.")
    if paths.is_whole(resolved) and any(
        word in tool.casefold() for word in ("delete", "remove", "move", "write")
    ):
        said.danger(0, f"The path {shown} is a whole machine, home or folder.")
    for words in paths.oddities(text.plain):
        said.danger(0, f"The path {shown} {words}.")
