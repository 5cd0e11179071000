"""Who decides, how fast, and what comes of it: charts with their tables."""

from collections.abc import Callable

from webui.insights import buckets
from webui.insights.buckets import median
from webui.insights.counted import (
    DECIDED,
    DRAWN,
    NOTHING,
    VERDICTS,
    Chart,
    Counted,
    Names,
    n,
    share,
    waits,
)
from webui.insights.counting import QUICK, Facet
from webui.insights.drawing import Mark
from webui.sentences import joined, number, plural, sentence


def reviewers(counted: Counted, names: Names) -> Chart:
    """Return who decides, and how fast."""
    screens = counted.of(Facet.SCREEN)
    rows = []
    for user, row in counted.ranked(Facet.REVIEWER, *VERDICTS):
        looked = median(waits(screens.get(user, NOTHING)))
        rows.append((names.person(user), n(row, *VERDICTS), median(waits(row)), looked))
    return Chart(
        "reviewers",
        sentence("Who decides, and how fast"),
        plural(
            "Verdicts came from %(number)s person.",
            "Verdicts came from %(number)s people.",
            len(rows),
            number=number(len(rows)),
        ),
        (
            sentence("Reviewer"),
            sentence("Verdicts"),
            sentence("Median from asking"),
            sentence("Median on screen"),
        ),
        [
            (who, times, buckets.words(wait), buckets.words(looked))
            for who, times, wait, looked in rows
        ],
        [
            Mark(who, times, joined(" · ", (number(times), buckets.words(wait))))
            for who, times, wait, _ in rows[:DRAWN]
        ],
    )


def denials(counted: Counted, names: Names) -> list[Chart]:
    """Return what is denied: by tool, by agent and by reviewer."""
    named: tuple[tuple[Facet, str, str, str, Callable[[str], str]], ...] = (
        (
            Facet.TOOL,
            "tool",
            sentence("What is denied, by tool"),
            sentence("Tool"),
            names.text,
        ),
        (
            Facet.AGENT,
            "agent",
            sentence("What is denied, by agent"),
            sentence("Agent"),
            names.agent,
        ),
        (
            Facet.REVIEWER,
            "reviewer",
            sentence("What is denied, by reviewer"),
            sentence("Reviewer"),
            names.person,
        ),
    )
    return [_denied(counted, *each) for each in named]


def _denied(
    counted: Counted,
    facet: Facet,
    key: str,
    title: str,
    head: str,
    name_of: Callable[[str], str],
) -> Chart:
    rows = [
        (name_of(name), n(row, *DECIDED), n(row, "denied"))
        for name, row in counted.ranked(facet, *DECIDED)
    ]
    denied, verdicts = sum(no for *_, no in rows), sum(whole for _, whole, _ in rows)
    return Chart(
        f"denials-{key}",
        title,
        plural(
            "%(denied)s of %(number)s verdict said no.",
            "%(denied)s of %(number)s verdicts said no.",
            verdicts,
            number=number(verdicts),
            denied=number(denied),
        ),
        (head, sentence("Decided"), sentence("Denied"), sentence("Share")),
        [(name, whole, no, share(no, whole)) for name, whole, no in rows],
        [
            Mark(
                name,
                whole - no,
                sentence(
                    "%(part)s of %(whole)s", part=share(no, whole), whole=number(whole)
                ),
                no,
            )
            for name, whole, no in rows[:DRAWN]
        ],
        parts=(sentence("not denied"), sentence("denied")),
    )


def stamps(counted: Counted, names: Names) -> Chart:
    """Return what was approved at a glance."""
    found = counted.ranked(Facet.REVIEWER, "approved")
    rows = [(names.person(user), row) for user, row in found]
    quick = sum(n(row, "quick") for _, row in rows)
    return Chart(
        "stamps",
        sentence("Approved at a glance"),
        plural(
            "Given within %(seconds)s seconds on screen: %(number)s approval.",
            "Given within %(seconds)s seconds on screen: %(number)s approvals.",
            quick,
            number=number(quick),
            seconds=QUICK,
        ),
        (
            sentence("Reviewer"),
            sentence("Approvals"),
            sentence("Within 2 s"),
            sentence("Without the full view"),
            sentence("Not timed"),
        ),
        [
            (name, *(n(row, each) for each in ("approved", "quick", "unopened", "untimed")))
            for name, row in rows
        ],
        [
            Mark(
                name,
                n(row, "approved") - n(row, "quick"),
                sentence(
                    "%(part)s of %(whole)s within %(seconds)s s",
                    part=number(n(row, "quick")),
                    whole=number(n(row, "approved")),
                    seconds=QUICK,
                ),
                n(row, "quick"),
            )
            for name, row in rows[:DRAWN]
        ],
        parts=(
            sentence("longer, or not timed"),
            sentence("within %(seconds)s s", seconds=QUICK),
        ),
    )


def glass(counted: Counted, names: Names) -> Chart:
    """Return what was approved past the quorum."""
    rows = [
        (names.person(user), n(row, "glass"))
        for user, row in counted.ranked(Facet.REVIEWER, "glass")
    ]
    return Chart(
        "glass",
        sentence("Break-glass"),
        plural(
            "Past quorum, in an emergency: %(number)s time.",
            "Past quorum, in an emergency: %(number)s times.",
            n(counted.all, "glass"),
            number=number(n(counted.all, "glass")),
        ),
        (sentence("Reviewer"), sentence("Times")),
        rows,
        [Mark(who, times, number(times)) for who, times in rows[:DRAWN]],
    )
