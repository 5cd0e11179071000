"""What changed between two texts, line by line, in a bounded time: both may be hostile."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from webui.sentences import plural

CONTEXT: Final = 3
MOST_STEPS: Final = 100_000
"""Of the search for the smallest difference; beyond it, what is between the ends is replaced."""
_LINE_END: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_Edit = tuple[str, int, int]
"""A sign, and the places in the old and the new lines."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a difference."""

    sign: str
    """`+` added, `-` removed, a blank for the same, and `…` for lines that are left out."""
    was: int | None
    """Its number in the old text."""
    now: int | None
    """Its number in the new text."""
    text: str


def lines_of(text: str) -> list[str]:
    """Return the lines of a text, counted as the policy's reader counts them."""
    lines = _LINE_END.split(text)
    return lines if lines[-1] else lines[:-1]


def changes(old: str, new: str) -> tuple[Line, ...]:
    """Return the difference of two texts with three lines around each change; none: the same.

    What differs only in how its lines end is the same.
    """
    before, after = lines_of(old), lines_of(new)
    whole = [
        Line(
            sign,
            None if sign == "+" else i + 1,
            None if sign == "-" else j + 1,
            after[j] if sign == "+" else before[i],
        )
        for sign, i, j in _edits(before, after)
    ]
    return tuple(_with_gaps(whole))


def _with_gaps(whole: Sequence[Line]) -> Iterator[Line]:
    changed = [place for place, line in enumerate(whole) if line.sign != " "]
    shown: set[int] = set()
    for place in changed:
        shown.update(range(place - CONTEXT, place + CONTEXT + 1))
    left_out = 0
    for place, line in enumerate(whole) if changed else ():
        if place not in shown:
            left_out += 1
            continue
        if left_out:
            yield _gap(left_out)
            left_out = 0
        yield line
    if left_out:
        yield _gap(left_out)


def _gap(count: int) -> Line:
    said = plural("%(number)s line is the same", "%(number)s lines are the same", count)
    return Line("…", None, None, said)


def _edits(before: Sequence[str], after: Sequence[str]) -> Iterator[_Edit]:
    """Yield every line of both: what they share at the ends, and what lies between."""
    most = min(len(before), len(after))
    head = next((i for i in range(most) if before[i] != after[i]), most)
    rest = range(most - head)
    tail = next((i for i in rest if before[-1 - i] != after[-1 - i]), most - head)
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    yield from ((" ", i, i) for i in range(head))
    between = _smallest(old, new)
    if between is None:
        between = [("-", i, 0) for i in range(len(old))]
        between += [("+", len(old), j) for j in range(len(new))]
    yield from ((sign, head + i, head + j) for sign, i, j in between)
    for i in range(tail, 0, -1):
        yield " ", len(before) - i, len(after) - i


def _smallest(old: Sequence[str], new: Sequence[str]) -> list[_Edit] | None:
    """Return the fewest edits that make one of the other (E. Myers, 1986); none: too far apart."""
    trail = _trail(old, new)
    if trail is None:
        return None
    found: list[_Edit] = []
    x, y = len(old), len(new)
    for depth in range(len(trail) - 1, -1, -1):
        came = _came_from(trail[depth], x - y, depth)
        before_x = trail[depth][came]
        before_y = before_x - came
        while x > before_x and y > before_y:
            x, y = x - 1, y - 1
            found.append((" ", x, y))
        if depth:
            found.append(("+" if x == before_x else "-", before_x, before_y))
        x, y = before_x, before_y
    return found[::-1]


def _trail(old: Sequence[str], new: Sequence[str]) -> list[dict[int, int]] | None:
    """Return how far each diagonal reached before each further edit, until the end is reached.

    None: that would take too long.
    """
    furthest, trail, steps, depth = {1: 0}, [], 0, 0
    while steps <= MOST_STEPS:
        trail.append(dict(furthest))
        for diagonal in range(-depth, depth + 1, 2):
            came = _came_from(furthest, diagonal, depth)
            start = x = furthest[came] + (came < diagonal)
            while x < len(old) and x - diagonal < len(new) and old[x] == new[x - diagonal]:
                x += 1
            furthest[diagonal] = x
            steps += x - start + 1
            if x >= len(old) and x - diagonal >= len(new):
                return trail
        depth += 1
    return None


def _came_from(furthest: dict[int, int], diagonal: int, depth: int) -> int:
    """Return the diagonal from which one edit leads furthest on this one."""
    down = diagonal == -depth or (
        diagonal != depth and furthest[diagonal - 1] < furthest[diagonal + 1]
    )
    return diagonal + 1 if down else diagonal - 1
