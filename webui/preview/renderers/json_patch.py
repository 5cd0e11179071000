"""JSON Patch (RFC 6902) and merge patches (RFC 7386): each change as a line."""

from typing import Final

from webui.preview.nodes import Piece, gap
from webui.preview.reading import Value
from webui.preview.renderers.arguments import Arguments, Text, text_of
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.json_operations import (
    LONGEST_PATH,
    LONGEST_STEP,
    Operation,
    look_at_operation,
)
from webui.preview.renderers.json_texts import begins_as, value_in
from webui.preview.renderers.merge_patch import merge_lines
from webui.preview.renderers.rendering import LineKind, Rendering, Token
from webui.preview.renderers.saying import facts_of, own_fact, pieces_of, whole
from webui.preview.renderers.sheets import Sheets
from webui.preview.renderers.tool_names import globs, squeezed
from webui.preview.renderers.values import written
from webui.sentences import joined, number, sentence, sentence_in

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
_MOST: Final = 2_000


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
            (
                sentence("Document"),
                ("resource", "document_id", "id", "url", "uri", "name", "target"),
            ),
            (sentence("Kind of patch"), _TYPES),
        ),
    )
    operations = _operations(arguments)
    if operations:
        facts.append(own_fact(sentence("Operations"), number(len(operations))))
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


def _operations(arguments: Arguments) -> list[Operation]:
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


def _operation(each: Arguments) -> Operation:
    verb = each.text("op")
    return Operation(
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


def _patch(operations: list[Operation], found: Findings, sheets: Sheets) -> None:
    sheet = sheets.start(sentence("Operations, in their order"))
    if len(operations) > _MOST:
        found.danger(
            "many",
            sentence(
                "It has more than %(most)s operations; the rest was not read.",
                most=number(_MOST),
            ),
        )
    for nth, each in enumerate(operations[:_MOST], 1):
        look_at_operation(found, each, nth)
        if sheet.is_full:
            sheet.hidden += 1
            continue
        verb = "removed" if each.verb == "remove" else "added"
        kind: LineKind = "plain" if each.verb in {"test", "copy", "move"} else verb  # type: ignore[assignment]
        tokens = [Token("program", (Piece("text", each.named),)), _SPACE]
        if each.source is not None and each.verb in {"move", "copy"}:
            tokens += [*_path(each.source), Token("operator", (_between(_TO),))]
        tokens += _path(each.path)
        if each.value is not None:
            sign = _between(":=" if each.verb != "test" else _IS)
            tokens.append(Token("operator", (sign,)))
            tokens.append(Token("string", tuple(written(each.value))))
        sheet.write(tuple(tokens), kind)
    sheets.keep(sheet)


_SPACE: Final = Token("plain", (Piece("text", " "),))
_TO: Final = sentence_in("from one path to another", "to")
_IS: Final = sentence_in("what a test asks for", "is")
_NO_PATH: Final = Token("danger", (Piece("text", sentence("no path")),))
_ALL: Final = Token("danger", (Piece("text", sentence("the whole document")),))


def _between(words: str) -> Piece:
    return Piece("text", joined("", (" ", words, " ")))


def _path(path: Text | None) -> list[Token]:
    """Return the steps of a pointer with `~0` and `~1` undone, each a token of its own."""
    if path is None:
        return [_NO_PATH]
    if not path.plain:
        return [_ALL]
    tokens = []
    begin = 0
    for step in path.plain[:LONGEST_PATH].split("/"):
        end = begin + len(step)
        if begin:
            tokens.append(Token("operator", (Piece("text", "/"),)))
        if step and "~" in step and not path.hides(begin, end):
            plain = step.replace("~1", "/").replace("~0", "~")
            tokens.append(Token("name", pieces_of(whole(Text(plain, {})), LONGEST_STEP)))
        elif step:
            tokens.append(
                Token(
                    "name",
                    pieces_of(whole(path)._replace(begin=begin, end=end), LONGEST_STEP),
                )
            )
        begin = end + 1
    if len(path.plain) > LONGEST_PATH:
        words = sentence("%(chars)s chars hidden", chars=len(path.plain) - LONGEST_PATH)
        tokens.append(Token("plain", (gap(words, "…"),)))
    return tokens
