"""How a script is laid out: what stands where nobody looks."""

import re
from typing import Final

from webui.preview.renderers.languages.shell_gathered import Gathered
from webui.sentences import sentence

_MOST_FAR: Final = 8
_FAR: Final = re.compile(r"(?<=[^\s])[ \t]{24,}+(?=[^\s#])")
_LOW: Final = re.compile(r"(?<=\S)\n(?:[ \t]*+\n){16,}+(?=[ \t]*+\S)")
_ENDLESS: Final = re.compile(r":\(\)\s*+\{\s*+:\s*+\|\s*+:")


def look_over(seen: Gathered, plain: str) -> None:
    """Look at how the text is laid out: what stands where nobody looks."""
    found = seen.found
    for count, match in enumerate(_FAR.finditer(plain)):
        words = sentence("The line goes on after many blanks.")
        if count < _MOST_FAR:
            rest = seen.words(plain[match.end() : match.end() + 200])
            words = sentence(
                "After %(blanks)s blanks the line goes on: %(rest)s",
                blanks=len(match[0]),
                rest=rest,
            )
        found.danger_at(match.start(), words)
    for match in _LOW.finditer(plain):
        words = sentence(
            "The text goes on after %(lines)s empty lines.",
            lines=match[0].count(chr(10)) - 1,
        )
        found.danger_at(match.end(), words)
    if "\r" in plain.replace("\r\n", ""):
        words = sentence(
            "Holds carriage returns, by which a terminal shows another text than runs."
        )
        found.danger_at(plain.index("\r"), words)
    if match := _ENDLESS.search(plain):  # type: ignore[assignment]
        found.danger_at(
            match.start(),
            sentence("Starts itself again and again until the machine stops."),
        )
