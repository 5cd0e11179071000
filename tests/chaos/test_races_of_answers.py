"""R4 and R5 for all that people can answer: quorums, vetoes, edits, grants, and verdicts undone."""

import itertools
import random
from collections import Counter
from collections.abc import Callable
from functools import partial

from sqlalchemy import select

from tests.chaos.test_races import at_once, many
from tests.plugins.desk import House, Member
from tests.plugins.rules import UNSEEN, Desk, reviewer_of
from webui.approvals import ending
from webui.approvals.answering import deciding, undoing
from webui.approvals.answering.quorum import Ballot, resolve
from webui.approvals.answering.reviewing import Decided
from webui.approvals.asking.ask import Filed
from webui.approvals.errors import DeskError
from webui.approvals.grants.granting import GrantWish
from webui.approvals.people import organizations
from webui.approvals.ruling.terms import quorum_of
from webui.approvals.states import Verdict
from webui.approvals.use.using import Used
from webui.audit.agreement import findings
from webui.store.models import Decision, StandingGrant
from webui.store.transaction import Transaction

_numbers = itertools.count()


def agrees(desk: Desk) -> None:
    with desk.store.reading() as session:
        assert findings(session.connection(), desk.house.org_id, pruned=False) == []


def counted(desk: Desk, approval_id: str) -> list[tuple[str, Ballot]]:
    """Return the verdicts that count, by who gave them, oldest first."""
    statement = (
        select(Decision)
        .where(Decision.approval_id == approval_id, Decision.reset_at.is_(None))
        .order_by(Decision.id)
    )
    with desk.store.reading() as session:
        return [
            (each.user_id, Ballot(each.verdict, frozenset(each.groups.split())))
            for each in session.scalars(statement)
        ]


@many(6, 200)
def test_the_last_two_votes_of_a_quorum_never_miss_each_other(
    desk: Desk, house: House, trials: int
) -> None:
    for _ in range(trials):
        approval_id = desk.submit(arguments={"n": next(_numbers)}).approval.id
        desk.demand(approval_id, approvals_required=3)
        desk.decide(house.ana, approval_id)
        answers = at_once(
            [partial(desk.decide, who, approval_id) for who in (house.bo, house.rae)]
        )
        assert all(isinstance(a, Decided) and a.applied for a in answers)
        assert desk.status(approval_id) == "approved"
        assert desk.actions(approval_id).count("approval.decided") == 1
    agrees(desk)


@many(3, 100)
def test_of_many_votes_and_edits_at_once_the_votes_that_count_settle_it_as_the_rules_say(
    desk: Desk, house: House, trials: int
) -> None:
    """Nobody counts twice, an edit takes back the yeses before it, and one thing settles it."""
    people = (house.ana, house.bo, house.rae)
    every = ("approve", "deny", "edit")
    for trial in range(trials):
        asked = desk.submit(arguments={"n": next(_numbers)}, allowed_decisions=every)
        approval_id = asked.approval.id
        desk.demand(approval_id, approvals_required=2, denials_required=2)
        works: list[Callable[[], object]] = []
        for who in people:
            for verdict in (Verdict.APPROVE, Verdict.DENY):
                works += [partial(desk.decide, who, approval_id, verdict)] * 3
            edited = {"n": -trial - 1, "by": who.name}
            works.append(partial(desk.edit, who, approval_id, edited))
        random.shuffle(works)
        at_once(works)
        row, votes = desk.row(approval_id), counted(desk, approval_id)
        assert len({who for who, _ in votes}) == len(votes), "one voice each"
        outcome = resolve([ballot for _, ballot in votes], quorum_of(row))
        assert str(outcome or "pending") == row.status
        settled = desk.actions(approval_id).count("approval.decided")
        assert settled == (outcome is not None)
        edits = [ballot for _, ballot in votes if ballot.verdict == Verdict.EDIT]
        assert len(edits) <= 1, "an edit resets the yes of the edit before it"
        assert (row.edited_hash is not None) >= bool(edits)
    agrees(desk)


