"""Code and statements that a shell script hands to other programs: searched as their own kind is."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from webui.preview.renderers.arguments import Text
from webui.preview.renderers.findings import Within
from webui.preview.renderers.languages.code_dangers import look_through
from webui.preview.renderers.languages.paths import normalised
from webui.preview.renderers.languages.shell_gathered import Gathered, Where
from webui.preview.renderers.languages.shell_runs import Run, runs
from webui.preview.renderers.languages.shell_words import Command, Script
from webui.preview.renderers.languages.sql import SqlReading
from webui.sentences import sentence

_LANGUAGES: Final = {
    **dict.fromkeys(("python", "python2", "python3", "pypy", "pypy3", "ipython"), "python"),
    **dict.fromkeys(("node", "nodejs", "deno", "bun"), "javascript"),
    **dict.fromkeys(("psql", "mysql", "sqlite3"), "sql"),
    **dict.fromkeys(("pwsh", "powershell"), "powershell"),
    "perl": "perl", "ruby": "ruby", "irb": "ruby", "php": "php", "lua": "lua", "Rscript": "r",
}  # fmt: skip
_KNOWN: Final = frozenset(_LANGUAGES.values())
_OWN: Final = re.compile(r"\s*+\.([a-z]++)")
"""A command of sqlite3 itself; these read files or run others."""
_OWN_DANGERS: Final = (
    "sh",
    "sys",
    "load",
    "read",
    "import",
    "out",
    "once",
    "clone",
    "rest",
    "save",
    "back",
    "ar",
)
_SHEBANG: Final = re.compile(r"#![^\n]{0,80}?\b(python|node|perl|ruby|php|lua)")
_CODE: Final = frozenset({"-c", "-e", "-r", "-p", "-n", "--eval", "--print", "--command", "--execute", "-command", "-Command"})  # fmt: skip
_SPEAKERS: Final = frozenset({"echo", "printf"})
_LONGEST_NAME: Final = 300


class Written(NamedTuple):
    """What a script writes into a file, and where that stands."""

    plain: str
    where: Where


def code_of(run: Run) -> tuple[str, int] | None:
    """Return the code that stands in a program's own arguments, and where."""
    if run.name not in _LANGUAGES:
        return None
    for at, word in enumerate(run.args):
        option, given, value = word.value.partition("=")
        if given and option in _CODE and option.startswith("--"):
            return value, word.begin
        if word.value in _CODE and at + 1 < len(run.args):
            return run.args[at + 1].value, run.args[at + 1].begin
    if run.name == "sqlite3":
        operands = [word for word in run.args if word.value[:1] != "-"]
        return (operands[1].value, operands[1].begin) if len(operands) > 1 else None
    return None


def search(seen: Gathered, program: str, plain: str, where: Where) -> None:
    """Search code for what reaches out of it, as far as the program's language is known."""
    language = _LANGUAGES.get(program, program)
    if language not in _KNOWN:
        return
    text, found = Text(plain, seen.text.masks), Within(seen.found, where.of)
    if (own := _OWN.match(plain)) and program == "sqlite3":
        say = found.danger_at if own[1].startswith(_OWN_DANGERS) else found.note_at
        shown = text.words(plain)
        say(0, sentence("A command of the client itself: %(shown)s", shown=shown))
    elif language == "sql":
        SqlReading(text, found)
    else:
        look_through(text, language, found)


def interpreter_of(plain: str) -> str:
    """Return the program that a file's first line asks for; empty for a shell."""
    match = _SHEBANG.match(plain)
    return match[1] if match else ""


def files_in(script: Script, plain: str, where: Where) -> Iterator[tuple[str, Written]]:
    """Yield the files that a script writes from its own text, by their normalised paths."""
    for command in script.commands:
        for name in _targets(command):
            for here in command.heres[-1:]:
                body = plain[here.begin : here.end]
                yield name, Written(body, Where(where.of(here.begin), where.fixed))
            if not command.heres:
                yield from _spoken(command, name, where)


def _targets(command: Command) -> Sequence[str]:
    targets = [
        each.target.value
        for each in command.redirects
        if each.target is not None and each.operator in {">", ">>", ">|", "&>"}
    ]
    words = [word.value for word in command.words]
    if words[:1] == ["tee"]:
        targets += [word for word in words[1:] if word[:1] != "-"]
    return [normalised(each) for each in targets if len(each) < _LONGEST_NAME]


def _spoken(command: Command, name: str, where: Where) -> Iterator[tuple[str, Written]]:
    is_tee = [word.value for word in command.words[:1]] == ["tee"]
    speaker = command.piped if is_tee else command
    for run in runs(speaker) if speaker is not None else ():
        if run.name in _SPEAKERS and run.args:
            plain = " ".join([word.value for word in run.args])
            yield name, Written(plain, Where(0, where.of(run.args[0].begin)))
