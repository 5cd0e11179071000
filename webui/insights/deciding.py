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
    Counts,
    Names,
    median_wait,
    n,
    share,
    share_denied,
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
        rows.append((user, n(row, *VERDICTS), median(waits(row)), looked))
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
            *counted.head_before(sentence("Verdicts before")),
            *counted.head_before(sentence("Median from asking before")),
        ),
        [
            (
                names.person(user),
                times,
                buckets.words(wait),
                buckets.words(looked),
                *counted.cell_before(Facet.REVIEWER, user, lambda was: n(was, *VERDICTS)),
                *counted.cell_before(Facet.REVIEWER, user, median_wait),
            )
            for user, times, wait, looked in rows
        ],
        [
            Mark(
                names.person(user),
                times,
                joined(" · ", (number(times), buckets.words(wait))),
            )
            for user, times, wait, _ in rows[:DRAWN]
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
        (name, n(row, *DECIDED), n(row, "denied"))
        for name, row in counted.ranked(facet, *DECIDED)
    ]
    return Chart(
        f"denials-{key}",
        title,
        _said_no(sum(no for *_, no in rows), sum(whole for _, whole, _ in rows)),
        (
            head,
            sentence("Decided"),
            sentence("Denied"),
            sentence("Share"),
            *counted.head_before(sentence("Share before")),
        ),
        [
            (
                name_of(name),
                whole,
                no,
                share(no, whole),
                *counted.cell_before(facet, name, share_denied),
            )
            for name, whole, no in rows
        ],
        [
            Mark(name_of(name), whole - no, _part_of(no, whole), no)
            for name, whole, no in rows[:DRAWN]
        ],
        parts=(sentence("not denied"), sentence("denied")),
    )


def _said_no(denied: int, verdicts: int) -> str:
    return plural(
        "%(denied)s of %(number)s verdict said no.",
        "%(denied)s of %(number)s verdicts said no.",
        verdicts,
        number=number(verdicts),
        denied=number(denied),
    )


def _part_of(part: int, whole: int) -> str:
    return sentence("%(part)s of %(whole)s", part=share(part, whole), whole=number(whole))


def stamps(counted: Counted, names: Names) -> Chart:
    """Return what was approved at a glance."""
    rows = counted.ranked(Facet.REVIEWER, "approved")
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
            *counted.head_before(sentence("Approvals before")),
            *counted.head_before(sentence("Within 2 s before")),
        ),
        [
            (
                names.person(user),
                *(n(row, each) for each in ("approved", "quick", "unopened", "untimed")),
                *counted.cell_before(Facet.REVIEWER, user, lambda was: n(was, "approved")),
                *counted.cell_before(Facet.REVIEWER, user, lambda was: n(was, "quick")),
            )
            for user, row in rows
        ],
        [
            Mark(
                names.person(user),
                n(row, "approved") - n(row, "quick"),
                _within(row),
                n(row, "quick"),
            )
            for user, row in rows[:DRAWN]
        ],
        parts=(
            sentence("longer, or not timed"),
            sentence("within %(seconds)s s", seconds=QUICK),
        ),
    )


def _within(row: Counts) -> str:
    return sentence(
        "%(part)s of %(whole)s within %(seconds)s s",
        part=number(n(row, "quick")),
        whole=number(n(row, "approved")),
        seconds=QUICK,
    )


def glass(counted: Counted, names: Names) -> Chart:
    """Return what was approved past the quorum."""
    rows = [
        (user, n(row, "glass")) for user, row in counted.ranked(Facet.REVIEWER, "glass")
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
        (
            sentence("Reviewer"),
            sentence("Times"),
            *counted.head_before(sentence("Times before")),
        ),
        [
            (
                names.person(user),
                times,
                *counted.cell_before(Facet.REVIEWER, user, lambda was: n(was, "glass")),
            )
            for user, times in rows
        ],
        [Mark(names.person(user), times, number(times)) for user, times in rows[:DRAWN]],
    )
