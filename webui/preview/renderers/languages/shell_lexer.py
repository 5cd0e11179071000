"""Reading a shell script into commands, in one pass and without running anything.

A stack of frames stands for what is open. Where shells differ, or the text is broken or too
long, the script gets a problem; nothing is passed over in silence.
"""

import re
from collections.abc import Callable
from typing import Final

from webui.preview.renderers.languages.shell_expansions import ENDS_WORD, SUM, Expansions
from webui.preview.renderers.languages.shell_frames import UNCLEAR, Frame, Kind, is_case
from webui.preview.renderers.languages.shell_words import Here, Script
from webui.sentences import sentence

_MOST_STEPS: Final = 4_000
_DEEPEST_HERE: Final = 4
_SHORT: Final = 200
_PLAIN: Final = re.compile(r"[^ \t\n\"'\\$`;&|<>()#*?\[{]++")
_BLANKS: Final = re.compile(r"[ \t]++")
_OPERATOR: Final = re.compile(r";;&?|;&|&&|\|\||\|&|[;&|]")
_REDIRECT: Final = re.compile(r"&>>?|<<<|<<-?|>>|>\||[<>]&|<>|[<>]")
_DESCRIPTOR: Final = re.compile(r"[0-9]{1,4}|\{[A-Za-z_][A-Za-z0-9_]*+\}")
_ASSIGNS: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*+(?:\[[^\]]*+\])?\+?=")
_NO_ARGUMENTS: Final = re.compile(r"\([ \t]*+\)")
_BEFORE_BRACKET: Final = {
    "if",
    "while",
    "until",
    "then",
    "elif",
    "else",
    "do",
    "!",
    "{",
    "time",
}


def read(text: str, steps: int = 0) -> Script:
    """Return the commands of a script and the places that cannot be read.

    `steps` is how much was read before, in scripts that this one belongs to.
    """
    script = Script()
    script.steps = steps
    _Lexer(text, 0, len(text), script, "script", 0).run()
    script.problems.sort()
    script.joints.sort()
    return script


