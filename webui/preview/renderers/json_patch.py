"""JSON Patch (RFC 6902) and merge patches (RFC 7386): each change as a line."""

import re
from typing import Final, NamedTuple

from webui.preview.nodes import Piece
from webui.preview.reading import Value
from webui.preview.renderers.arguments import Arguments, Text, text_of
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.json_texts import begins_as, value_in
from webui.preview.renderers.merge_patch import merge_lines
from webui.preview.renderers.rendering import LineKind, Rendering, Token
from webui.preview.renderers.saying import facts_of, own_fact, pieces_of, said, whole
from webui.preview.renderers.sheets import Sheets
from webui.preview.renderers.tool_names import globs, squeezed
from webui.preview.renderers.values import look_at_name, written
from webui.preview.visible import inline
from webui.sentences import sentence

TOOLS: Final = globs("json patch, merge patch, patch document, jsonpatch")

_LISTS: Final = (
    "patch",
    "operations",
    "ops",
    "json_patch",
    "jsonPatch",
    "patches",
    "patchData",
)
_MERGES: Final = ("merge_patch", "mergePatch", "patch", "document", "patchData", "changes")
_TYPES: Final = (
    "patchType",
    "patch_type",
    "type",
    "strategy",
    "content_type",
    "contentType",
)
_OPERATIONS: Final = frozenset({"add", "remove", "replace", "move", "copy", "test"})
_MOST: Final = 2_000
_BAD_ESCAPE: Final = re.compile(r"~(?![01])")
_SEGMENT: Final = 60
_LONGEST_PATH: Final = 2_000
_ZERO: Final = re.compile(r"0\d+")


class _Operation(NamedTuple):
    verb: str
    path: Text | None
    source: Text | None
    value: Value | None


def fits(arguments: Arguments) -> bool:
    """Say whether this is a JSON Patch whatever the tool is called."""
    merged = arguments.value("merge_patch", "mergePatch")
    if merged is not None and (merged.kind == "object" or begins_as(text_of(merged), "{")):
        return True
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
        facts.append(own_fact(sentence("Operations"), f"{len(operations):,}"))
        _patch(operations, found, sheets)
        return Rendering(
            "json-patch",
            sentence("JSON Patch"),
            tuple(facts),
            sheets.blocks(),
            found.sentences(),
        )
    merged = _merge(tool, arguments)
    if merged is None:
        return None
    merge_lines(merged, found, sheets)
    return Rendering(
        "json-patch",
        sentence("Merge patch"),
        tuple(facts),
        sheets.blocks(),
        found.sentences(),
    )


def _operations(arguments: Arguments) -> list[_Operation]:
    for name in _LISTS:
        value = arguments.value(name)
        if value is not None and value.kind == "string":
            text = text_of(value)
            value = value_in(text) if begins_as(text, "[") else None
        if value is None or value.kind != "array":
            continue
        children = value.children
        if not children or any(child.kind != "object" for child in children):
            continue
        found = [_operation(Arguments(child.children)) for child in children[: _MOST + 1]]
        if all(
            each.verb and (each.path is not None or each.source is not None)
            for each in found
        ):
            return found
    return []


def _operation(each: Arguments) -> _Operation:
    verb = each.text("op")
    return _Operation(
        verb.plain if verb is not None else "",
        each.text("path"),
        each.text("from"),
        each.value("value"),
    )


def _merge(tool: str, arguments: Arguments) -> Value | None:
    kind = next(
        (text.plain for name in _TYPES if (text := arguments.text(name)) is not None), ""
    )
    name = squeezed(tool)
    named = "merge" in kind.casefold() or "mergepatch" in name
    if not named and arguments.value("merge_patch", "mergePatch") is None:
        return None
    return next(
        (value for each in _MERGES if (value := arguments.value(each)) is not None), None
    )


