"""The changes that a plan of Terraform lists, as JSON, as values or as text."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from webui.preview.renderers.arguments import Arguments, Text
from webui.preview.renderers.saying import Findings, leaf

ANSI: Final = re.compile(r"\x1b\[[0-9;]{0,20}m")
_LINE: Final = re.compile(
    r"^[ \t]*# ([^\s]{1,300}) (?:will be|must be|is tainted, so must be) "
    r"(created|destroyed|replaced|updated in-place|read during apply|imported|forgotten)",
    re.MULTILINE,
)
SUMMARY: Final = re.compile(
    r"Plan: (?:\d{1,9} to import, )?(\d{1,9}) to add, (\d{1,9}) to change, (\d{1,9}) to destroy"
)
_WORDS: Final = {
    "destroyed": "destroy",
    "created": "create",
    "replaced": "replace",
    "updated in-place": "update",
    "read during apply": "read",
    "imported": "import",
    "forgotten": "forget",
}


class Change(NamedTuple):
    action: str
    address: str


def changes_in(
    arguments: Arguments, text: Text | None, found: Findings
) -> Iterator[Change]:
    plan = arguments.inside("plan", "plan_json") or arguments
    items = plan.items("resource_changes")
    if items is not None:
        for each in items:
            change = each.inside("change")
            actions = change.texts("actions") if change is not None else None
            address = leaf(each, "address", "type")
            yield Change(
                _action([action.plain for action in actions or ()]),
                address.plain if address is not None else "",
            )
    elif text is not None and text.plain.lstrip().startswith("{"):
        yield from _of_json(text.plain, found)
    elif text is not None:
        for match in _LINE.finditer(ANSI.sub("", text.plain)):
            yield Change(_WORDS[match[2]], match[1])


def _of_json(plain: str, found: Findings) -> Iterator[Change]:
    try:
        plan = json.loads(plain)
    except (ValueError, RecursionError):
        found.danger("json", "The plan is no JSON that can be read here.")
        return
    listed = plan.get("resource_changes") if isinstance(plan, dict) else None
    for each in listed if isinstance(listed, list) else ():
        if not isinstance(each, dict):
            continue
        change = each.get("change")
        actions = change.get("actions") if isinstance(change, dict) else None
        yield Change(_action(actions), str(each.get("address", ""))[:400])


def _action(actions: Any) -> str:
    named = (
        {each for each in actions if isinstance(each, str)}
        if isinstance(actions, list)
        else set()
    )
    if "delete" in named:
        return "replace" if "create" in named else "destroy"
    return next(
        (each for each in ("forget", "update", "create", "read") if each in named), "no-op"
    )
