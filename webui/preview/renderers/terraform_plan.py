"""The changes that a plan of Terraform lists, as JSON, as values or as text, and its summary."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from webui.preview.renderers.arguments import Arguments, Text
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.json_texts import begins_as, value_in
from webui.preview.renderers.saying import leaf
from webui.sentences import Sentence, number, sentence, sentence_in

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


_NAMELESS: Final = Text("", {})


class Change(NamedTuple):
    """What a plan does to one thing."""

    action: str
    address: Text


def changes_in(
    arguments: Arguments, text: Text | None, found: Findings
) -> Iterator[Change]:
    """Yield the changes, in the order of the plan."""
    plan = arguments.inside("plan", "plan_json") or arguments
    items = plan.items("resource_changes")
    if items is None and text is not None and begins_as(text, "{"):
        value = value_in(text)
        if value is None:
            found.danger("json", sentence("The plan is no JSON that can be read here."))
            return
        items = Arguments(value.children).items("resource_changes") or ()
    if items is not None:
        for each in items:
            change = each.inside("change")
            actions = change.texts("actions") if change is not None else None
            address = leaf(each, "address", "type") or _NAMELESS
            yield Change(_action({each.plain for each in actions or ()}), address)
    elif text is not None:
        for match in _LINE.finditer(ANSI.sub("", text.plain)):
            yield Change(_WORDS[match[2]], Text(match[1], text.masks))


def _action(named: set[str]) -> str:
    if "delete" in named:
        return "replace" if "create" in named else "destroy"
    return next(
        (each for each in ("forget", "update", "create", "read") if each in named), "no-op"
    )


def check_summary(found: Findings, text: Text, changes: Sequence[Change]) -> None:
    """Say where the summary of a plan counts otherwise than its lines do."""
    match = SUMMARY.search(ANSI.sub("", text.plain))
    if match is None or not changes:
        return
    counts = Counter(each.action for each in changes)
    replaced = counts["replace"]
    counted = (counts["create"] + replaced, counts["update"], counts["destroy"] + replaced)
    given = tuple(int(count) for count in match.groups())
    if counted == given:
        return
    told = sentence(
        "%(added)s to add, %(changed)s to change and %(destroyed)s to destroy",
        **_named(given),
    )
    real = sentence_in(
        "a plan of Terraform", "%(added)s, %(changed)s and %(destroyed)s", **_named(counted)
    )
    words = sentence(
        "Its summary says %(told)s, but its lines say %(real)s.", told=told, real=real
    )
    found.danger("summary", words)


def _named(counts: Sequence[int]) -> dict[str, Sentence]:
    names = ("added", "changed", "destroyed")
    return {name: number(count) for name, count in zip(names, counts, strict=True)}
