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
            sentence("%(value)s leads out of its folder by “..”.", value=said(path)),
        )
    elif in_a_tree and _DRIVE.match(slashed):
        found.danger(
            ("leaves", plain),
            sentence("%(value)s is not a path inside the project.", value=said(path)),
        )
    if in_a_tree and _ESCAPES.search(plain):
        found.danger(
            ("escapes", plain),
            sentence("%(value)s is spelt with escapes.", value=said(path)),
        )
    place = paths.place_of(plain)
    if place is not None:
        add = found.danger if place.is_danger else found.note
        add((place.words, plain), f"{said(path)} leads to {place.words}.")
