"""The time in which a verdict can be undone: what waits, who wins, and what is lost by nothing."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import update

from tests.plugins.desk import House, Member, TestClock
from tests.plugins.rules import UNSEEN, Desk, at_once, reviewer_of
from webui.approvals import ending
from webui.approvals.agents.agent_changes import AgentChange, change_agent
from webui.approvals.answering import claiming, deciding, escalating, revoking, undoing
from webui.approvals.answering.cascading import deny_along
from webui.approvals.answering.reviewing import Decided
from webui.approvals.answering.settlement import sealed, settlement_of
from webui.approvals.desk import load
from webui.approvals.errors import ConflictError, DeskError, InvalidError
from webui.approvals.grants.granting import GrantWish
from webui.approvals.people import delegations, organizations
from webui.approvals.people.standing import By
from webui.approvals.states import Verdict
from webui.approvals.use.using import Used
from webui.store.models import Agent, Approval, Decision, Membership, StandingGrant
from webui.store.queries import events
from webui.store.transaction import Transaction
from webui.web.timeline import words_of

WINDOW = 10


@pytest.fixture(autouse=True)
def window(desk: Desk, house: House) -> None:
    """The org lets a verdict be undone for ten seconds."""
    desk.store.write(
        lambda tx: organizations.set_undo(tx, house.org_id, WINDOW, actor="test")
    )


def undo(desk: Desk, who: Member, approval_id: str, **more: Any) -> Decided:
    by = reviewer_of(who, **more)
    return desk.store.write(lambda tx: undoing.undo(tx, by, desk.house.org_id, approval_id))


def refusal_of(done: Decided) -> DeskError:
    assert done.refusal is not None
    return done.refusal


def refused(desk: Desk, who: Member, approval_id: str, verdict: Verdict) -> DeskError:
    return refusal_of(desk.decide(who, approval_id, verdict))


def votes(desk: Desk, approval_id: str) -> list[tuple[str, int | None]]:
    with desk.store.reading() as session:
        found = session.query(Decision).filter_by(approval_id=approval_id)
        return [(each.verdict, each.reset_at) for each in found.order_by(Decision.id)]


def approve(desk: Desk, who: Member, approval_id: str) -> Decided:
    return desk.decide(who, approval_id)


def edit(desk: Desk, who: Member, approval_id: str) -> Decided:
    return desk.edit(who, approval_id, {"command": "echo goodbye"})


def deny(desk: Desk, who: Member, approval_id: str) -> Decided:
    return desk.decide(who, approval_id, Verdict.DENY, "no")


def respond(desk: Desk, who: Member, approval_id: str) -> Decided:
    return desk.decide(who, approval_id, Verdict.RESPOND, answer="Use the other one.")


def ask_back(desk: Desk, who: Member, approval_id: str) -> Decided:
    return desk.decide(who, approval_id, Verdict.REQUEST_CHANGES, "Which host?")


EVERY = [
    pytest.param(approve, "approved", id="approve"),
    pytest.param(edit, "approved", id="edit"),
    pytest.param(deny, "denied", id="deny"),
    pytest.param(respond, "answered", id="respond"),
    pytest.param(ask_back, "needs_revision", id="request_changes"),
]
Giving = Callable[[Desk, Member, str], Decided]


def filed(desk: Desk, **more: Any) -> str:
    every = tuple(str(verdict) for verdict in Verdict)
    return desk.submit(allowed_decisions=every, **more).approval.id


@pytest.mark.parametrize(("give", "status"), EVERY)
def test_every_verdict_waits_and_then_settles_as_of_its_own_time(
    desk: Desk, house: House, clock: TestClock, give: Giving, status: str
) -> None:
    approval_id = filed(desk)
    before = desk.row(approval_id)
    assert give(desk, house.rae, approval_id).applied
    row = desk.row(approval_id)
    at = clock.now()
    assert (row.status, row.version) == ("pending", before.version)
    assert row.settles_at is not None
    assert row.settles_at - WINDOW * 1_000 <= at
    assert (row.decided_by, row.edited_hash, row.message_count) == (None, None, 0)
    assert votes(desk, approval_id) == []
    clock.advance(WINDOW * 1_000 - 1_000)
    assert desk.sweep() == 0
    clock.advance(1_000)
    assert desk.sweep() == 1
    row = desk.row(approval_id)
    assert (row.status, row.settles_at, row.settling) == (status, None, None)
    assert "approval.settling" in desk.actions(approval_id)
    if status != "needs_revision":
        assert (row.decided_by, row.version) == (house.rae.id, before.version + 1)
        assert row.decided_at is not None
        assert row.decided_at <= at, "as of the vote, not of the settlement"
        assert len(votes(desk, approval_id)) == 1
    else:
        assert (row.message_count, row.change_requests) == (1, 1)


@pytest.mark.parametrize(("give", "status"), EVERY)
def test_every_verdict_is_undone_and_leaves_nothing_but_its_record(
    desk: Desk, house: House, clock: TestClock, give: Giving, status: str
) -> None:
    approval_id = filed(desk)
    before = {**desk.row(approval_id).__dict__}
    give(desk, house.rae, approval_id)
    assert undo(desk, house.rae, approval_id).applied
    after = {**desk.row(approval_id).__dict__}
    before.pop("_sa_instance_state"), after.pop("_sa_instance_state")
    assert after == before
    assert votes(desk, approval_id) == []
    assert desk.actions(approval_id)[-2:] == ["approval.settling", "approval.undone"]
    told = desk.told(approval_id)
    assert (told["cause"], told["given_by"]) == ("undone", f"user:{house.rae.id}")
    clock.advance(WINDOW * 1_000)
    assert desk.sweep() == 0
    assert give(desk, house.ana, approval_id).applied, "others decide it now"


def test_nobody_else_decides_meanwhile_and_is_told_who_did_and_until_when(
    desk: Desk, house: House
) -> None:
    approval_id = filed(desk)
    desk.decide(house.rae, approval_id)
    error = refused(desk, house.ana, approval_id, Verdict.DENY)
    assert error.code == "settling"
    assert error.detail.startswith("Rae has approved this call; that settles it at ")
    assert desk.decide(house.rae, approval_id).applied is False, "a repeat is a success"
    assert refused(desk, house.rae, approval_id, Verdict.DENY).code == "settling"
    assert desk.status(approval_id) == "pending"


def test_only_who_gave_it_undoes_it_and_an_agent_in_their_name_does_not(
    desk: Desk, house: House
) -> None:
    approval_id = filed(desk)
    assert refusal_of(undo(desk, house.rae, approval_id)).code == "nothing_to_undo"
    desk.decide(house.rae, approval_id)
    assert refusal_of(undo(desk, house.ana, approval_id)).code == "not_yours"
    assert refusal_of(undo(desk, house.vi, approval_id)).code == "missing_grant"
    acting = undo(desk, house.rae, approval_id, agent_context=True)
    assert acting.refusal is not None
    assert desk.row(approval_id).settles_at is not None


def test_too_late_it_settles_and_says_so(
    desk: Desk, house: House, clock: TestClock
) -> None:
    approval_id = filed(desk)
    desk.decide(house.rae, approval_id)
    clock.advance(WINDOW * 1_000)
    late = refusal_of(undo(desk, house.rae, approval_id))
    assert (late.code, late.detail) == (
        "already_settled",
        "Too late to undo it. Rae approved it.",
    )
    assert desk.status(approval_id) == "approved", "the reader settled it, no sweep ran"


@pytest.mark.parametrize("reader", ["consume", "gate", "decide", "cancel", "claim"])
def test_whoever_looks_next_settles_what_is_due(
    desk: Desk, house: House, clock: TestClock, reader: str
) -> None:
    approval_id = filed(desk)
    desk.decide(house.rae, approval_id)
    early = desk.consume(approval_id)
    assert isinstance(early, ConflictError)
    assert early.code == "not_approved"
    clock.advance(WINDOW * 1_000)
    if reader == "consume":
        assert isinstance(desk.consume(approval_id), Used)
    elif reader == "gate":
        every = tuple(str(verdict) for verdict in Verdict)
        assert isinstance(desk.gate(allowed_decisions=every), Used)
    elif reader == "decide":
        assert not desk.decide(house.rae, approval_id).applied
    elif reader == "cancel":
        with pytest.raises(ConflictError):
            desk.cancel(approval_id)
        desk.sweep()  # the unit that refused was taken back as a whole
    else:
        by, lease = reviewer_of(house.ana), 60_000
        desk.store.write(
            lambda tx: claiming.claim(tx, by, house.org_id, approval_id, lease=lease)
        )
    expected = "executing" if reader in {"consume", "gate"} else "approved"
    assert desk.status(approval_id) == expected


def test_it_never_waits_past_the_deadline_which_was_kept_by_the_vote(
    desk: Desk, house: House, clock: TestClock
) -> None:
    approval_id = filed(desk, expires_in=60_000)
    clock.advance(55_000)
    desk.decide(house.rae, approval_id)
    row = desk.row(approval_id)
    assert row.settles_at == row.expires_at
    clock.advance(3_600_000)
    assert ending.current_status(row, clock.now()) == "pending", (
        "not expired: it was in time"
    )
    desk.sweep()
    row = desk.row(approval_id)
    assert row.resolution == "reviewer"
    assert row.decided_at is not None
    assert row.decided_at < row.expires_at


def test_what_waits_already_gets_the_window_and_loses_it_with_the_setting(
    desk: Desk, house: House
) -> None:
    approval_id = filed(desk)
    desk.store.write(lambda tx: organizations.set_undo(tx, house.org_id, 0, actor="test"))
    assert desk.row(approval_id).undo_window == 0
    desk.decide(house.rae, approval_id)
    assert desk.status(approval_id) == "approved"
    assert filed(desk, arguments={"n": 1}) != approval_id


@pytest.mark.parametrize("seconds", [-1, 31, 1_000])
def test_the_window_is_at_most_thirty_seconds(
    desk: Desk, house: House, seconds: int
) -> None:
    with pytest.raises(InvalidError, match="to 30 seconds"):
        desk.store.write(
            lambda tx: organizations.set_undo(tx, house.org_id, seconds, actor="test")
        )


def test_a_vote_that_settles_nothing_counts_at_once(
    desk: Desk, house: House, clock: TestClock
) -> None:
    approval_id = filed(desk)
    desk.demand(approval_id, approvals_required=2)
    desk.decide(house.rae, approval_id)
    assert desk.row(approval_id).settles_at is None
    assert len(votes(desk, approval_id)) == 1
    desk.edit(house.ana, approval_id, {"command": "echo goodbye"})
    assert desk.row(approval_id).settles_at is None, "an edit starts the count anew"
    desk.decide(house.bo, approval_id)
    assert desk.row(approval_id).settles_at is not None
    clock.advance(WINDOW * 1_000)
    desk.sweep()
    row = desk.row(approval_id)
    assert (row.status, row.resolution) == ("approved", "quorum")


def test_a_time_to_undo_that_stands_already_is_told_once(desk: Desk, house: House) -> None:
    def changes() -> int:
        with desk.store.reading() as session:
            told = events.about(session, house.org_id, f"org:{house.org_id}", 99)
        return [event.action for event in told].count("settings.changed")

    before = changes()
    desk.store.write(
        lambda tx: organizations.set_undo(tx, house.org_id, WINDOW, actor="test")
    )
    assert changes() == before


def test_break_glass_waits_for_nobody(desk: Desk, house: House) -> None:
    approval_id = filed(desk)
    by = reviewer_of(house.ana)
    done = desk.store.write(
        lambda tx: deciding.decide(
            tx,
            by,
            house.org_id,
            approval_id,
            Verdict.APPROVE,
            "the site is down",
            UNSEEN,
            break_glass=True,
        )
    )
    assert done.refusal is None
    assert desk.status(approval_id) == "approved"


def test_a_denial_undone_gives_back_what_it_took_along(desk: Desk, house: House) -> None:
    first, other = (filed(desk, arguments={"n": n}, session="s") for n in range(2))
    denied = deny(desk, house.rae, first)
    by = reviewer_of(house.rae)
    along = desk.store.write(lambda tx: deny_along(tx, by, denied.approval, other, "no"))
    assert along.applied
    assert desk.row(other).settles_at is not None
    assert undo(desk, house.rae, first).applied
    assert [desk.row(each).settles_at for each in (first, other)] == [None, None]


def test_only_what_a_denial_took_along_is_undone_with_it(desk: Desk, house: House) -> None:
    first, other = (filed(desk, arguments={"n": n}, session="s") for n in range(2))
    deny(desk, house.rae, first)
    deny(desk, house.rae, other)
    assert undo(desk, house.rae, first).applied
    assert desk.row(first).settles_at is None
    assert desk.row(other).settles_at is not None


def test_a_kept_verdict_without_a_voice_settles_nothing(
    desk: Desk, house: House, clock: TestClock
) -> None:
    approval_id = filed(desk)
    approve(desk, house.rae, approval_id)

    def silence(tx: Transaction) -> None:
        row = load(tx, house.org_id, approval_id)
        kept = replace(settlement_of(tx.session, tx.keyring, row), vote=None)
        tx.execute(update(Approval).values(settling=sealed(tx, row, kept)))

    desk.store.write(silence)
    clock.advance(WINDOW * 1_000)
    desk.sweep()
    assert (desk.status(approval_id), desk.row(approval_id).settles_at) == ("pending", None)


def test_a_standing_grant_is_checked_at_once_and_made_at_the_end(
    desk: Desk, house: House, clock: TestClock
) -> None:
    def give(approval_id: str, wish: GrantWish) -> Decided:
        by = reviewer_of(house.rae)
        return desk.store.write(
            lambda tx: deciding.decide(
                tx, by, house.org_id, approval_id, Verdict.APPROVE, "", UNSEEN, grant=wish
            )
        )

    def grants() -> int:
        with desk.store.reading() as session:
            return session.query(StandingGrant).count()

    approval_id = filed(desk)
    with pytest.raises(InvalidError):
        give(approval_id, GrantWish(uses=10_000))
    assert give(approval_id, GrantWish(uses=3)).applied
    assert grants() == 0
    clock.advance(WINDOW * 1_000)
    desk.sweep()
    assert grants() == 1
    gone = filed(desk, arguments={"n": 1})
    give(gone, GrantWish(uses=3))
    desk.set_org(grant_hours=0)
    clock.advance(WINDOW * 1_000)
    desk.sweep()
    assert desk.status(gone) == "pending", "what was allowed cannot be, so it waits again"
    assert desk.told(gone)["cause"] == "grant_not_offered"


@pytest.mark.parametrize("at_the_deadline", [False, True])
def test_a_grant_for_a_session_that_ended_is_over_though_nobody_had_settled_it_yet(
    desk: Desk, house: House, clock: TestClock, at_the_deadline: bool
) -> None:
    lasts = WINDOW * 1_000 - 1_000 if at_the_deadline else None
    approval_id = filed(desk, session="s", expires_in=lasts)
    wish = GrantWish(uses=3, session=True)
    assert desk.decide(house.rae, approval_id, grant=wish).applied
    clock.advance(WINDOW * 1_000)
    desk.store.write(lambda tx: ending.end_session(tx, house.org_id, house.ci.id, "s"))
    desk.sweep()
    with desk.store.reading() as session:
        (grant,) = session.query(StandingGrant).all()
    assert grant.ended_at is not None


FREE = {"path": "args.command", "op": "in", "value": ["echo hello", "echo bye"]}


@pytest.mark.parametrize(
    ("given", "other"),
    [
        pytest.param({"grant": GrantWish(uses=3)}, {"grant": GrantWish(uses=4)}, id="uses"),
        pytest.param(
            {"grant": GrantWish(conditions=[FREE])}, {"grant": GrantWish()}, id="conditions"
        ),
        pytest.param({"grant": GrantWish()}, {}, id="no grant"),
        pytest.param(
            {"verdict": Verdict.RESPOND, "answer": "Use the other one."},
            {"verdict": Verdict.RESPOND, "answer": "Never use the other one."},
            id="answer",
        ),
        pytest.param(
            {"verdict": Verdict.REQUEST_CHANGES, "reason": "Which host?"},
            {"verdict": Verdict.REQUEST_CHANGES, "reason": "Which port?"},
            id="message",
        ),
    ],
)
def test_a_repeat_in_the_window_succeeds_and_what_says_something_else_does_not(
    desk: Desk, house: House, given: dict[str, Any], other: dict[str, Any]
) -> None:
    approval_id = filed(desk)
    assert desk.decide(house.rae, approval_id, **given).applied
    repeated = desk.decide(house.rae, approval_id, **given)
    assert (repeated.applied, repeated.refusal) == (False, None)
    assert refusal_of(desk.decide(house.rae, approval_id, **other)).code == "settling"


@pytest.mark.parametrize("verdict", [Verdict.APPROVE, Verdict.DENY])
def test_a_verdict_of_somebody_who_left_meanwhile_is_taken_back(
    desk: Desk, house: House, clock: TestClock, verdict: Verdict
) -> None:
    approval_id = filed(desk)
    desk.decide(house.rae, approval_id, verdict)
    with desk.store.reading() as session:
        assert session.get(Membership, (house.org_id, house.rae.id)) is not None

    def leave(tx: Any) -> None:
        row = tx.session.get_one(Membership, (house.org_id, house.rae.id))
        row.status = "suspended"
        tx.session.flush()

    desk.store.write(leave)
    clock.advance(WINDOW * 1_000)
    desk.sweep()
    row = desk.row(approval_id)
    assert (row.status, row.settles_at) == ("pending", None)
    assert desk.actions(approval_id)[-1] == "approval.undone"
    assert votes(desk, approval_id) == []


def test_working_alone_that_ended_meanwhile_is_no_basis(
    desk: Desk, house: House, clock: TestClock
) -> None:
    approval_id = filed(desk, on_behalf_of=house.rae.email)
    desk.demand(approval_id, solo=True)
    desk.decide(house.rae, approval_id)
    desk.demand(approval_id, solo=False)
    clock.advance(WINDOW * 1_000)
    desk.sweep()
    assert desk.status(approval_id) == "pending"
    assert desk.told(approval_id)["cause"] == "not_alone"


@pytest.mark.parametrize(
    "kept", [b"", b"cut short", None], ids=["empty", "cut", "another's"]
)
def test_a_verdict_that_cannot_be_read_settles_nothing_and_stops_no_other(
    desk: Desk, house: House, clock: TestClock, kept: bytes | None
) -> None:
    first, broken, last = (filed(desk, arguments={"n": n}) for n in range(3))
    for each in (first, broken, last):
        desk.decide(house.rae, each)
    desk.demand(broken, settling=desk.row(first).settling if kept is None else kept)
    with pytest.raises(DeskError, match="cannot be read any more"):
        undo(desk, house.rae, broken)
    clock.advance(WINDOW * 1_000)
    desk.sweep()
    assert [desk.status(each) for each in (first, broken, last)] == [
        "approved", "pending", "approved",
    ]  # fmt: skip
    row, told = desk.row(broken), desk.told(broken)
    assert (row.settles_at, row.settling, votes(desk, broken)) == (None, None, [])
    assert (told["cause"], told["given_by"]) == ("unreadable", None)
    assert "decide the call again" in told["why"]
    assert words_of(desk.events(broken)[-1]).startswith("Undone. The verdict that was kept")
    assert approve(desk, house.bo, broken).applied, "people decide it anew"


def test_a_delegation_that_ended_meanwhile_is_no_basis(
    desk: Desk, house: House, clock: TestClock
) -> None:
    tomorrow = desk.store.now() + 86_400_000
    lent = desk.store.write(
        lambda tx: delegations.delegate(
            tx, house.org_id, house.rae.id, house.vi.email, until=tomorrow
        )
    )
    kept, gone = (filed(desk, arguments={"n": n}) for n in range(2))
    desk.decide(house.vi, kept)
    clock.advance(WINDOW * 1_000)
    desk.sweep()
    assert desk.status(kept) == "approved"
    desk.decide(house.vi, gone)
    desk.store.write(
        lambda tx: delegations.end_delegation(tx, house.org_id, house.rae.id, lent)
    )
    clock.advance(WINDOW * 1_000)
    desk.sweep()
    assert (desk.status(gone), votes(desk, gone)) == ("pending", [])
    assert desk.told(gone)["why"]


def test_a_delegates_verdict_is_not_theirs_by_a_role_they_got_meanwhile(
    desk: Desk, house: House, clock: TestClock
) -> None:
    tomorrow = desk.store.now() + 86_400_000
    desk.store.write(
        lambda tx: delegations.delegate(
            tx, house.org_id, house.rae.id, house.vi.email, until=tomorrow
        )
    )
    approval_id = filed(desk)
    desk.decide(house.vi, approval_id)

    def promote(tx: Any) -> None:
        tx.session.get_one(Membership, (house.org_id, house.vi.id)).role = "reviewer"
        tx.session.flush()

    desk.store.write(promote)
    clock.advance(WINDOW * 1_000)
    desk.sweep()
    assert desk.status(approval_id) == "pending"
    assert desk.told(approval_id)["cause"] == "delegation_ended"


@pytest.mark.parametrize("verdict", [Verdict.APPROVE, Verdict.DENY])
def test_who_became_the_owner_of_its_agent_meanwhile_decides_nothing(
    desk: Desk, house: House, clock: TestClock, verdict: Verdict
) -> None:
    approval_id = filed(desk)
    desk.decide(house.rae, approval_id, verdict, "no")

    def own(tx: Any) -> None:
        tx.session.get_one(Agent, house.ci.id).owner_id = house.rae.id
        tx.session.flush()

    desk.store.write(own)
    clock.advance(WINDOW * 1_000)
    desk.sweep()
    assert (desk.status(approval_id), votes(desk, approval_id)) == ("pending", [])
    assert desk.told(approval_id)["cause"] == "self_approval"


@pytest.mark.parametrize(
    ("verdict", "risen"),
    [
        (Verdict.APPROVE, {"approvals_required": 2}),
        (Verdict.APPROVE, {"approvers": "grp_nobody"}),
        (Verdict.DENY, {"denials_required": 2}),
    ],
)
def test_a_quorum_that_rose_meanwhile_is_not_met_by_what_was_enough_before(
    desk: Desk,
    house: House,
    clock: TestClock,
    verdict: Verdict,
    risen: dict[str, Any],
) -> None:
    approval_id = filed(desk)
    desk.decide(house.rae, approval_id, verdict, "no")
    desk.demand(approval_id, **risen)
    clock.advance(WINDOW * 1_000)
    desk.sweep()
    assert desk.status(approval_id) == "pending"
    assert desk.actions(approval_id)[-1] == "approval.undone"


def test_the_agents_answer_does_not_wipe_a_denial_away(
    desk: Desk, house: House, clock: TestClock
) -> None:
    approval_id = filed(desk)
    ask_back(desk, house.rae, approval_id)
    clock.advance(WINDOW * 1_000)
    desk.sweep()
    deny(desk, house.ana, approval_id)
    desk.reply(approval_id, "host b")
    assert desk.status(approval_id) == "pending"
    clock.advance(WINDOW * 1_000)
    desk.sweep()
    assert desk.status(approval_id) == "denied"


def test_withdrawn_or_asked_anew_meanwhile_it_never_settles(
    desk: Desk, house: House, clock: TestClock
) -> None:
    withdrawn = filed(desk, arguments={"n": 1})
    desk.decide(house.rae, withdrawn)
    desk.cancel(withdrawn)
    old = filed(desk, arguments={"n": 2}, source_ref="t1")
    desk.decide(house.rae, old)
    filed(desk, arguments={"n": 3}, source_ref="t1")
    ended = filed(desk, arguments={"n": 4}, session="s")
    desk.decide(house.rae, ended)
    desk.store.write(lambda tx: ending.end_session(tx, house.org_id, house.ci.id, "s"))
    clock.advance(WINDOW * 1_000)
    assert desk.sweep() == 0
    rows = [desk.row(each) for each in (withdrawn, old, ended)]
    assert [row.status for row in rows] == ["cancelled", "superseded", "cancelled"]
    assert [row.settling for row in rows] == [None] * 3
    due = filed(desk, arguments={"n": 5}, session="t")
    desk.decide(house.rae, due)
    clock.advance(WINDOW * 1_000)
    desk.store.write(lambda tx: ending.end_session(tx, house.org_id, house.ci.id, "t"))
    assert desk.status(due) == "approved", "it was due before the session ended"


def test_the_same_call_asked_again_meanwhile_is_the_same_approval(
    desk: Desk, house: House, clock: TestClock
) -> None:
    desk.set_org(dedupe_window=1)
    approval_id = filed(desk)
    desk.decide(house.rae, approval_id)
    clock.advance(1_000)
    assert filed(desk) == approval_id


def test_undoing_settling_withdrawing_using_and_expiring_have_one_winner(
    desk: Desk, house: House, clock: TestClock
) -> None:
    for n in range(8):
        approval_id = desk.submit(arguments={"n": n}, expires_in=60_000).approval.id
        print_of = desk.row(approval_id).fingerprint
        desk.decide(house.rae, approval_id)
        if n % 2:
            clock.advance(WINDOW * 1_000)  # due: undo comes too late
        if n % 4 == 3:
            clock.advance(60_000)  # and past the deadline
        undone, withdrawn, used, _, denied = at_once(
            partial(undo, desk, house.rae, approval_id),
            partial(desk.cancel, approval_id),
            partial(desk.consume, approval_id, fingerprint=print_of),
            desk.sweep,
            partial(desk.decide, house.ana, approval_id, Verdict.DENY),
        )
        row = desk.row(approval_id)
        took = isinstance(undone, Decided) and undone.applied
        ran, gone = isinstance(used, Used), not isinstance(withdrawn, DeskError)
        said_no = isinstance(denied, Decided) and denied.applied
        moved = [
            action
            for action in desk.actions(approval_id)
            if action in {"approval.decided", "approval.cancelled", "approval.expired"}
        ]
        assert row.settling is None or row.status == "pending"
        if n % 2:
            assert (took, gone, said_no) == (False, False, False)
            assert moved == ["approval.decided"]
            assert row.status == ("executing" if ran else "approved")
        else:
            assert not ran
            assert gone == (row.status == "cancelled")
            assert len(moved) == int(gone)
            assert not said_no or (took and row.status in {"pending", "cancelled"})


def test_a_call_that_is_answered_is_not_escalated_while_its_verdict_can_be_undone(
    desk: Desk, house: House
) -> None:
    approval_id = desk.submit().approval.id
    desk.demand(approval_id, escalate_at=desk.store.now() + 1_000)
    approve(desk, house.rae, approval_id)
    desk.clock.advance(2_000)
    assert desk.store.write(escalating.escalate_due) == 0
    undo(desk, house.rae, approval_id)
    assert desk.store.write(escalating.escalate_due) == 1
    assert desk.actions(approval_id)[-1] == "approval.escalated"


def test_who_would_take_a_yes_back_before_it_settles_is_told_whose_it_is_to_undo(
    desk: Desk, house: House
) -> None:
    approval_id = desk.submit().approval.id
    approve(desk, house.rae, approval_id)
    by = reviewer_of(house.bo)
    org_id = house.org_id
    told = desk.store.write(lambda tx: revoking.revoke(tx, by, org_id, approval_id, ""))
    assert "can still be undone, by who gave it" in str(refusal_of(told))


def test_a_denial_that_is_due_stands_when_its_agent_is_terminated(
    desk: Desk, house: House
) -> None:
    due, early = (desk.submit(arguments={"n": n}).approval.id for n in range(2))
    desk.decide(house.rae, due, Verdict.DENY, "No.")
    desk.clock.advance(WINDOW * 1000 + 1)
    desk.decide(house.rae, early, Verdict.DENY, "No.")
    gone = AgentChange(status="terminated")
    desk.store.write(
        lambda tx: change_agent(tx, house.org_id, By(house.ana.id), house.ci.id, gone)
    )
    assert (desk.status(due), votes(desk, due)) == ("denied", [("deny", None)])
    assert desk.status(early) == "cancelled", "it could still be undone"
