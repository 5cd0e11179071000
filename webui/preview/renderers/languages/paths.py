"""Where a path leads, as far as its text tells: nothing is looked up on a disk."""

import re
from collections.abc import Iterator
from typing import Final

from webui.preview.renderers.languages.places import Place, place_at
from webui.sentences import Sentence, sentence

_WINDOWS: Final = re.compile(r"[A-Za-z]:")
_HOME: Final = re.compile(
    r"~[A-Za-z0-9_.-]*+|\$\{?HOME\}?|%USERPROFILE%|/root|/home/[^/]++|/Users/[^/]++"
)
_ENDS: Final = re.compile(r"(?<![./ ])[. ]++(?=/|$)")
"""Dots and blanks behind a name, which Windows leaves out."""
LONGEST: Final = 4_096


_IGNORED: Final = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
_HARMLESS_DEVICES: Final = frozenset({"/dev/null", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/tty", "/dev/zero", "/dev/urandom", "/dev/random"})  # fmt: skip


def normalised(path: str) -> str:
    """Return a path without `.`, `..` and doubled slashes; a beginning `..` stays."""
    slashed = path.replace("\\", "/")
    drive = ""
    if match := _WINDOWS.match(slashed):
        drive, slashed = match[0].lower(), slashed[2:]
    root = "/" if slashed.startswith("/") else ""
    parts: list[str] = []
    for part in slashed.split("/"):
        if part in {"", "."}:
            continue
        if part != "..":
            parts.append(part)
        elif parts and parts[-1] != "..":
            parts.pop()
        elif not root:
            parts.append(part)
    return drive + root + "/".join(parts) or "."


def is_absolute(path: str) -> bool:
    """Say whether a path begins at the root, at a home or on a drive."""
    return (
        path.startswith(("/", "~", "\\", "$", "%USERPROFILE%"))
        or _WINDOWS.match(path) is not None
    )


def is_inside(path: str, root: str) -> bool:
    """Say whether a normalised path is a normalised folder or lies in it."""
    return root in {path, "/"} or path.startswith(root.rstrip("/") + "/")


def place_of(path: str) -> Place | None:
    """Return the delicate place that a path leads to, as a careless file system may take it."""
    if len(path) > LONGEST:
        return None
    plain = normalised(_IGNORED.sub("", path))
    if plain in _HARMLESS_DEVICES:
        return None
    match = _HOME.match(plain)
    folded = ("~" + plain[match.end() :] if match else plain).casefold()
    return place_at(_ENDS.sub("", folded))


def is_whole(path: str) -> bool:
    """Say whether a path is all of a machine, a home or a drive."""
    bare = normalised(path.rstrip("*"))
    return bare in {"/", "~", ".", ".."} or _HOME.fullmatch(bare) is not None or bare in {"/home", "/Users"} or re.fullmatch(r"[a-z]:/?", bare) is not None or re.fullmatch(r"/(?:etc|usr|var|bin|lib|boot|opt|srv)", bare) is not None  # fmt: skip


_ODDITIES: Final = (
    (r"\x00", sentence("holds a NUL, at which many programs end the name")),
    (r"[\x01-\x1f]", sentence("holds control characters")),
    (r"\A(?:\\\\|//)[?.][\\/]", sentence("is a device path of Windows, for which usual checks do not hold")),
    (r"\A(?:\\\\|//)(?![?.][\\/])", sentence("leads to another machine on the network")),
    (r"\\", sentence("holds backslashes: folders on Windows, part of the name elsewhere")),
    (r"(?<=[^./\\])[. ]++(?:[/\\]|\Z)|(?<=\.\.)[. ]++(?:[/\\]|\Z)", sentence("has a name that ends in a dot or space, which Windows leaves out")),
    (r"(?<!\A[A-Za-z]):", sentence("holds a colon: another stream of a file on Windows, or an address")),
    (r"(?:\A|[/\\])(?i:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:[./\\]|\Z)", sentence("names a device of Windows")),
    (r"(?!\A)~[0-9]", sentence("may be a short name of Windows for another file")),
    (r"%(?i:2e|2f|5c|00|25)", sentence("holds percent signs that some programs turn into dots and slashes")),
    (r"[\u2024\u2025\u2044\u2215\uff0e\uff0f\uff3c\u29f8]", sentence("holds look-alikes of dots or slashes")),
    (r"[*?\[{]", sentence("is a pattern and may stand for many files")),
    (r"\$[A-Za-z_({]|%[A-Za-z_]{1,40}%|`", sentence("holds a variable: where it leads is computed")),
)  # fmt: skip
_READ_OTHERWISE: Final = tuple((re.compile(pattern), words) for pattern, words in _ODDITIES)


def oddities(path: str) -> Iterator[Sentence]:
    """Yield what in a path makes systems read it otherwise than people do."""
    for pattern, words in _READ_OTHERWISE:
        if pattern.search(path):
            yield words
