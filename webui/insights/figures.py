"""From the numbers of a period to what the page says: charts with their tables."""

from webui.approvals.policy import rule_told
from webui.insights import deciding, waiting
from webui.insights.counted import (
    DRAWN,
    NO_RULE,
    OFTEN,
    Chart,
    Counted,
    Names,
    n,
    share,
)
from webui.insights.counting import Facet
from webui.insights.drawing import Mark
from webui.sentences import joined, number, plural, sentence


def charts(counted: Counted, names: Names, days: int) -> list[Chart]:
    """Return every chart of the page, in the order of the page."""
    return [
        waiting.how_long(counted),
        waiting.by_hour(counted),
        waiting.how_many(counted, days),
        deciding.reviewers(counted, names),
        *deciding.denials(counted, names),
        deciding.stamps(counted, names),
        _repeats(counted, names),
        _rules(counted, names),
        _unseen(counted, names),
        deciding.glass(counted, names),
    ]


def _repeated(counted: Counted, names: Names) -> list[tuple[str, str, str, int, int, bool]]:
    """Return each pair that asked more than once, and whether it makes a candidate."""
    rows = []
    for pair, row in counted.ranked(Facet.PAIR, "asked"):
        agent_id, _, tool = pair.partition(" ")
        asked, no = n(row, "asked"), n(row, "denied")
        if asked > 1:
            rule = n(row, "approved") >= OFTEN and not no
            rows.append((pair, names.agent(agent_id), names.text(tool), asked, no, rule))
    return rows


def _repeats(counted: Counted, names: Names) -> Chart:
    rows = _repeated(counted, names)
    candidates = sum(rule for *_, rule in rows)
    return Chart(
        "repeats",
        sentence("What repeats"),
        plural(
            "Asked for more than once by the same agent: %(number)s tool. Approved %(often)s "
            "times or more and never denied: %(candidates)s.",
            "Asked for more than once by the same agent: %(number)s tools. Approved %(often)s "
            "times or more and never denied: %(candidates)s.",
            len(rows),
            number=number(len(rows)),
            often=OFTEN,
            candidates=number(candidates),
        ),
        (
            sentence("Agent"),
            sentence("Tool"),
            sentence("Asked"),
            sentence("Denied"),
            sentence("Candidate for a rule"),
            *counted.head_before(sentence("Asked before")),
        ),
        [
            (
                agent,
                tool,
                asked,
                no,
                sentence("yes") if rule else sentence("no"),
                *counted.cell_before(Facet.PAIR, pair, lambda was: n(was, "asked")),
            )
            for pair, agent, tool, asked, no, rule in rows
        ],
        [
            Mark(joined(" · ", (tool, agent)), asked, _times(asked, is_candidate=rule))
            for _, agent, tool, asked, _, rule in rows[:DRAWN]
        ],
    )


def _times(asked: int, *, is_candidate: bool) -> str:
    times = number(asked)
    return joined(" · ", (times, sentence("candidate"))) if is_candidate else times


def _rules(counted: Counted, names: Names) -> Chart:
    rows = [
        (name, names.text(rule_told(name)) if name else NO_RULE, row)
        for name, row in counted.ranked(Facet.RULE, "asked")
    ]
    total = sum(n(row, "asked") for *_, row in rows)
    return Chart(
        "rules",
        sentence("Which rules interrupt most"),
        sentence(
            "%(requests)s came to wait for a person, by %(rules)s.",
            requests=_requests(total),
            rules=plural(
                "%(number)s rule", "%(number)s rules", len(rows), number=number(len(rows))
            ),
        ),
        (
            sentence("Rule"),
            sentence("Asked"),
            sentence("Share"),
            sentence("Approved"),
            sentence("Denied"),
            *counted.head_before(sentence("Asked before")),
        ),
        [
            (
                shown,
                n(row, "asked"),
                share(n(row, "asked"), total),
                n(row, "approved"),
                n(row, "denied"),
                *counted.cell_before(Facet.RULE, name, lambda was: n(was, "asked")),
            )
            for name, shown, row in rows
        ],
        [
            Mark(shown, n(row, "asked"), number(n(row, "asked")))
            for _, shown, row in rows[:DRAWN]
        ],
    )


def _requests(count: int) -> str:
    return plural("%(number)s request", "%(number)s requests", count, number=number(count))


def _unseen(counted: Counted, names: Names) -> Chart:
    rows = [
        (tool, n(row, "expired"), n(row, "unseen"))
        for tool, row in counted.ranked(Facet.TOOL, "expired")
    ]
    expired, unseen = n(counted.all, "expired"), n(counted.all, "unseen")
    return Chart(
        "unseen",
        sentence("Expired, and nobody saw it"),
        sentence(
            "Expired: %(requests)s. Never shown to anybody by a page: %(unseen)s.",
            requests=_requests(expired),
            unseen=number(unseen),
        ),
        (
            sentence("Tool"),
            sentence("Expired"),
            sentence("Nobody saw"),
            *counted.head_before(sentence("Nobody saw before")),
        ),
        [
            (
                names.text(tool),
                all_of_it,
                missed,
                *counted.cell_before(Facet.TOOL, tool, lambda was: n(was, "unseen")),
            )
            for tool, all_of_it, missed in rows
        ],
        [
            Mark(
                names.text(tool),
                all_of_it - missed,
                sentence(
                    "%(part)s of %(whole)s unseen",
                    part=number(missed),
                    whole=number(all_of_it),
                ),
                missed,
            )
            for tool, all_of_it, missed in rows[:DRAWN]
        ],
        parts=(sentence("somebody saw it"), sentence("nobody saw it")),
    )
