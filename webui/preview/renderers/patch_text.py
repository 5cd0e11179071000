"""Patches as texts: unified diffs, those of git, and the envelope of `apply_patch`.

Read as git reads them: the numbers of an `@@` line say what belongs to it, not how a line looks.
"""

import re
from itertools import islice
from typing import Final

from webui.preview.renderers.arguments import Text
from webui.preview.renderers.findings import Findings
from webui.preview.renderers.patch_envelope import BEGIN, FILE, Envelope, look_at_preface
from webui.preview.renderers.patch_parts import FilePatch, Row, after, name_in, named_in
from webui.preview.renderers.saying import Span, said
from webui.sentences import number, sentence

_HUNK: Final = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_GIT: Final = re.compile(r'diff --git (?:"?a/)?(?P<old>.*?)"? (?:"?b/)(?P<new>.*?)"?$')
_HEADERS: Final = (
    ("old mode ", "mode"),
    ("new mode ", "mode"),
    ("new file mode ", "created"),
    ("deleted file mode ", "deleted"),
    ("rename from ", "from"),
    ("rename to ", "to"),
    ("copy from ", "copied"),
    ("copy to ", "to"),
    ("similarity index ", ""),
    ("dissimilarity index ", ""),
    ("index ", ""),
    ("Binary files ", "binary"),
    ("GIT binary patch", "binary"),
)
_MOST_LINES: Final = 3_000
_LONGEST: Final = 4_000
_MOST_NAMES: Final = 1_000
_NAMES: Final = re.compile(
    r"^(?:\+\+\+ (?:b/)?|--- (?:a/)?|rename to |copy to |\*\*\* \w{3,6} File: |\*\*\* Move to: )"
    r"([^\n\t]+)",
    re.MULTILINE,
)


def is_patch(plain: str) -> bool:
    """Say whether a text looks like a patch from its first lines on."""
    begin = plain[:4000].lstrip()
    if begin.startswith((BEGIN, "diff --git ", "*** Add File: ")):
        return True
    if begin.startswith(("*** Update File: ", "*** Delete File: ")):
        return True
    return "\n+++ " in plain and ("--- " in plain) and "@@ -" in plain


