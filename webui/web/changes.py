"""How a call differs from another one: place by place, masked, in pieces that are safe to show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy.orm import Session

from webui.approvals.call.arguments import effective_arguments, open_arguments
from webui.approvals.call.differing import Difference, differences, kind_of
from webui.preview import Piece, Profile, masked_arguments
from webui.preview.clipping import CARD
from webui.preview.editable import masked_pieces, spelt, tokens
from webui.preview.nodes import gap
from webui.sentences import number, sentence
from webui.store.models import Approval
from webui.web.context import house
from webui.web.readings import masking_of

MOST_SHOWN: Final = 50
_ALIKE: Final = 60
"""Characters of context beside what differs in a long text."""
_WORDS = {
    "added": sentence("Added"),
    "removed": sentence("Removed"),
    "changed": sentence("Changed"),
}


@dataclass(frozen=True, slots=True)
class Side:
    """A value before or after."""

    kind: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One place where two calls differ."""

    place: tuple[Piece, ...]
    word: str
    was: Side | None
    now: Side | None


@dataclass(frozen=True, slots=True)
class Changes:
    """All places where two calls differ, as far as they are shown."""

    shown: tuple[Change, ...]
    left_out: int


def edited_from_asked(session: Session, approval: Approval) -> Changes:
    """Return how what will run differs from what was asked."""
    keyring = house().keyring
    asked = open_arguments(session, keyring, approval).value
    will_run = effective_arguments(session, keyring, approval).value
    return _between(asked, will_run, [masking_of(session, approval)])


def from_another(session: Session, before: Approval, approval: Approval) -> Changes:
    """Return how a call differs from one that was asked before it."""
    keyring = house().keyring
    earlier = effective_arguments(session, keyring, before).value
    asked = open_arguments(session, keyring, approval).value
    profiles = [masking_of(session, each) for each in (before, approval)]
    return _between(earlier, asked, profiles)


def _between(
    before: Mapping[str, Any], after: Mapping[str, Any], profiles: Sequence[Profile]
) -> Changes:
    """Return how some arguments differ; secrets are compared by their masks.

    What masked either of the calls masks both.
    """
    names = dict.fromkeys(name for one in profiles for name in one.sensitive_names)
    schemas = dict.fromkeys(schema for one in profiles for schema in one.schemas)
    profile = replace(profiles[0], sensitive_names=tuple(names), schemas=tuple(schemas))
    found = differences(masked_arguments(before, profile), masked_arguments(after, profile))
    shown = tuple(_change(each) for each in found[:MOST_SHOWN])
    return Changes(shown, len(found) - len(shown))


def _change(found: Difference) -> Change:
    place = found.pointer.removeprefix("/").replace("~1", "/").replace("~0", "~")
    was, now = found.before, found.after
    if isinstance(was, str) and isinstance(now, str):
        was_pieces, now_pieces = _texts(was, now)
        sides = Side("string", was_pieces), Side("string", now_pieces)
        return Change(_pieces(place), _WORDS[found.change], *sides)
    return Change(
        _pieces(place),
        _WORDS[found.change],
        None if found.change == "added" else _side(was),
        None if found.change == "removed" else _side(now),
    )


def _side(value: Any) -> Side:
    text = value if isinstance(value, str) else spelt(value)
    return Side(kind_of(value), _pieces(text))


def _pieces(text: str) -> tuple[Piece, ...]:
    return tuple(masked_pieces(text, CARD))


def _texts(was: str, now: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return two texts without the most of what long ones begin and end with in common."""
    old, new = tokens(was), tokens(now)
    shorter = min(len(old), len(new))
    head = 0
    while head < shorter and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < shorter - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    head, tail = _beyond_context(head), _beyond_context(tail)
    return _around(old, head, tail), _around(new, head, tail)


def _beyond_context(alike: int) -> int:
    """Return how much of what is alike is left out; a little is not worth a gap."""
    return alike - _ALIKE if alike > 2 * _ALIKE else 0


def _around(text: list[str], head: int, tail: int) -> tuple[Piece, ...]:
    middle = _pieces("".join(text[head : len(text) - tail]))
    return (*_gap(head), *middle, *_gap(tail))


def _gap(alike: int) -> tuple[Piece, ...]:
    if not alike:
        return ()
    same_chars = sentence("%(number)s chars the same", number=number(alike))
    return (gap(same_chars, "…"),)
