"""What a shell script is made of: words, redirections, commands, here-documents."""

import re
from typing import Final

_ESCAPE: Final = re.compile(
    r"\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|(.))",
    re.DOTALL,
)
_NAMED: Final = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
}
_LAST_CODE: Final = 0x10FFFF


class Word:
    """One word as the shell would hand it on, as far as it can be told from the text."""

    __slots__ = (
        "_value",
        "begin",
        "computed",
        "end",
        "odd",
        "pattern",
        "process",
        "size",
        "spans",
    )

    def __init__(self, begin: int) -> None:
        self.begin = begin
        self.end = begin
        self._value: list[str] = []
        self.size = 0
        self.spans: list[tuple[int, int, bool]] = []
        """Where its text stands, and whether it is quoted there; substitutions are left out."""
        self.computed = False
        """Holds a variable or a substitution."""
        self.pattern = False
        """Holds signs by which the shell makes other words of it."""
        self.process = False
        """Is, or holds, `<(...)`."""
        self.odd = False
        """Quotes or escapes stand inside it, where a plain word needs none."""

    def add(self, text: str, begin: int, end: int, *, quoted: bool = False) -> None:
        """Add a stretch of the script, and the text that it stands for."""
        self._value.append(text)
        self.size += len(text)
        spans = self.spans
        if spans and spans[-1][1] == begin and spans[-1][2] == quoted:
            spans[-1] = (spans[-1][0], end, quoted)
        else:
            spans.append((begin, end, quoted))
        self.end = max(self.end, end)

    @property
    def value(self) -> str:
        """Return the text without its quotes; what is computed keeps its `$`."""
        if len(self._value) > 1:
            self._value = ["".join(self._value)]
        return self._value[0] if self._value else ""

    @property
    def is_known(self) -> bool:
        """Whether the value is what the shell hands on, whatever else is the case."""
        return not (self.computed or self.pattern)

    @property
    def is_quoted(self) -> bool:
        """Whether it begins with a quote."""
        return bool(self.spans) and self.spans[0][2]


class Here:
    """A here-document: where its text stands, and whether the shell changes it."""

    __slots__ = ("begin", "delimiter", "end", "literal", "strips")

    def __init__(self, delimiter: str, *, literal: bool, strips: bool) -> None:
        self.delimiter = delimiter
        self.literal = literal
        self.strips = strips
        self.begin = self.end = 0


class Redirect:
    """`operator` and the word that it sends to or takes from."""

    __slots__ = ("begin", "operator", "target")

    def __init__(self, operator: str, begin: int) -> None:
        self.operator = operator
        self.begin = begin
        self.target: Word | None = None


class Command:
    """One simple command, or the words around a compound one."""

    __slots__ = ("before", "begin", "fed", "heres", "inner", "piped", "redirects", "words")

    def __init__(
        self, begin: int, before: str, piped: "Command | None", inner: bool
    ) -> None:
        self.begin = begin
        self.before = before
        """The operator before it; empty at the beginning of a script."""
        self.piped = piped
        """The command whose output it reads."""
        self.fed: Command | None = None
        """The command that reads its output."""
        if piped is not None:
            piped.fed = self
        self.inner = inner
        """Whether it stands in a substitution."""
        self.words: list[Word] = []
        self.redirects: list[Redirect] = []
        self.heres: list[Here] = []


class Script:
    """Everything read from one script, in order."""

    __slots__ = (
        "commands", "comments", "functions", "joints", "problems", "steps", "stopped",
    )  # fmt: skip

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.comments: list[tuple[int, int]] = []
        self.joints: list[tuple[int, int]] = []
        """Operators and the brackets of substitutions."""
        self.functions: dict[str, int] = {}
        self.problems: list[tuple[int, str]] = []
        """Where the text can be read in several ways, or in none."""
        self.steps = 0
        self.stopped: int | None = None
        """Where reading was given up, because the script has too many parts."""


def unescaped(text: str) -> str:
    """Return the text of `$'...'` without its escapes."""
    return _ESCAPE.sub(_meant, text)


def _meant(match: re.Match[str]) -> str:
    if match[4]:
        return chr(int(match[4], 8) & 0xFF)
    digits = match[1] or match[2] or match[3]
    if digits:
        return chr(min(int(digits, 16), _LAST_CODE))
    return _NAMED.get(match[5], match[5])
