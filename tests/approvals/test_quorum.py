"""Votes to outcome."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.approvals.answering.quorum import Ballot, Quorum, approvals_in, resolve
from webui.approvals.states import Status

YES, NO = "approve", "deny"


@pytest.mark.parametrize(
    ("votes", "required", "denials", "outcome"),
    [
        ([], 1, 1, None),
        ([YES], 1, 1, Status.APPROVED),
        ([NO], 1, 1, Status.DENIED),
        ([YES], 2, 1, None),
        ([YES, YES], 2, 1, Status.APPROVED),
        ([YES, NO], 2, 1, Status.DENIED),
        ([NO], 2, 2, None),
        ([NO, NO], 2, 2, Status.DENIED),
        ([NO, YES, YES], 2, 2, Status.APPROVED),
        ([NO, NO, YES, YES], 2, 2, Status.DENIED),
        ([], 0, 0, None),
        ([YES], 0, 0, Status.APPROVED),
        ([NO], 0, 0, Status.DENIED),
        (["edit"], 1, 1, Status.APPROVED),
        ([YES, "edit"], 2, 1, Status.APPROVED),
        (["respond"], 1, 1, Status.ANSWERED),
        ([YES, "respond"], 1, 1, Status.ANSWERED),
        (["respond"], 2, 2, None),
        ([NO, "respond"], 2, 2, Status.ANSWERED),
        (["respond", NO], 2, 2, Status.DENIED),
        (["respond", "edit", YES], 2, 2, Status.APPROVED),
        (["request_changes"], 1, 1, None),
    ],
)
def test_votes_settle(
    votes: list[str], required: int, denials: int, outcome: Status | None
) -> None:
    assert resolve(map(Ballot, votes), Quorum(required, denials)) is outcome


@given(
    st.lists(st.sampled_from([YES, NO])),
    st.integers(-1, 5),
    st.integers(-1, 5),
)
def test_nothing_is_approved_with_too_few_approvals_or_over_enough_denials(
    votes: list[str], required: int, denials: int
) -> None:
    outcome = resolve(map(Ballot, votes), Quorum(required, denials))
    if outcome is Status.APPROVED:
        assert votes.count(YES) >= max(required, 1)
        assert votes.count(NO) < max(denials, 1)


def test_a_word_that_is_no_verdict_is_an_error() -> None:
    with pytest.raises(ValueError, match="maybe"):
        resolve([Ballot("maybe")], Quorum())


def ballot(text: str) -> Ballot:
    """Read "approve a b": a verdict and the groups of the voice."""
    verdict, *groups = text.split()
    return Ballot(verdict, frozenset(groups))


@pytest.mark.parametrize(
    ("votes", "quorum", "outcome"),
    [
        (["approve"], Quorum(approvers=frozenset("a")), None),
        (["approve b"], Quorum(approvers=frozenset("a")), None),
        (["approve b", "approve a"], Quorum(approvers=frozenset("a")), Status.APPROVED),
        (["approve b"], Quorum(approvers=frozenset("ab")), Status.APPROVED),
        (["approve a", "approve a"], Quorum(2, distinct=True), None),
        (["approve a", "approve b"], Quorum(2, distinct=True), Status.APPROVED),
        (["approve a b", "approve a"], Quorum(2, distinct=True), Status.APPROVED),
        (["approve a", "approve a b", "approve b"], Quorum(3, distinct=True), None),
        (
            ["approve a b", "approve b c", "approve a"],
            Quorum(3, distinct=True),
            Status.APPROVED,
        ),
        (["approve", "approve"], Quorum(2, distinct=True), None),
        (
            ["approve a x", "approve a x"],
            Quorum(2, approvers=frozenset("ab"), distinct=True),
            None,
        ),
        (["deny v"], Quorum(denials=3, veto=frozenset("v")), Status.DENIED),
        (["deny w"], Quorum(denials=3, veto=frozenset("v")), None),
        (["respond v"], Quorum(denials=3, veto=frozenset("v")), None),
        (["approve a", "deny v"], Quorum(1, 2, veto=frozenset("v")), Status.DENIED),
    ],
)
def test_groups_settle(votes: list[str], quorum: Quorum, outcome: Status | None) -> None:
    assert resolve(map(ballot, votes), quorum) is outcome


@given(
    st.lists(st.frozensets(st.sampled_from("abc"), max_size=3), max_size=5),
    st.frozensets(st.sampled_from("abc")),
)
def test_distinct_approvals_are_as_many_as_can_be_placed(
    groups: list[frozenset[str]], approvers: frozenset[str]
) -> None:
    votes = [Ballot(YES, each) for each in groups]
    found = approvals_in(votes, Quorum(approvers=approvers, distinct=True))
    wanted = [each & approvers if approvers else each for each in groups]
    most = max(
        len({*spoken} - {None}) for spoken in product(*[[None, *each] for each in wanted])
    )
    assert found == most