@many(3, 50)
def test_a_grant_covers_as_many_calls_at_once_as_it_was_given_for(
    desk: Desk, house: House, trials: int
) -> None:
    anything = {"path": "args.n", "op": "exists", "value": True}
    for trial in range(trials):
        tool = f"mail.send_{trial}"
        approval_id = desk.submit(tool=tool, arguments={"n": 0}).approval.id
        wish = GrantWish(uses=5, conditions=(anything,))
        desk.store.write(partial(_grant, desk, house.rae, approval_id, wish))
        filed = at_once(
            [partial(desk.submit, tool=tool, arguments={"n": n}) for n in range(1, 25)]
        )
        told = Counter(
            str(each.approval.status) for each in filed if isinstance(each, Filed)
        )
        assert told == {"approved": 5, "pending": 19}
        with desk.store.reading() as session:
            made = select(StandingGrant).where(StandingGrant.approval_id == approval_id)
            assert session.scalars(made).one().used == 5
    agrees(desk)


def _grant(
    desk: Desk, who: Member, approval_id: str, wish: GrantWish, tx: Transaction
) -> str:
    decided = deciding.decide(
        tx,
        reviewer_of(who),
        desk.house.org_id,
        approval_id,
        Verdict.APPROVE,
        "",
        UNSEEN,
        grant=wish,
    )
    return decided.approval.id


@many(6, 100)
def test_a_verdict_in_its_window_is_undone_or_settles_or_the_call_is_withdrawn(
    desk: Desk, house: House, trials: int
) -> None:
    """Whatever wins, an agent uses the call only after the yes has settled."""
    org_id = house.org_id
    desk.store.write(lambda tx: organizations.set_undo(tx, org_id, 10, actor="test"))
    for _ in range(trials):
        approval_id = desk.submit(arguments={"n": next(_numbers)}).approval.id
        desk.decide(house.rae, approval_id)
        settles_at = desk.row(approval_id).settles_at
        assert settles_at is not None
        desk.clock.advance(settles_at - desk.store.now() - 30)

        def undo(approval_id: str = approval_id) -> object:
            by = reviewer_of(house.rae)
            return desk.store.write(lambda tx: undoing.undo(tx, by, org_id, approval_id))

        def sweep() -> object:
            desk.clock.advance(random.choice((0, 60)))  # noqa: S311 - no secret
            return desk.store.write(ending.sweep)

        works: list[Callable[[], object]] = [
            undo,
            sweep,
            partial(desk.cancel, approval_id),
            partial(desk.consume, approval_id),
            partial(desk.decide, house.bo, approval_id, Verdict.DENY),
        ]
        undone, _, cancelled, used, other = at_once(works)
        actions, status = desk.actions(approval_id), desk.status(approval_id)
        assert isinstance(undone, Decided)
        was_undone = undone.refusal is None
        assert (isinstance(used, Used)) == (status in {"executing", "consumed"})
        assert actions.count("approval.decided") <= 1
        if isinstance(used, Used):
            assert actions.count("approval.decided") == 1
            assert not was_undone
            assert isinstance(cancelled, DeskError)
        if status == "denied":
            assert was_undone
            assert isinstance(other, Decided)
            assert other.refusal is None
        desk.clock.advance(20_000)
        desk.store.write(ending.sweep)
        assert desk.row(approval_id).settles_at is None
    agrees(desk)


@many(4, 100)
def test_the_last_vote_of_a_quorum_around_the_deadline_is_in_time_or_expires(
    desk: Desk, house: House, trials: int
) -> None:
    for _ in range(trials):
        approval_id = desk.submit(arguments={"n": next(_numbers)}).approval.id
        desk.demand(approval_id, approvals_required=2)
        desk.decide(house.ana, approval_id)
        desk.clock.advance(desk.row(approval_id).expires_at - desk.store.now() - 20)

        def vote(approval_id: str = approval_id) -> object:
            desk.clock.advance(random.choice((0, 40)))  # noqa: S311 - no secret
            return desk.decide(house.rae, approval_id)

        voted, *_ = at_once([vote, desk.sweep, desk.sweep])
        desk.clock.advance(1_000)
        desk.sweep()
        row = desk.row(approval_id)
        assert isinstance(voted, Decided)
        if voted.applied:
            assert row.status == "approved"
            assert row.decided_at is not None
            assert row.decided_at < row.expires_at
        else:
            assert (row.status, row.decided_by) == ("expired", None)
    agrees(desk)
