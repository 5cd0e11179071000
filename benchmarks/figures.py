"""One measured figure, beside the reference that was measured in the same run."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of output (spec: operations.md, "For tools and tests")."""

    id: str
    name: str
    figure: float
    unit: str
    reference: float
    ratio: float
    goal: str
    met: bool
    spread: float
    """Of the runs: (largest - smallest) / median."""

    def line(self) -> str:
        """Return it as one line of JSON."""
        rounded = {
            name: float(f"{value:.4g}") if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }
        return json.dumps(rounded)


def spread(values: Sequence[float]) -> float:
    """Return how far apart runs lie, as a share of their median."""
    middle = statistics.median(values)
    return (max(values) - min(values)) / middle if middle else 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` (0 to 1) of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def compared(
    measured: Sequence[float],
    references: Sequence[float],
    *,
    place: tuple[str, str],
    unit: str,
    goal: str,
    at_least: float | None = None,
    at_most: float | None = None,
    limit: float | None = None,
) -> Figure:
    """Return the figure of runs and the runs of its reference, compared by their medians.

    Args:
        measured: one value a run.
        references: the same of what it is compared with.
        place: id and name.
        unit: of both.
        goal: what is to be reached, in words.
        at_least: the ratio that meets the goal,
        at_most: or the one that it must not exceed.
        limit: what the figure itself must not exceed, in its unit.

    """
    figure, reference = statistics.median(measured), statistics.median(references)
    ratio = figure / reference
    met = (
        (at_least is None or ratio >= at_least)
        and (at_most is None or ratio <= at_most)
        and (limit is None or figure <= limit)
    )
    return Figure(
        *place, figure, unit, reference, ratio, goal, met=met, spread=spread(measured)
    )
