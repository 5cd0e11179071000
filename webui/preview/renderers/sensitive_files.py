"""What is special about a file that is written or handed on: where its path leads."""

import re
from typing import Final

from webui.preview.renderers.findings import Findings
from webui.preview.renderers.languages import paths
from webui.preview.renderers.saying import Span, said
from webui.sentences import sentence

_DRIVE: Final = re.compile(r"[a-z]:|//|/|~", re.IGNORECASE)
_ESCAPES: Final = re.compile(r"\\[0-7]{3}")


def look_at_path(found: Findings, path: Span, *, in_a_tree: bool) -> None:
    """Say what is special about a file; `in_a_tree` paths should be relative, as in a patch."""
    if not found.is_new(("path", path.plain)):
        return
    plain = path.plain[: paths.LONGEST]
    slashed = plain.replace("\\", "/")
    if path.is_secret:
        found.danger(
            "secret-path",
            sentence("A part of a file's path is masked: it may be any file."),
        )
    if ".." in slashed.split("/"):
        found.danger(
            ("leaves", plain),
            sentence("%(path)s leads out of its folder by “..”.", path=said(path)),
        )
    elif in_a_tree and _DRIVE.match(slashed):
        found.danger(
            ("leaves", plain),
            sentence("%(path)s is not a path inside the project.", path=said(path)),
        )
    if in_a_tree and _ESCAPES.search(plain):
        found.danger(
            ("escapes", plain),
            sentence("%(path)s is spelt with escapes.", path=said(path)),
        )
    place = paths.place_of(plain)
    if place is not None:
        add = found.danger if place.is_danger else found.note
        words = sentence("%(path)s leads to %(place)s.", path=said(path), place=place.words)
        add((place.words, plain), words)
