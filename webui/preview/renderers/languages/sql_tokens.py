"""The words of SQL, of several databases at once.

Where databases differ in where a text or a comment ends, that is a problem that is said; the
reading taken is the one that shows more as statements.
"""

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from webui.sentences import sentence

MOST_TOKENS: Final = 12_000
Kind = Literal["word", "name", "text", "number", "comment", "sign", "value"]

_TOKEN: Final = re.compile(
    r"""
    (?P<blank>[\s]++)
  | (?P<line>--[^\n\r]*+)
  | (?P<block>/\*)
  | (?P<escaped>[eE]'(?:[^'\\]|\\.|'')*+(?:'|$))
  | (?P<text>[nNbBxX]?'(?:[^']|'')*+(?:'|$))
  | (?P<dollar>\$(?:[A-Za-z_]\w{0,60})?\$)
  | (?P<name>"(?:[^"]|"")*+(?:"|$)|`(?:[^`]|``)*+(?:`|$)|\[[A-Za-z_][^\]\n]{0,128}\])
  | (?P<number>[0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)
  | (?P<word>[^\W\d][\w$]*+)
  | (?P<value>:[A-Za-z_]\w*+|\$[0-9]++|\?|%s|%\(\w++\)s|@@?\w++)
  | (?P<sign><>|!=|<=|>=|\|\||::|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_WITH_BACKSLASH: Final = re.compile(r"[nNbBxXeE]?'(?:[^'\\]|\\.|'')*+(?:'|$)", re.DOTALL)
UNCLEAR: Final = sentence("databases differ in what is a statement here and what is text")


class Token(NamedTuple):
    """A word of SQL; `upper` is in capitals, or a name without its quotes."""

    kind: Kind
    upper: str
    begin: int
    end: int


class Tokens:
    """All words of a text, and where they cannot be told for sure."""

    def __init__(self, plain: str, *, backslashes: bool) -> None:
        """Read a text; `backslashes` says whether one in a text escapes, as in MySQL."""
        self.plain = plain
        self.problems: list[tuple[int, str]] = []
        self.stopped: int | None = None
        self._backslashes = backslashes
        self.all = list(self._read())
        self.code = [token for token in self.all if token.kind != "comment"]

    def _read(self) -> Iterator[Token]:
        plain, at, count = self.plain, 0, 0
        while at < len(plain):
            count += 1
            if count > MOST_TOKENS:
                self.stopped = at
                return
            match = _TOKEN.match(plain, at)
            assert match is not None
            kind, stop = match.lastgroup or "sign", match.end()
            if kind in {"block", "dollar"}:
                token = self._enclosed(kind, at, match[0])
                stop = token.end
                yield token
            elif kind in {"text", "escaped"}:
                token = self._text(at, match)
                stop = token.end
                yield token
            elif kind != "blank":
                yield self._simple(kind, at, match)
            at = stop

    def _simple(self, kind: str, at: int, match: re.Match[str]) -> Token:
        text, end = match[0], match.end()
        if kind == "line":
            if self.plain[end : end + 1] == "\r" and self.plain[end + 1 : end + 2] != "\n":
                self.problems.append(
                    (
                        end,
                        sentence(
                            "A carriage return ends a comment in some databases: %(unclear)s.",
                            unclear=UNCLEAR,
                        ),
                    )
                )
            return Token("comment", "", at, end)
        if kind == "name":
            if text in {'"', "`"} or text[-1] not in '"`]':
                self.problems.append(
                    (at, sentence("A quote is never closed: %(unclear)s.", unclear=UNCLEAR))
                )
            return Token("name", text[1:-1], at, end)
        if kind == "sign" and text == "#":
            stop = self.plain.find("\n", at, at + 2_000)
            rest = self.plain[at + 1 : stop if stop >= 0 else at + 2_000]
            if any(sign in rest for sign in "'\"`;*$"):
                self.problems.append(
                    (
                        at,
                        sentence(
                            "A # begins a comment in some databases: %(unclear)s.",
                            unclear=UNCLEAR,
                        ),
                    )
                )
        if kind == "word":
            return Token("word", text.upper(), at, end)
        if kind == "number":
            return Token("number", text, at, end)
        return Token("value" if kind == "value" else "sign", text, at, end)

    def _text(self, at: int, match: re.Match[str]) -> Token:
        if self._backslashes and match.lastgroup == "text":
            match = _WITH_BACKSLASH.match(self.plain, at) or match
        if not match[0].endswith("'") or match[0].lstrip("nNbBxXeE") == "'":
            self.problems.append(
                (at, sentence("A quote is never closed: %(unclear)s.", unclear=UNCLEAR))
            )
        return Token("text", match[0], at, match.end())

    def _enclosed(self, kind: str, at: int, mark: str) -> Token:
        plain = self.plain
        closing = "*/" if kind == "block" else mark
        found = plain.find(closing, at + len(mark))
        end = len(plain) if found < 0 else found + len(closing)
        if found < 0:
            self.problems.append(
                (
                    at,
                    sentence(
                        "A comment or quote is never closed: %(unclear)s.", unclear=UNCLEAR
                    ),
                )
            )
        if kind == "dollar":
            return Token("text", plain[at:end], at, end)
        if plain.find("/*", at + 2, end) >= 0:
            self.problems.append(
                (
                    at,
                    sentence(
                        "A comment stands inside a comment: %(unclear)s.", unclear=UNCLEAR
                    ),
                )
            )
        return Token("comment", "", at, end)
