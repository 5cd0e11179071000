"""SQL: every statement is named, and whether it touches every row."""

from collections.abc import Callable
from typing import Any

import pytest

from webui.preview import card
from webui.preview.renderers.languages.sql_tokens import MOST_TOKENS, Tokens

Dangers = Callable[[str, dict[str, Any]], list[str]]
Facts = Callable[[str, dict[str, Any]], dict[str, str]]

ATTACKS = [
    ("DELETE FROM users", "Deletes every row, as there is no WHERE: DELETE FROM users"),
    ("delete users", "Deletes every row, as there is no WHERE"),
    ("DELETE FROM a -- WHERE id = 1", "Deletes every row, as there is no WHERE"),
    ("DELETE FROM a /* WHERE id = 1 */", "Deletes every row, as there is no WHERE"),
    ("UPDATE a SET b = 1", "Changes every row, as there is no WHERE"),
    ("UPDATE a SET b = (SELECT c FROM d WHERE e = 1)", "Changes every row, as there is no WHERE"),
    ("UPDATE a SET b = 1 WHERE 1=1", "as its condition is always true: WHERE 1=1"),
    ("DELETE FROM a WHERE true", "as its condition is always true"),
    ("DELETE FROM a WHERE id = 3 OR 'x' = 'x'", "as its condition is always true"),
    ("DELETE FROM a WHERE ((1 = 1)) RETURNING id", "as its condition is always true"),
    ("DELETE FROM a WHERE NOT 1 = 2", "as its condition is always true"),
    ("DELETE FROM a WHERE 2 > 1 AND id = id", "as its condition is always true"),
    ("DELETE FROM a WHERE name LIKE '%'", "as its condition is always true"),
    ("WITH d AS (DELETE FROM a RETURNING *) SELECT * FROM d", "Deletes rows in the middle of another statement"),
    ("SELECT 1; DROP TABLE x", "Drops for good: DROP TABLE x"),
    ("SELECT 1; SELECT 2", "Here begins the second of 2 statements."),
    ("SELECT 1 DROP TABLE x", "Drops for good: DROP TABLE x"),
    ("DELETE FROM a WHERE ((1 = 1) OR (2 = 3))", "as its condition is always true"),
    ("DELETE FROM a WHERE EXISTS (SELECT 1)", "as its condition is always true"),
    ("DELETE FROM a WHERE id IS NOT NULL", "as its condition is always true"),
    ("DELETE FROM a WHERE NOT false", "as its condition is always true"),
    ("DELETE FROM a WHERE 'a' <> 'b'", "as its condition is always true"),
    ("DELETE FROM a WHERE " + "(" * 40 + "1 = 1" + ")" * 40, "Its condition is nested too deeply to be read"),
    ("SELECT 1 /* a", "A comment or quote is never closed"),
    ('SELECT "a', "A quote is never closed"),
    ("EXPLAIN ANALYZE DELETE FROM a", "Deletes every row, as there is no WHERE"),
    ("TRUNCATE a", "Empties a table: TRUNCATE a"),
    ("ALTER TABLE a DROP COLUMN b", "Changes a shape or rules"),
    ("GRANT ALL ON a TO public", "Gives rights"),
    ("SELECT * INTO OUTFILE '/tmp/x' FROM a", "INTO OUTFILE writes a file on the server."),
    ("COPY a FROM PROGRAM 'id'", "COPY ... PROGRAM runs a command on the server."),
    ("SELECT pg_read_file('/etc/passwd')", "PG_READ_FILE reads files of the server."),
    ('SELECT "pg_read_file"(\'x\')', "pg_read_file reads files of the server."),
    ("EXEC xp_cmdshell 'dir'", "XP_CMDSHELL runs commands on the server."),
    ("SELECT 1 /*!50000 INTO OUTFILE 'x' */", "What looks like a comment is run by MySQL and MariaDB"),
    ("SELECT 'a\\'; DROP TABLE x; -- '", "A backslash stands before a quote"),
    ("SELECT 'a\\\\\\' ; DROP TABLE x; -- '", "Drops for good: DROP TABLE x"),
    ("SELECT 1 # it's\n; DROP TABLE x", "A # begins a comment in some databases"),
    ("SELECT /* /* */ 1 */ FROM a", "A comment stands inside a comment"),
    ("SELECT 'a", "A quote is never closed"),
    ("SELECT $$; DROP TABLE x; $$", "A text between $ signs holds statements"),
    ("DO $$ BEGIN DELETE FROM a; END $$", "Runs a procedure or text as code"),
    ("\\! rm -rf /\nSELECT 1", "A command of the client itself: \\! rm -rf /"),
    ("CREATE FUNCTION f() RETURNS int AS 'x'", "Creates code, a trigger or an account"),
    ("SELECT 1;" + "\n" * 300 + "DROP TABLE x", "Line 301: Drops for good"),
    ("SELECT " + "1," * 9_000 + "1; DROP TABLE x", "from here on it is not read"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "said"), ATTACKS, ids=[each[0][:40] for each in ATTACKS])
