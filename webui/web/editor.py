"""The editor of a call: a field for each argument, by the type it was received as.

It is made of the masked arguments, and what comes back is read against what was shown: a field
left as it was is the value that it was, whatever a browser does to the ends of lines.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from webui.approvals.call.canonical import canonical
from webui.approvals.call.differing import kind_of
from webui.approvals.errors import Fault, InvalidError
from webui.preview import Profile, masked_arguments, visible
from webui.preview.editable import has_mask, is_plainly_visible, spelt
from webui.preview.reading import in_order
from webui.sentences import sentence
from webui.web.boxes import READERS, MistypedError, at_place, read_whole

Kind = Literal["text", "spelt", "number", "boolean", "null", "json", "whole"]
MOST_FIELDS: Final = 36
"""A form has 128 parts at most, and a grant asks for two beside each; a call with more arguments is edited as one text."""
MOST_APART: Final = 64_000
"""Bytes of a call; a larger one is edited as one text."""
LARGEST: Final = 400_000
"""Bytes of a text to edit; a form takes half a mebibyte."""
_ROWS: Final = 14
_TOLD: Final = 200
"""Characters of a newer value that are told beside an older one."""


@dataclass(frozen=True, slots=True)
class Field:
    """One box of the form."""

    name: str
    """In the form."""
    key: str
    """Of the argument, masked."""
    real: str
    """Of the argument, as faults name it."""
    label: str
    kind: Kind
    was: str
    """The JSON type that it keeps."""
    shown: str
    typed: str
    """What stands in the box: what was shown, or what was typed before a refusal."""
    masked: bool
    faults: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Return how tall its box is."""
        return min(_ROWS, 1 + self.typed.count("\n") + len(self.typed) // 90)


@dataclass(frozen=True, slots=True)
class Editor:
    """All boxes of a form, and the masked arguments that they show."""

    fields: tuple[Field, ...]
    masked: Mapping[str, Any]

    @property
    def fits(self) -> bool:
        """Say whether a form can carry it."""
        return sum(len(field.shown.encode()) for field in self.fields) <= LARGEST

    @property
    def faulty(self) -> bool:
        """Say whether a fault stands beside a box."""
        return any(field.faults for field in self.fields)

    def retyped(self, form: Mapping[str, str], faults: Sequence[Fault] = ()) -> "Editor":
        """Return it with what was typed in its boxes, and the faults beside those they are of."""
        fields = tuple(
            replace(
                field,
                typed=_lines(form.get(field.name, field.shown)),
                faults=tuple(_of_field(field, faults)),
            )
            for field in self.fields
        )
        return replace(self, fields=fields)

    def beside_the_newer(self) -> "Editor":
        """Return it with what now stands in the call beside what was typed for an older one."""
        fields = tuple(
            field
            if field.typed == field.shown
            else replace(
                field,
                faults=(
                    sentence("is now %(value)s", value=field.shown[:_TOLD]),
                    *field.faults,
                ),
            )
            for field in self.fields
        )
        return replace(self, fields=fields)


def editor_of(arguments: Mapping[str, Any], profile: Profile) -> Editor:
    """Return the editor of some arguments."""
    masked = masked_arguments(arguments, profile)
    if len(masked) > MOST_FIELDS or len(canonical(arguments)) > MOST_APART:
        text = spelt(masked)
        whole = Field(
            "arguments",
            "",
            "",
            sentence("All arguments"),
            "whole",
            "object",
            text,
            text,
            has_mask(text),
        )
        return Editor((whole,), masked)
    pairs = zip(masked, in_order(arguments), strict=True)
    fields = tuple(
        _field(f"argument-{at}", key, name, masked[key], arguments[name])
        for at, (key, name) in enumerate(pairs)
    )
    return Editor(fields, masked)


def _field(name: str, key: str, real: str, value: Any, received: Any) -> Field:
    was = kind_of(received)
    kind, text = _box(was, value)
    return Field(
        name,
        key,
        real,
        visible(key) if has_mask(key) else visible(real),
        kind,
        was,
        text,
        text,
        has_mask(text),
    )


def _box(was: str, value: Any) -> tuple[Kind, str]:
    if was == "string":
        return ("text", value) if is_plainly_visible(value) else ("spelt", spelt(value))
    if was in {"object", "array"}:
        return "json", spelt(value)
    # a number may be masked too, and then it is a text
    text = value if isinstance(value, str) else canonical(value).decode()
    if was == "number":
        return "number", text
    return ("boolean" if was == "boolean" else "null"), text


def read(editor: Editor, form: Mapping[str, str]) -> dict[str, Any]:
    """Return the arguments that a form holds, masks where they were left.

    Raises:
        InvalidError: some box holds nothing that its argument could be; each is named.

    """
    typed: dict[str, Any] = {}
    faults: list[Fault] = []
    for field in editor.fields:
        text = _lines(form.get(field.name, field.shown))
        try:
            if field.kind == "whole":
                typed = read_whole(text)
            elif field.kind == "null" or text == _lines(field.shown):
                typed[field.key] = editor.masked[field.key]
            else:
                typed[field.key] = READERS[field.kind](text, field.was)
        except MistypedError as error:
            faults.append(Fault(_pointer(field), error.words))
    if faults:
        raise InvalidError(
            sentence("Nothing was sent: see what is said beside the arguments below."),
            faults,
            code="edit_types",
        )
    return typed


def _of_field(field: Field, faults: Sequence[Fault]) -> list[str]:
    """Return what is wrong with one argument; of all, if they are edited as one text."""
    found = []
    for fault in faults:
        rest = fault.pointer.removeprefix("/arguments")
        name, slash, deeper = rest.removeprefix("/").partition("/")
        if field.kind == "whole":
            deeper, slash = rest, "/"
        elif name not in {_escaped(field.key), _escaped(field.real)}:
            continue
        found.append(at_place(slash + deeper if deeper else "", visible(fault.detail)))
    return found


def _pointer(field: Field) -> str:
    return "/arguments" if field.kind == "whole" else f"/arguments/{_escaped(field.key)}"


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _lines(text: str) -> str:
    """Return a text as it was before a browser made its line ends two characters."""
    return text.replace("\r\n", "\n")
