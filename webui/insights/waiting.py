"""How long requests wait, and how many at once: charts with their tables."""

from webui.insights import buckets
from webui.insights.buckets import BUCKETS, median
from webui.insights.counted import (
    NOTHING,
    Chart,
    Counted,
    Counts,
    median_wait,
    n,
    share,
    tenths,
    waits,
)
from webui.insights.counting import Facet
from webui.insights.drawing import Mark
from webui.sentences import number, plural, sentence


def how_long(counted: Counted) -> Chart:
    """Return how long requests wait."""
    found = waits(counted.all)
    total = sum(found)
    return Chart(
        "waits",
        sentence("How long requests wait"),
        plural(
            "%(number)s request left the queue; the median wait was %(median)s.",
            "%(number)s requests left the queue; the median wait was %(median)s.",
            total,
            number=number(total),
            median=buckets.words(median(found)),
        ),
        (
            sentence("From asking to the end"),
            sentence("Requests"),
            sentence("Share"),
            *counted.head_before(sentence("Requests before")),
        ),
        [
            (
                buckets.words(b),
                found[b],
                share(found[b], total),
                *counted.cell_before(Facet.ALL, "", lambda row, b=b: waits(row)[b]),  # type: ignore[misc]  # b is bound now
            )
            for b in range(BUCKETS)
        ],
        [Mark(_edge(b), found[b], number(found[b])) for b in range(BUCKETS)],
        upright=True,
    )


def _edge(bucket: int) -> str:
    """Return the longest of a bucket, as a label for a narrow column."""
    last = bucket == BUCKETS - 1
    text = buckets.short(bucket - 1) if last else buckets.short(bucket)
    text = text.replace(" min", "m").replace(" ", "")
    return f"{text}+" if last else text


def _hourly(counted: Counted) -> list[tuple[str, Counts]]:
    found = counted.of(Facet.HOUR)
    return [(f"{hour:02}", found.get(f"{hour:02}", NOTHING)) for hour in range(24)]


def by_hour(counted: Counted) -> Chart:
    """Return how long they wait, by the hour in which they were asked."""
    rows = [(hour, row, median(waits(row))) for hour, row in _hourly(counted)]
    slow = max((middle for _, _, middle in rows if middle is not None), default=None)
    return Chart(
        "hours",
        sentence("How long, by the hour of asking"),
        sentence(
            "The higher a column, the longer the median wait of what was asked in that hour "
            "of the day (UTC); the longest is %(longest)s.",
            longest=buckets.words(slow),
        ),
        (
            sentence("Hour (UTC)"),
            sentence("Asked"),
            sentence("Median wait"),
            *counted.head_before(sentence("Median wait before")),
        ),
        [
            (
                f"{hour}:00",
                n(row, "asked"),
                buckets.words(mid),
                *counted.cell_before(Facet.HOUR, hour, median_wait),
            )
            for hour, row, mid in rows
        ],
        [Mark(hour, 0 if mid is None else mid + 1, "") for hour, _, mid in rows],
        upright=True,
    )


def how_many(counted: Counted, days: int) -> Chart:
    """Return how many wait at once, by the hour."""
    rows = _hourly(counted)
    busiest = max(rows, key=lambda each: n(each[1], "waited"))
    return Chart(
        "waiting",
        sentence("How many waited, by the hour"),
        sentence(
            "Most waited between %(hour)s:00 and %(hour)s:59 UTC: on an average day %(count)s "
            "requests.",
            hour=busiest[0],
            count=tenths(n(busiest[1], "waited") / days),
        ),
        (
            sentence("Hour (UTC)"),
            sentence("Waited, on an average day"),
            sentence("Waited, on all days"),
            *counted.head_before(sentence("On all days before")),
        ),
        [
            (
                f"{hour}:00",
                tenths(n(row, "waited") / days),
                n(row, "waited"),
                *counted.cell_before(Facet.HOUR, hour, lambda was: n(was, "waited")),
            )
            for hour, row in rows
        ],
        [Mark(hour, n(row, "waited"), "") for hour, row in rows],
        upright=True,
    )
