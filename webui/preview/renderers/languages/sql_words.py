"""The words of SQL that mean something here."""

import re
from typing import Final

BEGINNINGS: Final = frozenset(
    ["SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "UPSERT", "TRUNCATE", "DROP", "ALTER", "CREATE", "GRANT", "REVOKE", "EXPLAIN", "SHOW", "DESCRIBE", "DESC", "PRAGMA", "CALL", "EXEC", "EXECUTE", "DO", "COPY", "LOAD", "ATTACH", "DETACH", "VACUUM", "ANALYZE", "SET", "RESET", "BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "LOCK", "USE", "VALUES", "TABLE", "RENAME", "COMMENT", "DECLARE", "PREPARE", "REFRESH", "REINDEX", "CLUSTER", "NOTIFY", "LISTEN", "IMPORT", "EXPORT", "INSTALL", "OPTIMIZE", "KILL", "SHUTDOWN", "BACKUP", "RESTORE", "PURGE", "FLUSH", "HANDLER", "REASSIGN", "SECURITY", "IF", "WHILE"]
)  # fmt: skip
READING: Final = frozenset(
    ["SELECT", "EXPLAIN", "SHOW", "DESCRIBE", "DESC", "VALUES", "TABLE"]
)
SERIOUS: Final = {
    "DROP": "Drops for good", "TRUNCATE": "Empties a table", "ALTER": "Changes a shape or rules", "RENAME": "Renames things",
    "GRANT": "Gives rights", "REVOKE": "Takes rights", "REASSIGN": "Changes who owns things", "SHUTDOWN": "Stops the database",
    "KILL": "Ends somebody's session", "ATTACH": "Opens another database file", "INSTALL": "Loads code into the database",
    "RESTORE": "Writes over a database", "PURGE": "Removes logs or tables for good",
}  # fmt: skip
OBJECTS: Final = frozenset(["TABLE", "DATABASE", "SCHEMA", "VIEW", "INDEX", "USER", "ROLE", "FUNCTION", "PROCEDURE", "TRIGGER", "COLUMN", "EXTENSION", "SEQUENCE", "TYPE", "POLICY", "LOGIN", "SERVER", "TABLESPACE", "MATERIALIZED", "OWNED"])  # fmt: skip
CODE_WORDS: Final = frozenset(["EXEC", "EXECUTE", "CALL", "DO", "PREPARE"])
REACHING: Final = {
    "PG_READ_FILE": "reads files of the server", "PG_READ_BINARY_FILE": "reads files of the server", "PG_LS_DIR": "lists folders of the server",
    "PG_STAT_FILE": "looks at files of the server", "LO_IMPORT": "reads files of the server", "LO_EXPORT": "writes files on the server",
    "LOAD_FILE": "reads files of the server", "LOAD_EXTENSION": "loads code into the database", "XP_CMDSHELL": "runs commands on the server",
    "SP_OACREATE": "runs code on the server", "XP_REGREAD": "reads the server's registry", "XP_DIRTREE": "looks at other machines' folders",
    "SP_CONFIGURE": "changes what the server allows", "OPENROWSET": "reads from other machines or files", "DBLINK": "opens another database",
    "DBLINK_EXEC": "runs statements in another database", "UTL_HTTP": "opens connections", "UTL_FILE": "reads and writes files of the server",
    "DBMS_SCHEDULER": "plans jobs on the server", "SYS_EXEC": "runs commands on the server", "SYS_EVAL": "runs commands on the server",
    "WRITEFILE": "writes files", "READFILE": "reads files", "PG_TERMINATE_BACKEND": "ends other sessions", "PG_SLEEP": "waits and holds its connection",
    "SLEEP": "waits and holds its connection", "BENCHMARK": "keeps the server busy", "WAITFOR": "waits and holds its connection",
    "QUERY_TO_XML": "runs text as a statement", "PG_READ_SERVER_FILES": "reads files of the server", "SET_CONFIG": "changes settings",
    "SP_EXECUTESQL": "runs text as a statement", "READ_TEXT": "reads files", "PG_SHADOW": "shows password hashes", "PG_AUTHID": "shows password hashes",
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
