"""What a person feels, on a desk with a million old approvals that is kept between runs.

    python -m benchmarks.million --at FOLDER [--number N] [P4 P6 P6-postgresql P7 P8 P13]

The desk is made in FOLDER when it is not there yet: some ten minutes and 7 GB for SQLite, as much
again for PostgreSQL, which is filled from it. Without names all is measured.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import big_calls, browser, pages, previews, searches, weight
from benchmarks.figures import Figure

MEASURES: dict[str, Callable[[int], Iterator[Figure]]] = {
    "P4": browser.measure,
    "P6": pages.measure,
    "P6-postgresql": pages.measure_postgresql,
    "P7": searches.measure,
    "P8": lambda _: previews.measure(),
    "P8-pages": lambda _: big_calls.measure(),
    "P13": lambda _: weight.measure(),
}


def main(words: list[str]) -> int:
    """Measure what is named, or all of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.million")
    parser.add_argument("--at", type=Path, required=True, help="where the desk is kept")
    parser.add_argument("--number", type=int, default=1_000_000, help="old approvals")
    parser.add_argument("names", nargs="*", help=" ".join(MEASURES))
    asked = parser.parse_args(words)
    os.environ["COUNTERSIGN_BENCH_CACHE"] = str(asked.at.resolve())
    for name in asked.names or MEASURES:
        for figure in MEASURES[name](asked.number):
            print(figure.line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