class _Lexer(Expansions):
    def __init__(
        self, text: str, at: int, end: int, script: Script, kind: Kind, level: int
    ) -> None:
        super().__init__(text, at, end, script, kind)
        self._level = level
        self._by_sign: dict[str, Callable[[Frame], None]] = {
            **dict.fromkeys(" \t", self._blanks),
            **dict.fromkeys("<>&", self._redirect),
            "\n": self._newline,
            "#": self._comment,
            "'": self._single,
            '"': self._double,
            "\\": self._escape,
            "$": self.dollar,
            "`": self.tick,
            "(": self._open,
            ")": self._close,
        }

    def run(self) -> None:
        script = self.script
        while self.at < self.end:
            frame = self.frames[-1]
            script.steps += 1
            if script.steps > _MOST_STEPS:
                script.stopped = min(script.stopped or self.at, self.at)
                break
            if frame.kind == "${":
                self.in_braces(frame)
            elif frame.quoted:
                self.in_quotes(frame)
            else:
                self._unquoted(frame)
        self.close_all()

    # What stands outside quotes

    def _unquoted(self, frame: Frame) -> None:
        if match := _PLAIN.match(self.text, self.at, self.end):
            self.take(frame, match.end())
            return
        sign = self.text[self.at]
        if sign in ";&|" and not self.text.startswith("&>", self.at):
            self._operator(frame)
        else:
            self._by_sign.get(sign, self._pattern)(frame)

    def _pattern(self, frame: Frame) -> None:
        self.take(frame, self.at + 1)
        self.word(frame).pattern = True

    def _blanks(self, frame: Frame) -> None:
        match = _BLANKS.match(self.text, self.at, self.end)
        assert match is not None
        self.end_word(frame)
        self.at = match.end()

    def _newline(self, frame: Frame) -> None:
        self.end_command(frame)
        frame.joiner = frame.joiner or "\n"
        self.at += 1
        heres, frame.heres = frame.heres, []
        for here in heres:
            self._here(here)

    def _here(self, here: Here) -> None:
        text = self.text
        here.begin = at = self.at
        while at < self.end:
            stop = text.find("\n", at, self.end)
            stop = self.end if stop < 0 else stop
            line = text[at:stop].lstrip("\t") if here.strips else text[at:stop]
            if line == here.delimiter:
                here.end, self.at = at, min(self.end, stop + 1)
                break
            at = stop + 1
        else:
            here.end = self.at = self.end
            self.problem(
                here.begin,
                sentence("A here-document is never closed: %(unclear)s.", unclear=UNCLEAR),
            )
        if here.literal:
            return
        if self._level >= _DEEPEST_HERE:
            self.problem(
                here.begin,
                sentence(
                    "Here-documents are nested very deeply: %(unclear)s.", unclear=UNCLEAR
                ),
            )
            return
        _Lexer(text, here.begin, here.end, self.script, "here", self._level + 1).run()

    def _comment(self, frame: Frame) -> None:
        if frame.word is not None:
            self.take(frame, self.at + 1)
            return
        stop = self.text.find("\n", self.at, self.end)
        stop = self.end if stop < 0 else stop
        if self.ticks:
            tick = self.text.find("`", self.at, stop)
            stop = stop if tick < 0 else tick
        self.script.comments.append((self.at, stop))
        self.at = stop

    def _single(self, frame: Frame) -> None:
        at = self.at
        stop = self.text.find("'", at + 1, self.end)
        if stop < 0:
            self.problem(
                at, sentence("A quote is never closed: %(unclear)s.", unclear=UNCLEAR)
            )
            stop = self.end
        if self.ticks and self.text.find("`", at, stop) >= 0:
            self.problem(
                at,
                sentence(
                    "A backtick stands in quotes inside backticks: %(unclear)s.",
                    unclear=UNCLEAR,
                ),
            )
        word = self.word(frame)
        word.odd |= bool(word.spans) or self.text[stop + 1 : stop + 2] not in ENDS_WORD
        self.take_as(frame, self.text[at + 1 : stop], min(self.end, stop + 1))

    def _double(self, frame: Frame) -> None:
        word = self.word(frame)
        word.odd |= bool(word.spans)
        self.take_as(frame, "", self.at + 1)
        frame.quoted = True

    def _escape(self, frame: Frame) -> None:
        stop = min(self.at + 2, self.end)
        following = self.text[self.at + 1 : stop]
        if following == "\n":
            if frame.word is not None:
                frame.word.odd |= self.text[stop : stop + 1] not in ENDS_WORD
            self.at = stop
            return
        if following == "`" and self.ticks:
            self.problem(
                self.at, sentence("Backticks are nested: %(unclear)s.", unclear=UNCLEAR)
            )
        self.word(frame).odd = True
        self.take_as(frame, following, stop)

    def _operator(self, frame: Frame) -> None:
        match = _OPERATOR.match(self.text, self.at, self.end)
        assert match is not None
        command = self.end_command(frame)
        frame.joiner = match[0]
        frame.piped = command if match[0] in {"|", "|&"} else None
        self.joint(match.end())

    def _redirect(self, frame: Frame) -> None:
        text, begin = self.text, self.at
        if text.startswith(("<(", ">("), begin):
            word = self.word(frame)
            word.computed = word.process = True
            word.add(text[begin] + "(…)", begin, begin)
            self.push("<(", begin + 2)
            return
        match = _REDIRECT.match(text, begin, self.end)
        assert match is not None
        word = frame.word  # type: ignore[assignment]
        if word is not None and word.size < _SHORT and _DESCRIPTOR.fullmatch(word.value):
            begin = word.begin
            frame.word = None
        self.end_word(frame)
        self.redirect(frame, match[0], begin)
        self.joint(match.end())

    # Brackets

    def _open(self, frame: Frame) -> None:
        word = frame.word
        if word is not None and self._opens_list(word.size < _SHORT and word.value):
            word.computed |= word.pattern
            self.push("array", self.at + 1)
            return
        if word is None and (match := SUM.match(self.text, self.at, self.end)):
            self.joint(match.end())
            return
        self.end_word(frame)
        command = frame.command
        last = command.words[-1] if command is not None and command.words else None
        if last is not None:
            if match := _NO_ARGUMENTS.match(self.text, self.at, self.end):
                self.script.functions.setdefault(last.value, last.begin)
                frame.command = None
                self.joint(match.end())
                return
            if last.value == "in":  # of `case`: here a pattern may begin with a bracket
                self.end_command(frame)
                self.joint(self.at + 1)
                return
            if last.value not in _BEFORE_BRACKET:
                self.problem(
                    self.at,
                    sentence(
                        "A bracket stands where none may: %(unclear)s.", unclear=UNCLEAR
                    ),
                )
        self.end_command(frame)
        self.push("(", self.at + 1)

    @staticmethod
    def _opens_list(value: str | bool) -> bool:
        if not isinstance(value, str):
            return True
        return value[-1:] in {"@", "?", "!", "+", "*"} or bool(_ASSIGNS.fullmatch(value))

    def _close(self, frame: Frame) -> None:
        self.end_word(frame)
        if frame.kind != "array" and (frame.cases or is_case(frame.command)):
            self.drop_pattern(frame)
            self.joint(self.at + 1)
            return
        self.end_command(frame)
        if frame.kind in {"$(", "<(", "(", "array"}:
            self.pop(self.at + 1)
            return
        self.problem(
            self.at,
            sentence(
                "A bracket is closed that was never opened: %(unclear)s.", unclear=UNCLEAR
            ),
        )
        self.joint(self.at + 1)
