"""Plans and commands of Terraform and OpenTofu: what is destroyed comes first."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final

from webui.preview.nodes import Piece
from webui.preview.renderers.arguments import Arguments, Text
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.json_texts import begins_as
from webui.preview.renderers.member_names import FOLDERS
from webui.preview.renderers.rendering import Fact, LineKind, Rendering, Token, TokenKind
from webui.preview.renderers.saying import facts_of, leaf, own_fact, said, says_yes, whole
from webui.preview.renderers.sheets import Sheets, add_lines
from webui.preview.renderers.terraform_plan import (
    ANSI,
    SUMMARY,
    Change,
    changes_in,
    check_summary,
)
from webui.preview.renderers.tool_names import globs, squeezed
from webui.sentences import forms, joined, number, sentence, sentence_in

TOOLS: Final = globs("terraform, tofu, terragrunt")
_MOST_CHANGES: Final = 3_000
_LONGEST: Final = 100
_NAMED: Final = 3
_PLANS: Final = (
    "plan",
    "plan_json",
    "planJson",
    "plan_output",
    "planOutput",
    "output",
    "content",
    "text",
)
_UNPROTECTED: Final = re.compile(
    r"prevent_destroy\"?\s{0,20}[=:]\s{0,20}\"?false|(?:deletion_protection|force_destroy|skip_final_snapshot)\"?\s{0,20}[=:]",
    re.IGNORECASE,
)
_DATA: Final = re.compile(
    r"db_|rds|database|dynamodb|bucket|volume|disk|efs|storage|kms|redis|elasticache|sql|spanner|snapshot"
    r"|secret|vault|backup|persistent|docdb|firestore|bigtable|bigquery|cosmos",
    re.IGNORECASE,
)
_RIGHTS: Final = re.compile(
    r"iam|role|policy|security_group|firewall|access|acl|rbac", re.IGNORECASE
)
_ACTIONS: Final = {
    "destroy": sentence_in("a plan of Terraform", "destroy"),
    "replace": sentence_in("a plan of Terraform", "replace"),
    "forget": sentence_in("a plan of Terraform", "forget"),
    "update": sentence_in("a plan of Terraform", "update"),
    "create": sentence_in("a plan of Terraform", "create"),
    "import": sentence_in("a plan of Terraform", "import"),
    "read": sentence_in("a plan of Terraform", "read"),
}
_ORDER: Final = tuple(_ACTIONS)
_LOST: Final = {
    "destroy": forms("%(named)s is destroyed.", "%(named)s are destroyed."),
    "replace": forms(
        "%(named)s is destroyed and made anew.", "%(named)s are destroyed and made anew."
    ),
    "forget": forms("%(named)s is no longer managed.", "%(named)s are no longer managed."),
}
_KINDS: Final[dict[str, LineKind]] = {
    "destroy": "removed",
    "replace": "removed",
    "forget": "removed",
    "create": "added",
    "import": "added",
}


def fits(arguments: Arguments) -> bool:
    """Say whether this is a plan whatever the tool is called."""
    if arguments.items("resource_changes") is not None:
        return True
    inner = arguments.inside("plan", "plan_json")
    if inner is not None and inner.items("resource_changes") is not None:
        return True
    text = arguments.text(*_PLANS)
    return text is not None and (
        '"resource_changes"' in text.plain
        or SUMMARY.search(ANSI.sub("", text.plain)) is not None
    )


_FACTS: Final = (
    (
        sentence("Folder"),
        (*FOLDERS, "path", "dir", "directory"),
    ),
    (sentence("Workspace"), ("workspace", "workspace_id", "workspace_name")),
    (sentence("Command"), ("command", "operation", "action")),
    (sentence("Target"), ("target", "targets", "resource")),
    (sentence("Approve by itself"), ("auto_approve", "autoApprove", "auto-approve")),
)


def render(tool: str, arguments: Arguments) -> Rendering | None:
    """Return what a plan destroys, replaces, changes and makes."""
    found, sheets = Findings(), Sheets()
    text = arguments.text(*_PLANS)
    changes = list(islice(changes_in(arguments, text, found), _MOST_CHANGES + 1))
    if len(changes) > _MOST_CHANGES:
        found.danger(
            "many",
            sentence(
                "It has more than %(most)s changes; the rest was not read.",
                most=number(_MOST_CHANGES),
            ),
        )
    verb = _verb(tool, arguments)
    facts = facts_of(arguments, _FACTS)
    if not changes and not facts and text is None:
        return None
    if changes:
        facts.insert(0, _counted(changes))
        _list(changes, sheets)
    _look_at(found, changes)
    _look_at_command(found, arguments, verb)
    if text is not None:
        _look_at_text(found, sheets, text, changes)
    title = sentence("Plan of Terraform") if changes else sentence("Command of Terraform")
    return Rendering("terraform", title, tuple(facts), sheets.blocks(), found.sentences())


def _counted(changes: Sequence[Change]) -> Fact:
    counts = Counter(change.action for change in changes)
    parts = [
        sentence_in(
            "a plan of Terraform",
            "%(number)s to %(action)s",
            number=number(counts[each]),
            action=action,
        )
        for each, action in _ACTIONS.items()
        if counts[each]
    ]
    return own_fact(
        sentence("Plan"),
        joined(", ", parts),
        is_alarming=bool(counts["destroy"] or counts["replace"]),
    )


def _look_at_text(
    found: Findings, sheets: Sheets, text: Text, changes: list[Change]
) -> None:
    """Look at a plan that came as a text, and show it if it was written for people."""
    if match := _UNPROTECTED.search(text.plain):
        line = text.plain.count("\n", 0, match.start()) + 1
        words = said(whole(text)._replace(begin=match.start(), end=match.end()))
        found.danger(
            "protect",
            sentence(
                "Line %(line)s is about what protects from deletion: %(words)s.",
                line=number(line),
                words=words,
            ),
            line,
        )
    if not begins_as(text, "{"):
        check_summary(found, text, changes)
        sheet = sheets.start(sentence("As it is written"))
        add_lines(sheet, whole(text))
        sheets.keep(sheet)


def _verb(tool: str, arguments: Arguments) -> str:
    given = leaf(arguments, "command", "operation", "action")
    words = (given.plain[:200] if given is not None else "").casefold()
    name = squeezed(tool)
    return next(
        (
            verb
            for verb in ("destroy", "apply", "import", "taint")
            if verb in words or verb in name
        ),
        "",
    )


def _list(changes: Iterable[Change], sheets: Sheets) -> None:
    ordered = sorted(
        (each for each in changes if each.action in _ORDER),
        key=lambda each: _ORDER.index(each.action),
    )
    sheet = sheets.start(sentence("What the plan does"))
    for at, each in enumerate(ordered):
        if sheet.is_full:
            sheet.hidden += len(ordered) - at
            break
        kind: TokenKind = (
            "danger" if each.action in {"destroy", "replace", "forget"} else "keyword"
        )
        tokens = (
            Token(kind, (Piece("text", _ACTIONS[each.action]),)),
            Token("name", (Piece("text", joined("", (" ", _cut(each.address)))),)),
        )
        sheet.write(tokens, _KINDS.get(each.action, "plain"))
    sheets.keep(sheet)


def _look_at(found: Findings, changes: list[Change]) -> None:
    for action, lost in _LOST.items():
        those = [each.address for each in changes if each.action == action]
        if not those:
            continue
        named = joined(", ", [_cut(address) for address in those[:_NAMED]])
        if rest := those[_NAMED:]:
            named = sentence_in(
                "a plan of Terraform",
                "%(named)s and %(number)s more",
                named=named,
                number=number(len(rest)),
            )
        found.danger(action, lost.of(len(those), named=named))
        if data := [address for address in those if _DATA.search(address.plain[:300])]:
            found.danger(
                (action, "data"),
                sentence(
                    "%(name)s may hold data that is lost with it.", name=_cut(data[0])
                ),
            )
            for _ in data[1:]:
                found.again((action, "data"))
    rights = [
        each
        for each in changes
        if each.action in _ORDER[:5] and _RIGHTS.search(each.address.plain[:300])
    ]
    if rights:
        found.note(
            "rights",
            sentence(
                "Who may do or reach what changes: %(name)s.",
                name=_cut(rights[0].address),
            ),
        )
        for _ in rights[1:]:
            found.again("rights")


def _look_at_command(found: Findings, arguments: Arguments, verb: str) -> None:
    given = leaf(arguments, "command", "args", "options", "flags")
    words = given.plain[:5000].casefold() if given is not None else ""
    listed = " ".join(
        text.plain[:200]
        for text in (arguments.texts("args", "options", "flags") or ())[:50]
    )
    spelt = f"{words} {listed.casefold()}"
    if verb == "destroy" or "-destroy" in spelt:
        found.danger(
            "verb",
            sentence(
                "It destroys all that this configuration manages, or all of its targets."
            ),
        )
    if "state rm" in spelt or "state push" in spelt:
        found.danger("state", sentence("It changes the record of what exists."))
    if "-lock=false" in spelt or "force-unlock" in spelt:
        found.danger(
            "lock", sentence("It passes by the lock that keeps two changes apart.")
        )
    if "-replace" in spelt:
        found.danger("replaces", sentence("It destroys a resource and makes it anew."))
    if verb in {"apply", "destroy"} and (
        says_yes(leaf(arguments, "auto_approve", "autoApprove", "auto-approve"))
        or "auto-approve" in spelt
    ):
        found.note("auto", sentence("Terraform itself does not ask again."))


def _cut(address: Text) -> str:
    return (
        said(address, _LONGEST) if address.plain else sentence("something without a name")
    )
