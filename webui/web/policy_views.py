"""What the policy's pages show: versions, differences, findings; texts made safe to show."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from webui.approvals.policy import PolicyFault, Result
from webui.approvals.policy.changes import Line, changes, lines_of
from webui.approvals.ruling import policies, shadows
from webui.approvals.ruling.drafts import Checked, check_draft
from webui.policyfile import FileView, view_of
from webui.preview import visible
from webui.sentences import capital, sentence, sentence_in
from webui.store.models import Policy
from webui.store.queries import people
from webui.web.context import house

MOST_LINES = 2_000
"""Of a difference or a listing; a longer one ends in a sentence."""
MOST_TESTS = 200
EXCERPT = 160
_SPACES = re.compile("( +)")
_SIGN_WORDS = {
    "+": sentence_in("a line", "added"),
    "-": sentence_in("a line", "removed"),
    " ": "",
    "…": "",
}


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version of the policy."""

    number: int
    revision: str
    author: str
    note: str
    at: int


@dataclass(frozen=True, slots=True)
class LineView:
    """One line of a difference; its sign stands in words for those who hear it."""

    sign: str
    word: str
    was: int | None
    now: int | None
    text: str


@dataclass(frozen=True, slots=True)
class DiffView:
    """The difference of two texts."""

    lines: tuple[LineView, ...]
    added: int
    removed: int
    left_out: int


@dataclass(frozen=True, slots=True)
class FindingView:
    """One thing that is wrong with a text, or looks wrong, beside the line that it is about."""

    line: int
    column: int
    path: str
    sentence: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class TestView:
    """What came of one test of the file."""

    passed: bool
    sentence: str
    line: int


@dataclass(frozen=True, slots=True)
class Findings:
    """All there is to say of a text."""

    empty: bool
    faults: tuple[FindingView, ...]
    warnings: tuple[FindingView, ...]
    tests: tuple[TestView, ...]
    more_tests: int

    @property
    def failed(self) -> int:
        """Return how many of the tests shown failed."""
        return sum(not test.passed for test in self.tests)


def line_shown(line: str) -> str:
    """Return a line of a text that somebody wrote, visible; its blanks stay, they are layout."""
    parts = _SPACES.split(line)
    return "".join(part if part.startswith(" ") else visible(part) for part in parts)


def version_views(
    session: Session, org_id: str, found: Sequence[Policy]
) -> list[VersionView]:
    """Return versions with the names of their authors."""
    names = people.names(session, org_id, {each.author for each in found})
    return [version_view(each, names) for each in found]


def version_view(version: Policy, names: Mapping[str, str]) -> VersionView:
    """Return a version for its page."""
    return VersionView(
        version.number,
        version.revision,
        _author(version.author, names),
        _note(version.note),
        version.at,
    )


def _note(note: str) -> str:
    """Return why somebody changed it; what the desk itself noted, in the reader's language."""
    number = note.removeprefix("As version ").removesuffix(" was.")
    ours = policies.as_before(int(number)) if number.isdecimal() else shadows.RAN_BESIDE
    return ours if note == ours else visible(note)


def _author(author: str, names: Mapping[str, str]) -> str:
    if author == "local_implicit":
        return sentence_in("by whom", "whoever runs this desk")
    if author.startswith("file:"):
        return sentence_in(
            "by whom", "the file %(name)s", name=visible(author.removeprefix("file:"))
        )
    return visible(names.get(author, author))


def live_view(session: Session, org_id: str) -> tuple[VersionView | None, str]:
    """Return the version in force and its text; none and an empty text without one."""
    live = policies.in_force(session, org_id)
    if live is None:
        return None, ""
    return version_views(session, org_id, [live])[0], live.text


def file_view(session: Session, org_id: str) -> FileView | None:
    """Return how the file that rules an org's policy stands; none where people set it."""
    found = view_of(session, house().settings, org_id, house().store.now())
    if found is None:
        return None
    wrong = tuple(map(visible, found.wrong))
    return replace(found, path=visible(found.path), wrong=wrong)


def diff_view(old: str, new: str) -> DiffView:
    """Return what changed from one text to another."""
    found = changes(old, new)
    signs = [line.sign for line in found]
    shown = found[:MOST_LINES]
    return DiffView(
        tuple(_line_view(line) for line in shown),
        signs.count("+"),
        signs.count("-"),
        len(found) - len(shown),
    )


def _line_view(line: Line) -> LineView:
    text = line.text if line.sign == "…" else line_shown(line.text)
    return LineView(line.sign, _SIGN_WORDS[line.sign], line.was, line.now, text)


def find(session: Session, org_id: str, text: str, now: int) -> tuple[Checked, Findings]:
    """Return what there is to say of a text, and the same for its page."""
    checked = check_draft(session, org_id, text, now)
    lines = lines_of(text)
    findings = Findings(
        not text.strip(),
        tuple(_finding(each, lines) for each in checked.faults),
        tuple(_finding(each, lines) for each in checked.warnings),
        tuple(_test(each) for each in checked.tests[:MOST_TESTS]),
        max(0, len(checked.tests) - MOST_TESTS),
    )
    return checked, findings


def _finding(fault: PolicyFault, lines: Sequence[str]) -> FindingView:
    there = 0 < fault.line <= len(lines)
    excerpt = lines[fault.line - 1] if there else ""
    cut = excerpt[:EXCERPT] + ("…" if len(excerpt) > EXCERPT else "")
    return FindingView(
        fault.line,
        fault.column,
        visible(fault.path) or sentence("the file"),
        capital(visible(fault.sentence)),
        line_shown(cut),
    )


def _test(result: Result) -> TestView:
    return TestView(result.passed, visible(result.sentence()), result.line)


def listing(text: str) -> tuple[list[str], int]:
    """Return the lines of a text as they are shown, and how many are left out."""
    lines = lines_of(text)
    return [line_shown(line) for line in lines[:MOST_LINES]], max(
        0, len(lines) - MOST_LINES
    )
