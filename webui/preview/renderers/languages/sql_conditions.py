"""Whether a condition holds for every row, as far as its text tells."""

from collections.abc import Sequence
from typing import Final

from webui.preview.renderers.languages.sql_tokens import Token

_LONGEST_TERM: Final = 12
_COMPARISON: Final = 3
_DEEPEST: Final = 16
_CONSTANT: Final = frozenset({"number", "text"})
_COMPARES: Final = frozenset({"=", "<>", "!=", "<", ">", "<=", ">=", "LIKE", "IS"})
_WORDS: Final = frozenset({"TRUE", "FALSE", "NULL"})


class TooDeep(Exception):
    """The condition has more brackets in brackets than are looked into."""


def is_always_true(tokens: Sequence[Token], depth: int = 0) -> bool:
    """Say whether one side of an OR is nothing but terms that always hold.

    Raises:
        TooDeep: it cannot be said.

    """
    if depth > _DEEPEST:
        raise TooDeep
    if _is_in_brackets(tokens):
        return is_always_true(tokens[1:-1], depth + 1)
    branches = _split(tokens, "OR")
    if len(branches) > 1:
        return any(is_always_true(branch, depth + 1) for branch in branches)
    terms = _split(tokens, "AND")
    if len(terms) > 1:
        return all(is_always_true(term, depth + 1) for term in terms)
    return 0 < len(tokens) <= _LONGEST_TERM and _holds(tokens)


def _is_in_brackets(tokens: Sequence[Token]) -> bool:
    if len(tokens) < 2 or tokens[0].upper != "(" or tokens[-1].upper != ")":  # noqa: PLR2004
        return False
    depth = 0
    for token in tokens[:-1]:
        depth += (token.upper == "(") - (token.upper == ")")
        if depth == 0:
            return False
    return True


def _split(tokens: Sequence[Token], word: str) -> list[Sequence[Token]]:
    parts, begin, depth = [], 0, 0
    for at, token in enumerate(tokens):
        if token.kind == "sign":
            depth += (token.upper == "(") - (token.upper == ")")
        elif depth == 0 and token.kind == "word" and token.upper == word:
            parts.append(tokens[begin:at])
            begin = at + 1
    return [*parts, tokens[begin:]]


def _holds(tokens: Sequence[Token]) -> bool:
    if tokens[0].upper == "NOT" and tokens[0].kind == "word":
        return _fails(tokens[1:])
    words = [token.upper for token in tokens]
    if len(tokens) == 1:
        return words == ["TRUE"] or (tokens[0].kind == "number" and float(words[0]) != 0)
    if words[:1] == ["EXISTS"] and "FROM" not in words:
        return True
    if words[-3:] == ["IS", "NOT", "NULL"]:
        return tokens[0].kind in _CONSTANT or words[:-3] in (["ID"], ["ROWID"])
    sign = next((at for at, word in enumerate(words) if word in _COMPARES), None)
    if sign is None:
        return False
    return _compares(tokens[:sign], words[sign], tokens[sign + 1 :])


def _fails(tokens: Sequence[Token]) -> bool:
    words = [token.upper for token in tokens if token.upper not in {"(", ")"}]
    if words in (["FALSE"], ["0"]):
        return True
    if len(words) == _COMPARISON and words[1] == "=":
        constant = all(
            token.kind in _CONSTANT or token.upper in {"=", "(", ")"} for token in tokens
        )
        return constant and words[0] != words[2]
    return False


def _compares(left: Sequence[Token], sign: str, right: Sequence[Token]) -> bool:
    one = [token.upper for token in left]
    two = [token.upper for token in right]
    if sign == "LIKE":
        return two in (["'%'"], ["'%%'"])
    if one == two:
        return sign in {"=", "<=", ">=", "IS"} and bool(one)
    constant = len(left) == len(right) == 1 and all(
        token.kind in _CONSTANT or token.upper in _WORDS for token in (*left, *right)
    )
    if not constant:
        return False
    if sign in {"<>", "!="}:
        return True
    if left[0].kind == right[0].kind == "number":
        first, second = float(one[0]), float(two[0])
        return {"<": first < second, ">": first > second, "<=": first <= second,
                ">=": first >= second}.get(sign, first == second)  # fmt: skip
    return False
