"""What a shell script would do: its programs, files and hosts, and what is dangerous in it."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from webui.preview.renderers.arguments import Text
from webui.preview.renderers.languages.paths import normalised
from webui.preview.renderers.languages.shell_code import (
    Written,
    code_of,
    files_in,
    interpreter_of,
    search,
)
from webui.preview.renderers.languages.shell_frames import UNCLEAR
from webui.preview.renderers.languages.shell_gathered import Gathered, Where
from webui.preview.renderers.languages.shell_layout import look_over
from webui.preview.renderers.languages.shell_lexer import read
from webui.preview.renderers.languages.shell_runs import (
    INTERPRETERS,
    SHELLS,
    Run,
    reads_script,
    remote_command,
    reserved,
    runs,
    script_of,
)
from webui.preview.renderers.languages.shell_said import Saying
from webui.preview.renderers.languages.shell_targets import arguments, redirected
from webui.preview.renderers.languages.shell_words import Command, Script, Word
from webui.sentences import Sentence, sentence

_DEEPEST: Final = 5
_LONGEST_PIPE: Final = 5
_LONGEST_NAME: Final = 300
_SUBSTITUTION: Final = re.compile(r"\$\(…\)|\$\{…\}|[<>]\(…\)")
_DECODERS: Final = frozenset({"base64", "base32", "xxd", "openssl", "gzip", "gunzip", "zcat", "bzip2", "xz", "tr", "rev", "uudecode", "od", "hexdump"})  # fmt: skip
_FETCHERS: Final = frozenset({"curl", "wget", "fetch", "aria2c", "nc", "ncat", "ftp", "http", "lynx", "scp", "gh"})  # fmt: skip
_DOWNLOADERS: Final = frozenset({"npx", "uvx", "pipx", "bunx", "pnpx"})
_ELSEWHERE: Final = frozenset({"ssh", "watch", "parallel", "xargs"})
COMPUTED: Final = sentence("(computed)")
"""Stands for the name of a program that the text does not tell."""
_OTHERS: Final = sentence("other commands")
_TOO_DEEP: Final = sentence(
    "Scripts in scripts are nested too deeply to be read: %(unclear)s.", unclear=UNCLEAR
)


def gather(text: Text) -> tuple[Gathered, Script]:
    """Read a script and the scripts in it; return what is to say, and the script as read."""
    reading = _Reading(text)
    script = reading.read(text.plain, Where(0, None), 0)
    look_over(reading.seen, text.plain)
    return reading.seen, script


class _Reading:
    def __init__(self, text: Text) -> None:
        self.seen = Gathered(text)
        self._found = self.seen.found
        self._say = Saying(self.seen)
        self._steps = 0
        self._known: dict[int, list[str]] = {}
        self._files: dict[str, Written] = {}
        self._followed: set[str] = set()

    def read(self, plain: str, where: Where, level: int) -> Script:
        script = read(plain, self._steps)
        self._steps = script.steps
        self.seen.functions.update(script.functions)
        self._files.update(files_in(script, plain, where))
        for command in script.commands:
            self._command(command, plain, level, where)
        # Last, as what runs matters more than how it is laid out.
        self._say.of_script(script, plain, where)
        return script

    def _command(self, command: Command, plain: str, level: int, where: Where) -> None:
        seen = self.seen
        self._say.of_command(command, where)
        listed = list(runs(command))
        for word in reserved(command):
            seen.kind(word, "keyword", where)
        for run in listed:
            self._run(run, level, where)
        takers = [run for run in listed if reads_script(run)]
        for redirect in command.redirects:
            redirected(seen, redirect, where)
            if redirect.operator == "<<<" and redirect.target is not None and takers:
                self._handed(takers[-1], redirect.target, level, where)
        for here in command.heres:
            fed = [run for each in _fed(command) for run in runs(each) if reads_script(run)]
            for run in (*takers, *fed)[-1:]:
                self._fed(run, plain[here.begin : here.end], here.begin, level, where)

    # What runs

    def _run(self, run: Run, level: int, where: Where) -> None:
        seen, shown = self.seen, self.seen.call(run)
        seen.kind(run.word, "program", where)
        if not run.name:
            seen.programs[COMPUTED] = None
            if run.word.value != "$_":  # of an inner script; its own place has said so
                self._say.danger(run, where, _computed(shown))
            arguments(seen, run, where)
            return
        seen.programs[run.name] = None
        self._say.of_run(run, where, shown)
        self._hands_on(run, level, where, shown)
        arguments(seen, run, where)

    def _hands_on(self, run: Run, level: int, where: Where, shown: str) -> None:
        """Follow scripts in arguments, pipes and files."""
        at, script = where.of(run.word.begin), script_of(run)
        if run.name == "eval":
            self._say.danger(
                run, where, sentence("Runs text as a command: %(shown)s", shown=shown)
            )
            self._inner(run.args, level, at)
        elif run.name == "alias" and run.args:
            self._say.danger(
                run,
                where,
                sentence("Gives a command another meaning: %(shown)s", shown=shown),
            )
        elif script is not None:
            self._inner([script], level, at)
        elif run.name in {"source", "."}:
            self._sourced(run, level, where, shown)
        elif run.name in SHELLS or run.name in INTERPRETERS:
            self._interpreted(run, level, where, shown)
        elif "/" in run.word.value:
            self._ran(run, run.word, "", level, where)
        if run.name in _ELSEWHERE and run.args:
            self._found.note_at(
                at,
                sentence("Runs a command elsewhere or many times: %(shown)s", shown=shown),
            )
        if elsewhere := remote_command(run):
            self._inner(elsewhere, level, at)
        if run.name in _DOWNLOADERS:
            self._found.note_at(
                at, sentence("Downloads a package and runs it: %(shown)s", shown=shown)
            )

    def _sourced(self, run: Run, level: int, where: Where, shown: str) -> None:
        if any(word.process for word in run.args):
            self._say.danger(
                run,
                where,
                sentence("Runs what another command writes: %(shown)s", shown=shown),
            )
        elif run.args and not self._ran(run, run.args[0], "", level, where):
            words = sentence(
                "Runs a file whose text is not in this call: %(shown)s", shown=shown
            )
            self._found.note_at(where.of(run.word.begin), words)

    def _interpreted(self, run: Run, level: int, where: Where, shown: str) -> None:
        at, code = where.of(run.word.begin), code_of(run)
        upstream = list(_upstream(run.command))
        file = next((word for word in run.args if word.value[:1] != "-"), None)
        if any(word.process for word in run.args):
            self._say.danger(
                run,
                where,
                sentence("Runs what another command writes: %(shown)s", shown=shown),
            )
        elif upstream and reads_script(run):
            self._piped(run, upstream, where)
        elif code is not None:
            words = sentence(
                "Hands code of its own to %(name)s: %(shown)s",
                name=self.seen.words(run.name),
                shown=shown,
            )
            self._found.note_at(at, words)
            search(self.seen, run.name, code[0], Where(0, where.of(code[1])))
        elif file is not None:
            known = self._ran(run, file, run.name, level, where)
            if run.name in SHELLS and not known:
                words = sentence(
                    "Runs a file whose text is not in this call: %(shown)s", shown=shown
                )
                self._found.note_at(at, words)

    def _ran(self, run: Run, file: Word, program: str, level: int, where: Where) -> bool:
        """Follow a file that runs, if its text stands in this call; once, as it may be large."""
        name = normalised(file.value[:_LONGEST_NAME])
        if name not in self._files:
            return name in self._followed
        written = self._files.pop(name)
        self._followed.add(name)
        words = sentence(
            "Runs a file that this call itself writes: %(file)s",
            file=self.seen.words(file.value),
        )
        self._say.danger(run, where, words)
        program = program or interpreter_of(written.plain)
        if program and program not in SHELLS:
            search(self.seen, program, written.plain, written.where)
        else:
            self._script(written.plain, level, written.where)
        return True

    def _piped(self, run: Run, upstream: Sequence[Command], where: Where) -> None:
        names = [name for command in upstream for name in reversed(self._names(command))]
        shown = {
            "source": self.seen.words(" | ".join(reversed(names))) if names else _OTHERS,
            "name": self.seen.words(run.name),
        }
        words = sentence("Runs what another command writes: %(source)s | %(name)s", **shown)
        if not _DECODERS.isdisjoint(names):
            words = sentence(
                "Runs text that is decoded first, so that nobody can read it here: "
                "%(source)s | %(name)s",
                **shown,
            )
        elif not _FETCHERS.isdisjoint(names):
            words = sentence("Runs what it downloads: %(source)s | %(name)s", **shown)
        self._say.danger(run, where, words)

    def _names(self, command: Command) -> list[str]:
        known = self._known.get(id(command))
        if known is None:
            known = [run.name for run in runs(command) if run.name]
            self._known[id(command)] = known
        return known

    def _inner(self, words: Sequence[Word], level: int, at: int) -> None:
        plain = " ".join([word.value for word in words])
        if any(word.computed for word in words):
            self._found.danger_at(at, _computed(self.seen.words(plain)))
            plain = _SUBSTITUTION.sub("$_", plain)
        self._script(plain, level, Where(0, at))

    def _script(self, plain: str, level: int, where: Where) -> None:
        if level >= _DEEPEST:
            self._found.danger_at(where.of(0), _TOO_DEEP)
            return
        self.read(plain, where, level + 1)

    def _handed(self, run: Run, word: Word, level: int, where: Where) -> None:
        at = where.of(word.begin)
        words = sentence(
            "Runs text that is handed to %(name)s.", name=self.seen.words(run.name)
        )
        self._found.danger_at(at, words)
        if run.name in SHELLS:
            self._inner([word], level, at)
        else:
            search(self.seen, run.name, word.value, Where(0, at))

    def _fed(self, run: Run, body: str, begin: int, level: int, where: Where) -> None:
        at = where.of(begin)
        words = sentence(
            "The text that follows is run by %(name)s.", name=self.seen.words(run.name)
        )
        self._found.danger_at(at, words)
        inner = Where(at, where.fixed)
        if run.name in SHELLS or run.name == "ssh":
            self._script(body, level, inner)
        else:
            search(self.seen, run.name, body, inner)


def _computed(shown: str) -> Sentence:
    return sentence(
        "What runs here is computed and cannot be told from the text: %(shown)s",
        shown=shown,
    )


def _upstream(command: Command) -> Iterator[Command]:
    for _ in range(_LONGEST_PIPE):
        if command.piped is None:
            return
        command = command.piped
        yield command


def _fed(command: Command) -> Iterator[Command]:
    for _ in range(_LONGEST_PIPE):
        if command.fed is None:
            return
        command = command.fed
        yield command
