"""Shell commands: `command`, `cmd`, `script` or a list of words, run by a shell or alone."""

import re
import shlex
from collections.abc import Callable, Mapping
from typing import Final

from webui.preview.renderers.arguments import Arguments, Text, joined
from webui.preview.renderers.languages.shell import COMPUTED, gather
from webui.preview.renderers.languages.shell_said import STEERING
from webui.preview.renderers.member_names import FOLDERS
from webui.preview.renderers.rendering import Fact, Finding, Rendering
from webui.preview.renderers.saying import names_fact
from webui.preview.renderers.sheets import listed
from webui.sentences import sentence

TOOLS: Final = (
    "bash", "sh", "shell", "zsh", "*.bash", "*.shell", "shell.*", "*__bash", "*__shell", "*_shell", "*shell_*", "*-shell*",
    "*run_command*", "*execute_command*", "*exec_command*", "*run_terminal*", "*terminal_cmd*", "*run_in_terminal*",
    "*run_shell*", "*execute_shell*", "*execute_bash*", "*run_script*", "*local_shell*", "*terminal*execute*", "*ssh*exec*",
    "*.exec", "exec", "*run_process*", "*start_process*", "*spawn*",
)  # fmt: skip
"""How hosts and servers call tools that run commands."""
_NAMES: Final = (
    "command",
    "cmd",
    "script",
    "commandLine",
    "command_line",
    "shell_command",
    "bash_command",
    "input",
)
_ARGUMENTS: Final = ("args", "arguments", "argv")
_FOLDERS: Final = (*FOLDERS, "directory", "dir")
_BESIDE: Final = frozenset(
    {*_NAMES[:-1], *_ARGUMENTS, *_FOLDERS, "timeout", "timeout_ms", "timeout_seconds", "description", "explanation",
     "env", "environment", "shell", "background", "is_background", "isBackground", "run_in_background", "stdin",
     "requires_approval", "dangerouslyDisableSandbox", "interactive", "blocking", "sandbox", "justification"}
)  # fmt: skip
_SAID: Final = frozenset(
    {
        "description",
        "explanation",
        "justification",
        "timeout",
        "timeout_ms",
        "timeout_seconds",
    }
)
"""What changes nothing of what a command does."""
_MOST_NAMES: Final = 12
_BARE: Final = re.compile(r"[A-Za-z0-9_./:@%+,=-]+")


def fits(arguments: Arguments) -> bool:
    """Say whether there is a command, and nothing but what stands beside one."""
    has = any(name in _NAMES[:-1] or name == "argv" for name in arguments.names)
    return has and _BESIDE.issuperset(arguments.names)


def render(_tool: str, arguments: Arguments) -> Rendering | None:
    """Return the command that would run."""
    text = command_of(arguments)
    if text is None or not text.plain.strip():
        return None
    rest = arguments.look("input")
    named = {each.name for each in rest.children} if rest is not None else {""}
    if named <= _SAID:  # what OpenCode's agent says of its command; a text has no children
        arguments.inside("input")
    folder = arguments.text(*_FOLDERS)
    found = rendering_of(text, () if folder is None else (_folder(folder),))
    return _with_input(_with_settings(found, arguments), arguments)


def _with_settings(found: Rendering, arguments: Arguments) -> Rendering:
    """Add which shell is named, and the variables that are set for the command."""
    facts, said = list(found.facts), list[Finding]()
    shell = arguments.text("shell")
    if shell is not None:
        facts.append(Fact(sentence("Shell"), shell.snippet(shell.plain)))
    given = arguments.inside("env", "environment")
    names = {name: bool(STEERING.fullmatch(name)) for name in given.names} if given else {}
    empty = Text("", {})
    facts += names_fact(empty, sentence("Variables set"), names)
    for name in [name for name, steers in names.items() if steers][:_MOST_NAMES]:
        words = sentence(
            "Sets %(name)s, which changes what other programs run or trust.",
            name=empty.words(name),
        )
        said.append(Finding("danger", words))
    return found._replace(facts=tuple(facts), findings=(*said, *found.findings))


def _with_input(found: Rendering, arguments: Arguments) -> Rendering:
    """Add what the command is given to read; it is read as a script, for a shell would run it."""
    text = arguments.text("stdin")
    if text is None:
        return found
    seen, script = gather(text)
    said = [
        each._replace(
            words=sentence("In what it is given to read: %(finding)s", finding=each.words)
        )
        for each in seen.found.sentences()
        if each.severity == "danger"
    ]
    block = listed(text, seen.marks(script), sentence("What it is given to read"))
    return found._replace(
        blocks=(*found.blocks, block),
        findings=(*said, *found.findings),
        alarms=(*found.alarms, *seen.found.alarms),
    )


def rendering_of(text: Text, facts: tuple[Fact, ...] = ()) -> Rendering:
    """Return a script as a rendering, with what else is known of it."""
    seen, script = gather(text)
    programs: Mapping[str, bool] = {
        name: name in {COMPUTED, "sudo", "doas", "su"} for name in seen.programs
    }
    facts += names_fact(text, sentence("Programs"), programs)
    facts += names_fact(text, sentence("Files written"), seen.written)
    facts += names_fact(text, sentence("Hosts"), seen.hosts)
    blocks = (listed(text, seen.marks(script)),)
    return Rendering(
        "shell",
        sentence("Shell command"),
        facts,
        blocks,
        seen.found.sentences(),
        alarms=seen.found.alarms,
    )


def command_of(arguments: Arguments) -> Text | None:
    """Return the command as one text; a list of words is written so that a shell reads it back."""
    words = arguments.texts(*_NAMES, "argv")
    if words is not None:
        words += arguments.texts(*_ARGUMENTS[:2]) or ()
        return joined(words, _quoted) if words else None
    text = arguments.text(*_NAMES)
    following = arguments.texts(*_ARGUMENTS)
    one = None if following else arguments.text(*_ARGUMENTS)
    if text is not None and one is not None and one.plain:
        return joined((text, one), str)
    if text is None or not following:
        return text
    whole = " " in text.plain
    return joined((text, *following), _quoted_after(text.plain) if whole else _quoted)


def _quoted(word: str) -> str:
    return word if _BARE.fullmatch(word) else shlex.quote(word)


def _quoted_after(command: str) -> Callable[[str], str]:
    return lambda word: word if word == command else _quoted(word)


def _folder(folder: Text) -> Fact:
    return Fact(sentence("Working folder"), folder.snippet(folder.plain))
