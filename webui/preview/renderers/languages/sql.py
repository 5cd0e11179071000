"""What SQL would do: its statements, the tables they touch, and what is dangerous in them."""

from collections.abc import Sequence
from typing import Final

from webui.preview.renderers.arguments import Text
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.languages import sql_words
from webui.preview.renderers.languages.sql_conditions import TooDeep, is_always_true
from webui.preview.renderers.languages.sql_statements import conditions_of, statements
from webui.preview.renderers.languages.sql_tables import table_at
from webui.preview.renderers.languages.sql_tokens import UNCLEAR, Token, Tokens
from webui.preview.renderers.marks import Mark
from webui.preview.renderers.rendering import TokenKind
from webui.sentences import Sentence, sentence, sentence_in

_MOST_META: Final = 100
_ONE_OF_MANY: Final = sentence("one of many")
_UNKNOWN: Final = sentence_in("a kind of statement", "unknown")
_MAKING: Final = frozenset(
    {"FUNCTION", "PROCEDURE", "TRIGGER", "EXTENSION", "USER", "ROLE", "LOGIN"}
)
"""What runs, or who may, once it is created."""


class SqlReading:
    """Reads SQL and gathers what is to say of it."""

    def __init__(self, text: Text, found: Findings | None = None) -> None:
        """Read the text; where a backslash may escape a quote, in both ways."""
        plain = text.plain
        self.found = found or Findings(text)
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
            self.found.danger_at(
                at,
                sentence(
                    "A backslash stands before a quote: %(unclear)s.", unclear=UNCLEAR
                ),
            )
            self._read(Tokens(plain, backslashes=True))
        for count, match in enumerate(sql_words.META.finditer(plain)):
            shown = text.words(match[0].strip()) if count < _MOST_META else _ONE_OF_MANY
            self.found.danger_at(
                match.start(),
                sentence("A command of the client itself: %(shown)s", shown=shown),
            )
        self.marks = [Mark(each.begin, each.end, self._kind(each)) for each in tokens.all]

    def _kind(self, token: Token) -> TokenKind:
        if token.begin in self._dangers:
            return "danger"
        if token.kind == "word":
            return "keyword" if token.upper in sql_words.KEYWORDS else "plain"
        kinds: dict[str, TokenKind] = {
            "name": "name", "text": "string", "number": "number", "comment": "comment", "sign": "operator", "value": "name",
        }  # fmt: skip
        return kinds[token.kind]

    def _read(self, tokens: Tokens) -> None:
        for at, words in tokens.problems:
            self.found.danger_at(at, words)
        if tokens.stopped is not None:
            words = sentence(
                "The text has too many parts; from here on it is not read, so %(unclear)s.",
                unclear=UNCLEAR,
            )
            self.found.danger_at(tokens.stopped, words)
        self._comments(tokens)
        found = list(statements(tokens.code))
        self.count = max(self.count, len(found))
        for statement in found:
            self._statement(statement)
        if len(found) > 1:
            self.found.danger_at(
                found[1][0].begin,
                sentence(
                    "Here begins the second of %(count)s statements.", count=len(found)
                ),
            )

    def _comments(self, tokens: Tokens) -> None:
        for token in tokens.all:
            if (
                token.kind == "text"
                and token.upper[:1] == "$"
                and sql_words.STATEMENTS.search(token.upper)
            ):
                words = sentence(
                    "A text between $ signs holds statements; whether they run differs by "
                    "database: %(shown)s",
                    shown=self._text.words(token.upper),
                )
                self._danger(token, words)
            if token.kind != "comment":
                continue
            text = tokens.plain[token.begin : min(token.end, token.begin + 300)]
            if sql_words.RUNS_CODE.match(text):
                words = sentence(
                    "What looks like a comment is run by MySQL and MariaDB: %(shown)s",
                    shown=self._text.words(text),
                )
                self._danger(token, words)
            elif any(word in text.upper() for word in (" WHERE ", "WHERE\n")):
                words = sentence(
                    "A condition stands in a comment and does not count: %(shown)s",
                    shown=self._text.words(text),
                )
                self.found.note_at(token.begin, words)

    def _danger(self, token: Token, words: str) -> None:
        self._dangers.add(token.begin)
        self.found.danger_at(token.begin, words)

    # Statements

    def _statement(self, tokens: Sequence[Token]) -> None:
        first = next((token for token in tokens if token.kind == "word"), tokens[0])
        verb = first.upper if first.kind == "word" else "?"
        if verb == "EXPLAIN" and any(token.upper == "ANALYZE" for token in tokens[1:8]):
            self.found.note_at(
                first.begin,
                sentence("EXPLAIN ANALYZE runs the statement that it explains."),
            )
        known = verb if verb in sql_words.BEGINNINGS else _UNKNOWN
        self.kinds[known] = self.kinds.get(known, False) or verb not in {
            *sql_words.READING,
            "WITH",
        }
        if known is _UNKNOWN:
            words = sentence(
                "This statement is of no kind that is known here: %(shown)s",
                shown=self._text.words(self._text.plain[first.begin : first.begin + 80]),
            )
            self._danger(first, words)
        conditions = conditions_of(tokens)
        for at, token in enumerate(tokens):
            if token.kind == "word":
                self._word(tokens, at, verb, conditions)
                self._table(tokens, at, verb)
            elif token.kind == "name" and token.upper.upper() in sql_words.REACHING:
                name = self._text.words(token.upper)
                self._reaching(token, token.upper.upper(), name)

    def _word(
        self,
        tokens: Sequence[Token],
        at: int,
        verb: str,
        conditions: dict[int, tuple[int, int] | None],
    ) -> None:
        token, word = tokens[at], tokens[at].upper
        before = tokens[at - 1].upper if at else ""
        after = tokens[at + 1].upper if at + 1 < len(tokens) else ""
        if at in conditions:
            self._changes(tokens, at, conditions[at])
        elif word in sql_words.SERIOUS and (
            at == 0
            or (
                after in sql_words.OBJECTS
                and verb not in {"ALTER", "GRANT", "REVOKE", "CREATE"}
            )
        ):
            self._serious(tokens, at)
        elif word in sql_words.CODE_WORDS and (
            at == 0
            or (word in {"EXEC", "EXECUTE"} and before not in {"GRANT", "ON", "REVOKE"})
        ):
            shown = self._shown(tokens, at)
            words = sentence("Runs a procedure or text as code: %(shown)s", shown=shown)
            self._danger(token, words)
        else:
            self._reaches(tokens, at, verb)

    def _reaches(self, tokens: Sequence[Token], at: int, verb: str) -> None:
        token, word = tokens[at], tokens[at].upper
        before = tokens[at - 1].upper if at else ""
        after = tokens[at + 1].upper if at + 1 < len(tokens) else ""
        if word == "PROGRAM" and verb == "COPY":
            self._danger(token, sentence("COPY ... PROGRAM runs a command on the server."))
        elif word in {"OUTFILE", "DUMPFILE"} and before == "INTO":
            words = sentence("INTO %(word)s writes a file on the server.", word=word)
            self._danger(token, words)
        elif word in {"COPY", "LOAD"} and at == 0:
            shown = self._shown(tokens, at)
            words = sentence("Moves data between a table and files: %(shown)s", shown=shown)
            self._danger(token, words)
        elif word == "DELETE" and before == "THEN" and verb == "MERGE":
            shown = self._shown(tokens, at)
            self._danger(
                token, sentence("Deletes the rows that match: %(shown)s", shown=shown)
            )
        elif word in sql_words.REACHING:
            self._reaching(token, word, word)
        elif word in {"MERGE", "REPLACE", "INSERT", "CREATE"} and (
            after in {"INTO", "OVERWRITE", "OR"} or at == 0
        ):
            self._makes(tokens, at)
        elif (
            word in {"LIMIT", "TOP", "FIRST"}
            and after
            and tokens[at + 1].kind in {"number", "value"}
        ):
            self.limits[after] = False
        elif word in {"SET", "PRAGMA", "RESET"} and at == 0:
            shown = self._shown(tokens, at)
            words = sentence("Changes settings: %(shown)s", shown=shown)
            self.found.note_at(token.begin, words)

    def _makes(self, tokens: Sequence[Token], at: int) -> None:
        word = tokens[at].upper
        self.kinds[word] = True
        named = {each.upper for each in tokens[at + 1 : at + 6]}
        if word == "CREATE" and not named.isdisjoint(_MAKING & sql_words.OBJECTS):
            shown = self._shown(tokens, at)
            words = sentence(
                "Creates code, a trigger or an account: %(shown)s", shown=shown
            )
            self._danger(tokens[at], words)

    def _reaching(self, token: Token, word: str, name: str) -> None:
        does = sql_words.REACHING[word]
        self._danger(token, sentence("%(name)s %(does)s.", name=name, does=does))

    def _does(self, token: Token, does: Sentence, shown: str) -> None:
        self._danger(token, sentence("%(does)s: %(shown)s", does=does, shown=shown))

    def _serious(self, tokens: Sequence[Token], at: int) -> None:
        word = tokens[at].upper
        self.kinds[word] = True
        self._does(tokens[at], sql_words.SERIOUS[word], self._shown(tokens, at))

    def _changes(
        self, tokens: Sequence[Token], at: int, condition: tuple[int, int] | None
    ) -> None:
        token, shown = tokens[at], self._shown(tokens, at)
        self.kinds[token.upper] = True
        does = sql_words.CHANGING[token.upper]
        if at and not (at == 1 and tokens[0].upper == "EXPLAIN"):
            self._does(token, does.inside, shown)
        if condition is None:
            self._does(token, does.unbounded, shown)
        else:
            self._condition(tokens, token, *condition)

    def _condition(
        self, tokens: Sequence[Token], token: Token, begin: int, end: int
    ) -> None:
        shown = self._shown(tokens, begin - 1)
        try:
            holds = is_always_true(tokens[begin:end])
        except TooDeep:
            words = sentence(
                "Its condition is nested too deeply to be read: %(shown)s", shown=shown
            )
            self._danger(token, words)
            return
        if holds:
            self._does(token, sql_words.CHANGING[token.upper].always, shown)

    def _shown(self, tokens: Sequence[Token], at: int) -> str:
        begin, end = tokens[at].begin, tokens[min(at + 14, len(tokens) - 1)].end
        return self._brief(begin, min(end, begin + 200))

    def _brief(self, begin: int, end: int) -> str:
        return self._text.words(" ".join(self._text.plain[begin:end].split()))

    def _table(self, tokens: Sequence[Token], at: int, verb: str) -> None:
        named = table_at(self._text.plain, tokens, at, verb)
        if named is not None:
            name, writes = named
            self.tables[name] = self.tables.get(name, False) or writes
