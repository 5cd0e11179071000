"""Names of tools, which every server spells in its own way: `create_branch`, `createBranch`."""

import re
from typing import Final

_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_BETWEEN: Final = re.compile(r"[^a-z0-9]+")


def squeezed(tool: str) -> str:
    """Return the letters and digits of a tool's name alone, in small letters."""
    return _BETWEEN.sub("", tool.casefold())


def globs(phrases: str) -> tuple[str, ...]:
    """Return patterns for a tool's folded name that holds one of these phrases, however spelt.

    `phrases` has commas between them.
    """
    spelt = [phrase.split() for phrase in phrases.split(",")]
    joined = [f"*{joint.join(words)}*" for words in spelt for joint in ("?", "")]
    return tuple(dict.fromkeys(joined))


def words_of(tool: str) -> frozenset[str]:
    """Return the words of a tool's name, in small letters."""
    return frozenset(map(str.casefold, _WORD.findall(tool)))
