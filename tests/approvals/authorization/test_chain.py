"""The reporting chain: fifty levels, cycles, and agents that are not there."""

import pytest

from tests.plugins.directory import Book, agents
from webui.approvals.authorization import Actor, AgentFacts, Grant, Resource, authorize


def manages(book: Book, manager: str, worker: str) -> bool:
    """Ask on both ways on which the chain counts, which must agree."""
    issue = Resource("org", kind="issue", assignee_agent_id=worker)
    by_chain = authorize(
        Actor("agent", manager, "org"),
        "tasks:manage_active_checkouts",
        issue,
        directory=book,
    )
    grant = Grant("g", "tasks:manage_active_checkouts", {"subtree": manager})
    by_scope = authorize(
        Actor("user", "u", "org", role="viewer", grants=(grant,)),
        "tasks:manage_active_checkouts",
        issue,
        directory=book,
    )
    assert by_chain.allowed == by_scope.allowed
    return by_chain.allowed


def line(length: int) -> Book:
    """Agents a0, a1, ...: each reports to the next."""
    return Book(agents=agents(**{f"a{i}": f"a{i + 1}" for i in range(length)}))


def test_an_agent_manages_itself_and_everybody_below_it() -> None:
    book = Book(agents=agents(boss=None, lead="boss", worker="lead", peer="boss"))
    assert manages(book, "worker", "worker")
    assert manages(book, "lead", "worker")
    assert manages(book, "boss", "worker")
    assert not manages(book, "worker", "lead")
    assert not manages(book, "peer", "worker")


@pytest.mark.parametrize(("levels", "reached"), [(1, True), (49, True), (50, True)])
def test_up_to_fifty_levels_count(levels: int, reached: bool) -> None:
    assert manages(line(60), f"a{levels}", "a0") is reached


def test_the_fifty_first_does_not() -> None:
    assert not manages(line(60), "a51", "a0")


@pytest.mark.parametrize(
    "chain",
    [
        {"worker": "worker"},
        {"worker": "lead", "lead": "worker"},
        {"worker": "a", "a": "b", "b": "c", "c": "a"},
    ],
)
def test_a_cycle_ends(chain: dict[str, str]) -> None:
    book = Book(agents=agents(outsider=None, **chain))
    assert not manages(book, "outsider", "worker")
    for name in chain:
        assert manages(book, name, "worker")


def test_a_missing_agent_on_the_way_ends_the_search_with_no() -> None:
    book = Book(agents=agents(boss=None, worker="left", ghost="boss"))
    assert not manages(book, "boss", "worker")


def test_a_manager_of_another_org_manages_nobody_here() -> None:
    book = Book(agents=agents(worker="theirs"))
    grant = Grant("g", "agents:manage", {"subtree": "theirs"})
    answer = authorize(
        Actor("user", "u", "org", role="viewer", grants=(grant,)),
        "agents:manage",
        Resource("org", kind="agent", id="worker"),
        directory=book,
    )
    assert answer.reason == "deny_scope"


def test_an_empty_name_above_is_nobody() -> None:
    book = Book(agents={"": AgentFacts("boss"), **agents(boss=None, worker="")})
    assert not manages(book, "boss", "worker")
