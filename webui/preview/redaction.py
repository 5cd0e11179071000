"""Masking: what a secret becomes, and how the rest of its text stays readable.

A mask never loses how long the secret is, whether it holds spaces, and whether two are the
same: a program could otherwise hide what it wants to run under a key called `password`.
Specification: details.md, section D, P8 to P10; security.md F12 and T28.
"""

import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, NamedTuple

from webui.preview.names import SENSITIVE_NAMES, is_opaque, is_secret, is_secret_option
from webui.preview.nodes import Piece
from webui.preview.options import Span, secret_words
from webui.preview.shapes import (
    LEAST_RANDOM,
    active_shapes,
    card_spans,
    has_card,
    looks_random,
)

_TAG_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class Profile:
    """How an org's previews mask."""

    mask_key: bytes
    """Of the org alone: the same secret has the same tag in all its calls."""
    sensitive_names: tuple[str, ...] = SENSITIVE_NAMES
    """Keys whose values are masked; `names.is_secret` says how they match."""


class Segment(NamedTuple):
    """A stretch of a value: plain text, or a secret and the mask that stands for it."""

    text: str
    mask: str = ""

    @property
    def width(self) -> int:
        """Return how many characters it takes on the page, escapes left aside."""
        return len(self.mask or self.text)

    @property
    def piece(self) -> Piece:
        """Return the mask as a piece."""
        return Piece("mask", self.mask, "a masked value; equal tags are equal values")


def mask_of(secret: str, key: bytes) -> str:
    """Return what is shown in the place of `secret`."""
    tag = hmac.digest(key, secret.encode("utf-8", "surrogatepass"), sha256).hex()
    spaces = " contains spaces" if any(map(str.isspace, set(secret))) else ""
    chars = "char" if len(secret) == 1 else "chars"
    return f"⟦redacted {len(secret)} {chars}{spaces} tag {tag[:_TAG_DIGITS]}⟧"


class Redactor:
    """Masks the values of one call, and remembers what it knows about its keys."""

    def __init__(self, profile: Profile, whole: str) -> None:
        """Take a text that holds all texts of the call, as its canonical form does."""
        self._key = profile.mask_key
        self._patterns = profile.sensitive_names
        self._shapes = active_shapes(whole)
        self._cards = has_card(whole)
        self.searches = bool(self._shapes) or self._cards
        """Whether any text of the call may hold a secret, whatever its key."""
        self._secret_names: dict[str, bool] = {}

    def names_secret(self, name: str) -> bool:
        """Whether values under this key are masked whole."""
        known = self._secret_names.get(name)
        if known is None:
            known = self._secret_names[name] = is_secret(name, self._patterns)
        return known

    def secret_words(self, words: Sequence[Any]) -> Mapping[int, Span]:
        """Return which items of a list are secrets by the options before or in them."""
        return secret_words(words, lambda name: is_secret_option(name, self._patterns))

    def masked(self, text: str) -> tuple[Segment, ...]:
        """Return a secret as one mask; of an empty text nothing needs hiding."""
        return (Segment(text, mask_of(text, self._key)),) if text else ()

    def segments(
        self, text: str, name: str, known: Span | None = None
    ) -> tuple[Segment, ...]:
        """Return a text with the secrets in it masked.

        Args:
            text: the text.
            name: its own key.
            known: where a secret begins and ends that something beside the text gives away.

        """
        if not text:
            return ()
        if looks_random_under(name, text):
            return self.masked(text)
        spans = list(self._spans(text)) if self.searches else []
        spans += [] if known is None else [known]
        if not spans:
            return (Segment(text),)
        return tuple(_cut(text, spans, lambda part: mask_of(part, self._key)))

    def finds(self, text: str) -> bool:
        """Say whether a text holds a secret, whatever its key."""
        return self.searches and next(self._spans(text), None) is not None

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        for shape in self._shapes:
            yield from shape.spans(text)
        if self._cards:
            yield from card_spans(text)


def looks_random_under(name: str, text: str) -> bool:
    """Whether a text is random, and its key says that this is no accident."""
    return len(text) >= LEAST_RANDOM and looks_random(text) and is_opaque(name)


def _cut(
    text: str, spans: Sequence[tuple[int, int]], mask: Callable[[str], str]
) -> Iterator[Segment]:
    """Cut a text at its secrets; those that overlap become one."""
    done = 0
    for begin, end in _merged(sorted(spans)):
        if begin > done:
            yield Segment(text[done:begin])
        yield Segment(text[begin:end], mask(text[begin:end]))
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
