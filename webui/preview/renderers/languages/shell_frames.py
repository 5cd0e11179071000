"""What is open while a shell script is read, and how words become commands."""

from typing import Final, Literal

from webui.preview.renderers.languages.shell_words import (
    Command,
    Here,
    Redirect,
    Script,
    Word,
)
from webui.sentences import sentence

_DEEPEST: Final = 40
_CASE: Final = {"case": 1, "esac": -1}
UNCLEAR: Final = sentence(
    "what runs here is computed, or is read in different ways by different shells"
)

Kind = Literal["script", "$(", "`", "<(", "(", "array", "${", "here"]


class Frame:
    """Something open: the script, a substitution, a subshell, a list, a `${...}`."""

    __slots__ = (
        "begin",
        "cases",
        "command",
        "heres",
        "joiner",
        "kind",
        "piped",
        "quoted",
        "word",
    )

    def __init__(self, kind: Kind, begin: int) -> None:
        self.kind: Kind = kind
        self.begin = begin
        self.word: Word | None = None
        self.command: Command | None = None
        self.quoted = kind == "here"
        self.heres: list[Here] = []
        self.cases = 0
        """How many `case` are open: in them a `)` ends a pattern."""
        self.joiner = ""
        self.piped: Command | None = None


def is_case(command: Command | None) -> bool:
    """Say whether a command is the head of a `case`."""
    if command is None or not command.words:
        return False
    return command.words[0].value == "case" and not command.words[0].is_quoted


class Frames:
    """The open frames, the innermost last."""

    def __init__(self, text: str, at: int, end: int, script: Script, kind: Kind) -> None:
        self.text, self.at, self.end, self.script = text, at, end, script
        self.frames = [Frame(kind, at)]
        self.ticks = 0

    def problem(self, at: int, words: str) -> None:
        """Say, in a whole sentence, that the text cannot be read for sure."""
        self.script.problems.append((at, words))

    def word(self, frame: Frame) -> Word:
        """Return the word being read; it begins here if there is none."""
        if frame.word is None:
            frame.word = Word(self.at)
        return frame.word

    def take(self, frame: Frame, stop: int, *, quoted: bool = False) -> None:
        """Add the text up to `stop` to the word as it stands."""
        begin, self.at = self.at, stop
        word = frame.word
        if word is None:
            word = frame.word = Word(begin)
        word.add(self.text[begin:stop], begin, stop, quoted=quoted)

    def take_as(self, frame: Frame, meant: str, stop: int) -> None:
        """Add the text up to `stop` to the word as what it stands for."""
        self.word(frame).add(meant, self.at, stop, quoted=True)
        self.at = stop

    def joint(self, stop: int) -> None:
        """Pass an operator or a bracket."""
        if stop > self.at:
            self.script.joints.append((self.at, stop))
        self.at = stop

    def end_word(self, frame: Frame) -> None:
        """Hand the word to its command, or to the redirection that waits for it."""
        word = frame.word
        frame.word = None
        if word is None:
            return
        command = self.command(frame, word.begin)
        redirect = command.redirects[-1] if command.redirects else None
        if redirect is None or redirect.target is not None:
            command.words.append(word)
            return
        redirect.target = word
        if redirect.operator in {"<<", "<<-"}:
            literal = any(quoted for _, _, quoted in word.spans)
            here = Here(word.value, literal=literal, strips=redirect.operator == "<<-")
            command.heres.append(here)
            frame.heres.append(here)

    def command(self, frame: Frame, begin: int) -> Command:
        """Return the command being read; it begins here if there is none."""
        if frame.command is None:
            inner = any(each.kind in {"$(", "`", "<("} for each in self.frames)
            frame.command = Command(begin, frame.joiner, frame.piped, inner)
            frame.joiner, frame.piped = "", None
        return frame.command

    def redirect(self, frame: Frame, operator: str, begin: int) -> None:
        """Begin a redirection; the next word is its target."""
        self.command(frame, begin).redirects.append(Redirect(operator, begin))

    def end_command(self, frame: Frame) -> Command | None:
        """End the word and the command; those of a list or a pattern are none."""
        self.end_word(frame)
        command = frame.command
        frame.command = None
        if command is None or frame.kind in {"array", "here", "${"}:
            return None
        first = command.words[0] if command.words else None
        if first is not None and not first.is_quoted:
            frame.cases = max(0, frame.cases + _CASE.get(first.value, 0))
        self.script.commands.append(command)
        return command

    def drop_pattern(self, frame: Frame) -> None:
        """Forget what was read as a command and was a pattern of `case`."""
        commands = self.script.commands
        command = self.end_command(frame)
        while command is not None and commands[-1] is command and len(command.words) == 1:
            commands.pop()
            command = command.piped

    def push(self, kind: Kind, stop: int) -> None:
        """Open a frame; far down, give up and say so."""
        if len(self.frames) >= _DEEPEST:
            self.problem(
                self.at,
                sentence(
                    "This is nested too deeply to be read: %(unclear)s.", unclear=UNCLEAR
                ),
            )
            self.at = self.end
            return
        self.frames.append(Frame(kind, self.at))
        self.ticks += kind == "`"
        self.joint(stop)

    def pop(self, stop: int) -> None:
        """Close the innermost frame."""
        frame = self.frames.pop()
        self.ticks -= frame.kind == "`"
        outer = self.frames[-1]
        outer.heres += frame.heres
        self.joint(stop)
        if outer.word is not None:
            outer.word.end = stop
        if frame.kind == "(":
            # `( ... ) | sh`: what follows reads what the commands inside write
            outer.joiner = ""
            outer.command = Command(frame.begin, ")", None, inner=False)

    def close_all(self) -> None:
        """End what is open at the end of the text, and say what should not be."""
        for frame in reversed(self.frames):
            if frame.kind not in {"script", "here"}:
                self.problem(
                    frame.begin,
                    sentence("A bracket is never closed: %(unclear)s.", unclear=UNCLEAR),
                )
            elif frame.quoted and frame.kind == "script":
                at = frame.word.begin if frame.word else frame.begin
                self.problem(
                    at, sentence("A quote is never closed: %(unclear)s.", unclear=UNCLEAR)
                )
            self.end_command(frame)
            if frame.heres:
                self.problem(
                    frame.begin,
                    sentence("A here-document has no text: %(unclear)s.", unclear=UNCLEAR),
                )
