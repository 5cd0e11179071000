"""What is gathered while a shell script is read: programs, files, hosts, and what to say."""

from typing import Final, NamedTuple

from webui.preview.renderers.arguments import Text
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.languages.shell_runs import Run
from webui.preview.renderers.languages.shell_words import Script, Word
from webui.preview.renderers.marks import Mark, apart
from webui.preview.renderers.rendering import TokenKind

_MOST_SHOWN: Final = 200


class Where(NamedTuple):
    """Where a script stands in the text; one in an argument has no place of its own."""

    base: int
    fixed: int | None

    def of(self, at: int) -> int:
        """Return the place in the whole text."""
        return self.base + at if self.fixed is None else self.fixed


class Gathered:
    """All that is said of a script and the scripts in it."""

    def __init__(self, text: Text) -> None:
        """Begin with nothing said of this text."""
        self.text = text
        self.found = Findings(text)
        self.programs: dict[str, None] = {}
        self.written: dict[str, bool] = {}
        """Files, and whether they are in a delicate place or computed."""
        self.hosts: dict[str, bool] = {}
        """Hosts, and whether something is to say of them."""
        self.functions: set[str] = set()
        self._kinds: dict[int, tuple[Word, TokenKind]] = {}

    def words(self, plain: str, most: int = 80) -> str:
        """Return what the agent wrote as it may stand in a sentence."""
        return self.text.words(plain, most)

    def call(self, run: Run) -> str:
        """Return a program and its arguments as they may stand in a sentence."""
        parts, size = [run.word.value], run.word.size
        for word in run.args:
            if size > _MOST_SHOWN:
                break
            parts.append(word.value)
            size += word.size
        return self.words(" ".join(parts), 120)

    def kind(self, word: Word, kind: TokenKind, where: Where) -> None:
        """Say how a word is drawn; a danger stays one."""
        known = self._kinds.get(id(word))
        if where == (0, None) and (known is None or known[1] != "danger"):
            self._kinds[id(word)] = (word, kind)

    def marks(self, script: Script) -> list[Mark]:
        """Return how the text is drawn, in order."""
        marks = [Mark(begin, end, "operator") for begin, end in script.joints]
        marks += [Mark(begin, end, "comment") for begin, end in script.comments]
        for command in script.commands:
            targets = [each.target for each in command.redirects if each.target is not None]
            for word in (*command.words, *targets):
                kind = self._kinds.get(id(word), (word, "plain"))[1]
                is_option = word.value[:1] == "-" and word.size > 1
                for begin, end, quoted in word.spans:
                    if end > begin:
                        drawn: TokenKind = (
                            "string" if quoted else "option" if is_option else "plain"
                        )
                        marks.append(Mark(begin, end, drawn if kind == "plain" else kind))
        return apart(sorted(marks))
