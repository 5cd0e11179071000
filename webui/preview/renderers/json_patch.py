"""JSON Patch (RFC 6902) and merge patches (RFC 7386): each change as a line."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from webui.preview.nodes import Piece
from webui.preview.reading import Value
from webui.preview.renderers.arguments import Arguments, Text, text_of
from webui.preview.renderers.rendering import LineKind, Rendering, Token
from webui.preview.renderers.saying import Findings, facts_of, own_fact, pieces_of, said, whole
from webui.preview.renderers.sheets import Sheets
from webui.preview.renderers.tool_names import globs, squeezed
from webui.preview.visible import inline

TOOLS: Final = globs("json patch", "merge patch", "patch document", "jsonpatch")

_LISTS: Final = ("patch", "operations", "ops", "json_patch", "jsonPatch", "patches", "patchData")
_MERGES: Final = ("merge_patch", "mergePatch", "patch", "document", "patchData", "changes")
_TYPES: Final = ("patchType", "patch_type", "type", "strategy", "content_type", "contentType")
_OPERATIONS: Final = frozenset({"add", "remove", "replace", "move", "copy", "test"})
_MOST: Final = 5_000
_VALUE: Final = 300
_BAD_ESCAPE: Final = re.compile(r"~(?![01])")
_SEGMENT: Final = 60
_LONGEST_PATH: Final = 2_000
_PROTOTYPE: Final = frozenset({"__proto__", "constructor", "prototype"})
_RIGHTS: Final = re.compile(
    r"role|admin|permission|scope|owner|privilege|acl|policy|grant|is_?superuser|verified|approved",
    re.IGNORECASE,
)
_ZERO: Final = re.compile(r"0\d+")


class _Operation(NamedTuple):
    verb: str
    path: Text | None
    source: Text | None
    value: Value | None


def fits(arguments: Arguments) -> bool:
    """Say whether this is a JSON Patch whatever the tool is called."""
    return bool(_operations(arguments))


def render(tool: str, arguments: Arguments) -> Rendering | None:
    """Return what is changed in a document."""
    found, sheets = Findings(), Sheets()
    facts = facts_of(
        arguments,
        (
            ("Document", ("resource", "document_id", "id", "url", "uri", "name", "target")),
            ("Kind of patch", _TYPES),
        ),
    )
    operations = _operations(arguments)
    if operations:
        facts.append(own_fact("Operations", f"{len(operations):,}"))
        _patch(operations, found, sheets)
        return Rendering("json-patch", "JSON Patch", tuple(facts), sheets.blocks(), found.sentences())
    merged = _merge(tool, arguments)
    if merged is None:
        return None
    _merge_lines(merged, found, sheets)
    return Rendering("json-patch", "Merge patch", tuple(facts), sheets.blocks(), found.sentences())


def _operations(arguments: Arguments) -> list[_Operation]:
    for name in _LISTS:
        value = arguments.value(name)
        if value is None or value.kind != "array":
            continue
        children = value.children
        if not children or any(child.kind != "object" for child in children):
            continue
        found = [_operation(Arguments(child.children)) for child in children[: _MOST + 1]]
        if all(each.verb and (each.path is not None or each.source is not None) for each in found):
            return found
    return []


def _operation(each: Arguments) -> _Operation:
    verb = each.text("op")
    return _Operation(
        verb.plain if verb is not None else "", each.text("path"), each.text("from"), each.value("value")
    )


def _merge(tool: str, arguments: Arguments) -> Value | None:
    kind = next((text.plain for name in _TYPES if (text := arguments.text(name)) is not None), "")
    name = squeezed(tool)
    if "merge" not in kind.casefold() and "mergepatch" not in name:
        if arguments.value("merge_patch", "mergePatch") is None:
            return None
    return next((value for each in _MERGES if (value := arguments.value(each)) is not None), None)


def _patch(operations: list[_Operation], found: Findings, sheets: Sheets) -> None:
    sheet = sheets.start("Operations, in their order")
    if len(operations) > _MOST:
        found.danger("many", f"It has more than {_MOST:,} operations; the rest was not read.")
    for number, each in enumerate(operations[:_MOST], 1):
        _look_at(found, each, number)
        if sheet.is_full:
            sheet.hidden += 1
            continue
        verb = "removed" if each.verb == "remove" else "added"
        kind: LineKind = "plain" if each.verb in {"test", "copy", "move"} else verb  # type: ignore[assignment]
        tokens = [Token("program", (Piece("text", _named(each.verb)),)), _SPACE]
        if each.source is not None and each.verb in {"move", "copy"}:
            tokens += [*_path(each.source), Token("operator", (Piece("text", " to "),))]
        tokens += _path(each.path)
        if each.value is not None:
            tokens.append(Token("operator", (Piece("text", " := " if each.verb != "test" else " is "),)))
            tokens.append(Token("string", tuple(_written(each.value))))
        sheet.write(tuple(tokens), kind)
    sheets.keep(sheet)


_SPACE: Final = Token("plain", (Piece("text", " "),))


def _named(verb: str) -> str:
    return inline(verb[:_SEGMENT])


def _path(path: Text | None) -> list[Token]:
    """Return the steps of a pointer with `~0` and `~1` undone, each a token of its own."""
    if path is None:
        return [Token("danger", (Piece("text", "no path"),))]
    if not path.plain:
        return [Token("danger", (Piece("text", "the whole document"),))]
    tokens = []
    begin = 0
    for step in path.plain[:_LONGEST_PATH].split("/"):
        end = begin + len(step)
        if begin:
            tokens.append(Token("operator", (Piece("text", "/"),)))
        if step and "~" in step and not path.hides(begin, end):
            plain = step.replace("~1", "/").replace("~0", "~")
            tokens.append(Token("name", pieces_of(whole(Text(plain, {})), _SEGMENT)))
        elif step:
            tokens.append(Token("name", pieces_of(whole(path)._replace(begin=begin, end=end), _SEGMENT)))
        begin = end + 1
    if len(path.plain) > _LONGEST_PATH:
        words = f"{len(path.plain) - _LONGEST_PATH} chars hidden"
        tokens.append(Token("plain", (Piece("gap", f"⟦… {words} …⟧", words),)))
    return tokens


def _look_at(found: Findings, each: _Operation, number: int) -> None:
    if each.verb not in _OPERATIONS:
        found.danger("verb", f"Operation {number:,} is “{_named(each.verb)}”, which RFC 6902 does not know.")
    for path in (each.path, each.source):
        if path is not None:
            _look_at_path(found, each.verb, path, number)
    if each.path is None:
        found.danger("no-path", f"Operation {number:,} has no path.")
        return
    if not each.path.plain and each.verb in {"remove", "replace", "add", "move", "copy"}:
        verb = "removes" if each.verb == "remove" else "replaces"
        found.danger("whole", f"Operation {number:,} {verb} the whole document.")
    if each.verb in {"add", "replace", "test"} and each.value is None:
        found.danger("no-value", f"Operation {number:,} has no value.")
    if each.verb == "move" and each.source is not None:
        if each.path.plain.startswith(each.source.plain + "/"):
            found.danger("into", f"Operation {number:,} moves something into itself.")
    if each.verb == "test":
        found.note("test", "It changes something only if its tests hold.")


def _look_at_path(found: Findings, verb: str, path: Text, number: int) -> None:
    plain = path.plain
    if path.hides(0, len(plain)):
        found.danger("masked", f"The path of operation {number:,} is masked in part.")
    if plain and not plain.startswith("/"):
        found.danger("pointer", f"The path of operation {number:,}, {said(path)}, is no JSON Pointer.")
    if _BAD_ESCAPE.search(plain):
        found.danger("escape", f"The path of operation {number:,} has an escape that RFC 6901 does not know.")
    steps = [step.replace("~1", "/").replace("~0", "~") for step in plain.split("/")[1:]]
    for step in steps:
        _look_at_name(found, step, f"Operation {number:,}")
    if steps and steps[-1] == "-" and verb not in {"add", "move", "copy"}:
        found.danger("dash", f"Operation {number:,} names the place behind a list's end, where nothing is.")
    if any(_ZERO.fullmatch(step) for step in steps):
        found.danger("zero", f"Operation {number:,} has an index with a leading zero.")
    if steps and steps[-1] == "" and verb != "test":
        found.note("empty-name", f"Operation {number:,} is about a member with an empty name.")


def _look_at_name(found: Findings, name: str, where: str) -> None:
    if name in _PROTOTYPE:
        found.danger("prototype", f"{where} reaches {name}: in JavaScript that can change every object.")
    elif _RIGHTS.search(name[:200]):
        found.note("rights", f"{where} is about {inline(name[:_SEGMENT])}: who may do what.")


def _written(value: Value) -> Iterator[Piece]:
    """Yield a value on one line, as much of it as there is room."""
    room = _VALUE
    for piece in _value_pieces(value):
        if room <= 0:
            yield Piece("gap", "⟦…⟧", "the rest is not shown here")
            return
        room -= len(piece.text)
        yield piece


def _value_pieces(value: Value) -> Iterator[Piece]:
    if value.kind == "object":
        yield Piece("text", "{")
        for at, child in enumerate(value.children):
            name = child.name if len(child.name) <= _SEGMENT else child.name[:40] + "⟦…⟧" + child.name[-10:]
            yield Piece("text", f"{', ' if at else ''}{name}: ")
            yield from _value_pieces(child)
        yield Piece("text", "}")
    elif value.kind == "array":
        yield Piece("text", "[")
        for at, child in enumerate(value.children):
            if at:
                yield Piece("text", ", ")
            yield from _value_pieces(child)
        yield Piece("text", "]")
    elif value.kind == "string" and not value.is_masked:
        yield Piece("text", "“")
        yield from pieces_of(whole(text_of(value)), _VALUE)
        yield Piece("text", "”")
    else:
        yield from pieces_of(whole(text_of(value)), _VALUE)


def _merge_lines(value: Value, found: Findings, sheets: Sheets) -> None:
    sheet = sheets.start("What it sets and removes")
    if value.kind == "string":
        parsed = _parsed(text_of(value).plain)
        if isinstance(parsed, dict):
            found.note("text", "The patch is a text of JSON; the arguments below show it whole.")
            for path, leaf in _plain_leaves(parsed, ()):
                _merge_line(found, sheet_write=sheet.write, path=path, value=None, words=leaf)
            sheets.keep(sheet)
            return
    if value.kind != "object":
        found.danger("whole", "It is no object: it takes the place of the whole document.")
        sheet.write((Token("string", tuple(_written(value))),), "added")
    for path, child in _leaves(value, ()):
        _merge_line(found, sheet_write=sheet.write, path=path, value=child, words="")
    if not value.children and value.kind == "object":
        found.note("nothing", "It changes nothing.")
    sheets.keep(sheet)


def _merge_line(
    found: Findings, *, sheet_write: Any, path: tuple[str, ...], value: Value | None, words: str
) -> None:
    is_null = words == "null" if value is None else value.kind == "null"
    for step in path:
        _look_at_name(found, step, "It")
    if is_null:
        found.note("null", "A member that is set to null is removed.")
    tokens = []
    for at, step in enumerate(path[-20:]):
        if at:
            tokens.append(Token("operator", (Piece("text", " / "),)))
        shown = step if len(step) <= _SEGMENT else step[:40] + "⟦…⟧" + step[-10:]
        tokens.append(Token("name", (Piece("text", shown),)))
    if not is_null:
        tokens.append(Token("operator", (Piece("text", " := "),)))
        shown_value = tuple(_written(value)) if value is not None else (Piece("text", inline(words[:_VALUE])),)
        tokens.append(Token("string", shown_value))
    sheet_write(tuple(tokens), "removed" if is_null else "added")


def _leaves(value: Value, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Value]]:
    for child in value.children if value.kind == "object" else ():
        here = (*path, child.name)
        if child.kind == "object" and child.children:
            yield from _leaves(child, here)
        else:
            yield here, child


def _parsed(plain: str) -> Any:
    try:
        return json.loads(plain)
    except (ValueError, RecursionError):
        return None


def _plain_leaves(value: dict[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, child in value.items():
        here = (*path, inline(name))
        if isinstance(child, dict) and child and len(here) < 40:  # noqa: PLR2004
            yield from _plain_leaves(child, here)
        else:
            yield here, json.dumps(child, ensure_ascii=False)
