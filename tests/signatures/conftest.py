"""Shared by the signature tests: one message and a way to damage it."""

import random
from collections.abc import Iterator
from typing import NamedTuple

import pytest

NOW = 1_767_225_600_000


class Message(NamedTuple):
    """A body with its headers."""

    headers: dict[str, str]
    body: bytes

    def with_bit_flips(self, count: int) -> "Iterator[Message]":
        """Yield copies that differ from this one in a single bit each."""
        dice = random.Random(20_260_101)  # noqa: S311  the same damage in every run
        places = [*sorted(self.headers), "body"]
        for _ in range(count):
            place = dice.choice(places)
            text = self.headers.get(place, "").encode("latin-1") or self.body
            bits = bytearray(text)
            bits[dice.randrange(len(bits))] ^= 1 << dice.randrange(8)
            if place == "body":
                yield Message(self.headers, bytes(bits))
            else:
                yield Message({**self.headers, place: bits.decode("latin-1")}, self.body)


@pytest.fixture
def now() -> int:
    """Return the time of all messages, in ms."""
    return NOW


@pytest.fixture
def message() -> type[Message]:
    """Return the class of messages."""
    return Message
