"""What an interrupt of `per_call` may be answered with: its response schema says so.

Source: langchain 1.5.2 `human_in_the_loop.py`, `_decision_schema`: an object for each decision,
alone or under `oneOf`; an edit's arguments have the schema of the tool's own. LangGraph checks the
answer by the same, so what it does not name is not offered.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from webui.receivers.kind import Refused
from webui.sentences import sentence


class Allowed(NamedTuple):
    """The decisions that a schema takes, in LangChain's words, and the schema of edited arguments."""

    decisions: tuple[str, ...]
    arguments: dict[str, Any] | None


def read_schema(schema: Mapping[str, Any]) -> Allowed:
    """Read a response schema; raises Refused for one that names anything but decisions."""
    branches = schema.get("oneOf", [schema])
    if not isinstance(branches, list) or not branches:
        raise _unfit(sentence("`oneOf` must be a list of decisions"))
    by_name = {}
    for each in branches:
        branch = _at(schema, each)
        name = _at(schema, _members(schema, branch).get("type")).get("const")
        if not isinstance(name, str):
            raise _unfit(sentence("one of its decisions has no constant `type`"))
        by_name[name] = branch
    edit = by_name.get("edit")
    return Allowed(tuple(by_name), None if edit is None else _arguments(schema, edit))


def _arguments(schema: Mapping[str, Any], edit: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of edited arguments as one that stands alone."""
    action = _at(schema, _members(schema, edit).get("edited_action"))
    arguments = _members(schema, action).get("args")
    if not isinstance(arguments, dict):
        raise _unfit(sentence("its edit has no `edited_action` with `args`"))
    shared = schema.get("$defs")
    return {**arguments, "$defs": shared} if isinstance(shared, dict) else dict(arguments)


def _members(schema: Mapping[str, Any], found: Mapping[str, Any]) -> Mapping[str, Any]:
    return _at(schema, found.get("properties"))


def _at(schema: Mapping[str, Any], found: Any) -> Mapping[str, Any]:
    """Follow a reference into the schema's own definitions, once."""
    if isinstance(found, dict) and isinstance(found.get("$ref"), str):
        name = found["$ref"].removeprefix("#/$defs/")
        shared = schema.get("$defs")
        found = shared.get(name) if isinstance(shared, dict) else None
    if not isinstance(found, dict):
        raise _unfit(sentence("it is no schema of decisions"))
    return found


def _unfit(why: str) -> Refused:
    said = sentence(
        "The `response_schema` of the interrupt cannot be read: %(why)s.", why=why
    )
    return Refused(422, "interrupt_invalid", said)