class Reader:
    """Reads one text line by line."""

    def __init__(self, text: Text, found: Findings) -> None:
        self._text = text
        self._found = found
        self.files: list[FilePatch] = []
        self.named: list[Span] = []
        """Files in the part that was only searched for names."""
        self.unread = 0
        self._left = [0, 0]
        self._at = [0, 0]
        self._envelope = Envelope(self.files, found)

    def read(self) -> list[FilePatch]:
        """Return the files of the patch, in its order."""
        plain = self._text.plain
        line, done = 0, 0
        for begin, end in islice(self._text.lines(), _MOST_LINES):
            line, done = line + 1, end + 1
            self._line(Span(self._text, begin, end), line, plain[done : done + 4])
        if done >= len(plain):
            self._close_hunk(line)
            if self._envelope.is_unended:
                self._found.note(
                    "no-end", sentence("The patch has no “*** End Patch”: it may be cut.")
                )
        else:
            self._skim(done, line)
        return self.files

    def _skim(self, begin: int, line: int) -> None:
        """Look for names of files in what is too long to be read line by line."""
        plain = self._text.plain
        self.unread = plain.count("\n", begin) + (not plain.endswith("\n"))
        words = sentence(
            "The patch goes on for %(unread)s lines after line %(line)s; of "
            "these only the names of files were read.",
            unread=number(self.unread),
            line=number(line),
        )
        self._found.danger("too-long", words)
        for at, name in enumerate(_NAMES.finditer(plain, begin)):
            if at == _MOST_NAMES:
                self._found.danger(
                    "names-many",
                    sentence("It names more than %(most)s files there.", most=number(at)),
                )
                break
            self.named.append(Span(self._text, *name.span(1)))

    def _line(self, span: Span, line: int, follows: str) -> None:
        plain = span.plain
        if any(self._left):
            self._in_hunk(span, plain, line, follows)
        elif self._envelope.is_open or plain.startswith(BEGIN):
            self._envelope.take(span, plain, line)
        elif not self._header(span, plain, line, follows):
            self._outside(span, plain, line)

    # -- unified diffs -------------------------------------------------------------------

    def _header(self, span: Span, plain: str, line: int, follows: str) -> bool:
        if plain.startswith("diff --git "):
            self._git(span, plain)
        elif plain.startswith("--- ") and follows == "+++ ":
            self._old_name(after(span, 4), plain[4:])
        elif plain.startswith("+++ ") and self._has_head:
            self._new_name(after(span, 4), plain[4:])
        elif plain.startswith("@@"):
            self._open_hunk(span, plain, line)
        elif FILE.match(plain):
            self._envelope.take(span, plain, line)
        elif self.files and self.files[-1].is_binary and not self.files[-1].rows:
            self.files[-1].rows.append(Row(span, "plain", line=line))
        else:
            return self._extended(span, plain)
        return True

    @property
    def _has_head(self) -> bool:
        """Whether what is said of a file is said of the last one."""
        return bool(self.files) and (self.files[-1].is_in_head or not self.files[-1].rows)

    def _git(self, span: Span, plain: str) -> None:
        names = _GIT.match(plain) if len(plain) <= _LONGEST else None
        file = FilePatch(is_in_head=True)
        if names:
            file.path = Span(
                span.text,
                span.begin + names.start("new"),
                span.begin + names.end("new"),
            )
        self.files.append(file)

    def _old_name(self, span: Span, plain: str) -> None:
        if not self._has_head or self.files[-1].before:
            self.files.append(FilePatch())
        file = self.files[-1]
        if plain.split("\t", maxsplit=1)[0].strip() == "/dev/null":
            file.effect = "Created"
        else:
            file.before = named_in(span)

    def _new_name(self, span: Span, plain: str) -> None:
        file = self.files[-1]
        if plain.split("\t", maxsplit=1)[0].strip() == "/dev/null":
            file.effect, file.path = "Deleted", file.before or file.path
            return
        new = named_in(span)
        if file.path is not None and file.path.plain != new.plain:
            words = sentence(
                "The patch names its file twice and not alike: %(one)s and %(other)s.",
                one=said(file.path),
                other=said(new),
            )
            self._found.danger(("names", new.plain), words)
        file.path = new
        if (
            file.before is not None
            and file.before.plain != new.plain
            and file.effect == "Changed"
        ):
            file.effect = "Renamed"

    def _extended(self, span: Span, plain: str) -> bool:
        if not self._has_head:
            return False
        file = self.files[-1]
        header = next((each for each in _HEADERS if plain.startswith(each[0])), None)
        if header is None:
            return False
        start, kind = header
        rest = name_in(span, len(start))
        if kind in {"created", "deleted"}:
            file.effect = kind.title()
        if kind in {"mode", "created", "deleted"}:
            file.modes.append(rest)
        elif kind in {"from", "copied"}:
            file.before, file.effect = rest, "Renamed" if kind == "from" else "Copied"
        elif kind == "to":
            file.path = rest
        elif kind == "binary":
            file.is_binary, file.is_in_head = True, False
        return True

    def _open_hunk(self, span: Span, plain: str, line: int) -> None:
        if not self.files:
            self.files.append(FilePatch())
        self.files[-1].is_in_head = False
        self.files[-1].rows.append(Row(span, "head", line=line))
        numbers = _HUNK.match(plain)
        if numbers is None:
            words = sentence(
                "Line %(line)s begins a part of the patch without numbers that can be "
                "checked.",
                line=line,
            )
            self._found.danger("no-numbers", words, line)
            return
        old, olds, new, news = numbers.groups()
        self._at = [int(old), int(new)]
        self._left = [int(olds or 1), int(news or 1)]

    def _in_hunk(self, span: Span, plain: str, line: int, follows: str) -> None:
        sign = plain[:1] or " "
        if plain.startswith("--- ") and follows == "+++ " and self._left[0] > 0:
            words = sentence(
                "Line %(line)s looks like the name of another file, but counts as a "
                "removed line.",
                line=line,
            )
            self._found.danger("swallowed", words, line)
        if sign == "\\":
            self.files[-1].rows.append(Row(span, "plain", line=line))
        elif sign in "+- \r" or not plain:
            self._change(span, sign, line)
        else:
            self._close_hunk(line)
            self._line(span, line, follows)

    def _change(self, span: Span, sign: str, line: int) -> None:
        file = self.files[-1]
        content = after(span, min(1, span.end - span.begin))
        old, new = self._at
        if sign == "+":
            file.rows.append(Row(content, "added", None, new, line))
            file.added += 1
        elif sign == "-":
            file.rows.append(Row(content, "removed", old, old, line))
            file.removed += 1
        else:
            file.rows.append(Row(content, "plain", old, new, line))
        for side, skipped in ((0, "+"), (1, "-")):
            if sign != skipped:
                self._at[side] += 1
                self._left[side] -= 1
        if min(self._left) < 0:
            self._lies(line)
            self._left = [max(0, left) for left in self._left]

    def _close_hunk(self, line: int) -> None:
        if any(self._left):
            self._lies(line)
        self._left = [0, 0]

    def _lies(self, line: int) -> None:
        words = sentence(
            "The numbers of the “@@” line before line %(line)s do not fit the "
            "lines that follow: what is applied may differ from what is shown.",
            line=line,
        )
        self._found.danger("counts", words, line)

    def _outside(self, span: Span, plain: str, line: int) -> None:
        if not plain.strip() or not self.files:
            if plain.strip():
                look_at_preface(self._found, line)
            return
        rows = self.files[-1].rows
        if rows and plain[:1] in {"+", "-"} and plain.rstrip() != "--":
            words = sentence(
                "Line %(line)s looks like a change but is in no part that the patch "
                "counts.",
                line=line,
            )
            self._found.danger("uncounted", words, line)
        rows.append(Row(span, "plain", line=line))
