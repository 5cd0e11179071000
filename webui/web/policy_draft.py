"""A draft of the policy on its way between pages: it travels in their forms, and is never cut."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask import request
from werkzeug.datastructures import FileStorage

from webui.approvals.errors import InvalidError
from webui.approvals.policy import PolicyError, import_policy
from webui.approvals.policy.shelf import ShelfPolicy, shelf
from webui.sentences import sentence
from webui.web.cursors import read_seq

_NOT_YET = sentence("This cannot be brought in before what is wrong with it is mended.")


@dataclass(frozen=True, slots=True)
class Draft:
    """What an author has written so far."""

    text: str
    base: int = 0
    """The number of the version it was made from; 0 for none."""
    note: str = ""
    before: str = ""
    """What stood there until something took its place."""

    def displaced_by(self, text: str) -> "Draft":
        """Return the draft with another text, and with this one kept beside it."""
        kept = self.before if text == self.text else self.text
        return replace(self, text=text, before=kept)


@dataclass(frozen=True, slots=True)
class Step:
    """What became of a draft, and the sentence that says so."""

    draft: Draft
    told: str = ""
    error: str = ""


def read_draft(form: Mapping[str, str]) -> Draft:
    """Return the draft that a form carries; browsers end its lines with CR LF."""
    return Draft(
        _plain(form.get("text", "")),
        read_seq(form.get("base")) or 0,
        form.get("note", "").strip(),
        _plain(form.get("before", "")),
    )


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")


def from_shelf(draft: Draft, name: str) -> Step:
    """Put a ready policy into the editor."""
    found = ready(name)
    if found is None:
        return Step(
            draft,
            error=sentence("There is no such policy on the shelf; choose one of the list."),
        )
    told = sentence(
        "This is %(name)s from the shelf, as a draft. Nothing is saved yet.",
        name=found.name,
    )
    return Step(draft.displaced_by(found.text), told)


def ready(name: str) -> ShelfPolicy | None:
    """Return a policy of the shelf."""
    return next((each for each in shelf() if each.name == name), None)


def brought_in(draft: Draft) -> Step:
    """Bring a gateway's file in: the one that was sent, or else what stands in the editor."""
    try:
        text = _sent() or draft.text
    except InvalidError as error:
        return Step(draft, error=error.detail)
    try:
        imported = import_policy(text)
    except PolicyError:
        return Step(draft.displaced_by(text), error=_NOT_YET)
    if imported.added_line is None:
        told = sentence(
            "The file says what it leaves open already, so nothing was written into it. "
            "Nothing is saved yet."
        )
    else:
        told = sentence(
            "Line %(line)s was written out, default: allow, because gateways allow what no "
            "rule names. Everything else is as it was. Nothing is saved yet.",
            line=imported.added_line,
        )
    return Step(draft.displaced_by(imported.text), told)


def _sent() -> str:
    """Return the text of the file in the form; empty if none was chosen.

    Raises:
        InvalidError: it is no text.

    """
    file: FileStorage | None = request.files.get("file")
    content = b"" if file is None else file.read()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidError(
            sentence("The file is not UTF-8 text. Save it as UTF-8 and send it again.")
        ) from None
    if "\0" in text:
        raise InvalidError(sentence("The file holds a NUL character, which no text has."))
    return _plain(text)


def brought_back(draft: Draft) -> Step:
    """Swap the text in the editor for the one that stood there before."""
    swapped = replace(draft, text=draft.before, before=draft.text)
    return Step(swapped, sentence("What stood here before is back."))
