"""The envelope of `apply_patch`: `*** Begin Patch`, files by their names, and their lines."""

import re
from typing import Final

from webui.preview.renderers.findings import Findings
from webui.preview.renderers.patch_parts import FilePatch, Row, after, name_in
from webui.preview.renderers.saying import Span
from webui.sentences import sentence

BEGIN: Final = "*** Begin Patch"
FILE: Final = re.compile(r"\*\*\* (Add|Update|Delete) File: ")
_EFFECTS: Final = {"Add": "Created", "Update": "Changed", "Delete": "Deleted"}


def look_at_preface(found: Findings, line: int) -> None:
    """Say that something stands before the first file."""
    words = sentence("Line %(line)s stands before the first file.", line=line)
    found.note("preface", words, line)


class Envelope:
    """Reads such a patch line by line."""

    def __init__(self, files: list[FilePatch], found: Findings) -> None:
        """Take where the files go, and what is found in them."""
        self.is_open = False
        self._is_over = False
        self._files = files
        self._found = found

    @property
    def is_unended(self) -> bool:
        """Whether it began and did not end."""
        return self.is_open and not self._is_over

    def take(self, span: Span, plain: str, line: int) -> None:
        """Read the next line; the first one opens the envelope."""
        self.is_open = True
        if self._is_over and plain.strip():
            words = sentence("Line %(line)s stands after “*** End Patch”.", line=line)
            self._found.danger("after", words, line)
        if plain.startswith(BEGIN):
            return
        if plain.startswith("*** End Patch"):
            self._is_over = True
        elif match := FILE.match(plain):
            effect = _EFFECTS[match[1]]
            self._files.append(FilePatch(name_in(span, match.end()), effect=effect))
        elif plain.startswith("*** Move to: ") and self._files:
            file = self._files[-1]
            file.before, file.path, file.effect = file.path, name_in(span, 13), "Renamed"
        elif self._files:
            self._in_file(self._files[-1], span, plain, line)
        elif plain.strip():
            look_at_preface(self._found, line)

    def _in_file(self, file: FilePatch, span: Span, plain: str, line: int) -> None:
        content = after(span, min(1, span.end - span.begin))
        if plain.startswith("+"):
            file.added += 1
            number = file.added if file.effect == "Created" else None
            file.rows.append(Row(content, "added", None, number, line))
        elif plain.startswith("-"):
            file.removed += 1
            file.rows.append(Row(content, "removed", None, None, line))
        elif plain.startswith(("@@", "*** End of File")):
            file.rows.append(Row(span, "head", line=line))
        else:
            if plain[:1] not in {"", " "}:
                words = sentence(
                    "Line %(line)s is neither kept, added nor removed: how it applies is "
                    "open.",
                    line=line,
                )
                self._found.danger("odd-line", words, line)
                content = span
            file.rows.append(Row(content, "plain", line=line))
