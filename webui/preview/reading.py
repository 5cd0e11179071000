"""Reading a whole call once: every value masked and flagged, nothing left out.

All views are made of what is read here, so they cannot disagree about what is secret.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from webui.approvals.call.canonical import Respelling, canonical, spellings
from webui.preview.flags import Reader
from webui.preview.labels import Label, masks_in
from webui.preview.lookalikes import look_alikes
from webui.preview.marks import Mark, marks_of
from webui.preview.names import is_measure
from webui.preview.nodes import NodeKind
from webui.preview.notices import Tally
from webui.preview.options import Span
from webui.preview.redaction import Payload, Profile, Redactor, Segment
from webui.preview.shapes import LEAST_RANDOM, is_card_number
from webui.preview.visible import inline, is_as_shown, visible

_LEAST_CARD_NUMBER: Final = 10**12
_CONSTANTS: Final = {
    None: (Segment("null"),),
    True: (Segment("true"),),
    False: (Segment("false"),),
}
_NONE: Final[frozenset[str]] = frozenset()
_REDACTED: Final = frozenset({"redacted"})
_BY_SCHEMA: Final = frozenset({"masked-by-schema"})
_ALIKE: Final = frozenset({"look-alike-keys"})
_PACKED: Final = frozenset({"packed"})


class Value(NamedTuple):
    """One value of the call with its secrets masked."""

    name: str
    """Visible: a key, or an index in an array."""
    kind: NodeKind
    segments: tuple[Segment, ...] = ()
    """Of a leaf, as it is in JSON but unquoted; of an empty text there are none."""
    flags: frozenset[str] = _NONE
    children: tuple["Value", ...] = ()
    received: str = ""
    """How a number was spelt, if that is not its canonical spelling."""
    label: tuple[Segment, ...] = ()
    """The name before it was made visible, if that changed it."""
    payloads: tuple[Payload, ...] = ()
    """What is packed in it."""

    @property
    def is_masked(self) -> bool:
        """Whether nothing of it is shown but a mask."""
        return len(self.segments) == 1 and self.segments[0].mask != ""

    @property
    def name_segments(self) -> tuple[Segment, ...]:
        """Return the name before it was made visible."""
        return self.label or (Segment(self.name),)


class Call:
    """The arguments of a call, read. Public attributes are facts about the whole."""

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
        self.own_domains = profile.own_domains
        self.depth = 1
        self.node_count = 1
        self._redactor = Redactor(profile, whole)
        self._reader = Reader(whole)
        self._is_calm = self._redactor.is_idle and self._reader.is_idle
        self._labels: dict[str, Label] = {}
        self._alike: dict[tuple[str, ...], frozenset[str]] = {}
        spelt = spellings(received) if received else None
        mark = marks_of(profile.schemas)
        hidden = mark is not None and mark.is_secret
        if hidden and arguments:
            self.tally.flags.update(_BY_SCHEMA)
        self.values = self._members(dict(arguments), hidden, 1, spelt, mark)

    def _read(
        self,
        name: str,
        key: str,
        value: Any,
        secret: bool,
        level: int,
        spelt: Any,
        mark: Mark | None,
    ) -> Value:
        """Read one value; `name` is shown, `key` is the nearest key of an object.

        `spelt` is the same value as `spellings` gives it, `mark` what the schema says of it.
        """
        if mark is not None and mark.is_secret and not secret:
            self.tally.flags.update(_BY_SCHEMA)
            hidden = self._read(name, key, value, True, level, spelt, None)
            return hidden._replace(flags=hidden.flags | _BY_SCHEMA)
        self.node_count += 1
        if isinstance(value, str):
            return self._text(name, key, value, secret)
        if isinstance(value, dict):
            self.depth = max(self.depth, level + 1)
            children = self._members(value, secret, level + 1, spelt, mark)
            return Value(name, "object", children=children)
        if isinstance(value, (list, tuple)):
            self.depth = max(self.depth, level + 1)
            items = self._items(key, value, secret, level + 1, spelt, mark)
            return Value(name, "array", children=items)
        if value is None or isinstance(value, bool):
            kind: NodeKind = "null" if value is None else "boolean"
            return Value(name, kind, _CONSTANTS[value])
        return self._number(name, key, value, secret, spelt)

    def _items(
        self,
        key: str,
        items: Sequence[Any],
        secret: bool,
        level: int,
        spelt: Any,
        mark: Mark | None,
    ) -> tuple[Value, ...]:
        by_option = {} if secret else self._redactor.secret_words(items)
        if not by_option and mark is None and spelt is None:
            return tuple(
                [
                    self._read(str(at), key, item, secret, level, None, None)
                    for at, item in enumerate(items)
                ]
            )
        found = []
        for at, item in enumerate(items):
            known, inner = by_option.get(at), mark and mark.inside(at)
            by_schema = inner is not None and inner.is_secret
            if known is not None and isinstance(item, str) and not by_schema:
                self.node_count += 1
                found.append(self._text(str(at), key, item, secret, known))
                continue
            hides, below = secret or known is not None, _inside(spelt, at)
            found.append(self._read(str(at), key, item, hides, level, below, inner))
        return tuple(found)

    def _members(
        self,
        members: Mapping[str, Any],
        secret: bool,
        level: int,
        spelt: Any,
        mark: Mark | None,
    ) -> tuple[Value, ...]:
        redactor = self._redactor
        # {"name": "DB_PASSWORD", "value": ...}: how environments and headers are often sent
        title = members.get("name", members.get("key")) if "value" in members else None
        labelled = isinstance(title, str) and redactor.names_secret(title)
        found = []
        names = in_order(members)
        alike = self._look_alikes(tuple(names))
        for name in names:
            label = self._label(name)
            if name in alike:
                label = label.flagged(_ALIKE)
            hides = secret or redactor.names_secret(name) or (labelled and name == "value")
            below = _inside(spelt, name)
            inner = mark and mark.inside(name)
            value = self._read(label.shown, name, members[name], hides, level, below, inner)
            found.append(self._labelled(value, label) if label.segments else value)
        return tuple(found)

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
            known = self._labels[name] = Label(name, (), _NONE, 0)
        if known is None:
            self.tally.count_blanks(name)
            flags = self._reader.flags(name)
            segments = self._redactor.segments(name, "")
            masks = masks_in(segments)
            flags |= self._given_up()
            shown = "".join([segment.mask or inline(segment.text) for segment in segments])
            if masks:
                flags |= _REDACTED
            known = Label(shown, segments if flags or shown != name else (), flags, masks)
            self._labels[name] = known
        return known

    def _labelled(self, value: Value, label: Label) -> Value:
        self.tally.masks += label.masks
        self.tally.count(label.flags, "".join([text for text, _ in label.segments]))
        return value._replace(label=label.segments, flags=value.flags | label.flags)

    def _text(
        self, name: str, key: str, text: str, secret: bool, known: Span | None = None
    ) -> Value:
        if secret:
            return self._masked(name, "string", text)
        is_short = known is None and len(text) < LEAST_RANDOM
        if is_short and self._is_calm and is_as_shown(text):
            return Value(name, "string", (Segment(text),) if text else ())
        self.tally.count_blanks(text)
        flags = self._reader.flags(text)
        segments, payloads = self._redactor.read(text, key, known)
        if masks := masks_in(segments):
            flags |= _REDACTED
            self.tally.masks += masks
        flags |= self._given_up()
        if flags:
            self.tally.count(flags, text)
        if payloads:
            flags |= self._flags_inside(payloads)
        return Value(name, "string", segments, flags, payloads=payloads)

    def _given_up(self) -> frozenset[str]:
        """Say by a flag whether the text that was just read holds more than was unpacked."""
        gave_up = self._redactor.unpacker.gave_up
        self._redactor.unpacker.gave_up = False
        return _PACKED if gave_up else _NONE

    def _flags_inside(self, payloads: tuple[Payload, ...]) -> frozenset[str]:
        """Count what could mislead in what is packed, and return its flags."""
        found = _NONE
        for payload in payloads:
            flags = flags_of(payload.text)
            self.tally.count(flags, payload.text)
            self.tally.count_blanks(payload.text)
            found |= flags | self._flags_inside(payload.inside)
        return found

    def _number(self, name: str, key: str, value: float, secret: bool, spelt: Any) -> Value:
        if (
            type(value) is int
            and value < _LEAST_CARD_NUMBER
            and not secret
            and spelt is None
        ):
            return Value(name, "number", _short(value))
        text = str(value) if isinstance(value, int) else canonical(value).decode()
        card = value >= _LEAST_CARD_NUMBER and is_card_number(text)
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


@lru_cache(maxsize=1024)
def _short(value: int) -> tuple[Segment, ...]:
    """Return a number that nothing is to be said of; the same ones are kept once."""
    return (Segment(str(value)),)


def _inside(spelt: Any, step: str | int) -> Any:
    """Return a member or an item of what was received; none where there is none."""
    try:
        return None if spelt is None else spelt[step]
    except (LookupError, TypeError):
        return None


def in_order(members: Mapping[str, Any]) -> list[str]:
    """Return the names in canonical order (RFC 8785, section 3.2.3)."""
    if "".join(members).isascii():
        return sorted(members)
    return sorted(members, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
