"""Masking: what a secret becomes, and how the rest of its text stays readable.

A mask never loses how long the secret is, whether it holds spaces, and whether two are the
same: a program could otherwise hide what it wants to run under a key called `password`.
Specification: details.md, section D, P8 to P10; security.md F12 and T28.
"""

import hmac
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, NamedTuple

from webui.preview.marks import may_hide
from webui.preview.names import SENSITIVE_NAMES, is_opaque, is_secret_option, secret_names
from webui.preview.nodes import Piece
from webui.preview.options import Span, secret_words
from webui.preview.shapes import (
    LEAST_RANDOM,
    active_shapes,
    card_spans,
    has_card,
    looks_random,
)
from webui.preview.telling import REDACTED, REDACTED_WITH_SPACES, Mark
from webui.preview.unpacking import MOST_LEVELS, Packed, Unpacker
from webui.sentences import sentence

_TAG_DIGITS: Final = 8
_SPACE: Final = re.compile(r"\s")
_MASKED: Final = sentence("a masked value; equal tags are equal values")


@dataclass(frozen=True, slots=True)
class Profile:
    """How an org's previews mask, and what they know of the org."""

    mask_key: bytes
    """Of the org alone: the same secret has the same tag in all its calls."""
    sensitive_names: tuple[str, ...] = SENSITIVE_NAMES
    """Keys whose values are masked; `names.secret_names` says how they match."""
    schemas: tuple[str, ...] = ()
    """JSON Schemas of the arguments, as text: what they call secret is masked as well."""
    own_domains: tuple[str, ...] = ()
    """The org's, in small letters: recipients elsewhere are pointed out; none: nobody is."""

    def with_schema(self, schema: str | None) -> "Profile":
        """Return a profile that masks what a call's own schema calls secret, too."""
        if schema is None or not may_hide(schema):
            return self
        return replace(self, schemas=(*self.schemas, schema))


class Segment(NamedTuple):
    """A stretch of a value: plain text, or a secret and the mask that stands for it."""

    text: str
    mask: str = ""

    @property
    def width(self) -> int:
        """Return how many characters it takes on the page, escapes left aside."""
        return len(self.mask or self.text)

    def piece(self, place: str = "") -> Piece:
        """Return the mask as a piece that can be asked for by its place."""
        return Piece("mask", Mark(self.mask), _MASKED, place)


class Payload(NamedTuple):
    """What a stretch of a value unpacks to, its own secrets masked."""

    begin: int
    end: int
    how: str
    text: str
    """In the clear: to be looked at for what misleads, never to be shown."""
    segments: tuple[Segment, ...]
    inside: tuple["Payload", ...]
    """What is packed in it once more."""

    @property
    def hides(self) -> bool:
        """Whether a secret is in it, however deep."""
        return any(segment.mask for segment in self.segments)


def mask_of(secret: str, key: bytes) -> str:
    """Return what is shown in the place of `secret`."""
    tag = _begun(key).copy()
    tag.update(secret.encode("utf-8", "surrogatepass"))
    words = REDACTED_WITH_SPACES if _SPACE.search(secret) else REDACTED
    return f"⟦{words.in_english(len(secret), tag=tag.hexdigest()[:_TAG_DIGITS])}⟧"


@lru_cache(maxsize=64)
def _begun(key: bytes) -> hmac.HMAC:
    """Return HMAC-SHA-256 under a key, to be copied: beginning it costs more than all the rest."""
    return hmac.new(key, digestmod=sha256)


