"""Regular expressions in linear time (RE2), and globs made of them."""

from typing import Final

from webui.approvals.policy.answers import CANNOT_TELL, Answer, told
from webui.approvals.policy.faults import BadValueError
from webui.sentences import joined, sentence

MOST_INPUT: Final = 64 * 1024
"""Bytes of UTF-8 that a pattern is tried on; what is longer cannot be told."""
MOST_PATTERN: Final = 1_000
MOST_INSTRUCTIONS: Final = 2_000
"""Of the compiled program: RE2's time is their number times the input's length."""
_PROBE_MEMORY: Final = 256 * 1024
_GLOB_SIGNS: Final = {"\0": "(?s:.*)", "\1": "[^/]*", "\2": "[^/]"}

_RE2: Final = {
    "invalid escape sequence": sentence("invalid escape sequence"),
    "invalid character class": sentence("invalid character class"),
    "invalid character class range": sentence("invalid character class range"),
    "missing ]": sentence("missing ]"),
    "missing )": sentence("missing )"),
    "unexpected )": sentence("unexpected )"),
    "trailing \\": sentence("trailing \\"),
    "no argument for repetition operator": sentence("no argument for repetition operator"),
    "invalid repetition size": sentence("invalid repetition size"),
    "bad repetition operator": sentence("bad repetition operator"),
    "invalid perl operator": sentence("invalid perl operator"),
    "invalid named capture group": sentence("invalid named capture group"),
    "pattern too large - compile failed": sentence("pattern too large - compile failed"),
}
"""What RE2 says of an expression, for people."""


class Pattern:
    """A compiled expression and the question whether some text contains a match."""

    __slots__ = ("_search", "text")

    def __init__(self, text: str) -> None:
        """Compile; BadValueError says what is wrong with the expression."""
        # Imported when the first pattern is read, so that a server without one starts faster.
        import re2  # noqa: PLC0415

        if len(text) > MOST_PATTERN:
            raise BadValueError(
                sentence(
                    "is longer than %(most)s characters. Split it over several conditions.",
                    most=MOST_PATTERN,
                )
            )
        options = re2.Options()
        options.log_errors = False
        options.never_capture = True  # only yes or no is asked, which spares RE2 a pass
        memory, options.max_mem = options.max_mem, _PROBE_MEMORY
        try:
            re2.compile(text, options)  # refuses the largest programs before they are built
            options.max_mem = memory
            compiled = re2.compile(text, options)
        except (re2.error, UnicodeEncodeError) as error:
            raise BadValueError(_refusal(text, error)) from None
        if compiled.programsize > MOST_INSTRUCTIONS:
            raise BadValueError(
                sentence(
                    "is too costly (%(steps)s steps a character, at most "
                    "%(most)s). Make its repetitions smaller.",
                    steps=compiled.programsize,
                    most=MOST_INSTRUCTIONS,
                )
            )
        self.text = text
        self._search = compiled.search

    def found_in(self, seen: object) -> Answer:
        """Return whether the expression matches anywhere in `seen`."""
        if not isinstance(seen, str) or len(seen) > MOST_INPUT:
            return CANNOT_TELL
        try:
            data = seen.encode()
        except UnicodeEncodeError:  # half of a surrogate pair
            return CANNOT_TELL
        if len(data) > MOST_INPUT:
            return CANNOT_TELL
        return told(self._search(data) is not None)


def glob_expression(glob: str) -> str:
    """Return the expression of a glob: `*` stays within a path segment, `**` crosses them."""
    marked = glob.replace("**", "\0").replace("*", "\1").replace("?", "\2")
    parts = [_GLOB_SIGNS.get(sign) or _literal(sign) for sign in marked]
    return rf"\A{''.join(parts)}\z"


def climbs(text: str) -> bool:
    """Say whether a path has a `..` step, so that it may lead elsewhere than it reads."""
    return ".." in text and ".." in text.replace("\\", "/").split("/")


def _literal(character: str) -> str:
    return character if character.isalnum() else f"\\x{{{ord(character):x}}}"


def _refusal(text: str, error: Exception) -> str:
    if isinstance(error, UnicodeEncodeError):
        return sentence("holds half of a surrogate pair. Send both halves.")
    said = error.args[0]
    said = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    hint = sentence("Mend the expression")
    if "(?=" in text or "(?!" in text or "(?<" in text or "\\1" in text:
        hint = sentence(
            "RE2 has no look-around and no back-references; write it without them"
        )
    kind, colon, what = said.partition(": ")
    return sentence(
        "is no regular expression of RE2: %(said)s. %(hint)s.",
        said=joined(colon, [_RE2[kind], what] if colon else [_RE2[kind]])
        if kind in _RE2
        else said,
        hint=hint,
    )
