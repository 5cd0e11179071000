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
from webui.preview.renderers.languages.shell_dangers import dangers
from webui.preview.renderers.languages.shell_frames import UNCLEAR
from webui.preview.renderers.languages.shell_gathered import Gathered, Where
from webui.preview.renderers.languages.shell_layout import look_over
from webui.preview.renderers.languages.shell_lexer import read
from webui.preview.renderers.languages.shell_runs import (
    INTERPRETERS,
    SHELLS,
    Run,
    assigned,
    reads_script,
    remote_command,
    reserved,
    runs,
    script_of,
)
from webui.preview.renderers.languages.shell_targets import arguments, redirected
from webui.preview.renderers.languages.shell_unread import worst_words
from webui.preview.renderers.languages.shell_words import Command, Script, Word
from webui.sentences import sentence

_DEEPEST: Final = 5
_LONGEST_PIPE: Final = 5
_LONGEST_NAME: Final = 300
_SUBSTITUTION: Final = re.compile(r"\$\(…\)|\$\{…\}|[<>]\(…\)")
STEERING: Final = re.compile(
    r"LD_\w+|DYLD_\w+|PATH|IFS|ENV|BASH_ENV|SHELLOPTS|BASHOPTS|PROMPT_COMMAND|PS[0-4]|PYTHON(?!UNBUFFERED|DONTWRITE)\w+"
    r"|PERL5?\w*|RUBY\w+|NODE_(?!ENV)\w+|GIT_\w*(?:COMMAND|EDITOR|PAGER|ASKPASS|DIR|PROXY)|\w*EDITOR|\w*PAGER|BROWSER"
    r"|SHELL|HOME|GCONV_PATH|TAR_OPTIONS|(?:https?|all|no)_proxy|(?:HTTPS?|ALL|NO)_PROXY|SSL_CERT\w*|CURL_\w+|PIP_\w+"
    r"|npm_config_\w+|HISTFILE|MAKEFLAGS|JAVA_TOOL_OPTIONS"
)  # fmt: skip
"""Variables that change what other programs run or trust."""
_DECODERS: Final = frozenset({"base64", "base32", "xxd", "openssl", "gzip", "gunzip", "zcat", "bzip2", "xz", "tr", "rev", "uudecode", "od", "hexdump"})  # fmt: skip
_FETCHERS: Final = frozenset({"curl", "wget", "fetch", "aria2c", "nc", "ncat", "ftp", "http", "lynx", "scp", "gh"})  # fmt: skip
_DOWNLOADERS: Final = frozenset({"npx", "uvx", "pipx", "bunx", "pnpx"})
_ELSEWHERE: Final = frozenset({"ssh", "watch", "parallel", "xargs"})
_COMPUTED: Final = sentence("What runs here is computed and cannot be told from the text")
_TOO_DEEP: Final = sentence(
    "Scripts in scripts are nested too deeply to be read: %(unclear)s.", unclear=UNCLEAR
)
_TOO_LONG: Final = sentence(
    "The script has too many parts; from here on it is not read, so %(unclear)s.",
    unclear=UNCLEAR,
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
        self._steps = 0
        self._known: dict[int, list[str]] = {}
        self._files: dict[str, Written] = {}
        self._followed: set[str] = set()

    def read(self, plain: str, where: Where, level: int) -> Script:
        script = read(plain, self._steps)
        self._steps = script.steps
        seen, found = self.seen, self._found
        seen.functions.update(script.functions)
        for at, words in script.problems:
            found.danger_at(where.of(at), f"{words[0].upper()}{words[1:]}.")
        if script.stopped is not None:
            found.danger_at(where.of(script.stopped), _TOO_LONG)
            for at, words in worst_words(plain, script.stopped):
                found.danger_at(
                    where.of(at),
                    sentence(
                        "In what is not read stands: %(value)s", value=seen.words(words)
                    ),
                )
        for name, at in script.functions.items():
            words = sentence(
                "Gives the name %(value)s to commands of its own.", value=seen.words(name)
            )
            found.note_at(where.of(at), words)
        for begin, end in script.comments:
            if plain[max(begin, end - 1) : end] == "\\" and end < len(plain):
                words = sentence(
                    "A comment ends in a backslash, which joins no lines: the next line "
                    "runs."
                )
                found.danger_at(where.of(begin), words)
        self._files.update(files_in(script, plain, where))
        for command in script.commands:
            self._command(command, plain, level, where)
        return script

    def _command(self, command: Command, plain: str, level: int, where: Where) -> None:
        seen, at = self.seen, where.of(command.begin)
        for name, word in assigned(command):
            if STEERING.fullmatch(name):
                words = sentence(
                    "Sets %(value)s, which changes what other programs run or trust.",
                    value=seen.words(name),
                )
                self._found.danger_at(where.of(word.begin), words)
                seen.kind(word, "danger", where)
        listed = list(runs(command))
        for word in reserved(command):
            seen.kind(word, "keyword", where)
        if command.before == "&":
            self._found.note_at(
                at, sentence("What stands before the & goes on in the background.")
            )
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
        seen, at, shown = self.seen, where.of(run.word.begin), self.seen.call(run)
        seen.kind(run.word, "program", where)
        if not run.name:
            seen.programs["(computed)"] = None
            if run.word.value != "$_":  # of an inner script; its own place has said so
                self._danger(run, where, f"{_COMPUTED}: {shown}")
            arguments(seen, run, where)
            return
        seen.programs[run.name] = None
        if run.word.odd:
            words = sentence(
                "The program's name is written in pieces; it is %(value)s.",
                value=seen.words(run.name),
            )
            self._danger(run, where, words)
        if run.is_other_user:
            self._danger(
                run,
                where,
                sentence("Runs with another user's rights: %(shown)s", shown=shown),
            )
        for does, is_note in dangers(run.name, run.values):
            said = sentence("This %(does)s: %(shown)s", does=does, shown=shown)
            if is_note:
                self._found.note_at(at, said)
            else:
                self._danger(run, where, said)
        if run.name in seen.functions:
            self._found.note_at(
                at,
                sentence(
                    "%(value)s is what this script itself defines.",
                    value=seen.words(run.name),
                ),
            )
        self._hands_on(run, level, where, shown)
        arguments(seen, run, where)

    def _danger(self, run: Run, where: Where, words: str) -> None:
        self.seen.kind(run.word, "danger", where)
        self._found.danger_at(where.of(run.word.begin), words)

    def _hands_on(self, run: Run, level: int, where: Where, shown: str) -> None:
        """Follow scripts in arguments, pipes and files."""
        at, script = where.of(run.word.begin), script_of(run)
        if run.name == "eval":
            self._danger(
                run, where, sentence("Runs text as a command: %(shown)s", shown=shown)
            )
            self._inner(run.args, level, at)
        elif run.name == "alias" and run.args:
            self._danger(
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
            self._danger(
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
            self._danger(
                run,
                where,
                sentence("Runs what another command writes: %(shown)s", shown=shown),
            )
        elif upstream and reads_script(run):
            self._piped(run, upstream, where)
        elif code is not None:
            words = sentence(
                "Hands code of its own to %(value)s: %(shown)s",
                value=self.seen.words(run.name),
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
            "Runs a file that this call itself writes: %(value)s",
            value=self.seen.words(file.value),
        )
        self._danger(run, where, words)
        program = program or interpreter_of(written.plain)
        if program and program not in SHELLS:
            search(self.seen, program, written.plain, written.where)
        else:
            self._script(written.plain, level, written.where)
        return True

    def _piped(self, run: Run, upstream: Sequence[Command], where: Where) -> None:
        names = [name for command in upstream for name in reversed(self._names(command))]
        words = sentence("what another command writes")
        if not _DECODERS.isdisjoint(names):
            words = sentence("text that is decoded first, so that nobody can read it here")
        elif not _FETCHERS.isdisjoint(names):
            words = sentence("what it downloads")
        source = self.seen.words(" | ".join(reversed(names)) or "other commands")
        name = self.seen.words(run.name)
        self._danger(
            run,
            where,
            sentence(
                "Runs %(words)s: %(source)s | %(name)s",
                words=words,
                source=source,
                name=name,
            ),
        )

    def _names(self, command: Command) -> list[str]:
        known = self._known.get(id(command))
        if known is None:
            known = [run.name for run in runs(command) if run.name]
            self._known[id(command)] = known
        return known

    def _inner(self, words: Sequence[Word], level: int, at: int) -> None:
        plain = " ".join([word.value for word in words])
        if any(word.computed for word in words):
            self._found.danger_at(at, f"{_COMPUTED}: {self.seen.words(plain)}")
            plain = _SUBSTITUTION.sub("$_", plain)
        self._script(plain, level, Where(0, at))

    def _script(self, plain: str, level: int, where: Where) -> None:
        if level >= _DEEPEST:
            self._found.danger_at(where.of(0), _TOO_DEEP)
            return
        self.read(plain, where, level + 1)

    def _handed(self, run: Run, word: Word, level: int, where: Where) -> None:
        at = where.of(word.begin)
        self._found.danger_at(
            at,
            sentence(
                "Runs text that is handed to %(value)s.", value=self.seen.words(run.name)
            ),
        )
        if run.name in SHELLS:
            self._inner([word], level, at)
        else:
            search(self.seen, run.name, word.value, Where(0, at))

    def _fed(self, run: Run, body: str, begin: int, level: int, where: Where) -> None:
        at = where.of(begin)
        self._found.danger_at(
            at,
            sentence(
                "The text that follows is run by %(value)s.",
                value=self.seen.words(run.name),
            ),
        )
        inner = Where(at, where.fixed)
        if run.name in SHELLS or run.name == "ssh":
            self._script(body, level, inner)
        else:
            search(self.seen, run.name, body, inner)


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
