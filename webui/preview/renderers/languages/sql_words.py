"""The words of SQL that mean something here."""

import re
from typing import Final, NamedTuple

from webui.sentences import Sentence, sentence

BEGINNINGS: Final = frozenset(
    ["SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "UPSERT", "TRUNCATE", "DROP", "ALTER", "CREATE", "GRANT", "REVOKE", "EXPLAIN", "SHOW", "DESCRIBE", "DESC", "PRAGMA", "CALL", "EXEC", "EXECUTE", "DO", "COPY", "LOAD", "ATTACH", "DETACH", "VACUUM", "ANALYZE", "SET", "RESET", "BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "LOCK", "USE", "VALUES", "TABLE", "RENAME", "COMMENT", "DECLARE", "PREPARE", "REFRESH", "REINDEX", "CLUSTER", "NOTIFY", "LISTEN", "IMPORT", "EXPORT", "INSTALL", "OPTIMIZE", "KILL", "SHUTDOWN", "BACKUP", "RESTORE", "PURGE", "FLUSH", "HANDLER", "REASSIGN", "SECURITY", "IF", "WHILE"]
)  # fmt: skip
READING: Final = frozenset(
    ["SELECT", "EXPLAIN", "SHOW", "DESCRIBE", "DESC", "VALUES", "TABLE"]
)
SERIOUS: Final = {
    "DROP": sentence("Drops for good"), "TRUNCATE": sentence("Empties a table"), "ALTER": sentence("Changes a shape or rules"), "RENAME": sentence("Renames things"),
    "GRANT": sentence("Gives rights"), "REVOKE": sentence("Takes rights"), "REASSIGN": sentence("Changes who owns things"), "SHUTDOWN": sentence("Stops the database"),
    "KILL": sentence("Ends somebody's session"), "ATTACH": sentence("Opens another database file"), "INSTALL": sentence("Loads code into the database"),
    "RESTORE": sentence("Writes over a database"), "PURGE": sentence("Removes logs or tables for good"),
}  # fmt: skip
OBJECTS: Final = frozenset(["TABLE", "DATABASE", "SCHEMA", "VIEW", "INDEX", "USER", "ROLE", "FUNCTION", "PROCEDURE", "TRIGGER", "COLUMN", "EXTENSION", "SEQUENCE", "TYPE", "POLICY", "LOGIN", "SERVER", "TABLESPACE", "MATERIALIZED", "OWNED"])  # fmt: skip


class Changing(NamedTuple):
    """What is said of a word that changes rows."""

    inside: Sentence
    """Where it stands in the middle of another statement."""
    unbounded: Sentence
    """Where no condition bounds it."""
    always: Sentence
    """Where its condition bounds nothing."""


