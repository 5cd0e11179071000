"""What SQL would do: its statements, the tables they touch, and what is dangerous in them."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from webui.preview.renderers.arguments import Text
from webui.preview.renderers.languages.sql_conditions import is_always_true
from webui.preview.renderers.languages.sql_tokens import UNCLEAR, Token, Tokens
from webui.preview.renderers.listing import Found, Mark
from webui.preview.renderers.rendering import TokenKind

BEGINNINGS: Final = frozenset(
    "SELECT WITH INSERT UPDATE DELETE MERGE REPLACE UPSERT TRUNCATE DROP ALTER CREATE GRANT REVOKE EXPLAIN SHOW DESCRIBE DESC "
    "PRAGMA CALL EXEC EXECUTE DO COPY LOAD ATTACH DETACH VACUUM ANALYZE SET RESET BEGIN START COMMIT ROLLBACK SAVEPOINT LOCK "
    "USE VALUES TABLE RENAME COMMENT DECLARE PREPARE REFRESH REINDEX CLUSTER NOTIFY LISTEN IMPORT EXPORT INSTALL OPTIMIZE KILL "
    "SHUTDOWN BACKUP RESTORE PURGE FLUSH HANDLER REASSIGN SECURITY IF WHILE".split()
)  # fmt: skip
_READING: Final = frozenset("SELECT EXPLAIN SHOW DESCRIBE DESC VALUES TABLE".split())
_SERIOUS: Final = {
    "DROP": "Drops for good", "TRUNCATE": "Empties a table", "ALTER": "Changes a shape or rules", "RENAME": "Renames things",
    "GRANT": "Gives rights", "REVOKE": "Takes rights", "REASSIGN": "Changes who owns things", "SHUTDOWN": "Stops the database",
    "KILL": "Ends somebody's session", "ATTACH": "Opens another database file", "INSTALL": "Loads code into the database",
    "RESTORE": "Writes over a database", "PURGE": "Removes logs or tables for good",
}  # fmt: skip
_OBJECTS: Final = frozenset("TABLE DATABASE SCHEMA VIEW INDEX USER ROLE FUNCTION PROCEDURE TRIGGER COLUMN EXTENSION SEQUENCE TYPE POLICY LOGIN SERVER TABLESPACE MATERIALIZED OWNED".split())  # fmt: skip
_CODE_WORDS: Final = frozenset("EXEC EXECUTE CALL DO PREPARE".split())
_REACHING: Final = {
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
_NO_DELETE_AFTER: Final = frozenset({"ON", "AFTER", "BEFORE", "OR", "FOR", "OF", ",", "GRANT", "REVOKE", "WHEN"})
_NO_UPDATE_AFTER: Final = frozenset({"FOR", "ON", "DO", "KEY", "AFTER", "BEFORE", "OR", "OF", ",", "THEN", "GRANT", "REVOKE", "NO"})
_ENDS_CONDITION: Final = frozenset("RETURNING ORDER LIMIT GROUP FETCH OPTION".split())
_META: Final = re.compile(r"(?m)^[ \t]*+\\(?:!|copy|i|o|g|setenv|gexec|w)[^\n]*+")
_STATEMENTS: Final = re.compile(
    r"\b(?:drop|delete|update|insert|truncate|alter|grant|exec|execute|copy)\b", re.IGNORECASE
)
_RUNS_CODE: Final = re.compile(r"/\*M?!")


class SqlReading:
    """Reads SQL and gathers what is to say of it."""

    def __init__(self, text: Text) -> None:
        """Read the text; where a backslash may escape a quote, in both ways."""
        plain = text.plain
        self.found = Found(plain)
        self.kinds: dict[str, bool] = {}
        """Kinds of statements, and whether they do more than read."""
        self.tables: dict[str, bool] = {}
        """Tables, and whether they are written."""
        self.limits: dict[str, bool] = {}
        self.count = 0
        self._text = text
        self._dangers: set[int] = set()
        tokens = Tokens(plain, backslashes=False)
        self._read(tokens)
        if "\\'" in plain:
            at = plain.index("\\'")
            self.found.danger(at, f"A backslash stands before a quote: {UNCLEAR}.")
            self._read(Tokens(plain, backslashes=True))
        for match in _META.finditer(plain):
            shown = text.words(match[0].strip())
            self.found.danger(match.start(), f"A command of the client itself: {shown}")
        self.marks = [Mark(each.begin, each.end, self._kind(each)) for each in tokens.all]

    def _kind(self, token: Token) -> TokenKind:
        if token.begin in self._dangers:
            return "danger"
        if token.kind == "word":
            return "keyword" if token.upper in _KEYWORDS else "plain"
        kinds: dict[str, TokenKind] = {
            "name": "name", "text": "string", "number": "number", "comment": "comment", "sign": "operator", "value": "name",
        }  # fmt: skip
        return kinds[token.kind]

    def _read(self, tokens: Tokens) -> None:
        for at, words in tokens.problems:
            self.found.danger(at, words)
        if tokens.stopped is not None:
            words = f"The text has too many parts; from here on it is not read, so {UNCLEAR}."
            self.found.danger(tokens.stopped, words)
        self._comments(tokens)
        statements = list(_statements(tokens.code))
        self.count = max(self.count, len(statements))
        for statement in statements:
            self._statement(statement)
        if len(statements) > 1:
            self.found.danger(statements[1][0].begin, f"Here begins the second of {len(statements)} statements.")

    def _comments(self, tokens: Tokens) -> None:
        for token in tokens.all:
            if token.kind == "text" and token.upper[:1] == "$" and _STATEMENTS.search(token.upper):
                words = "A text between $ signs holds statements; whether they run differs by database"
                self._danger(token, f"{words}: {self._text.words(token.upper)}")
            if token.kind != "comment":
                continue
            text = tokens.plain[token.begin : token.begin + 300]
            if _RUNS_CODE.match(text):
                self._danger(token, f"What looks like a comment is run by MySQL and MariaDB: {self._text.words(text)}")
            elif any(word in text.upper() for word in (" WHERE ", "WHERE\n")):
                self.found.note(token.begin, f"A condition stands in a comment and does not count: {self._text.words(text)}")

    def _danger(self, token: Token, words: str) -> None:
        self._dangers.add(token.begin)
        self.found.danger(token.begin, words)

    # Statements

    def _statement(self, tokens: Sequence[Token]) -> None:
        first = next((token for token in tokens if token.kind == "word"), tokens[0])
        verb = first.upper if first.kind == "word" else "?"
        if verb == "EXPLAIN" and any(token.upper == "ANALYZE" for token in tokens[1:8]):
            self.found.note(first.begin, "EXPLAIN ANALYZE runs the statement that it explains.")
        known = verb if verb in BEGINNINGS else "unknown"
        self.kinds[known] = self.kinds.get(known, False) or verb not in {*_READING, "WITH"}
        if known == "unknown":
            self._danger(first, f"This statement is of no kind that is known here: {self._text.words(self._text.plain[first.begin : first.begin + 80])}")
        conditions = _conditions(tokens)
        for at, token in enumerate(tokens):
            if token.kind == "word":
                self._word(tokens, at, verb, conditions)
                self._table(tokens, at, verb)
            elif token.kind == "name" and token.upper.upper() in _REACHING:
                self._danger(token, f"{self._text.words(token.upper)} {_REACHING[token.upper.upper()]}.")

    def _word(self, tokens: Sequence[Token], at: int, verb: str, conditions: dict[int, tuple[int, int] | None]) -> None:
        token, word = tokens[at], tokens[at].upper
        before = tokens[at - 1].upper if at else ""
        after = tokens[at + 1].upper if at + 1 < len(tokens) else ""
        if at in conditions:
            self._changes(tokens, at, conditions[at])
        elif word in _SERIOUS and (at == 0 or (after in _OBJECTS and verb not in {"ALTER", "GRANT", "REVOKE", "CREATE"})):
            self._serious(tokens, at)
        elif word in _CODE_WORDS and (at == 0 or (word in {"EXEC", "EXECUTE"} and before not in {"GRANT", "ON", "REVOKE"})):
            self._danger(token, f"Runs a procedure or text as code: {self._shown(tokens, at)}")
        elif word == "PROGRAM" and verb == "COPY":
            self._danger(token, "COPY ... PROGRAM runs a command on the server.")
        elif word in {"OUTFILE", "DUMPFILE"} and before == "INTO":
            self._danger(token, f"INTO {word} writes a file on the server.")
        elif word in {"COPY", "LOAD"} and at == 0:
            self._danger(token, f"Moves data between a table and files: {self._shown(tokens, at)}")
        elif word in _REACHING:
            self._danger(token, f"{word} {_REACHING[word]}.")
        elif word in {"MERGE", "REPLACE", "INSERT", "CREATE"} and (after in {"INTO", "OVERWRITE", "OR"} or at == 0):
            self.kinds[word] = True
            if word == "CREATE" and not _OBJECTS.isdisjoint(each.upper for each in tokens[at + 1 : at + 6] if each.upper in {"FUNCTION", "PROCEDURE", "TRIGGER", "EXTENSION", "USER", "ROLE", "LOGIN"}):
                self._danger(token, f"Creates code, a trigger or an account: {self._shown(tokens, at)}")
        elif word in {"LIMIT", "TOP", "FIRST"} and after and tokens[at + 1].kind in {"number", "value"}:
            self.limits[after] = False
        elif word in {"SET", "PRAGMA", "RESET"} and at == 0:
            self.found.note(token.begin, f"Changes settings: {self._shown(tokens, at)}")

    def _serious(self, tokens: Sequence[Token], at: int) -> None:
        word = tokens[at].upper
        self.kinds[word] = True
        self._danger(tokens[at], f"{_SERIOUS[word]}: {self._shown(tokens, at)}")

    def _changes(self, tokens: Sequence[Token], at: int, condition: tuple[int, int] | None) -> None:
        token = tokens[at]
        self.kinds[token.upper] = True
        verb = "Deletes" if token.upper == "DELETE" else "Changes"
        if at and not (at == 1 and tokens[0].upper == "EXPLAIN"):
            self._danger(token, f"{verb} rows in the middle of another statement: {self._shown(tokens, at)}")
        if condition is None:
            self._danger(token, f"{verb} every row, as there is no WHERE: {self._shown(tokens, at)}")
        elif is_always_true(tokens[condition[0] : condition[1]]):
            self._danger(token, f"{verb} every row, as its condition is always true: {self._shown(tokens, condition[0] - 1)}")

    def _shown(self, tokens: Sequence[Token], at: int) -> str:
        begin, end = tokens[at].begin, tokens[min(at + 14, len(tokens) - 1)].end
        return self._text.words(self._text.plain[begin : min(end, begin + 200)])

    def _table(self, tokens: Sequence[Token], at: int, verb: str) -> None:
        word = tokens[at].upper
        writes = word in {"INTO", "UPDATE", "TABLE", "TRUNCATE"} or (word == "FROM" and at > 0 and tokens[at - 1].upper == "DELETE")
        if not writes and word not in {"FROM", "JOIN", "USING"}:
            return
        if writes and word in {"TABLE", "TRUNCATE"} and tokens[at - 1].upper not in {"DROP", "TRUNCATE", "ALTER"} and verb in _READING:
            writes = False
        name = _name_after(self._text.plain, tokens, at + 1)
        if name:
            self.tables[name] = self.tables.get(name, False) or writes


_KEYWORDS: Final = BEGINNINGS | frozenset(
    "FROM WHERE JOIN LEFT RIGHT INNER OUTER FULL CROSS ON USING AND OR NOT IN IS NULL LIKE ILIKE BETWEEN EXISTS GROUP BY ORDER HAVING "
    "LIMIT OFFSET UNION ALL DISTINCT AS INTO SET RETURNING CASE WHEN THEN ELSE END CASCADE IF ASC CONFLICT NOTHING TO PROGRAM "
    "OUTFILE DUMPFILE TOP FETCH FIRST ROWS ONLY RECURSIVE LATERAL INTERSECT EXCEPT DATABASE SCHEMA VIEW INDEX COLUMN ADD CONSTRAINT".split()
)  # fmt: skip
_SKIPPED: Final = frozenset("IF EXISTS NOT ONLY TABLE LATERAL INTO OVERWRITE LOCAL TEMP TEMPORARY".split())
_NO_TABLES: Final = frozenset("SELECT SET VALUES WHERE ON FROM OUTFILE DUMPFILE PROGRAM STDIN STDOUT (".split())


def _name_after(plain: str, tokens: Sequence[Token], at: int) -> str:
    while at < len(tokens) and tokens[at].upper in _SKIPPED and tokens[at].kind == "word":
        at += 1
    if at >= len(tokens) or tokens[at].kind not in {"word", "name"} or tokens[at].upper in _NO_TABLES:
        return ""
    end = at + 1
    while end + 1 < len(tokens) and tokens[end].upper == "." and end < at + 6:
        end += 2
    return plain[tokens[at].begin : tokens[end - 1].end]


def _statements(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    begin = 0
    for at, token in enumerate(tokens):
        if token.upper == ";" and token.kind == "sign":
            if at > begin:
                yield tokens[begin:at]
            begin = at + 1
    if begin < len(tokens):
        yield tokens[begin:]


def _conditions(tokens: Sequence[Token]) -> dict[int, tuple[int, int] | None]:
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
            elif token.upper in _ENDS_CONDITION:
                level[0], level[1] = None, at
            elif token.upper == "SET":
                level[2] = at
            elif _is_change(token.upper, before, at, tokens, level[2]):
                where, end = level[0], level[1]
                found[at] = None if where is None or end is None else (where, end)
                open_[-1] = [None, at, None]
    return found


def _is_change(word: str, before: str, at: int, tokens: Sequence[Token], set_at: int | None) -> bool:
    if word == "DELETE":
        after = tokens[at + 1].kind if at + 1 < len(tokens) else ""
        return after in {"word", "name"} and before not in _NO_DELETE_AFTER and tokens[0].upper not in {"GRANT", "REVOKE"}
    return word == "UPDATE" and before not in _NO_UPDATE_AFTER and (set_at is not None or at == 0)
