"""Which programs a shell command runs: through `sudo`, `xargs`, `find -exec` and `bash -c` too."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from webui.preview.renderers.languages.shell_words import Command, Word

SHELLS: Final = frozenset({"sh", "bash", "zsh", "dash", "ksh", "mksh", "ash", "fish", "csh", "tcsh", "rbash"})  # fmt: skip
INTERPRETERS: Final = frozenset(
    {"python", "python2", "python3", "pypy", "pypy3", "node", "nodejs", "deno", "bun", "perl", "ruby", "php",
     "lua", "tclsh", "osascript", "pwsh", "powershell", "ipython", "psql", "mysql", "sqlite3", "at", "batch",
     "crontab", "ssh", "xargs", "parallel", "gdb", "irb", "Rscript", "groovy", "jshell"}
)  # fmt: skip
_MOST_WRAPPERS: Final = 12
_ONE_LETTER: Final = 2
_RESERVED: Final = frozenset({"if", "then", "elif", "else", "do", "while", "until", "!", "{", "coproc", "always"})  # fmt: skip
_CLOSERS: Final = frozenset({"}", "fi", "done", "esac", "]]"})
_EXPORTS: Final = frozenset({"export", "declare", "typeset", "readonly", "local", "env"})
_HEADERS: Final = frozenset({"for", "select", "case", "function"})
_ASSIGNMENT: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*+)(?:\[[^\]]*+\])?\+?=")
_VERSION: Final = re.compile(r"(?<=[a-z])-?[0-9]++(?:\.[0-9]++)*+$")

# A wrapper runs the command after its own options. Which of them take a value, and how many
# words of its own come before the command.
_WRAPPERS: Final[dict[str, tuple[str, int]]] = {
    "sudo": ("ugpCDRhTrtU", 0), "doas": ("uC", 0), "env": ("uC", 0), "nohup": ("", 0),
    "time": ("fo", 0), "timeout": ("ks", 1), "gtimeout": ("ks", 1), "nice": ("n", 0),
    "ionice": ("cnp", 0), "stdbuf": ("ioe", 0), "setsid": ("", 0), "xargs": ("IndLPsEa", 0),
    "command": ("", 0), "builtin": ("", 0), "exec": ("a", 0), "watch": ("n", 0), "chroot": ("", 1),
    "busybox": ("", 0), "toybox": ("", 0), "unshare": ("", 0), "nsenter": ("t", 0),
    "strace": ("eop", 0), "ltrace": ("eop", 0), "fakeroot": ("", 0), "gosu": ("", 1),
    "su-exec": ("", 1), "runuser": ("ug", 0), "pkexec": ("", 0), "systemd-run": ("pu", 0),
    "caffeinate": ("", 0), "unbuffer": ("", 0), "chronic": ("", 0), "torsocks": ("", 0),
    "proxychains": ("f", 0), "taskset": ("", 1), "flock": ("w", 1), "parallel": ("j", 0), "nocorrect": ("", 0),
}  # fmt: skip
_OF_SSH: Final = "BbcDEeFIiJLlmOopPQRSWw"
_OF_EXEC: Final = "euwcn"
_CONTAINERS: Final = frozenset({"docker", "podman", "nerdctl", "kubectl", "oc"})
_OTHER_USERS: Final = frozenset(
    {"sudo", "doas", "su", "pkexec", "gosu", "su-exec", "runuser"}
)


class Run(NamedTuple):
    """A program as it is called."""

    name: str
    """Without its folder and version; empty if it is computed."""
    word: Word
    args: Sequence[Word]
    command: Command
    own: Sequence[Word]
    """Those arguments that are not the call of another program."""

    @property
    def is_other_user(self) -> bool:
        """Whether it makes what it calls run as somebody else."""
        return self.name in _OTHER_USERS

    @property
    def values(self) -> list[str]:
        """Return its arguments as far as they are known."""
        return [word.value for word in self.args]


def assigned(command: Command) -> Iterator[tuple[str, Word]]:
    """Yield the variables that are set before the program, alone, or by `export`."""
    at = _program_at(command.words)
    exports = at < len(command.words) and command.words[at].value in _EXPORTS
    for word in command.words if exports else command.words[:at]:
        if match := _ASSIGNMENT.match(word.value):
            yield match[1], word


def reserved(command: Command) -> Iterator[Word]:
    """Yield the words before the program that are the shell's own."""
    for word in command.words[: _program_at(command.words)]:
        if word.value in _RESERVED | _CLOSERS | _HEADERS or word.value == "in":
            yield word