class Redactor:
    """Masks the values of one call, and remembers what it knows about its keys."""

    def __init__(
        self,
        profile: Profile,
        whole: str,
        unpacker: Unpacker | None = None,
        level: int = 0,
    ) -> None:
        """Take a text that holds all texts of the call, as its canonical form does."""
        self._profile = profile
        self._key = profile.mask_key
        self.unpacker = unpacker or Unpacker()
        self._level = level
        self._unpacks = self.unpacker.may_hold(whole)
        self._patterns = profile.sensitive_names
        self._is_secret = secret_names(self._patterns)
        self._shapes = active_shapes(whole)
        self._cards = has_card(whole)
        self.searches = bool(self._shapes) or self._cards
        """Whether any text of the call may hold a secret, whatever its key."""
        self._has_options = '"-' in whole  # as any text that begins with a dash is written
        self._secret_names: dict[str, bool] = {}
        self._masks: dict[str, Segment] = {}

    @property
    def is_idle(self) -> bool:
        """Whether no text of the call can hold a secret, packed or not, whatever its key."""
        return not self.searches and not self._unpacks

    def names_secret(self, name: str) -> bool:
        """Whether values under this key are masked whole."""
        known = self._secret_names.get(name)
        if known is None:
            known = self._secret_names[name] = self._is_secret(name)
        return known

    def secret_words(self, words: Sequence[Any]) -> Mapping[int, Span]:
        """Return which items of a list are secrets by the options before or in them."""
        if not self._has_options:
            return {}
        return secret_words(words, lambda name: is_secret_option(name, self._patterns))

    def masked(self, text: str) -> tuple[Segment, ...]:
        """Return a secret as one mask."""
        return (self._mask(text),)

    def _mask(self, text: str) -> Segment:
        known = self._masks.get(text)
        if known is None:
            known = self._masks[text] = Segment(text, mask_of(text, self._key))
        return known

    def segments(
        self, text: str, name: str, known: Span | None = None
    ) -> tuple[Segment, ...]:
        """Return a text with the secrets in it masked; see `read`."""
        return self.read(text, name, known)[0]

    def read(
        self, text: str, name: str, known: Span | None = None
    ) -> tuple[tuple[Segment, ...], tuple[Payload, ...]]:
        """Return a text with the secrets in it masked, and what is packed in it.

        A payload that holds a secret is one itself; what is masked anyway is not unpacked.

        Args:
            text: the text.
            name: its own key.
            known: where a secret begins and ends that something beside the text gives away.

        """
        if not text:
            return (), ()
        if looks_random_under(name, text):
            return self.masked(text), ()
        spans = [] if known is None else [known]
        if self.searches:
            spans += self._spans(text)
        payloads: tuple[Payload, ...] = ()
        if self._unpacks:
            payloads = tuple(self._payloads(text, spans))
            spans += [(each.begin, each.end) for each in payloads if each.hides]
        if not spans:
            return (Segment(text),), payloads
        return tuple(_cut(text, spans, self._mask)), payloads

    def finds(self, text: str) -> bool:
        """Say whether a text holds a secret, whatever its key."""
        if self.searches and next(self._spans(text), None) is not None:
            return True
        return self._unpacks and any(each.hides for each in self._payloads(text, []))

    def _payloads(self, text: str, spans: Sequence[tuple[int, int]]) -> Iterator[Payload]:
        masked = list(_merged(sorted(spans))) if spans else []
        for packed in self.unpacker.found_in(text):
            if self._level == MOST_LEVELS:
                self.unpacker.gave_up = True
                return
            if not _overlaps(packed, masked):
                whole = packed.text
                inner = Redactor(self._profile, whole, self.unpacker, self._level + 1)
                yield Payload(*packed, *inner.read(whole, ""))

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        for shape in self._shapes:
            yield from shape.spans(text)
        if self._cards:
            yield from card_spans(text)


def _overlaps(packed: Packed, spans: Sequence[tuple[int, int]]) -> bool:
    """Say whether a payload is part of one of these spans, which are in order and apart."""
    at = bisect_left(spans, (packed.end,))
    return at > 0 and spans[at - 1][1] > packed.begin


def looks_random_under(name: str, text: str) -> bool:
    """Whether a text is random, and its key says that this is no accident."""
    return len(text) >= LEAST_RANDOM and looks_random(text) and is_opaque(name)


def _cut(text: str, spans: list[Span], mask: Callable[[str], Segment]) -> Iterator[Segment]:
    """Cut a text at its secrets; those that overlap become one."""
    done = 0
    for begin, end in spans if len(spans) == 1 else _merged(sorted(spans)):
        if begin > done:
            yield Segment(text[done:begin])
        yield mask(text[begin:end])
        done = end
    if done < len(text):
        yield Segment(text[done:])


def _merged(spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    begin, end = spans[0]
    for next_begin, next_end in spans[1:]:
        if next_begin < end:
            end = max(end, next_end)
        else:
            yield begin, end
            begin, end = next_begin, next_end
    yield begin, end
