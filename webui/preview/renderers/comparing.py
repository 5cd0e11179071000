"""Which lines of two texts differ, in bounded time: the edit script of Myers, or else none.

E. W. Myers, "An O(ND) difference algorithm and its variations", Algorithmica 1 (1986).
difflib takes quadratic time and more for lines that repeat, and an agent chooses the lines.
"""

from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

_MOST_EDITS: Final = 240
_MOST_STEPS: Final = 60_000

Side = Literal["both", "old", "new"]


class Run(NamedTuple):
    """Lines that follow each other: in both texts, or in one alone; indexes count from 0."""

    side: Side
    old: int
    new: int
    length: int


def compare(old: Sequence[object], new: Sequence[object]) -> list[Run]:
    """Return the lines of both, old ones before new ones where they differ."""
    begin = 0
    least = min(len(old), len(new))
    while begin < least and old[begin] == new[begin]:
        begin += 1
    tail = 0
    while tail < least - begin and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    left, right = old[begin : len(old) - tail], new[begin : len(new) - tail]
    script = _script(left, right)
    middle = _whole(left, right) if script is None else script
    return [
        run
        for run in (
            Run("both", 0, 0, begin),
            *[Run(side, at + begin, to + begin, length) for side, at, to, length in middle],
            Run("both", len(old) - tail, len(new) - tail, tail),
        )
        if run.length
    ]


def _whole(old: Sequence[object], new: Sequence[object]) -> list[Run]:
    return [Run("old", 0, 0, len(old)), Run("new", len(old), 0, len(new))]


def _script(old: Sequence[object], new: Sequence[object]) -> list[Run] | None:
    """Return the shortest script, or None if it takes too long to find."""
    if not old or not new:
        return None
    reached = {1: 0}
    trace: list[dict[int, int]] = []
    steps = 0
    for edits in range(min(len(old) + len(new), _MOST_EDITS) + 1):
        trace.append(reached.copy())
        for diagonal in range(-edits, edits + 1, 2):
            x = _start(reached, diagonal, edits)
            y = x - diagonal
            while x < len(old) and y < len(new) and old[x] == new[y]:
                x, y, steps = x + 1, y + 1, steps + 1
            if steps > _MOST_STEPS:
                return None
            reached[diagonal] = x
            if x >= len(old) and y >= len(new):
                return _in_order(list(_backwards(trace, len(old), len(new))))
        steps += edits
    return None


def _start(reached: dict[int, int], diagonal: int, edits: int) -> int:
    down = diagonal == -edits or (
        diagonal != edits and reached[diagonal - 1] < reached[diagonal + 1]
    )
    return reached[diagonal + 1] if down else reached[diagonal - 1] + 1


def _backwards(trace: list[dict[int, int]], x: int, y: int) -> Iterator[Run]:
    for edits in range(len(trace) - 1, -1, -1):
        reached = trace[edits]
        diagonal = x - y
        down = diagonal == -edits or (
            diagonal != edits and reached[diagonal - 1] < reached[diagonal + 1]
        )
        previous = diagonal + 1 if down else diagonal - 1
        before_x = max(0, reached[previous])
        before_y = max(0, reached[previous] - previous)
        same = max(0, min(x - before_x, y - before_y))
        x, y = x - same, y - same
        if same:
            yield Run("both", x, y, same)
        if edits:
            x, y = before_x, before_y
            yield Run("new", x, y, 1) if down else Run("old", x, y, 1)


def _in_order(backwards: list[Run]) -> list[Run]:
    """Turn a script around, and put what is removed before what takes its place."""
    found: list[Run] = []
    added: list[Run] = []
    for run in reversed(backwards):
        if run.side == "new":
            added.append(run)
            continue
        if run.side == "both":
            found += added
            added = []
        found.append(run)
    return found + added
