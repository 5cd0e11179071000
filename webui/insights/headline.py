"""What stands on top of the page: each number, what it is of, and how the period before differs."""

from typing import Final, Literal, NamedTuple

from webui.insights import buckets
from webui.insights.buckets import median
from webui.insights.counted import DECIDED, Counted, n, share, waits
from webui.insights.counting import Facet
from webui.sentences import number, plural, sentence

FEW: Final = 20
"""Below this a difference is told in numbers: of 2, "50 %" says more than there is."""


class Change(NamedTuple):
    """How a number differs from that of the period before."""

    sign: Literal["↑", "↓", "=", ""]
    words: str
    """They say the same as the sign, and what the number was."""


class Figure(NamedTuple):
    """One number of the headline."""

    name: str
    value: str
    whole: str
    """What it is of."""
    change: Change


def figures(counted: Counted, days: int) -> list[Figure]:
    """Return the headline of a period of so many days."""
    row, decided = counted.all, n(counted.all, *DECIDED)
    return [
        Figure(
            sentence("Asked"),
            number(n(row, "asked")),
            sentence("came to wait for a person"),
            _count(counted, days, "asked"),
        ),
        Figure(
            sentence("Median wait"),
            buckets.words(median(waits(row))),
            sentence("from asking to the end"),
            _wait(counted, days),
        ),
        Figure(
            sentence("Denied"),
            share(n(row, "denied"), decided),
            sentence("of %(number)s decided", number=number(decided)),
            _denied(counted, days),
        ),
        Figure(
            sentence("Within 2 s"),
            number(_by_people(counted, "quick")),
            sentence("of %(number)s yeses", number=number(_by_people(counted, "approved"))),
            _quick(counted, days),
        ),
        Figure(
            sentence("Expired unseen"),
            number(n(row, "unseen")),
            sentence("of %(number)s expired", number=number(n(row, "expired"))),
            _count(counted, days, "unseen"),
        ),
        Figure(
            sentence("Break-glass"),
            number(n(row, "glass")),
            sentence("past quorum"),
            _count(counted, days, "glass"),
        ),
    ]


def _by_people(counted: Counted, column: str) -> int:
    return sum(n(row, column) for row in counted.of(Facet.REVIEWER).values())


def _count(counted: Counted, days: int, column: str) -> Change:
    before = counted.before
    was = None if before is None else n(before.all, column)
    return counts_compared(n(counted.all, column), was, days)


def _quick(counted: Counted, days: int) -> Change:
    before = counted.before
    was = None if before is None else _by_people(before, "quick")
    return counts_compared(_by_people(counted, "quick"), was, days)


def _wait(counted: Counted, days: int) -> Change:
    before = counted.before
    was = None if before is None else median(waits(before.all))
    return waits_compared(median(waits(counted.all)), was, days)


def _denied(counted: Counted, days: int) -> Change:
    before = counted.before
    was = None if before is None else _percent_denied(before)
    return shares_compared(_percent_denied(counted), was, days)


def _percent_denied(counted: Counted) -> int | None:
    """Return the share of denials in whole percent, as it is shown."""
    decided = n(counted.all, *DECIDED)
    return round(n(counted.all, "denied") * 100 / decided) if decided else None


def counts_compared(now: int, was: int | None, days: int) -> Change:
    """Say how a count differs from what it was in as many days before; None: nobody counted."""
    if was is None:
        return _nothing()
    if was == now:
        return Change("=", sentence("as many as in the %(days)s days before", days=days))
    if was == 0:
        return Change("↑", sentence("none in the %(days)s days before", days=days))
    differ = abs(now - was)
    percent = round(differ * 100 / was)
    by = number(differ) if was < FEW or percent == 0 else f"{number(percent)} %"
    values = {"by": by, "days": days, "was": number(was)}
    if now > was:
        more = sentence("%(by)s more than in the %(days)s days before (%(was)s)", **values)
        return Change("↑", more)
    fewer = sentence("%(by)s fewer than in the %(days)s days before (%(was)s)", **values)
    return Change("↓", fewer)


def shares_compared(now: int | None, was: int | None, days: int) -> Change:
    """Say how a share in percent differs, in points; None: there was nothing it is a share of."""
    if was is None:
        return _nothing()
    if now is None:
        return _was(f"{was} %", days)
    if was == now:
        return Change("=", sentence("as large as in the %(days)s days before", days=days))
    differ, values = abs(now - was), {"days": days, "was": was}
    if now > was:
        more = plural(
            "%(number)s point more than in the %(days)s days before (%(was)s %%)",
            "%(number)s points more than in the %(days)s days before (%(was)s %%)",
            differ,
            **values,
        )
        return Change("↑", more)
    less = plural(
        "%(number)s point less than in the %(days)s days before (%(was)s %%)",
        "%(number)s points less than in the %(days)s days before (%(was)s %%)",
        differ,
        **values,
    )
    return Change("↓", less)


def waits_compared(now: int | None, was: int | None, days: int) -> Change:
    """Say how a median differs by its bucket; None: nothing ended."""
    if was is None:
        return _nothing()
    values = {"days": days, "was": buckets.words(was)}
    if now is None:
        return _was(buckets.words(was), days)
    if was == now:
        return Change("=", sentence("as long as in the %(days)s days before", days=days))
    if now > was:
        longer = sentence("longer than in the %(days)s days before (%(was)s)", **values)
        return Change("↑", longer)
    return Change(
        "↓", sentence("shorter than in the %(days)s days before (%(was)s)", **values)
    )


def _nothing() -> Change:
    return Change("", sentence("no figure before"))


def _was(shown: str, days: int) -> Change:
    """Say what there was where now is nothing to compare."""
    return Change("", sentence("%(was)s in the %(days)s days before", was=shown, days=days))
