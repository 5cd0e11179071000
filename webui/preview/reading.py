"""Reading a whole call once: every value masked and flagged, nothing left out.

All views are made of what is read here, so they cannot disagree about what is secret.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from webui.approvals.call.canonical import Respelling, canonical, spellings
from webui.preview.flags import Reader
from webui.preview.labels import Label, masks_in, written
from webui.preview.lookalikes import look_alikes
from webui.preview.marks import Mark, marks_of
from webui.preview.names import is_measure
from webui.preview.nodes import NodeKind
from webui.preview.notices import Tally
from webui.preview.options import Span
from webui.preview.redaction import Payload, Profile, Redactor, Segment
from webui.preview.shapes import LEAST_RANDOM, is_card_number
from webui.preview.values import (
    CONSTANTS,
    LEAST_CARD_NUMBER,
    NOTHING,
    Inside,
    Survey,
    Value,
    in_order,
    plain_value,
)
from webui.preview.visible import is_as_shown, visible

__all__ = ["Call", "Value", "flags_of", "in_order"]

_REDACTED: Final = frozenset({"redacted"})
_BY_SCHEMA: Final = frozenset({"masked-by-schema"})
_ALIKE: Final = frozenset({"look-alike-keys"})
_PACKED: Final = frozenset({"packed"})


class Said(NamedTuple):
    """What is to be said of a text."""

    segments: tuple[Segment, ...]
    flags: frozenset[str] = NOTHING
    payloads: tuple[Payload, ...] = ()
    masks: int = 0


class Call:
    """The arguments of a call, read once for all views. Public attributes are facts about the whole."""

    def __init__(
        self, arguments: Mapping[str, Any], profile: Profile, received: str | None = None
    ) -> None:
        """Read the stored canonical value; `received` is its JSON text as it came in.

        Raises:
            Unreadable: it is not a value that the strict reader accepts.

        """
        encoded = canonical(dict(arguments))
        whole = encoded.decode()
        self.total_bytes = len(encoded)
        self.tally = Tally()
        self.profile = profile
        self.own_domains = profile.own_domains
        self._redactor = Redactor(profile, whole)
        self._reader = Reader(whole)
        self._is_calm = self._redactor.is_idle and self._reader.is_idle
        self._labels: dict[str, Label] = {}
        self._plain_names: dict[str, bool] = {}
        self._said: dict[str, Said] = {}
        self._alike: dict[tuple[str, ...], frozenset[str]] = {}
        self.arguments = arguments = dict(arguments)
        self._survey = Survey(arguments, self._is_plain, self._are_plain)
        self.depth, self.node_count = self._survey.depth, self._survey.count
        spelt = spellings(received) if received else None
        mark = marks_of(profile.schemas)
        hidden = mark is not None and mark.is_secret
        if hidden and arguments:
            self.tally.flags.update(_BY_SCHEMA)
        self.values = tuple(self._members(arguments, hidden, spelt, mark))

    def is_long(self, value: object) -> bool:
        """Whether many values are inside one of the arguments."""
        return self._survey.is_long(value)

    def _is_plain(self, text: str) -> bool:
        """Whether nothing is to be said of a text, whatever its key; a dash may begin an option."""
        if len(text) >= LEAST_RANDOM or text[0] == "-" or not is_as_shown(text):
            return False
        if self._is_calm:
            return True
        said = self._short(text)
        return not (said.flags or said.payloads or said.masks)

    def _short(self, text: str) -> Said:
        """Return what is to be said of a text too short for its key to matter; looked at once."""
        known = self._said.get(text)
        if known is None:
            known = self._said[text] = self._look(text, "", None)
        return known

    def _look(self, text: str, key: str, known: Span | None) -> Said:
        flags = self._reader.flags(text)
        segments, payloads = self._redactor.read(text, key, known)
        masks = masks_in(segments)
        if masks:
            flags |= _REDACTED
        return Said(segments, flags | self._given_up(), payloads, masks)

    def _are_plain(self, members: dict[str, Any]) -> bool:
        """Whether nothing is to be said of the names of an object, and none hides its value."""
        return (
            all(map(self._is_plain_name, members))
            and not self._is_labelled(members)
            and not self._look_alikes(tuple(members))
        )

    def _is_plain_name(self, name: str) -> bool:
        known = self._plain_names.get(name)
        if known is None:
            known = self._is_calm and is_as_shown(name)
            known = known and not self._redactor.names_secret(name)
            self._plain_names[name] = known
        return known

    def _is_labelled(self, members: Mapping[str, Any]) -> bool:
        """Say of {"name": "DB_PASSWORD", "value": ...}, as environments are often sent, yes."""
        title = members.get("name", members.get("key")) if "value" in members else None
        return isinstance(title, str) and self._redactor.names_secret(title)

    def _read(
        self, name: str, key: str, value: Any, secret: bool, spelt: Any, mark: Mark | None
    ) -> Value:
        """Read one value; `name` is shown, `key` is the nearest key of an object.

        `spelt` is the same value as `spellings` gives it, `mark` what the schema says of it.
        """
        if mark is not None and mark.is_secret and not secret:
            self.tally.flags.update(_BY_SCHEMA)
            hidden = self._read(name, key, value, True, spelt, None)
            return hidden._replace(flags=hidden.flags | _BY_SCHEMA)
        if isinstance(value, str):
            return self._text(name, key, value, secret)
        if isinstance(value, dict):
            return Value(name, "object", children=self._members(value, secret, spelt, mark))
        if isinstance(value, (list, tuple)):
            items = self._items(key, value, secret, spelt, mark)
            return Value(name, "array", children=items)
        if value is None or isinstance(value, bool):
            kind: NodeKind = "null" if value is None else "boolean"
            return Value(name, kind, CONSTANTS[value])
        return self._number(name, key, value, secret, spelt)

    def _passes(self, value: Any, spelt: Any, mark: Mark | None) -> bool:
        """Whether a value that its key does not hide needs no reading."""
        if spelt is not None:
            return False
        if mark is not None and (mark.is_secret or isinstance(value, (dict, list, tuple))):
            return False
        return self._survey.is_plain(value)

    def _items(
        self, key: str, items: Sequence[Any], secret: bool, spelt: Any, mark: Mark | None
    ) -> Sequence[Value]:
        by_option = {} if secret else self._redactor.secret_words(items)
        told = {}
        for at, item in enumerate(items):
            known, inner = by_option.get(at), mark and mark.inside(at)
            below = spelt and spelt[at]
            hides = secret or known is not None
            if not hides and self._passes(item, below, inner):
                continue
            by_schema = inner is not None and inner.is_secret
            if known is not None and isinstance(item, str) and not by_schema:
                told[at] = self._text(str(at), key, item, secret, known)
            else:
                told[at] = self._read(str(at), key, item, hides, below, inner)
        self._survey.noted += len(told)
        return Inside(items, self._survey, told) if items else ()

    def _members(
        self, members: dict[str, Any], secret: bool, spelt: Any, mark: Mark | None
    ) -> Sequence[Value]:
        labelled = self._is_labelled(members)
        names = in_order(members)
        alike = self._look_alikes(tuple(names))
        told = {}
        for at, name in enumerate(names):
            item = members[name]
            below, inner = spelt and spelt[name], mark and mark.inside(name)
            hides = secret or (labelled and name == "value")
            is_named = name not in alike and self._is_plain_name(name)
            if is_named and not hides and self._passes(item, below, inner):
                continue
            label = self._label(name)
            if name in alike:
                label = label.flagged(_ALIKE)
            hides = hides or self._redactor.names_secret(name)
            value = self._read(label.shown, name, item, hides, below, inner)
            told[at] = self._labelled(value, label) if label.segments else value
        self._survey.noted += len(told)
        return Inside(members, self._survey, told) if names else ()

    def _look_alikes(self, names: tuple[str, ...]) -> frozenset[str]:
        """Return what of these looks like another; lists hold many objects of one form."""
        known = self._alike.get(names)
        if known is None:
            known = self._alike[names] = look_alikes(names)
        return known

    def _label(self, name: str) -> Label:
        """Make a name visible, with the secrets in it masked; segments only if it changed."""
        known = self._labels.get(name)
        if known is None and self._is_calm and is_as_shown(name):
            return Label(name, (), NOTHING, 0)
        if known is None:
            self.tally.count_blanks(name)
            flags = self._reader.flags(name)
            segments = self._redactor.segments(name, "")
            masks = masks_in(segments)
            flags |= self._given_up()
            if masks:
                flags |= _REDACTED
            shown = written(segments)
            known = Label(shown, segments if flags or shown != name else (), flags, masks)
            self._labels[name] = known
        return known

    def _labelled(self, value: Value, label: Label) -> Value:
        self.tally.masks += label.masks
        self.tally.count(label.flags, "".join([text for text, _ in label.segments]))
        _, kind, segments, flags, children, received, _, payloads = value
        flags |= label.flags
        return Value(
            label.shown, kind, segments, flags, children, received, label.segments, payloads
        )

    def _text(
        self, name: str, key: str, text: str, secret: bool, known: Span | None = None
    ) -> Value:
        if secret:
            return self._masked(name, "string", text)
        is_short = known is None and len(text) < LEAST_RANDOM
        if is_short and (not text or self._is_plain(text)):
            return plain_value(name, text, self._survey)
        self.tally.count_blanks(text)
        said = self._short(text) if is_short else self._look(text, key, known)
        self.tally.masks += said.masks
        flags = said.flags
        if flags:
            self.tally.count(flags, text)
        if said.payloads:
            flags |= self._flags_inside(said.payloads)
        return Value(name, "string", said.segments, flags, payloads=said.payloads)

    def _given_up(self) -> frozenset[str]:
        """Say by a flag whether the text that was just read holds more than was unpacked."""
        gave_up = self._redactor.unpacker.gave_up
        self._redactor.unpacker.gave_up = False
        return _PACKED if gave_up else NOTHING

    def _flags_inside(self, payloads: tuple[Payload, ...]) -> frozenset[str]:
        """Count what could mislead in what is packed, and return its flags."""
        found = NOTHING
        for payload in payloads:
            flags = flags_of(payload.text)
            self.tally.count(flags, payload.text)
            self.tally.count_blanks(payload.text)
            found |= flags | self._flags_inside(payload.inside)
        return found

    def _number(self, name: str, key: str, value: float, secret: bool, spelt: Any) -> Value:
        if not secret and spelt is None and self._survey.is_plain(value):
            return plain_value(name, value, self._survey)
        text = str(value) if isinstance(value, int) else canonical(value).decode()
        card = value >= LEAST_CARD_NUMBER and is_card_number(text)
        if card or (secret and not is_measure(key)):
            return self._masked(name, "number", text)
        return Value(
            name,
            "number",
            (Segment(text),),
            received=visible(spelt.received) if isinstance(spelt, Respelling) else "",
        )

    def _masked(self, name: str, kind: NodeKind, text: str) -> Value:
        if not text:
            return Value(name, kind)
        self.tally.masks += 1
        self.tally.flags["redacted"] += 1
        return Value(name, kind, self._redactor.masked(text), _REDACTED)


def flags_of(text: str) -> frozenset[str]:
    """Return the flags of a text that is not one of the call's own."""
    return Reader(text).flags(text)
