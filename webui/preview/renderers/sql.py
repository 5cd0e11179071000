"""SQL: what statements there are, which tables they touch, and whether they touch all of them."""

import re
from typing import Final

from webui.preview.renderers.arguments import Arguments, Text
from webui.preview.renderers.languages.sql import SqlReading
from webui.preview.renderers.languages.sql_words import BEGINNINGS
from webui.preview.renderers.rendering import Fact, Rendering
from webui.preview.renderers.saying import names_fact
from webui.preview.renderers.sheets import listed
from webui.sentences import sentence

TOOLS: Final = (
    "*sql*", "*postgres*", "*mysql*", "*mariadb*", "*sqlite*", "*bigquery*", "*snowflake*", "*redshift*", "*duckdb*",
    "*clickhouse*", "*execute_query*", "*run_query*", "*read_query*", "*write_query*", "*read_data*", "*supabase*",
)  # fmt: skip
_NAMES: Final = ("sql", "query", "statement", "sql_query", "sqlQuery", "q", "command")
_FIRST: Final = re.compile(
    r"(?:\s++|--[^\n\r]*+[\n\r]|\\[^\n]*+\n|/\*M?![0-9]*+|/\*(?:[^*]|\*(?!/))*+\*/|\()*+([A-Za-z]++)"
)
_RESULT: Final = re.compile(
    r"\b(?:from|into|table|set|view|database|schema|where|[0-9*])", re.IGNORECASE
)


def fits(arguments: Arguments) -> bool:
    """Say whether there is a text that begins as SQL does."""
    text = arguments.text("sql", "sql_query", "sqlQuery", "query", "statement")
    return text is not None and _is_sql(text)


def render(_tool: str, arguments: Arguments) -> Rendering | None:
    """Return the statements that would run."""
    text = arguments.text(*_NAMES)
    if text is None or not _begins(text):
        return None
    database = arguments.text(
        "database", "db", "dbname", "connection", "schema", "project", "project_id"
    )
    facts = (
        ()
        if database is None
        else (Fact(sentence("Database"), database.snippet(database.plain)),)
    )
    return rendering_of(text, facts)


def rendering_of(text: Text, facts: tuple[Fact, ...] = ()) -> Rendering:
    """Return SQL as a rendering, with what else is known of it."""
    reading = SqlReading(text)
    facts += names_fact(
        text,
        sentence("Statements") if reading.count > 1 else sentence("Statement"),
        reading.kinds,
    )
    written = {name: True for name, writes in reading.tables.items() if writes}
    read = {name: False for name, writes in reading.tables.items() if not writes}
    facts += names_fact(text, sentence("Tables written"), written)
    facts += names_fact(text, sentence("Tables read"), read)
    facts += names_fact(text, sentence("Rows at most"), reading.limits)
    return Rendering(
        "sql",
        "SQL",
        facts,
        (listed(text, reading.marks),),
        reading.found.sentences(),
        alarms=reading.found.alarms,
    )


def _begins(text: Text) -> bool:
    match = _FIRST.match(text.plain)
    return match is not None and match[1].upper() in BEGINNINGS


def _is_sql(text: Text) -> bool:
    """Say whether it is more than an English sentence that begins with such a word."""
    return _begins(text) and _RESULT.search(text.plain) is not None
