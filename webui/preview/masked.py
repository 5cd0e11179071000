"""The arguments without their secrets, for programs: search, lists, exports, differences."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final

from webui.approvals.call.differing import same
from webui.preview.clipping import laid_out
from webui.preview.reading import Call, Value, in_order
from webui.preview.redaction import Profile, Segment
from webui.preview.visible import visible

_MOST_SEARCHABLE: Final = 65_536  # PostgreSQL refuses a search vector over 1 MiB
_MASK: Final = "⟦redacted"
_ESCAPED_BRACKETS: Final = str.maketrans({"⟦": "⟦U+27E6⟧", "⟧": "⟦U+27E7⟧"})


def masked_arguments(arguments: Mapping[str, Any], profile: Profile) -> dict[str, Any]:
    """Return the arguments with a mask in the place of each secret.

    All other text is as it was sent, except that the brackets of a mask are escaped in it,
    so that nothing can pass for a mask. It is data, not visible text: a page shows `card`,
    `full` or `line` instead. Raises Unreadable as `preview` does.
    """
    return masked_of(Call(arguments, profile))


def masked_of(call: Call) -> dict[str, Any]:
    """Return the same of arguments that were read before."""
    return _members(call.values)


def plain_arguments(value: Any) -> Any:
    """Return a value as `masked_arguments` would give it if nothing of it were a secret."""
    if isinstance(value, str):
        return value.translate(_ESCAPED_BRACKETS)
    if isinstance(value, dict):
        return {
            plain_arguments(name): plain_arguments(each) for name, each in value.items()
        }
    if isinstance(value, list):
        return [plain_arguments(each) for each in value]
    return value


def masked_name(name: str, profile: Profile) -> str:
    """Return the name of a member as `masked_arguments` gives it."""
    (shown,) = masked_arguments({name: None}, profile)
    return shown


class StillMaskedError(ValueError):
    """An edited text holds a mask, or a part of one, where none stood before."""

    def __init__(self, place: tuple[str | int, ...]) -> None:
        super().__init__("a mask is no value")
        self.place = place
        """The names and indexes that lead to it."""


def unmasked(edited: Any, arguments: Mapping[str, Any], profile: Profile) -> Any:
    """Return edited arguments with what `masked_arguments` hid in them put back.

    What stands exactly as the mask showed it is what was there before; so an editor may change
    a call without being shown its secrets. Raises StillMaskedError where a mask was changed,
    moved to another member, put together anew, or would show what it hides, and Unreadable as `preview` does.
    """
    found = _put_back(edited, arguments, _members(Call(arguments, profile).values), ())
    _check_hidden(edited, _members(Call(found, profile).values), ())
    return found


def _check_hidden(edited: Any, shown: Any, place: tuple[str | int, ...]) -> None:
    """Refuse masks that would be masks no more: what hid them may be a name beside them."""
    if isinstance(edited, str):
        if _MASK in edited and edited != shown:
            raise StillMaskedError(place)
    elif isinstance(edited, dict):
        after = shown if isinstance(shown, dict) else {}
        for name, value in edited.items():
            if _MASK in name and name not in after:
                raise StillMaskedError((*place, name))
            _check_hidden(value, after.get(name), (*place, name))
    elif isinstance(edited, list):
        items = shown if isinstance(shown, list) else [None] * len(edited)
        for at, (item, after) in enumerate(zip(edited, items, strict=True)):
            _check_hidden(item, after, (*place, at))


def _put_back(edited: Any, original: Any, masked: Any, place: tuple[str | int, ...]) -> Any:
    """Walk all three together; `original` and `masked` are None below what is new."""
    if masked is not None and same(edited, masked):
        return original
    if isinstance(edited, str):
        return _typed(edited, place)
    if isinstance(edited, dict):
        return _put_back_members(edited, original, masked, place)
    if isinstance(edited, list):
        was = _Items(original, masked, edited)
        return [
            _put_back(item, *was.of(item, at), (*place, at))
            for at, item in enumerate(edited)
        ]
    return edited


def _put_back_members(
    edited: Mapping[str, Any], original: Any, masked: Any, place: tuple[str | int, ...]
) -> dict[str, Any]:
    """Put back what the members of an object are; their names may be masked too."""
    was = _members_before(original, masked)
    found: dict[str, Any] = {}
    for name, value in edited.items():
        at = (*place, name)
        real, clear, shown = was[name] if name in was else (_typed(name, at), None, None)
        if real in found:  # a name that was masked, and the same typed anew
            raise StillMaskedError(at)
        found[real] = _put_back(value, clear, shown, at)
    return found


def _members_before(original: Any, masked: Any) -> dict[str, tuple[str, Any, Any]]:
    """Return by the name that was shown: the name, and the value in the clear and as shown."""
    if not (isinstance(original, dict) and isinstance(masked, dict)):
        return {}
    if len(original) != len(masked):  # two masks of names look alike: neither is put back
        return {}
    pairs = zip(masked.items(), in_order(original), strict=True)
    return {shown: (real, original[real], value) for (shown, value), real in pairs}


_NEITHER: Final[tuple[Any, Any]] = (None, None)


class _Items:
    """The items of a list before the edit: each in the clear and as it was shown."""

    def __init__(self, original: Any, masked: Any, edited: Sequence[Any]) -> None:
        both = isinstance(original, list) and isinstance(masked, list)
        self._pairs: list[tuple[Any, Any]] = (
            list(zip(original, masked, strict=True)) if both else []
        )
        texts = [_text_of(shown) for _, shown in self._pairs]
        places = zip_longest(texts, map(_text_of, edited))
        self._moved = {text for place in places if place[0] != place[1] for text in place}
        self._by_text: dict[str, tuple[Any, Any]] = {}
        for text, pair in zip(texts, self._pairs, strict=True):
            first = self._by_text.setdefault(text, pair)
            if not same(first[0], pair[0]):  # two secrets whose masks look alike
                self._by_text[text] = _NEITHER

    def of(self, item: Any, at: int) -> tuple[Any, Any]:
        """Return what an item was: itself if it stands there or elsewhere, else its place's.

        Of masks that look alike nobody can say which one is left, or where it went.
        """
        here = self._pairs[at] if at < len(self._pairs) else _NEITHER
        text = _text_of(item)
        found = self._by_text.get(text, here)
        if found is _NEITHER and text in self._moved:
            return _NEITHER
        return here if same(item, here[1]) else found


def _text_of(item: Any) -> str:
    return json.dumps(item, sort_keys=True)


def _typed(text: str, place: tuple[str | int, ...]) -> str:
    """Return a text that a person typed: brackets that stood there come in their escape.

    A bracket without its escape is what is left of a mask.
    """
    plain = text.replace("⟦U+27E6⟧", "").replace("⟦U+27E7⟧", "")
    if "⟦" in plain or "⟧" in plain:
        raise StillMaskedError(place)
    return text.replace("⟦U+27E6⟧", "⟦").replace("⟦U+27E7⟧", "⟧")


def searchable_text(tool: str, arguments: Mapping[str, Any], profile: Profile) -> str:
    """Return the words of a call for full-text search: visible, masked, one value a line.

    At most 65,536 characters, of the values in canonical order. Raises as `preview` does.
    """
    words: list[str] = [visible(tool)]
    room = _MOST_SEARCHABLE - len(words[0])
    for word in _words(Call(arguments, profile).values):
        room -= len(word) + 1
        if room < 0:
            words.append(word[: len(word) + room])
            break
        words.append(word)
    return "\n".join(words)[:_MOST_SEARCHABLE]


def _members(values: Sequence[Value]) -> dict[str, Any]:
    return {masked_text(value.name_segments): _plain(value) for value in values}


def _plain(value: Value) -> Any:
    if value.kind == "object":
        return _members(value.children)
    if value.kind == "array":
        return [_plain(child) for child in value.children]
    if value.kind == "string" or value.is_masked:
        return masked_text(value.segments)
    return json.loads(value.segments[0].text)


def masked_text(segments: Iterable[Segment]) -> str:
    """Return a text with masks in it, all other brackets escaped."""
    return "".join([mask or text.translate(_ESCAPED_BRACKETS) for text, mask in segments])


def _words(values: Sequence[Value], *, named: bool = True) -> Iterator[str]:
    for value in values:
        if named:
            yield value.name
        if value.children:
            yield from _words(value.children, named=value.kind == "object")
        elif value.segments:
            yield "".join([piece.text for piece in laid_out(value.segments)])
