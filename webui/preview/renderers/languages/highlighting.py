"""Colours for code by Pygments, within bounds: its lexers may take quadratic time on hostile text.

So only a short beginning is coloured, of lines of usual length; the rest is plain. Lexers are
named here and imported one by one; none is ever guessed.
"""

from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

from webui.preview.renderers.marks import Mark
from webui.preview.renderers.rendering import TokenKind

if TYPE_CHECKING:
    from pygments.lexer import Lexer
    from pygments.token import _TokenType

MOST_COLOURED: Final = 3_000
_LONGEST_LINE: Final = 400
# Those of Java, C# and PowerShell take seconds for a few thousand hostile characters.
_LEXERS: Final = {
    "python": ("python", "PythonLexer"),
    "javascript": ("javascript", "JavascriptLexer"),
    "typescript": ("javascript", "TypeScriptLexer"),
    "ruby": ("ruby", "RubyLexer"),
    "php": ("php", "PhpLexer"),
    "go": ("go", "GoLexer"),
    "rust": ("rust", "RustLexer"),
    "c": ("c_cpp", "CLexer"),
    "cpp": ("c_cpp", "CppLexer"),
    "lua": ("scripting", "LuaLexer"),
    "perl": ("perl", "PerlLexer"),
    "r": ("r", "SLexer"),
}


@lru_cache(maxsize=32)
def _lexer(language: str) -> "Lexer":
    module, name = _LEXERS[language]
    made: Lexer = getattr(import_module(f"pygments.lexers.{module}"), name)()
    return made


def marks_of(plain: str, language: str) -> list[Mark]:
    """Return the colours of the beginning of a text in a known language."""
    if language not in _LEXERS:
        return []
    beginning = plain[: _coloured(plain)]
    return list(_marks(beginning, language)) if beginning else []


def _coloured(plain: str) -> int:
    """Return how far to colour: whole lines, none of them long."""
    at = 0
    while at < len(plain):
        end = plain.find("\n", at, at + _LONGEST_LINE + 1)
        end = len(plain) if end < 0 and len(plain) - at <= _LONGEST_LINE else end
        if end < 0 or end > MOST_COLOURED:
            break
        at = end + 1
    return min(at, len(plain))


def _marks(text: str, language: str) -> Iterator[Mark]:
    done = 0
    for at, kind, part in _lexer(language).get_tokens_unprocessed(text):
        drawn = _drawn(kind)
        if part and drawn != "plain" and at >= done:
            yield Mark(at, at + len(part), drawn)
            done = at + len(part)


@lru_cache(maxsize=512)
def _drawn(kind: "_TokenType") -> TokenKind:
    from pygments import token  # noqa: PLC0415

    drawn: tuple[tuple[_TokenType, TokenKind], ...] = (
        (token.Comment, "comment"), (token.Keyword, "keyword"), (token.String, "string"), (token.Number, "number"),
        (token.Operator.Word, "keyword"), (token.Name.Builtin, "program"), (token.Name.Function, "name"), (token.Name.Class, "name"),
    )  # fmt: skip
    return next((shown for base, shown in drawn if kind[: len(base)] == base), "plain")
