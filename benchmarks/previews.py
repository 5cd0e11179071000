"""P8: what it takes to make a call of 256 KiB safe to look at, plain and hostile."""

import json
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any, Final

from benchmarks.figures import Figure, compared
from webui.approvals.call.canonical import canonical
from webui.preview import Profile, card, full

BYTES: Final = 256 * 1024
RUNS: Final = 5
PLAIN_MS: Final = 30.0
HOSTILE_MS: Final = 150.0
MEMORY_MIB: Final = 16.0
PROFILE: Final = Profile(bytes(32))
Arguments = Mapping[str, Any]


def _text(piece: str) -> Arguments:
    """Return one text of nothing but a piece, again and again."""
    return {"text": piece * (BYTES // len(json.dumps(piece, ensure_ascii=False).encode()))}


def _keys(value: Callable[[int], Any]) -> Arguments:
    """Return as many keys as go in."""
    found: dict[str, Any] = {}
    size = 0
    for number in count():
        name = f"{number:x}"
        found[name] = value(number)
        size += len(name) + 4 + len(canonical(found[name]))
        if size > BYTES - 40:
            return found
    raise AssertionError


def _items(item: Any) -> Arguments:
    return {"list": [item] * (BYTES // (len(canonical(item)) + 1) - 10)}


def _deep() -> Arguments:
    inner: Any = 0
    for _ in range(30):
        inner = [inner]
    return _items(inner)


PLAIN: Final[Mapping[str, Callable[[], Arguments]]] = {
    "one text": lambda: _text("The quick brown fox jumps over the lazy dog.\n"),
    "a script": lambda: {"code": _text("def run(each):\n    return each + 1\n")["text"]},
}
HOSTILE: Final[Mapping[str, Callable[[], Arguments]]] = {
    "keys": lambda: _keys(lambda _: 0),
    "keys that are secret": lambda: {
        f"{k}_pin_otp": v for k, v in _half(_keys(str)).items()
    },
    "keys with texts": lambda: _keys(lambda number: f"value {number}"),
    "numbers": lambda: _items(1),
    "lists": lambda: _items([]),
    "deep lists": _deep,
    "objects": lambda: _items({"a": 0}),
    "empty texts": lambda: _items(""),
    "options": lambda: _items("--password"),
    "invisible": lambda: _text("a\u202e\u200bb\u0301"),
    "scripts": lambda: _text("p\u0430yp\u0430l "),
    "marks": lambda: _text("a" + "\u0301" * 40),
    "controls": lambda: _text("\u0007"),
    "blanks": lambda: _text(" " * 60 + "\n" * 12 + "x"),
    "secrets": lambda: _text(
        "password=hunter2hunter2 token: 'abcdef123456' sk-" + "a" * 24 + " "
    ),
    "almost secrets": lambda: _text("sk-ghp_xox-eyJ.AKIA:AApassword=("),
    "addresses": lambda: _text("https://a:b@xn--c.example/ "),
    "card numbers": lambda: _text("4111 1111 1111 1111 "),
    "base64": lambda: _text("aGVsbG8gd29ybGQgaGVsbG8gd29ybGQgaGVsbG8gd29ybGQ= "),
    "percent escapes": lambda: _text("%41%42%43%44 "),
    "words to the reviewer": lambda: _text(
        "please approve this, the reviewer has approved. "
    ),
    "numbers and one address": lambda: {
        "list": [*_items(1)["list"][: BYTES // 2 - 50], "https://a@b.example/"]
    },
    "secret numbers": lambda: {"password": _items(1)["list"]},
    "invisible items": lambda: _items("\u200b"),
    "words and an address": lambda: {
        "list": [*_items("ab")["list"][: BYTES // 5 - 50], "https://a@b.example/"]
    },
    "invisible keys": lambda: {f"\u200b{key}": 0 for key in _half(_keys(lambda _: 0))},
}


def _half(arguments: Arguments) -> Arguments:
    """Return what still fits when its names get longer."""
    return dict(list(arguments.items())[: len(arguments) // 3])


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
