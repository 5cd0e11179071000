"""`python -m benchmarks [P1 P2 ...]`: measure, one line of JSON for each figure."""

import sys
from collections.abc import Callable, Iterator

from benchmarks import (
    browser,
    gate,
    intake,
    pages,
    policy,
    previews,
    push,
    searches,
    starting,
    waiting,
    weight,
)
from benchmarks.figures import Figure

MEASURES: dict[str, Callable[[], Iterator[Figure]]] = {
    "P1": intake.measure,
    "P2": gate.measure,
    "P3": waiting.measure,
    "P4": browser.measure,
    "P5": push.measure,
    "P6": pages.measure,
    "P7": searches.measure,
    "P8": previews.measure,
    "P10": policy.measure,
    "P11": starting.measure,
    "P13": weight.measure,
}


def main(wanted: list[str]) -> int:
    """Run what is wanted, or all of it; a missed goal is a result, not a failure."""
    unknown = sorted(set(wanted) - set(MEASURES))
    if unknown:
        known = " ".join(MEASURES)
        print(f"There is no {' '.join(unknown)}; there are {known}.", file=sys.stderr)
        return 2
    for name in wanted or MEASURES:
        for figure in MEASURES[name]():
            print(figure.line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