def runs(command: Command) -> Iterator[Run]:
    """Yield the programs of a command, those that call others first."""
    words = command.words
    at = _program_at(words)
    for _ in range(_MOST_WRAPPERS):
        if at >= len(words):
            return
        word, args, name = words[at], words[at + 1 :], name_of(words[at])
        if name not in _WRAPPERS:
            run = Run(name, word, args, command, args)
            yield run
            yield from _further_in(run)
            return
        after = _after_options(words, at + 1, *_WRAPPERS[name])
        yield Run(name, word, args, command, words[at + 1 : after])
        at = after
    if at < len(words):
        yield Run("", words[at], words[at + 1 :], command, words[at + 1 :])


def name_of(word: Word) -> str:
    """Return the bare name of a program; empty if the text does not tell it."""
    value = word.value
    if value in {"[", "[["}:
        return value
    if not word.is_known or not value:
        return ""
    name = value.replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")
    bare = _VERSION.sub("", name)
    return bare if bare in INTERPRETERS or bare in SHELLS or bare == "pip" else name


def _program_at(words: Sequence[Word]) -> int:
    at = 0
    while at < len(words):
        word = words[at]
        value = "" if word.is_quoted or word.odd else word.value
        if not word.is_quoted and _ASSIGNMENT.match(word.value):
            at += 1
        elif value in _HEADERS:
            at = _after_header(words, at)
        elif value in _RESERVED or value in _CLOSERS:
            at += 1
        else:
            return at
    return len(words)


def _after_header(words: Sequence[Word], at: int) -> int:
    """Return where commands begin after `for x in ...` and its like, if they do at all."""
    if words[at].value == "function":
        return at + 2
    return next(
        (i + 1 for i in range(at, len(words)) if words[i].value in {"do", "{"}), len(words)
    )


def _after_options(words: Sequence[Word], at: int, valued: str, own: int) -> int:
    while at < len(words):
        value = words[at].value
        if value == "--":
            return at + 1 + own
        if _ASSIGNMENT.match(value):
            at += 1
        elif value.startswith("-") and len(value) > 1:
            at += 1 + (len(value) == _ONE_LETTER and value[1] in valued)
        else:
            break
    return at + own


def remote_command(run: Run) -> Sequence[Word]:
    """Return what ssh runs on its host, or a container's program runs in one; often nothing."""
    first, valued = (0, _OF_SSH) if run.name == "ssh" else (1, _OF_EXEC)
    if run.name in _CONTAINERS and run.values[:1] != ["exec"]:
        return ()
    if run.name != "ssh" and run.name not in _CONTAINERS:
        return ()
    at = _after_options(run.args, first, valued, 1)
    return run.args[_after_options(run.args, at, valued, 0) :]


def _further_in(run: Run) -> Iterator[Run]:
    """Yield what is called from the middle of the arguments: -exec, `--`, a shell by name."""
    starts = (
        {"-exec", "-execdir", "-ok", "-okdir"} if run.name in {"find", "fd"} else {"--"}
    )
    takes = run.name in {"find", "fd", "kubectl", "oc", "npx", "nsenter", "uv", "poetry"}
    for at, word in enumerate(run.args):
        following = run.args[at + 1] if at + 1 < len(run.args) else None
        if following is None:
            return
        if takes and word.value in starts:
            end = next((i for i in range(at + 1, len(run.args)) if run.args[i].value in {";", "+"}), None)  # fmt: skip
            yield Run(
                name_of(following), following, run.args[at + 2 : end], run.command, ()
            )
            return
        if (
            name_of(word) in SHELLS
            and following.value.startswith("-")
            and "c" in following.value
        ):
            yield Run(name_of(word), word, run.args[at + 1 :], run.command, ())
            return


def script_of(run: Run) -> Word | None:
    """Return the argument that a shell runs as a script of its own."""
    values = run.values
    if run.name in SHELLS or run.name in {"su", "flock", "script", "runuser"}:
        for at, value in enumerate(values[:-1]):
            if value == "--command" or (
                value.startswith("-") and value[1:2] != "-" and "c" in value
            ):
                return run.args[at + 1]
    if run.name == "trap" and len(values) > 1:
        return run.args[0]
    if run.name == "env":
        for at, value in enumerate(values[:-1]):
            if value in {"-S", "--split-string"}:
                return run.args[at + 1]
    return None


def reads_script(run: Run) -> bool:
    """Say whether an interpreter runs what it reads, as no script is named."""
    if run.name not in SHELLS and run.name not in INTERPRETERS:
        return False
    if run.name in SHELLS and any(
        v.startswith("-") and "s" in v[1:] and v[1:2] != "-" for v in run.values
    ):
        return True
    if run.name in {
        "xargs",
        "parallel",
        "ssh",
        "psql",
        "mysql",
        "sqlite3",
        "gdb",
        "crontab",
    }:
        return True
    plain = [v for v in run.values if not v.startswith("-") and v != "/dev/stdin"]
    hands_text = any(
        v in {"-c", "-e", "-m", "-r", "-p", "--eval", "--version", "-V"} for v in run.values
    )
    return not plain and not hands_text
