"""Looking words up in the index of settled approvals, at a cost that has a limit."""

import re
import unicodedata
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from webui.store.engines import PLANNED_ANEW

WORDS_MAX = 8
SHORTEST = 2
SHORTEST_BEGINNING = 3
"""Two letters begin a tenth of all words: all their lists would be merged at each look."""
_BETWEEN_WORDS: Final = re.compile(r"[\W_]+")
_SQLITE = text(
    "SELECT approval_id FROM approval_search WHERE words MATCH :words"
    " AND org_id = :org ORDER BY rowid DESC LIMIT :most"
)
_POSTGRESQL = text(
    "SELECT approval_id FROM approval_search"
    " WHERE words @@ to_tsquery('simple', :words)"
    " AND org_id = :org ORDER BY id DESC LIMIT :most"
).execution_options(**{PLANNED_ANEW: True})


def folded(written: str) -> str:
    """Return the words of a text as they are indexed and looked up, a space between them.

    Letters and digits make a word, in small letters and without accents. Each database would
    do it in its own way: PostgreSQL takes a host or a path for one word.
    """
    plain = written.casefold()
    if not plain.isascii():
        apart = unicodedata.normalize("NFKD", plain)
        plain = "".join(each for each in apart if not unicodedata.combining(each))
    return _BETWEEN_WORDS.sub(" ", plain).strip()


def asked_words(words: str) -> list[str]:
    """Return the different words that are looked up, folded, at most eight.

    What was written without a space (`evil.example`) stays together. A word of one letter, or
    the beginning of many words at once, would visit most of a long history; so only the last
    may be a beginning, of three letters or more, and none is shorter than two.
    """
    distinct = dict.fromkeys(folded(word) for word in words.split())
    return [word for word in distinct if len(word) >= SHORTEST][:WORDS_MAX]


def found(session: Session, org_id: str, words: str, most: int = 500) -> list[str]:
    """Return the ids of the newest settled approvals whose masked words hold all of `words`.

    The last may begin a word, where fewer than `most` hold it whole: for a beginning, FTS5
    merges all that was ever kept under the words it begins before it gives the newest.
    """
    asked = asked_words(words)
    if not asked:
        return []
    look = _on_sqlite
    if session.connection().dialect.name != "sqlite":
        look = _on_postgresql
    whole = look(session, org_id, asked, most, beginning="")
    if len(whole) == most or len(asked[-1].split()[-1]) < SHORTEST_BEGINNING:
        return whole
    return look(session, org_id, asked, most, beginning="*")


def _on_sqlite(
    session: Session, org_id: str, asked: list[str], most: int, *, beginning: str
) -> list[str]:
    expression = " ".join(f'"{word}"' for word in asked) + beginning
    values = {"words": expression, "org": org_id, "most": most}
    return list(session.scalars(_SQLITE, values))


def _on_postgresql(
    session: Session, org_id: str, asked: list[str], most: int, *, beginning: str
) -> list[str]:
    together = " & ".join(word.replace(" ", " <-> ") for word in asked)
    expression = f"{together}:{beginning}" if beginning else together
    values = {"words": expression, "org": org_id, "most": most}
    return list(session.scalars(_POSTGRESQL, values))