CHANGING: Final = {
    "DELETE": Changing(
        sentence("Deletes rows in the middle of another statement"),
        sentence("Deletes every row, as there is no WHERE"),
        sentence("Deletes every row, as its condition is always true"),
    ),
    "UPDATE": Changing(
        sentence("Changes rows in the middle of another statement"),
        sentence("Changes every row, as there is no WHERE"),
        sentence("Changes every row, as its condition is always true"),
    ),
}
CODE_WORDS: Final = frozenset(["EXEC", "EXECUTE", "CALL", "DO", "PREPARE"])
REACHING: Final = {
    "PG_READ_FILE": sentence("reads files of the server"), "PG_READ_BINARY_FILE": sentence("reads files of the server"), "PG_LS_DIR": sentence("lists folders of the server"),
    "PG_STAT_FILE": sentence("looks at files of the server"), "LO_IMPORT": sentence("reads files of the server"), "LO_EXPORT": sentence("writes files on the server"),
    "LOAD_FILE": sentence("reads files of the server"), "LOAD_EXTENSION": sentence("loads code into the database"), "XP_CMDSHELL": sentence("runs commands on the server"),
    "SP_OACREATE": sentence("runs code on the server"), "XP_REGREAD": sentence("reads the server's registry"), "XP_DIRTREE": sentence("looks at other machines' folders"),
    "SP_CONFIGURE": sentence("changes what the server allows"), "OPENROWSET": sentence("reads from other machines or files"), "DBLINK": sentence("opens another database"),
    "DBLINK_EXEC": sentence("runs statements in another database"), "UTL_HTTP": sentence("opens connections"), "UTL_FILE": sentence("reads and writes files of the server"),
    "DBMS_SCHEDULER": sentence("plans jobs on the server"), "SYS_EXEC": sentence("runs commands on the server"), "SYS_EVAL": sentence("runs commands on the server"),
    "WRITEFILE": sentence("writes files"), "READFILE": sentence("reads files"), "PG_TERMINATE_BACKEND": sentence("ends other sessions"), "PG_SLEEP": sentence("waits and holds its connection"),
    "SLEEP": sentence("waits and holds its connection"), "BENCHMARK": sentence("keeps the server busy"), "WAITFOR": sentence("waits and holds its connection"),
    "QUERY_TO_XML": sentence("runs text as a statement"), "PG_READ_SERVER_FILES": sentence("reads files of the server"), "SET_CONFIG": sentence("changes settings"),
    "SP_EXECUTESQL": sentence("runs text as a statement"), "READ_TEXT": sentence("reads files"), "PG_SHADOW": sentence("shows password hashes"), "PG_AUTHID": sentence("shows password hashes"),
}  # fmt: skip
NO_DELETE_AFTER: Final = frozenset(
    {"ON", "AFTER", "BEFORE", "OR", "FOR", "OF", ",", "GRANT", "REVOKE", "WHEN"}
)
NO_UPDATE_AFTER: Final = frozenset(
    {
        "FOR",
        "ON",
        "DO",
        "KEY",
        "AFTER",
        "BEFORE",
        "OR",
        "OF",
        ",",
        "THEN",
        "GRANT",
        "REVOKE",
        "NO",
    }
)
ENDS_CONDITION: Final = frozenset(
    ["RETURNING", "ORDER", "LIMIT", "GROUP", "FETCH", "OPTION"]
)
META: Final = re.compile(r"(?m)^[ \t]*+\\(?:!|copy|i|o|g|setenv|gexec|w)[^\n]*+")
STATEMENTS: Final = re.compile(
    r"\b(?:drop|delete|update|insert|truncate|alter|grant|exec|execute|copy)\b",
    re.IGNORECASE,
)
RUNS_CODE: Final = re.compile(r"/\*M?!")


KEYWORDS: Final = BEGINNINGS | frozenset(
    ["FROM", "WHERE", "JOIN", "LEFT", "RIGHT", "INNER", "OUTER", "FULL", "CROSS", "ON", "USING", "AND", "OR", "NOT", "IN", "IS", "NULL", "LIKE", "ILIKE", "BETWEEN", "EXISTS", "GROUP", "BY", "ORDER", "HAVING", "LIMIT", "OFFSET", "UNION", "ALL", "DISTINCT", "AS", "INTO", "SET", "RETURNING", "CASE", "WHEN", "THEN", "ELSE", "END", "CASCADE", "IF", "ASC", "CONFLICT", "NOTHING", "TO", "PROGRAM", "OUTFILE", "DUMPFILE", "TOP", "FETCH", "FIRST", "ROWS", "ONLY", "RECURSIVE", "LATERAL", "INTERSECT", "EXCEPT", "DATABASE", "SCHEMA", "VIEW", "INDEX", "COLUMN", "ADD", "CONSTRAINT"]
)  # fmt: skip
SKIPPED: Final = frozenset(
    [
        "IF",
        "EXISTS",
        "NOT",
        "ONLY",
        "TABLE",
        "LATERAL",
        "INTO",
        "OVERWRITE",
        "LOCAL",
        "TEMP",
        "TEMPORARY",
    ]
)
NO_TABLES: Final = frozenset(
    [
        "SELECT",
        "SET",
        "VALUES",
        "WHERE",
        "ON",
        "FROM",
        "OUTFILE",
        "DUMPFILE",
        "PROGRAM",
        "STDIN",
        "STDOUT",
        "(",
    ]
)
