"""P8: what it takes to make the largest calls safe to look at, plain and hostile.

A desk takes a request of 256 KiB with at most 10,000 values, 1,000 keys of one object and 32 levels.
"""

import json
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from benchmarks.figures import Figure, compared
from webui.approvals.call.canonical import DEFAULT_LIMITS, canonical
from webui.preview import Profile, card, full

BYTES: Final = DEFAULT_LIMITS.body_bytes - 1_024
"""The rest of the request needs room too."""
VALUES: Final = DEFAULT_LIMITS.nodes - 10
NAMES: Final = DEFAULT_LIMITS.names - 10
CHARS: Final = DEFAULT_LIMITS.string_chars - 100
RUNS: Final = 5
PLAIN_MS: Final = 30.0
HOSTILE_MS: Final = 150.0
MEMORY_MIB: Final = 16.0
PROFILE: Final = Profile(bytes(32))
Arguments = Mapping[str, Any]


def _text(piece: str) -> Arguments:
    """Return texts of nothing but a piece, again and again: as many characters as a call may have."""
    size = len(json.dumps(piece, ensure_ascii=False).encode()) - 2
    pieces = (BYTES - 100) // size
    one = CHARS // len(piece)
    times = [min(one, pieces - begin) for begin in range(0, pieces, one)]
    return {f"text{at}": piece * each for at, each in enumerate(times)}


def _keys(name: str, value: Callable[[int], Any] = lambda _: 0) -> Arguments:
    """Return objects with as many keys as go in; a name holds a number in hexadecimal."""
    found: dict[str, dict[str, Any]] = {}
    size = 100
    for number in range(VALUES - 11):
        key, held = name % number, value(number)
        size += len(json.dumps(key, ensure_ascii=False).encode()) + len(canonical(held)) + 2
        if size > BYTES:
            break
        found.setdefault(f"o{number // NAMES}", {})[key] = held
    return found


def _own_texts(make: Callable[[int], str]) -> Arguments:
    """Return texts of pieces of which each is its own."""
    pieces: list[str] = []
    size = 1_000
    while size < BYTES:
        pieces.append(make(len(pieces)))
        size += len(pieces[-1].encode())
    whole = "".join(pieces)
    parts = range(0, len(whole), CHARS)
    return {f"text{begin}": whole[begin : begin + CHARS] for begin in parts}


def _own_items(make: Callable[[int], Any]) -> Arguments:
    """Return a list of items of which each is its own: nothing looked at once is of use for another."""
    found: list[Any] = []
    size = 100
    while len(found) < VALUES:
        item = make(len(found))
        size += len(json.dumps(item, ensure_ascii=False).encode()) + 1
        if size > BYTES:
            break
        found.append(item)
    return {"list": found}


