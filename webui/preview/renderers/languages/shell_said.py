"""What is said of a shell script as it is read: what is unclear in it, and what its programs do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from webui.preview.renderers.languages.shell_dangers import dangers
from webui.preview.renderers.languages.shell_frames import UNCLEAR
from webui.preview.renderers.languages.shell_gathered import Gathered, Where
from webui.preview.renderers.languages.shell_runs import Run, assigned
from webui.preview.renderers.languages.shell_unread import worst_words
from webui.sentences import sentence

if TYPE_CHECKING:
    from webui.preview.renderers.languages.shell_words import Command, Script

STEERING: Final = re.compile(
    r"LD_\w+|DYLD_\w+|PATH|IFS|ENV|BASH_ENV|SHELLOPTS|BASHOPTS|PROMPT_COMMAND|PS[0-4]|PYTHON(?!UNBUFFERED|DONTWRITE)\w+"
    r"|PERL5?\w*|RUBY\w+|NODE_(?!ENV)\w+|GIT_\w*(?:COMMAND|EDITOR|PAGER|ASKPASS|DIR|PROXY)|\w*EDITOR|\w*PAGER|BROWSER"
    r"|SHELL|HOME|GCONV_PATH|TAR_OPTIONS|(?:https?|all|no)_proxy|(?:HTTPS?|ALL|NO)_PROXY|SSL_CERT\w*|CURL_\w+|PIP_\w+"
    r"|npm_config_\w+|HISTFILE|MAKEFLAGS|JAVA_TOOL_OPTIONS"
)  # fmt: skip
"""Variables that change what other programs run or trust."""
_TOO_LONG: Final = sentence(
    "The script has too many parts; from here on it is not read, so %(unclear)s.",
    unclear=UNCLEAR,
)


class Saying:
    """Gathers what is said of one script and of the scripts in it."""

    def __init__(self, seen: Gathered) -> None:
        """Take what is gathered."""
        self.seen = seen
        self.found = seen.found

    def danger(self, run: Run, where: Where, words: str) -> None:
        """Say what a program does, and draw it so."""
        self.seen.kind(run.word, "danger", where)
        self.found.danger_at(where.of(run.word.begin), words)

    def of_script(self, script: Script, plain: str, where: Where) -> None:
        """Say what of a script is unclear, unread or given another meaning."""
        seen, found = self.seen, self.found
        for at, words in script.problems:
            found.danger_at(where.of(at), words)
        if script.stopped is not None:
            found.danger_at(where.of(script.stopped), _TOO_LONG)
            for at, unread in worst_words(plain, script.stopped):
                words = sentence(
                    "In what is not read stands: %(words)s", words=seen.words(unread)
                )
                found.danger_at(where.of(at), words)
        for name, at in script.functions.items():
            words = sentence(
                "Gives the name %(name)s to commands of its own.", name=seen.words(name)
            )
            found.note_at(where.of(at), words)
        for begin, end in script.comments:
            if plain[max(begin, end - 1) : end] == "\\" and end < len(plain):
                words = sentence(
                    "A comment ends in a backslash, which joins no lines: the next line "
                    "runs."
                )
                found.danger_at(where.of(begin), words)

    def of_command(self, command: Command, where: Where) -> None:
        """Say what a command changes for others, and whether one goes on beside it."""
        for name, word in assigned(command):
            if STEERING.fullmatch(name):
                words = sentence(
                    "Sets %(name)s, which changes what other programs run or trust.",
                    name=self.seen.words(name),
                )
                self.found.danger_at(where.of(word.begin), words)
                self.seen.kind(word, "danger", where)
        if command.before == "&":
            words = sentence("What stands before the & goes on in the background.")
            self.found.note_at(where.of(command.begin), words)

    def of_run(self, run: Run, where: Where, shown: str) -> None:
        """Say what a program does by its name and options."""
        seen, at = self.seen, where.of(run.word.begin)
        if run.word.odd:
            words = sentence(
                "The program's name is written in pieces; it is %(name)s.",
                name=seen.words(run.name),
            )
            self.danger(run, where, words)
        if run.is_other_user:
            words = sentence("Runs with another user's rights: %(shown)s", shown=shown)
            self.danger(run, where, words)
        for does, is_note in dangers(run.name, run.values):
            words = sentence("This %(does)s: %(shown)s", does=does, shown=shown)
            if is_note:
                self.found.note_at(at, words)
            else:
                self.danger(run, where, words)
        if run.name in seen.functions:
            words = sentence(
                "%(name)s is what this script itself defines.", name=seen.words(run.name)
            )
            self.found.note_at(at, words)
