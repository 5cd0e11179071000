"""Event streams, however they are cut up and whatever is in them."""

import random

import pytest

from webui.channels.sse import Event, Reader


def read(text: bytes, size: int = 10_000, max_event: int = 1_000) -> list[Event]:
    reader = Reader(max_event)
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    return [event for chunk in chunks for event in reader.feed(chunk)]


@pytest.mark.parametrize(
    ("text", "events"),
    [
        (b"data: one\n\n", [Event("one")]),
        (b"data:one\n\ndata:  two\n\n", [Event("one"), Event(" two")]),
        (b"data: a\ndata: b\ndata\n\n", [Event("a\nb\n")]),
        (b"event: ping\ndata: x\n\ndata: y\n\n", [Event("x", "ping"), Event("y")]),
        (b"event: ping\n\ndata: y\n\n", [Event("y")]),
        (b"\xef\xbb\xbfdata: x\n\n", [Event("x")]),
        (b"\xef\xbb\xbf\n\ndata: x\n\n", [Event("x")]),
        (b"\xef\xbb\xbf\xef\xbb\xbfdata: x\n\n", []),
        (b": comment\nid: 7\nretry: 10\nother: z\ndata: x\n\n", [Event("x")]),
        (b"data: x\r\n\r\ndata: y\r\rdata: z\n\r\n", [Event("x"), Event("y"), Event("z")]),
        (b"data: no end", []),
        (b"data: no end\n", []),
        (b"data\n\n", [Event("")]),
        (b"\n\n\r\n\n", []),
        (b"data: \xff\xfe\xc3\n\n", [Event("���")]),
        (b"data: a\0b\n\n", [Event("a\0b")]),
        (b"DATA: x\n data: y\n\n", []),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 10_000])
def test_a_stream_says_the_same_however_it_is_cut(
    text: bytes, events: list[Event], size: int
) -> None:
    assert read(text, size) == events


@pytest.mark.parametrize("size", [1, 64, 10_000])
def test_an_event_that_is_too_large_is_told_of_and_not_kept(size: int) -> None:
    large = b"data: " + b"x" * 2_000 + b"\ndata: tail\n\n"
    found = read(b"data: a\n\n" + large + b"data: b\n\n", size)
    assert found == [Event("a"), Event("", whole=False), Event("b")]


def test_many_small_lines_are_one_event_that_is_too_large() -> None:
    found = read(b"data\n" * 500 + b"\n" + b"data: b\n\n")
    assert found == [Event("", whole=False), Event("b")]


def test_the_limit_itself_is_kept() -> None:
    assert read(b"data: " + b"x" * 993 + b"\n\n") == [Event("x" * 993)]
    assert read(b"data: " + b"x" * 994 + b"\n\n") == [Event("", whole=False)]


def test_a_line_without_end_costs_no_memory() -> None:
    reader = Reader(max_event=1_000)
    for _ in range(1_000):
        assert reader.feed(b"y" * 100_000) == []
        assert len(reader._line) <= 1_000  # noqa: SLF001 - what is held is the point
    assert reader.feed(b"\n\n") == [Event("", whole=False)]


def test_random_bytes_are_read_without_a_fault() -> None:
    numbers = random.Random(7)  # noqa: S311 - the same bytes each time
    reader = Reader(max_event=200)
    for _ in range(2_000):
        chunk = numbers.choices(b"\r\n:data event\xff\0", k=numbers.randrange(30))
        for event in reader.feed(bytes(chunk)):
            assert len(event.data) <= 200