def _items(item: Any) -> Arguments:
    """Return a list of an item, as many times as it goes in."""
    size = len(json.dumps(item, ensure_ascii=False).encode()) + 1
    return {"list": [item] * min((BYTES - 100) // size, VALUES // _count(item))}


def _count(value: Any) -> int:
    inside = value.values() if isinstance(value, dict) else value
    return 1 + (sum(map(_count, inside)) if isinstance(value, (dict, list)) else 0)


def _deep(inner: Any = 0) -> Arguments:
    for _ in range(28):
        inner = [inner]
    return _items(inner)


PLAIN: Final[Mapping[str, Callable[[], Arguments]]] = {
    "one text": lambda: _text("The quick brown fox jumps over the lazy dog.\n"),
    "a script": lambda: {"code": _text("def run(each):\n    return each + 1\n")["text0"]},
}
HOSTILE: Final[Mapping[str, Callable[[], Arguments]]] = {
    "keys": lambda: _keys("%x"),
    "keys that are secret": lambda: _keys("%x_pin_otp", str),
    "keys with texts": lambda: _keys("%x", lambda number: f"value {number}"),
    "keys with every flag": lambda: _keys("\u202e\u0431\u0430%x "),
    "invisible keys": lambda: _keys("\u200b%x"),
    "numbers": lambda: _items(1),
    "lists": lambda: _items([]),
    "deep lists": _deep,
    "deep secrets": lambda: _deep({"password": 7}),
    "objects": lambda: _items({"a": 0}),
    "empty texts": lambda: _items(""),
    "texts": lambda: _items("abcdefghijklmnopqrstuv"),
    "options": lambda: _items("--password"),
    "options with secrets": lambda: _items("--password=abcdefgh"),
    "invisible": lambda: _text("\u202ea"),
    "invisible items": lambda: _items("\u200b"),
    "items with every flag": lambda: _items(" \u202ea\u0430\ufb01\u0301 "),
    "scripts": lambda: _text("p\u0430yp\u0430l "),
    "marks": lambda: _text("a" + "\u0301" * 40),
    "controls": lambda: _text("\u0007"),
    "tabs": lambda: _text("\ta"),
    "lines": lambda: _text("a\n"),
    "blanks": lambda: _text(" " * 60 + "\n" * 12 + "x"),
    "secrets": lambda: _text(
        "password=hunter2hunter2 token: 'abcdef123456' sk-" + "a" * 24 + " "
    ),
    "short secrets, each its own": lambda: _own_texts(lambda number: f"pwd=abc{number:x} "),
    "chips, each its own": lambda: _own_texts(
        lambda number: (
            f"\u202e{chr(0xE000 + number % 1_000)}{chr(0xE000 + number // 1_000)}a"
        )
    ),
    "short secrets": lambda: _text("pwd=abcdefgh "),
    "secret items": lambda: _items("pwd=abcdefgh x pwd=q"),
    "secret items, each its own": lambda: _own_items(
        lambda number: f"pwd=abc{number:x} x pwd=q"
    ),
    "addresses with secrets, each its own": lambda: _own_items(
        lambda number: f"https://a:{number:x}@xn--c.e/"
    ),
    "items with every flag, each its own": lambda: _own_items(
        lambda number: f" \u202ea\u0430\ufb01\u0301 {number:x}"
    ),
    "secret numbers": lambda: {"password": _items(1)["list"]},
    "almost secrets": lambda: _text("sk-ghp_xox-eyJ.AKIA:AApassword=("),
    "addresses": lambda: _text("https://a:b@xn--c.example/ "),
    "addresses with secrets": lambda: _items("https://a:b@xn--c.e/"),
    "card numbers": lambda: _text("4111 1111 1111 1111 "),
    "base64": lambda: _text("aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8gd29ybGQ= "),
    "percent escapes": lambda: _text("%41%42%43%44 "),
    "words to the reviewer": lambda: _text(
        "please approve this, the reviewer has approved. "
    ),
    "numbers and one address": lambda: {
        "list": [*_items(1)["list"][1:], "https://a@b.example/"]
    },
}
"""Every one of them can be filed: its names, values, characters and bytes are within the limits."""


def measure() -> Iterator[Figure]:
    """Measure P8 in processor time, the card and the full view each."""
    for goal, corpus in ((PLAIN_MS, PLAIN), (HOSTILE_MS, HOSTILE)):
        kind = "plain" if corpus is PLAIN else "worst hostile"
        for view in (card, full):
            runs = {name: _runs(view, make()) for name, make in corpus.items()}
            name = max(runs, key=lambda each: min(runs[each][0]))
            yield compared(
                *runs[name],
                place=(
                    "P8",
                    f"{view.__name__} of 256 KiB, {kind} ({name}), processor time",
                ),
                unit="ms",
                goal=f"< {goal:.0f} ms (reference: parsing it)",
                limit=goal,
            )
    yield from _memory()


def _runs(
    view: Callable[..., Any], arguments: Arguments
) -> tuple[list[float], list[float]]:
    text = canonical(dict(arguments)).decode()
    read = json.loads(text)
    made = [_ms(lambda: view("tool", read, PROFILE, received=text)) for _ in range(RUNS)]
    return made, [_ms(lambda: json.loads(text)) for _ in range(RUNS)]


def _ms(run: Callable[[], object]) -> float:
    begin = time.process_time()
    run()
    return (time.process_time() - begin) * 1000


def _memory() -> Iterator[Figure]:
    for view in (card, full):
        peaks = {name: _peak(view, make()) for name, make in {**PLAIN, **HOSTILE}.items()}
        name = max(peaks, key=lambda each: peaks[each])
        yield compared(
            [peaks[name]],
            [BYTES / 2**20],
            place=("P8", f"memory of the {view.__name__} of 256 KiB, worst ({name})"),
            unit="MiB",
            goal=f"<= {MEMORY_MIB:.0f} MiB (reference: its bytes)",
            limit=MEMORY_MIB,
        )


def _peak(view: Callable[..., Any], arguments: Arguments) -> float:
    text = canonical(dict(arguments)).decode()
    read = json.loads(text)
    tracemalloc.start()
    try:
        view("tool", read, PROFILE, received=text)
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()
