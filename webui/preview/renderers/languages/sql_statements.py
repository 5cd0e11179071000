"""The statements of a text of SQL, and the conditions of those that change rows."""

from collections.abc import Iterator, Sequence

from webui.preview.renderers.languages import sql_words
from webui.preview.renderers.languages.sql_tokens import Token


def statements(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """Yield the statements of a text, without their semicolons."""
    begin = 0
    for at, token in enumerate(tokens):
        if token.upper == ";" and token.kind == "sign":
            if at > begin:
                yield tokens[begin:at]
            begin = at + 1
    if begin < len(tokens):
        yield tokens[begin:]


def conditions_of(tokens: Sequence[Token]) -> dict[int, tuple[int, int] | None]:
    """Return where each DELETE and UPDATE has its condition, walking back through brackets once."""
    found: dict[int, tuple[int, int] | None] = {}
    open_: list[list[int | None]] = [[None, len(tokens), None]]  # where, its end, SET
    for at in range(len(tokens) - 1, -1, -1):
        token, level = tokens[at], open_[-1]
        if token.kind == "sign" and token.upper == ")":
            open_.append([None, at, None])
        elif token.kind == "sign" and token.upper == "(":
            open_ = open_[:-1] if len(open_) > 1 else [[None, at, None]]
        elif token.kind == "word":
            before = tokens[at - 1].upper if at else ""
            if token.upper == "WHERE":
                level[0], level[2] = at + 1, None
            elif token.upper in sql_words.ENDS_CONDITION:
                level[0], level[1] = None, at
            elif token.upper == "SET":
                level[2] = at
            elif _is_change(token.upper, before, at, tokens, level[2]):
                where, end = level[0], level[1]
                found[at] = None if where is None or end is None else (where, end)
                open_[-1] = [None, at, None]
    return found


def _is_change(
    word: str, before: str, at: int, tokens: Sequence[Token], set_at: int | None
) -> bool:
    if word == "DELETE":
        after = tokens[at + 1].kind if at + 1 < len(tokens) else ""
        return (
            after in {"word", "name"}
            and before not in sql_words.NO_DELETE_AFTER
            and tokens[0].upper not in {"GRANT", "REVOKE"}
        )
    return (
        word == "UPDATE"
        and before not in sql_words.NO_UPDATE_AFTER
        and (set_at is not None or at == 0)
    )