def test_each_attack_is_named(dangers: Dangers, sql: str, said: str) -> None:
    found = dangers("postgres.query", {"sql": sql})
    assert any(said in words for words in found), found


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM users WHERE id = $1 LIMIT 10",
        "UPDATE a SET b = 1 WHERE id IN (1, 2)",
        "DELETE FROM a WHERE 1 = 1 AND id = 5",
        "INSERT INTO a (b) VALUES (1) ON CONFLICT (b) DO UPDATE SET b = 2",
        "CREATE TABLE a (id int REFERENCES b ON DELETE CASCADE)",
        "SELECT 'DROP TABLE x; --' AS t, \"a;b\" FROM c FOR UPDATE",
        "SELECT a -- the name\nFROM b",
        "DELETE FROM a WHERE NOT (id = 3) AND b LIKE 'x%' AND c <> d;",
        "SET search_path = a",
        "SHOW TABLE x",
    ],
)
def test_a_usual_statement_has_no_danger(dangers: Dangers, sql: str) -> None:
    assert dangers("postgres.query", {"sql": sql}) == []


def test_statements_and_tables_are_facts(facts: Facts) -> None:
    sql = "INSERT INTO log SELECT * FROM app.users u JOIN roles r ON u.id = r.id LIMIT 5"
    assert facts("db.query", {"sql": sql, "database": "main"}) == {
        "Database": "main", "Statement": "INSERT", "Tables written": "log",
        "Tables read": "app.users, roles", "Rows at most": "5",
    }  # fmt: skip


def test_an_english_question_is_no_sql(profile: Any) -> None:
    assert (
        card("web.search", {"query": "show me flights to Oslo"}, profile).rendering is None
    )


def test_a_text_is_read_up_to_a_bounded_number_of_words() -> None:
    for unit in ("'", '"', "$a$", "/*", ";", "a ", "(", "DELETE FROM a "):
        assert len(Tokens(unit * 60_000, backslashes=True).all) <= MOST_TOKENS


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT 'a' -- x\r; DROP TABLE b", "Drops for good: DROP TABLE b"),
        ("-- x\rDROP TABLE b", "Drops for good: DROP TABLE b"),
        ("SELECT 1 -- x\rFROM b", "A carriage return ends a comment in some databases: "),
        ("/*!50000 DROP TABLE b */", "What looks like a comment is run by MySQL and MariaDB: "),
        ("MERGE INTO a USING b ON a.id = b.id WHEN MATCHED THEN DELETE", "Deletes the rows that match: DELETE"),
    ],
)  # fmt: skip
def test_what_only_some_databases_run_is_read_as_if_it_ran(
    dangers: Dangers, sql: str, words: str
) -> None:
    assert any(words in each for each in dangers("db.query", {"sql": sql}))


def test_lines_that_end_as_on_windows_are_no_danger(dangers: Dangers) -> None:
    assert dangers("db.query", {"sql": "SELECT a -- the name\r\nFROM b\r\n"}) == []