def _patch(operations: list[_Operation], found: Findings, sheets: Sheets) -> None:
    sheet = sheets.start(sentence("Operations, in their order"))
    if len(operations) > _MOST:
        found.danger(
            "many",
            sentence(
                "It has more than %(most)s operations; the rest was not read.",
                most=f"{_MOST:,}",
            ),
        )
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
            tokens.append(
                Token(
                    "operator", (Piece("text", " := " if each.verb != "test" else " is "),)
                )
            )
            tokens.append(Token("string", tuple(written(each.value))))
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
            tokens.append(
                Token(
                    "name", pieces_of(whole(path)._replace(begin=begin, end=end), _SEGMENT)
                )
            )
        begin = end + 1
    if len(path.plain) > _LONGEST_PATH:
        words = sentence("%(value)s chars hidden", value=len(path.plain) - _LONGEST_PATH)
        tokens.append(Token("plain", (Piece("gap", f"⟦… {words} …⟧", words),)))
    return tokens


def _look_at(found: Findings, each: _Operation, number: int) -> None:
    if each.verb not in _OPERATIONS:
        found.danger(
            "verb",
            sentence(
                "Operation %(number)s is “%(value)s”, which RFC 6902 does not know.",
                number=f"{number:,}",
                value=_named(each.verb),
            ),
        )
    for path in (each.path, each.source):
        if path is not None:
            _look_at_path(found, each.verb, path, number)
    if each.path is None:
        found.danger(
            "no-path", sentence("Operation %(number)s has no path.", number=f"{number:,}")
        )
        return
    if not each.path.plain and each.verb in {"remove", "replace", "add", "move", "copy"}:
        verb = "removes" if each.verb == "remove" else "replaces"
        found.danger(
            "whole",
            sentence(
                "Operation %(number)s %(verb)s the whole document.",
                number=f"{number:,}",
                verb=verb,
            ),
        )
    if each.verb in {"add", "replace", "test"} and each.value is None:
        found.danger(
            "no-value", sentence("Operation %(number)s has no value.", number=f"{number:,}")
        )
    source = each.source.plain if each.source is not None and each.verb == "move" else None
    if source is not None and each.path.plain.startswith(f"{source}/"):
        found.danger(
            "into",
            sentence(
                "Operation %(number)s moves something into itself.", number=f"{number:,}"
            ),
        )
    if each.verb == "test":
        found.note("test", sentence("It changes something only if its tests hold."))


def _look_at_path(found: Findings, verb: str, path: Text, number: int) -> None:
    plain = path.plain[:_LONGEST_PATH]
    if not found.is_new((verb, plain)):
        return
    if len(path.plain) > _LONGEST_PATH:
        found.danger(
            "long",
            sentence(
                "The path of operation %(number)s is too long to be read whole.",
                number=f"{number:,}",
            ),
        )
    if path.hides(0, len(plain)):
        found.danger(
            "masked",
            sentence(
                "The path of operation %(number)s is masked in part.", number=f"{number:,}"
            ),
        )
    if plain and not plain.startswith("/"):
        found.danger(
            "pointer",
            sentence(
                "The path of operation %(number)s, %(value)s, is no JSON Pointer.",
                number=f"{number:,}",
                value=said(path),
            ),
        )
    if _BAD_ESCAPE.search(plain):
        found.danger(
            "escape",
            sentence(
                "The path of operation %(number)s has an escape that RFC 6901 does not "
                "know.",
                number=f"{number:,}",
            ),
        )
    steps = [step.replace("~1", "/").replace("~0", "~") for step in plain.split("/")[1:]]
    for step in steps:
        look_at_name(found, step, f"Operation {number:,}")
    if steps and steps[-1] == "-" and verb not in {"add", "move", "copy"}:
        found.danger(
            "dash",
            sentence(
                "Operation %(number)s names the place behind a list's end, where "
                "nothing is.",
                number=f"{number:,}",
            ),
        )
    if any(_ZERO.fullmatch(step) for step in steps):
        found.danger(
            "zero",
            sentence(
                "Operation %(number)s has an index with a leading zero.",
                number=f"{number:,}",
            ),
        )
    if steps and steps[-1] == "" and verb != "test":
        found.note(
            "empty-name",
            sentence(
                "Operation %(number)s is about a member with an empty name.",
                number=f"{number:,}",
            ),
        )
