"""The line that narrows the queue (spec: dashboard.md, "The queue")."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.narrowing import read
from webui.narrowing.language import LONGEST, MOST_TERMS, Term


def told(line: str) -> list[tuple[str, tuple[str, ...], bool, str, int]]:
    return [term[:5] for term in read(line).terms]


@pytest.mark.parametrize(
    ("line", "term"),
    [
        ("tool:github.*", ("tool", ("github.*",), False, "", 0)),
        ("TOOL:a,b", ("tool", ("a", "b"), False, "", 0)),
        ('-for:"Ana Lima",bo', ("for", ("Ana Lima", "bo"), True, "", 0)),
        ("risk:high", ("risk", ("high",), False, "", 0)),
        ("risk:=high", ("risk", ("high",), False, "", 0)),
        ("risk:>=HIGH", ("risk", ("high", "critical"), False, "", 0)),
        ("risk:>high", ("risk", ("critical",), False, "", 0)),
        ("risk:<=medium", ("risk", ("low", "medium"), False, "", 0)),
        ("risk:<low", ("risk", (), False, "", 0)),
        ("risk:low,high", ("risk", ("low", "high"), False, "", 0)),
        ("age:>10m", ("age", (), False, ">", 600_000)),
        ("-left:<=2d", ("left", (), True, "<", 172_800_000)),
        ("is:Mine", ("is", ("mine",), False, "", 0)),
        ('tool:"a b",c,c', ("tool", ("a b", "c"), False, "", 0)),
    ],
)
def test_a_field_is_read(
    line: str, term: tuple[str, tuple[str, ...], bool, str, int]
) -> None:
    assert told(line) == [term]
    assert read(line).faults == ()


def test_words_stand_beside_fields_and_quotation_marks_keep_them_together() -> None:
    query = read('deploy "to prod" -staging tool:x "risk:high"')
    assert query.words == ("deploy", "to prod", "risk:high")
    assert query.not_words == ("staging",)
    assert [term.field for term in query.terms] == ["tool"]


def test_order_and_groups_narrow_nothing() -> None:
    query = read("sort:risk group:agent")
    assert (query.sort, query.group, query.narrows, query.bare) == (
        "risk",
        "agent",
        False,
        "",
    )
    assert read("").sort == "urgency"
    assert read("x sort:age").bare == "x"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("colour:red", "There is no field colour; the fields are tool, risk,"),
        ("https://x", "To look for the words themselves, put them in quotation marks."),
        (
            "risk:severe",
            "risk: takes one of low, medium, high, critical, as in risk:>=high.",
        ),
        ("risk:>=low,high", "risk: takes one of"),
        ("is:late", "is: takes one of mine, claimed,"),
        ("age:10m", "age: compares with a time in s, m, h or d, as in age:>10m."),
        ("age:>soon", "age: compares with"),
        ("left:=5m", "left: compares with"),
        ("tool:", "After tool: a value is missing, as in tool:github.*."),
        ('tool:""', "After tool: a value is missing"),
        ('tool:"a b', 'A quotation mark is not closed; put a " after the words.'),
        ("-", "There is nothing to look for here; leave it out."),
        ("sort:colour", "sort: takes one of urgency, risk, age, deadline"),
        ("-sort:age", "sort: takes one of"),
        ("sort:age sort:risk", "sort: stands here twice; leave one out."),
        (
            "is:mine,claimed",
            "is:mine stands alone; put the others into an is: of their own.",
        ),
        ("is:mine -is:mine", "is:mine stands here twice; leave one out."),
        (
            "x" * (LONGEST + 1),
            f"The line has {LONGEST + 1} characters; {LONGEST} are read.",
        ),
        (
            "x " * (MOST_TERMS + 1),
            f"The line has {MOST_TERMS + 1} parts; {MOST_TERMS} are read.",
        ),
    ],
)
def test_a_fault_says_what_is_wrong_and_how_to_mend_it(line: str, words: str) -> None:
    (fault,) = read(line).faults
    assert words in fault.words


def test_a_fault_says_where_it_stands() -> None:
    line = "tool:x risk:severe"
    (fault,) = read(line).faults
    assert line[fault.begin : fault.end] == "risk:severe"


def test_a_part_can_be_left_out() -> None:
    query = read('tool:x "two words"  risk:low')
    assert [query.without(part) for part in query.parts] == [
        '"two words" risk:low',
        "tool:x risk:low",
        'tool:x "two words"',
    ]


@given(st.text(alphabet=st.sampled_from('ab:-,"<>=* 5m\nrisktoolage'), max_size=60))
def test_every_line_is_read_or_told_what_is_wrong(line: str) -> None:
    query = read(line)
    assert read(query.text) == query
    assert all(isinstance(term, Term) for term in query.terms)
    assert bool(query.parts) == bool(line.split())
