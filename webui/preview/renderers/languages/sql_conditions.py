"""Whether a condition holds for every row, as far as its text tells."""

from collections.abc import Sequence
from typing import Final

from webui.preview.renderers.languages.sql_tokens import Token

_LONGEST_TERM: Final = 12
_COMPARISON: Final = 3
_CONSTANT: Final = frozenset({"number", "text"})
_COMPARES: Final = frozenset({"=", "<>", "!=", "<", ">", "<=", ">=", "LIKE", "IS"})
_WORDS: Final = frozenset({"TRUE", "FALSE", "NULL"})


def is_always_true(tokens: Sequence[Token]) -> bool:
    """Say whether one side of an OR is nothing but terms that always hold."""
    tokens = _without_brackets(tokens)
    if not tokens:
        return False
    branches = _split(tokens, "OR")
    if len(branches) > 1:
        return any(is_always_true(branch) for branch in branches)
    terms = _split(tokens, "AND")
    if len(terms) > 1:
        return all(is_always_true(term) for term in terms)
    return len(tokens) <= _LONGEST_TERM and _holds(tokens)


def _without_brackets(tokens: Sequence[Token]) -> Sequence[Token]:
    begin, end = 0, len(tokens)
    while end - begin > 1 and tokens[begin].upper == "(" and tokens[end - 1].upper == ")":
        begin, end = begin + 1, end - 1
    inside = tokens[begin:end]
    depth = 0
    for token in inside:
        depth += (token.upper == "(") - (token.upper == ")")
        if depth < 0:
            return tokens[:0] if begin > 1 else tokens
    return inside


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
