"""What a rendering is made of. As in `nodes`, all text in it is visible text, and no markup."""

from itertools import zip_longest
from typing import Literal, NamedTuple

from webui.preview.nodes import Piece

TokenKind = Literal[
    "plain",
    "program",  # what runs: a program, a statement, a method
    "keyword",
    "operator",  # what joins or redirects
    "option",
    "string",
    "number",
    "comment",
    "name",  # a host, a table, a path: what is acted on
    "danger",  # what a finding speaks of
]
LineKind = Literal["plain", "head", "added", "removed"]
Severity = Literal["danger", "note"]


class Token(NamedTuple):
    """A stretch of a line, and what it is in the language of the call."""

    kind: TokenKind
    pieces: tuple[Piece, ...]


class Line(NamedTuple):
    """One line of a block; `head` leads to what follows, as a file's name does in a patch."""

    tokens: tuple[Token, ...]
    kind: LineKind = "plain"
    number: int | None = None
    """Its number in the file or script, where there is one; the new one for a patch."""
    before: int | None = None
    """Its number in the old file, for a patch."""


class Block(NamedTuple):
    """Lines that belong together: a script, a statement, a file of a patch."""

    title: str
    """In our words; may be empty."""
    lines: tuple[Line, ...]
    hidden: int = 0
    """Lines that are not shown here; the tree shows them."""

    @property
    def sides(self) -> tuple[tuple[Line | None, Line | None], ...]:
        """Return the old lines beside the new ones; nothing if no old line is among them."""
        if all(line.kind != "removed" for line in self.lines):
            return ()
        rows: list[tuple[Line | None, Line | None]] = []
        old: list[Line] = []
        new: list[Line] = []
        for line in (*self.lines, Line((), "head")):
            if line.kind == "removed" and not new:
                old.append(line)
                continue
            if line.kind == "added":
                new.append(line)
                continue
            rows += zip_longest(old, new)
            old, new = ([line], []) if line.kind == "removed" else ([], [])
            if line.kind != "removed":
                rows.append((line, line))
        return tuple(rows[:-1])


class Fact(NamedTuple):
    """One thing that a person asks about such a call: its host, its amount, its recipients."""

    label: str
    """In our words."""
    pieces: tuple[Piece, ...]
    is_alarming: bool = False


class Finding(NamedTuple):
    """A sentence about what this call would do."""

    severity: Severity
    words: str
    """Visible text: what of it the agent wrote went through `inline`."""


class Alarm(NamedTuple):
    """Where in the call something stands that a danger speaks of."""

    name: str
    """Of the argument, visible."""
    at: int
    """From its beginning; a secret counts as one sign."""


class Rendering(NamedTuple):
    """A call in the terms of what it does."""

    renderer: str
    """The name in the registry, such as "shell"."""
    title: str
    """What kind of thing this is, in our words: "Shell command"."""
    facts: tuple[Fact, ...] = ()
    blocks: tuple[Block, ...] = ()
    findings: tuple[Finding, ...] = ()
    """Dangers first."""
    sums: tuple[tuple[str, str], ...] = ()
    """Each number that an amount may stand for, with its currency's code or ""."""
    alarms: tuple[Alarm, ...] = ()
    """In the order in which they were found; of many the first."""

    @property
    def dangers(self) -> tuple[str, ...]:
        """Return the sentences that warn."""
        return tuple([each.words for each in self.findings if each.severity == "danger"])
