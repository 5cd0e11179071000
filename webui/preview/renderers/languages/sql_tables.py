"""Which tables a statement names, and whether it writes them."""

from collections.abc import Sequence

from webui.preview.renderers.languages import sql_words
from webui.preview.renderers.languages.sql_tokens import Token


def table_at(
    plain: str, tokens: Sequence[Token], at: int, verb: str
) -> tuple[str, bool] | None:
    """Return the table that stands behind a word, and whether it is written; often none does."""
    word = tokens[at].upper
    writes = word in {"INTO", "UPDATE", "TABLE", "TRUNCATE"} or (
        word == "FROM" and at > 0 and tokens[at - 1].upper == "DELETE"
    )
    if not writes and word not in {"FROM", "JOIN", "USING"}:
        return None
    if (
        writes
        and word in {"TABLE", "TRUNCATE"}
        and tokens[at - 1].upper not in {"DROP", "TRUNCATE", "ALTER"}
        and verb in sql_words.READING
    ):
        writes = False
    name = _name_after(plain, tokens, at + 1)
    return (name, writes) if name else None


def _name_after(plain: str, tokens: Sequence[Token], at: int) -> str:
    while (
        at < len(tokens)
        and tokens[at].upper in sql_words.SKIPPED
        and tokens[at].kind == "word"
    ):
        at += 1
    if (
        at >= len(tokens)
        or tokens[at].kind not in {"word", "name"}
        or tokens[at].upper in sql_words.NO_TABLES
    ):
        return ""
    end = at + 1
    while end + 1 < len(tokens) and tokens[end].upper == "." and end < at + 6:
        end += 2
    return plain[tokens[at].begin : tokens[end - 1].end]
