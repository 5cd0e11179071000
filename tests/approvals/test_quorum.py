"""Votes to outcome."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.approvals.quorum import resolve
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
    assert resolve(votes, required=required, denials=denials) is outcome


@given(
    st.lists(st.sampled_from([YES, NO])),
    st.integers(-1, 5),
    st.integers(-1, 5),
)
def test_nothing_is_approved_with_too_few_approvals_or_over_enough_denials(
    votes: list[str], required: int, denials: int
) -> None:
    outcome = resolve(votes, required=required, denials=denials)
    if outcome is Status.APPROVED:
        assert votes.count(YES) >= max(required, 1)
        assert votes.count(NO) < max(denials, 1)


def test_a_word_that_is_no_verdict_is_an_error() -> None:
    with pytest.raises(ValueError, match="maybe"):
        resolve(["maybe"], required=1)
