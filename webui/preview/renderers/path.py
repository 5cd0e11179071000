"""File paths: where they lead, whether they leave their folder, and what lies there."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final, NamedTuple

from webui.preview.renderers.arguments import Arguments, Text
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.languages import paths
from webui.preview.renderers.languages.places import Place
from webui.preview.renderers.marks import Mark
from webui.preview.renderers.member_names import FILE_LISTS, FILES, FOLDERS
from webui.preview.renderers.rendering import Block, Fact, Rendering, TokenKind
from webui.preview.renderers.sheets import listed
from webui.preview.renderers.tool_names import words_of
from webui.sentences import Sentence, number, sentence

TOOLS: Final = (
    "read", "glob", "grep", "ls", "*read_file*", "*read_text_file*", "*read_media_file*", "*read_multiple_files*", "*list_directory*",
    "*directory_tree*", "*search_files*", "*get_file_info*", "*create_directory*", "*move_file*", "*delete_file*", "*remove_file*",
    "*rename_file*", "*copy_file*", "*list_files*", "*view_file*", "*delete_directory*", "*list_dir*", "*open_file*",
)  # fmt: skip
_SOURCES: Final = ("source", "src", "from", "old_path")
_NAMES: Final = frozenset(
    {*FILES, *_SOURCES, "destination", "dest", "dst", "to", "target", "new_path", "directory", "dir", "folder", "uri",
     "target_file", "relative_workspace_path"}
)  # fmt: skip
_ROOTS: Final = (
    "root", "workspace", "base", "base_path", "workspace_root", "root_dir", "project_root", *FOLDERS,
)  # fmt: skip
_CONTENTS: Final = frozenset(
    {"content", "contents", "old_string", "new_string", "old_str", "new_str", "edits", "patch", "diff", "code", "command",
     "sql", "body", "text", "message", "file_text", "subject", "query", "amount"}
)  # fmt: skip
_SURE: Final = frozenset(
    {"path", "file_path", "filepath", "filePath", "paths", "file_paths", "target_file"}
)
_READS: Final = frozenset(
    {"read", "view", "get", "list", "ls", "glob", "grep", "search", "find", "open", "show", "tree", "info", "stat", "cat",
     "head", "tail", "exists"}
)  # fmt: skip
_BESIDE: Final = frozenset(
    {"file", "files", "text", "media", "multiple", "image", "binary", "dir", "dirs", "directory", "directories", "folder",
     "folders", "content", "contents", "line", "lines", "range", "path", "paths", "allowed", "with", "in", "by", "name",
     "size", "sizes", "metadata", "pattern", "fs", "filesystem", "workspace", "project", "repo", "code"}
)  # fmt: skip
"""Words that may stand beside one that reads; whatever else does may write."""
_GOALS: Final = frozenset({"destination", "dest", "dst", "to", "target", "new_path"})
_HOW: Final = frozenset(
    {"offset", "limit", "head", "tail", "start", "end", "start_line", "end_line", "startLine", "endLine", "line_start",
     "line_end", "view_range", "encoding", "recursive", "depth", "max_depth", "pattern", "glob", "include", "exclude",
     "exclude_patterns", "excludePatterns", "ignore", "sortBy", "sort_by", "output_mode", "head_limit", "pages",
     "explanation", "description", "-n", "-i", "-A", "-B", "-C", "multiline", "max_results", "should_read_entire_file",
     "start_line_one_indexed", "end_line_one_indexed_inclusive"}
)  # fmt: skip
"""Arguments that say how to read; of others, such as a mode, nobody can tell."""
_ENDS: Final = frozenset({"delete", "remove", "move", "write"})
_MOST: Final = 50
_SERVER: Final = re.compile(r"\Amcp__.+?__")


def fits(arguments: Arguments) -> bool:
    """Say whether there is a path and nothing that would be written into it."""
    names = arguments.names
    return (
        not _SURE.isdisjoint(names) and _CONTENTS.isdisjoint(names) and "url" not in names
    )


class _Path(NamedTuple):
    """A path of the call: the argument it stands in, and whether it is only read."""

    name: str
    text: Text
    is_read: bool

    @property
    def danger(self) -> Place | None:
        """Return the delicate place as it is written, if it may do harm there."""
        return self.danger_at(self.text.plain)

    def danger_at(self, plain: str) -> Place | None:
        """Return the delicate place to which it leads as `plain`, if it may do harm there."""
        place = paths.place_of(plain)
        if place is None or not place.is_danger or (self.is_read and place.is_read_freely):
            return None
        return place


def render(tool: str, arguments: Arguments) -> Rendering | None:
    """Return where the paths of a call lead."""
    words = words_of(tool)
    # What is moved stands above where it goes.
    given = sorted(_paths(arguments, tool), key=lambda path: path.name not in _SOURCES)
    if not given or not _CONTENTS.isdisjoint(arguments.names):
        return None
    root = arguments.text(*_ROOTS)
    found = Findings()
    facts: list[Fact] = []
    if root is not None:
        facts.append(Fact(sentence("Root"), root.snippet(root.plain)))
    for path in given:
        if found.is_new((path.text.plain, path.is_read)):
            _look(found, path, root, ends=not _ENDS.isdisjoint(words))
        if len(facts) < _MOST:
            facts += _leads(path, root)
    blocks = tuple(_blocks(given[:_MOST]))
    if (rest := len(given) - _MOST) > 0:
        found.note(
            "rest",
            sentence(
                "%(rest)s more paths are not shown here; all of them were looked at.",
                rest=number(rest, str(rest)),
            ),
        )
    title = sentence("File path") if len(given) == 1 else sentence("File paths")
    return Rendering("path", title, tuple(facts), blocks, found.sentences())


def _paths(arguments: Arguments, tool: str) -> Iterator[_Path]:
    """Yield the paths; what a tool does whose name says neither may be to write."""
    reads, copies = _only_reads(tool, arguments), _only_copies(tool)
    for name in arguments.names:
        is_read = (reads and name not in _GOALS) or (copies and name in _SOURCES)
        if name in _NAMES:
            text = arguments.text(name)
            if text is not None and text.plain:
                yield _Path(name, text, is_read)
        elif name in FILE_LISTS:
            for text in arguments.texts(name) or ():
                if text.plain:
                    yield _Path(name, text, is_read)


def _only_reads(tool: str, arguments: Arguments) -> bool:
    """Say whether everything in a call is known to be of reading."""
    words = _words(tool)
    known = {*_NAMES, *_ROOTS, *FILE_LISTS, *_HOW}
    return (
        not words.isdisjoint(_READS)
        and words <= _READS | _BESIDE
        and known.issuperset(arguments.names)
    )


def _only_copies(tool: str) -> bool:
    words = _words(tool)
    return "copy" in words and words <= {"copy", *_BESIDE}


def _words(tool: str) -> frozenset[str]:
    """Return the words of a tool's name without its server's; none if not all can be read."""
    return words_of(_SERVER.sub("", tool)) if tool.isascii() else frozenset()


def _blocks(given: Sequence[_Path]) -> Iterator[Block]:
    for name, group in groupby(given, key=attrgetter("name")):
        shown = [_listed(path) for path in group]
        lines = tuple(line for block in shown for line in block.lines)
        hidden = sum(block.hidden for block in shown)
        yield Block(name.replace("_", " ").capitalize(), lines, hidden)


def _listed(path: _Path) -> Block:
    kind: TokenKind = "danger" if path.danger else "name"
    return listed(path.text, (Mark(0, len(path.text.plain), kind),))


def _resolved(text: Text, root: Text | None) -> str:
    plain = text.plain
    if root is not None and root.plain and not paths.is_absolute(plain):
        plain = f"{root.plain}/{plain}"
    return paths.normalised(plain)


def _leads(path: _Path, root: Text | None) -> Iterator[Fact]:
    text, resolved = path.text, _resolved(path.text, root)
    if resolved != text.plain:
        pieces = (root if root is not None and root.masks else text).snippet(resolved, 200)
        label = sentence("Leads to (%(name)s)", name=path.name.replace("_", " "))
        yield Fact(label, pieces, _leaves(text, root))


def _leaves(text: Text, root: Text | None) -> bool:
    resolved = _resolved(text, root)
    if root is not None and root.plain:
        return not paths.is_inside(resolved, paths.normalised(root.plain))
    return resolved.startswith("..")


def _look(found: Findings, path: _Path, root: Text | None, *, ends: bool) -> None:
    """Say what is special about a path; `ends` is whether the call may take its file away."""
    text = path.text
    resolved = _resolved(text, root)
    shown = text.words(text.plain)
    said = list(_climbs(text, root, shown, text.words(resolved)))
    if len(text.plain) > paths.LONGEST:
        said.append(
            sentence("The path %(shown)s is longer than any system takes.", shown=shown)
        )
    if place := path.danger_at(resolved):
        said.append(
            sentence(
                "The path %(shown)s leads to %(place)s.", shown=shown, place=place.words
            )
        )
    if ends and paths.is_whole(resolved):
        said.append(
            sentence("The path %(shown)s is a whole machine, home or folder.", shown=shown)
        )
    said += [
        sentence("The path %(shown)s %(oddity)s.", shown=shown, oddity=oddity)
        for oddity in paths.oddities(text.plain)
    ]
    for each in said:
        found.danger(each, each)


def _climbs(text: Text, root: Text | None, shown: str, leads: str) -> Iterator[Sentence]:
    """Yield how a path leaves where it begins."""
    both = {"shown": shown, "leads": leads}
    if _leaves(text, root) and root is not None:
        yield sentence("The path %(shown)s leaves its root and leads to %(leads)s.", **both)
    elif _leaves(text, root):
        yield sentence(
            "The path %(shown)s climbs above the folder where it begins and leads to %(leads)s.",
            **both,
        )
    elif ".." in text.plain.replace("\\", "/").split("/"):
        yield sentence("The path %(shown)s goes up by .. and leads to %(leads)s.", **both)
