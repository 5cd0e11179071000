"""Variables, substitutions and what stands in quotes, as a shell script is read."""

import re
from typing import Final

from webui.preview.renderers.languages.shell_frames import UNCLEAR, Frame, Frames, Kind
from webui.preview.renderers.languages.shell_words import unescaped
from webui.sentences import sentence

_IN_QUOTES: Final = re.compile(r"[^\"$`\\]++")
_IN_BRACES: Final = re.compile(r"[^\"'$`\\}]++")
_VARIABLE: Final = re.compile(r"\$(?:[A-Za-z_][A-Za-z0-9_]*+|[0-9@*#?$!_-])")
_BLANK: Final = re.compile(r"\$\{IFS\b")
_ANSI: Final = re.compile(r"\$'((?:[^'\\]|\\.)*+)'", re.DOTALL)
_UNESCAPED: Final = {"\n": "", "$": "$", "`": "`", '"': '"', "\\": "\\"}
_SUM_SIGN: Final = r"(?:[^()`'\";\n$]|\$(?!\())"
SUM: Final = re.compile(rf"\$?\(\((?:{_SUM_SIGN}|\({_SUM_SIGN}*+\))*+\)\)")
ENDS_WORD: Final = " \t\n;&|<>()"


class Expansions(Frames):
    """Reads what the shell replaces by something else."""

    def tick(self, frame: Frame) -> None:
        """Open or close what stands in backticks."""
        if not self.ticks:
            word = self.word(frame)
            word.computed = True
            word.add("$(…)", self.at, self.at, quoted=frame.quoted)
            self.push("`", self.at + 1)
            return
        cuts = frame.kind != "`" or frame.quoted
        while self.frames[-1].kind != "`":
            self.end_command(self.frames[-1])
            self.pop(self.at)
        if cuts:
            self.problem(
                self.at,
                sentence(
                    "A backtick cuts quotes or brackets: %(unclear)s.", unclear=UNCLEAR
                ),
            )
        self.end_command(self.frames[-1])
        self.pop(self.at + 1)

    def dollar(self, frame: Frame) -> None:
        """Pass a variable, or open a substitution."""
        text, at = self.text, self.at
        quoted = frame.quoted or frame.kind == "${"
        if not quoted and (match := _ANSI.match(text, at, self.end)):
            self.word(frame).odd = True
            self.take_as(frame, unescaped(match[1]), match.end())
            return
        match = _VARIABLE.match(text, at, self.end) or SUM.match(text, at, self.end)
        if match:
            self.word(frame).computed = True
            self.take(frame, match.end(), quoted=quoted)
            return
        kind: Kind | None = None
        if text.startswith("$(", at):
            kind = "$("
        elif text.startswith("${", at):
            kind = "${"
        if kind is None:
            self.take(frame, at + 1, quoted=quoted)
            return
        word = self.word(frame)
        word.computed = True
        meant = "$(…)" if kind == "$(" else "${…}"
        word.add("$IFS" if _BLANK.match(text, at) else meant, at, at, quoted=quoted)
        self.push(kind, at + 2)

    def in_quotes(self, frame: Frame) -> None:
        """Pass a stretch in double quotes or in a here-document."""
        text, at = self.text, self.at
        if match := _IN_QUOTES.match(text, at, self.end):
            self.take(frame, match.end(), quoted=True)
            return
        sign = text[at]
        if sign == "$":
            self.dollar(frame)
        elif sign == "`":
            self.tick(frame)
        elif sign == "\\":
            stop = min(at + 2, self.end)
            following = text[at + 1 : stop]
            self.take_as(frame, _UNESCAPED.get(following, f"\\{following}"), stop)
        elif frame.kind == "here":
            self.take(frame, at + 1, quoted=True)
        else:
            word = self.word(frame)
            word.odd |= text[at + 1 : at + 2] not in ENDS_WORD
            self.take_as(frame, "", at + 1)
            frame.quoted = False

    def in_braces(self, frame: Frame) -> None:
        """Pass a stretch of `${...}`."""
        text, at = self.text, self.at
        if match := _IN_BRACES.match(text, at, self.end):
            self.at = match.end()
            return
        sign = text[at]
        if sign == "$":
            self.dollar(frame)
        elif sign == "`":
            self.tick(frame)
        elif sign == "\\":
            self.at = min(self.end, at + 2)
        elif sign == '"':
            frame.quoted = not frame.quoted
            self.at += 1
        elif sign == "'" and not self._is_within_quotes():
            stop = text.find("'", at + 1, self.end)
            self.at = self.end if stop < 0 else stop + 1
        elif sign == "'":
            self.problem(
                at,
                sentence(
                    "A quote stands in a ${...} in quotes: %(unclear)s.", unclear=UNCLEAR
                ),
            )
            self.at += 1
        elif frame.quoted:
            self.at += 1
        else:
            self.pop(at + 1)

    def _is_within_quotes(self) -> bool:
        """Say whether the `${...}` around this place, or what they stand in, is in quotes."""
        ends = (each for each in reversed(self.frames) if each.quoted or each.kind != "${")
        return next(ends).quoted
