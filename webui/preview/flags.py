"""What a reviewer is warned of (details.md D, P5): each flag with its sentence."""

import re
import unicodedata
from collections.abc import Mapping

from webui.preview.visible import MARKS_IN_A_ROW, is_hidden

SENTENCES: Mapping[str, str] = {
    "invisible": "Holds characters that cannot be seen; each is shown as ⟦U+…⟧.",
    "rtl": "Holds right-to-left text or controls, which can change the order of what you read.",
    "mixed-script": "Mixes scripts inside one word; letters may only look alike.",
    "nfkc-differs": "Holds characters that look like others (compatibility forms).",
    "stacked-marks": "Stacks combining marks on one letter; they are shown one by one.",
    "edge-space": "Begins or ends with white space.",
    "redacted": "Holds values masked as secrets; their length and a tag are shown.",
    "nested": "Holds nested values; the full view shows all of them.",
    "url-userinfo": "Holds a web address with a user name in front of the host.",
    "punycode": "Holds a web address whose host is written in punycode (xn--).",
    "instructions": "Holds text that speaks to you as the reviewer; it is the agent's text, not ours.",
}
RAISING = frozenset(SENTENCES) - {"redacted", "nested", "edge-space"}
"""Flags that raise the class of a call by one step."""

_HARMLESS_CONTROLS = frozenset("\t\r\n")
_USERINFO = re.compile(r"[a-z][a-z0-9+.-]{1,20}://[^\s/?#]{0,300}@", re.IGNORECASE)
_PUNYCODE = re.compile(r"//[^\s/]{0,200}xn--", re.IGNORECASE)
_INSTRUCTIONS = re.compile(
    r"pre-?approved|already (?:been )?approved|auto-?approved?|ignore (?:the|this|any|all)"
    r" (?:\w+ )?warnings?|safe to approve|(?:please|just) approve|click approve|approve this"
    r"|no (?:need to )?review (?:is )?(?:needed|required)|verified by security"
    r"|dear reviewer|system notice|\[system\]",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[^\W\d_]{2,}")
_SCRIPTS = (
    "LATIN",
    "CYRILLIC",
    "GREEK",
    "ARMENIAN",
    "HEBREW",
    "ARABIC",
    "CHEROKEE",
    "COPTIC",
)
_MARKS = re.compile(rf"\AM+|M{{{MARKS_IN_A_ROW + 1},}}")
_RTL = frozenset({"R", "AL", "RLE", "RLO", "RLI", "AN"})


def flags_of(text: str) -> frozenset[str]:
    """Return the flags of one string, in linear time."""
    found = set()
    if text[:1].isspace() or text[-1:].isspace():
        found.add("edge-space")
    if "://" in text and _USERINFO.search(text):
        found.add("url-userinfo")
    if "xn--" in text.lower() and _PUNYCODE.search(text):
        found.add("punycode")
    if _INSTRUCTIONS.search(text):
        found.add("instructions")
    if not (text.isascii() and text.isprintable()):
        found |= _beyond_plain(text)
    return frozenset(found)


def _beyond_plain(text: str) -> set[str]:
    found = set()
    kinds = set(text)
    if any(is_hidden(ord(kind)) for kind in kinds - _HARMLESS_CONTROLS):
        found.add("invisible")
    if text.isascii():
        return found
    if any(unicodedata.bidirectional(kind) in _RTL for kind in kinds):
        found.add("rtl")
    if not unicodedata.is_normalized("NFKC", text):
        found.add("nfkc-differs")
    marks = {kind for kind in kinds if unicodedata.category(kind).startswith("M")}
    if marks and _MARKS.search("".join("M" if c in marks else "x" for c in text)):
        found.add("stacked-marks")
    if any(_mixes_scripts(word) for word in _WORDS.findall(text)):
        found.add("mixed-script")
    return found


def _mixes_scripts(word: str) -> bool:
    """Judge by the names of the letters, as UTS 39 does by their script property."""
    if word.isascii():
        return False
    scripts = {
        script
        for letter in set(word)
        for script in _SCRIPTS
        if unicodedata.name(letter, "").startswith(script)
    }
    return len(scripts) > 1
