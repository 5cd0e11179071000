"""From the numbers of a period to what the page says: charts with their tables."""

from collections.abc import Callable

from webui.insights import buckets
from webui.insights.buckets import BUCKETS, median
from webui.insights.counted import (
    DECIDED,
    DRAWN,
    NO_RULE,
    NOTHING,
    OFTEN,
    VERDICTS,
    Chart,
    Counted,
    Counts,
    Names,
    n,
    share,
    some,
    waits,
)
from webui.insights.counting import QUICK, Facet
from webui.insights.drawing import Mark


def charts(counted: Counted, names: Names, days: int) -> list[Chart]:
    """Return every chart of the page, in the order of the page."""
    return [
        _waits(counted),
        _hours(counted),
        _waiting(counted, days),
        _reviewers(counted, names),
        *_denials(counted, names),
        _stamps(counted, names),
        _repeats(counted, names),
        _rules(counted, names),
        _unseen(counted, names),
        _glass(counted, names),
    ]


def _waits(counted: Counted) -> Chart:
    found = waits(counted.all)
    total = sum(found)
    return Chart(
        "waits",
        "How long requests wait",
        f"{some(total, 'request')} left the queue; the median wait was "
        f"{buckets.words(median(found))}.",
        ("From asking to the end", "Requests", "Share"),
        [(buckets.words(b), found[b], share(found[b], total)) for b in range(BUCKETS)],
        [Mark(_edge(b), found[b], f"{found[b]:,}") for b in range(BUCKETS)],
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


def _hours(counted: Counted) -> Chart:
    rows = [(hour, row, median(waits(row))) for hour, row in _hourly(counted)]
    slow = max((middle for _, _, middle in rows if middle is not None), default=None)
    return Chart(
        "hours",
        "How long, by the hour of asking",
        "The higher a column, the longer the median wait of what was asked in that hour of "
        f"the day (UTC); the longest is {buckets.words(slow)}.",
        ("Hour (UTC)", "Asked", "Median wait"),
        [(f"{hour}:00", n(row, "asked"), buckets.words(mid)) for hour, row, mid in rows],
        [Mark(hour, 0 if mid is None else mid + 1, "") for hour, _, mid in rows],
        upright=True,
    )


def _waiting(counted: Counted, days: int) -> Chart:
    rows = _hourly(counted)
    busiest = max(rows, key=lambda each: n(each[1], "waited"))
    return Chart(
        "waiting",
        "How many waited, by the hour",
        f"Most waited between {busiest[0]}:00 and {busiest[0]}:59 UTC: on an average day "
        f"{n(busiest[1], 'waited') / days:.1f} requests.",
        ("Hour (UTC)", "Waited, on an average day", "Waited, on all days"),
        [
            (f"{hour}:00", f"{n(row, 'waited') / days:.1f}", n(row, "waited"))
            for hour, row in rows
        ],
        [Mark(hour, n(row, "waited"), "") for hour, row in rows],
        upright=True,
    )


def _reviewers(counted: Counted, names: Names) -> Chart:
    screens = counted.of(Facet.SCREEN)
    rows = []
    for user, row in counted.ranked(Facet.REVIEWER, *VERDICTS):
        looked = median(waits(screens.get(user, NOTHING)))
        rows.append((names.person(user), n(row, *VERDICTS), median(waits(row)), looked))
    return Chart(
        "reviewers",
        "Who decides, and how fast",
        f"Verdicts came from {some(len(rows), 'person', 'people')}.",
        ("Reviewer", "Verdicts", "Median from asking", "Median on screen"),
        [
            (who, times, buckets.words(wait), buckets.words(looked))
            for who, times, wait, looked in rows
        ],
        [
            Mark(who, times, f"{times:,} · {buckets.words(wait)}")
            for who, times, wait, _ in rows[:DRAWN]
        ],
    )


def _denials(counted: Counted, names: Names) -> list[Chart]:
    named: tuple[tuple[Facet, str, Callable[[str], str]], ...] = (
        (Facet.TOOL, "tool", names.text),
        (Facet.AGENT, "agent", names.agent),
        (Facet.REVIEWER, "reviewer", names.person),
    )
    return [_denied(counted, *each) for each in named]


def _denied(
    counted: Counted, facet: Facet, word: str, name_of: Callable[[str], str]
) -> Chart:
    rows = [
        (name_of(name), n(row, *DECIDED), n(row, "denied"))
        for name, row in counted.ranked(facet, *DECIDED)
    ]
    denied = sum(no for _, _, no in rows)
    return Chart(
        f"denials-{word}",
        f"What is denied, by {word}",
        f"{denied:,} of {some(sum(whole for _, whole, _ in rows), 'verdict')} said no.",
        (word.capitalize(), "Decided", "Denied", "Share"),
        [(name, whole, no, share(no, whole)) for name, whole, no in rows],
        [
            Mark(name, whole - no, f"{share(no, whole)} of {whole:,}", no)
            for name, whole, no in rows[:DRAWN]
        ],
        parts=("not denied", "denied"),
    )


def _repeats(counted: Counted, names: Names) -> Chart:
    rows = []
    for pair, row in counted.ranked(Facet.PAIR, "asked"):
        agent_id, _, tool = pair.partition(" ")
        asked, no = n(row, "asked"), n(row, "denied")
        if asked > 1:
            rule = n(row, "approved") >= OFTEN and not no
            rows.append((names.agent(agent_id), names.text(tool), asked, no, rule))
    candidates = sum(rule for *_, rule in rows)
    return Chart(
        "repeats",
        "What repeats",
        f"Asked for more than once by the same agent: {some(len(rows), 'tool')}. Approved "
        f"{OFTEN} times or more and never denied: {candidates:,}.",
        ("Agent", "Tool", "Asked", "Denied", "Candidate for a rule"),
        [
            (agent, tool, asked, no, "yes" if rule else "no")
            for agent, tool, asked, no, rule in rows
        ],
        [
            Mark(f"{tool} · {agent}", asked, f"{asked:,}{' · candidate' if rule else ''}")
            for agent, tool, asked, _, rule in rows[:DRAWN]
        ],
    )


def _rules(counted: Counted, names: Names) -> Chart:
    found = counted.ranked(Facet.RULE, "asked")
    rows = [(names.text(name) if name else NO_RULE, row) for name, row in found]
    total = sum(n(row, "asked") for _, row in rows)
    return Chart(
        "rules",
        "Which rules interrupt most",
        f"{some(total, 'request')} came to wait for a person, by {some(len(rows), 'rule')}.",
        ("Rule", "Asked", "Share", "Approved", "Denied"),
        [
            (
                name,
                n(row, "asked"),
                share(n(row, "asked"), total),
                n(row, "approved"),
                n(row, "denied"),
            )
            for name, row in rows
        ],
        [Mark(name, n(row, "asked"), f"{n(row, 'asked'):,}") for name, row in rows[:DRAWN]],
    )


def _stamps(counted: Counted, names: Names) -> Chart:
    found = counted.ranked(Facet.REVIEWER, "approved")
    rows = [(names.person(user), row) for user, row in found]
    quick = sum(n(row, "quick") for _, row in rows)
    return Chart(
        "stamps",
        "Approved at a glance",
        f"Given within {QUICK} seconds on screen: {some(quick, 'approval')}.",
        ("Reviewer", "Approvals", "Within 2 s", "Without the full view", "Not timed"),
        [
            (name, *(n(row, each) for each in ("approved", "quick", "unopened", "untimed")))
            for name, row in rows
        ],
        [
            Mark(
                name,
                n(row, "approved") - n(row, "quick"),
                f"{n(row, 'quick'):,} of {n(row, 'approved'):,} within {QUICK} s",
                n(row, "quick"),
            )
            for name, row in rows[:DRAWN]
        ],
        parts=("longer, or not timed", f"within {QUICK} s"),
    )


def _unseen(counted: Counted, names: Names) -> Chart:
    rows = [
        (names.text(tool), n(row, "expired"), n(row, "unseen"))
        for tool, row in counted.ranked(Facet.TOOL, "expired")
    ]
    expired, unseen = n(counted.all, "expired"), n(counted.all, "unseen")
    return Chart(
        "unseen",
        "Expired, and nobody saw it",
        f"Expired: {some(expired, 'request')}. Never shown to anybody by a page: {unseen:,}.",
        ("Tool", "Expired", "Nobody saw"),
        rows,
        [
            Mark(tool, all_of_it - missed, f"{missed:,} of {all_of_it:,} unseen", missed)
            for tool, all_of_it, missed in rows[:DRAWN]
        ],
        parts=("somebody saw it", "nobody saw it"),
    )


def _glass(counted: Counted, names: Names) -> Chart:
    rows = [
        (names.person(user), n(row, "glass"))
        for user, row in counted.ranked(Facet.REVIEWER, "glass")
    ]
    return Chart(
        "glass",
        "Break-glass",
        f"Past quorum, in an emergency: {some(n(counted.all, 'glass'), 'time')}.",
        ("Reviewer", "Times"),
        rows,
        [Mark(who, times, f"{times:,}") for who, times in rows[:DRAWN]],
    )
