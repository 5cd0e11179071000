"""Looking words up in the index of settled approvals, at a cost that has a limit."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from webui.store.engines import PLANNED_ANEW

WORDS_MAX = 8
SHORTEST = 2
SHORTEST_BEGINNING = 3
"""Two letters begin a tenth of all words: all their lists would be merged at each look."""
_SQLITE = text(
    "SELECT approval_id FROM approval_search WHERE words MATCH :words"
    " AND org_id = :org ORDER BY rowid DESC LIMIT :most"
)
_POSTGRESQL = text(
    "SELECT approval_id FROM approval_search"
    " WHERE words @@ plainto_tsquery('simple', :words)"
    " AND org_id = :org ORDER BY id DESC LIMIT :most"
).execution_options(**{PLANNED_ANEW: True})


def asked_words(words: str) -> list[str]:
    """Return the different words that are looked up, at most eight.

    A word of one letter, or the beginning of many words at once, would visit most of a long
    history; so only the last word may be a beginning, of three letters or more, and none is shorter
    than two.
    """
    distinct = dict.fromkeys(word for word in words.split() if len(word) >= SHORTEST)
    return list(distinct)[:WORDS_MAX]


def found(session: Session, org_id: str, words: str, most: int = 500) -> list[str]:
    """Return the ids of the newest settled approvals whose masked words hold all of `words`.

    On SQLite the last may begin a word, where fewer than `most` hold it whole: for a beginning,
    FTS5 merges all that was ever kept under the words it begins before it gives the newest.
    """
    asked = asked_words(words)
    if not asked:
        return []
    if session.connection().dialect.name != "sqlite":
        values = {"words": " ".join(asked), "org": org_id, "most": most}
        return list(session.scalars(_POSTGRESQL, values))
    whole = _on_sqlite(session, org_id, _quoted(asked), most)
    if len(whole) == most or len(asked[-1]) < SHORTEST_BEGINNING:
        return whole
    return _on_sqlite(session, org_id, _quoted(asked) + "*", most)


def _on_sqlite(session: Session, org_id: str, expression: str, most: int) -> list[str]:
    values = {"words": expression, "org": org_id, "most": most}
    return list(session.scalars(_SQLITE, values))


def _quoted(words: list[str]) -> str:
    """Return words as FTS5 strings, without its operators."""
    return " ".join('"' + word.replace('"', '""') + '"' for word in words)
