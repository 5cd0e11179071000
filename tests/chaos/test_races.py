"""R4 and R5: many hands on one approval, and hands on it around its deadline."""

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

import pytest

from tests.plugins.desk import House
from tests.plugins.rules import Desk
from webui.approvals.answering.reviewing import Decided
from webui.approvals.errors import ConflictError, DeskError
from webui.approvals.states import Verdict
from webui.approvals.use.using import Used
from webui.store.errors import StoreUnavailableError

HANDS = 200
_proof = pytest.mark.proof
_numbers = itertools.count()


def many(trials: int, proof: int) -> pytest.MarkDecorator:
    """Ask for a few trials in every run and for the full number under `make proof`."""
    return pytest.mark.parametrize("trials", [trials, pytest.param(proof, marks=_proof)])


def few() -> pytest.MarkDecorator:
    """Ask for one trial of 200 hands in every run, for two more under `make sure`."""
    sure = pytest.param(2, marks=pytest.mark.sure)
    return pytest.mark.parametrize("trials", [1, sure, pytest.param(50, marks=_proof)])


def at_once(works: Sequence[Callable[[], object]]) -> list[object]:
    """Start all works at the same moment; return what each returned or raised, in order."""
    ready, answers = threading.Barrier(len(works)), [object()] * len(works)

    def run(at: int, work: Callable[[], object]) -> None:
        ready.wait()
        for _ in range(50):
            try:
                answers[at] = work()
            except StoreUnavailableError:  # too busy, nothing was changed: ask again
                time.sleep(0.01)
                continue
            except DeskError as error:
                answers[at] = error
            return

    threads = [
        threading.Thread(target=run, args=(at, work)) for at, work in enumerate(works)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@few()
def test_of_200_verdicts_at_once_exactly_one_settles(
    desk: Desk, house: House, trials: int
) -> None:
    """R4, G4: and each loser is told who won."""
    people, verdicts = (house.ana, house.bo, house.rae), (Verdict.APPROVE, Verdict.DENY)
    for _ in range(trials):
        approval_id = desk.submit(arguments={"n": next(_numbers)}).approval.id
        hands = [(people[n % 3], verdicts[n // 3 % 2]) for n in range(HANDS)]
        random.shuffle(hands)
        answers = at_once(
            [partial(desk.decide, who, approval_id, verdict) for who, verdict in hands]
        )
        row = desk.row(approval_id)
        winner = next(who for who in people if who.id == row.decided_by)
        won = Verdict.APPROVE if row.status == "approved" else Verdict.DENY
        applied = 0
        for (who, verdict), answer in zip(hands, answers, strict=True):
            assert isinstance(answer, Decided), answer
            applied += answer.applied
            if (who, verdict) == (winner, won):
                assert answer.refusal is None
            else:
                assert answer.refusal is not None
                assert answer.refusal.code == "already_settled"
                assert winner.name in answer.refusal.detail
        assert (applied, row.version) == (1, 2)
        assert desk.actions(approval_id).count("approval.decided") == 1


@few()
def test_of_200_consumers_at_once_exactly_one_gets_the_use(desk: Desk, trials: int) -> None:
    """R4, G5, T6."""
    for _ in range(trials):
        approval_id = desk.approved(arguments={"n": next(_numbers)})
        fingerprint = desk.row(approval_id).fingerprint
        answers = at_once(
            [partial(desk.consume, approval_id, fingerprint=fingerprint)] * HANDS
        )
        used = [answer for answer in answers if isinstance(answer, Used)]
        refused = [answer for answer in answers if isinstance(answer, ConflictError)]
        assert (len(used), len(refused)) == (1, HANDS - 1)
        assert {refusal.code for refusal in refused} == {"already_consumed"}
        row = desk.row(approval_id)
        assert (row.attempts, row.consumption_id) == (1, used[0].consumption_id)
        assert desk.report(approval_id, used[0].lease_token, "ok").status == "consumed"


@many(2, 50)
def test_of_many_gates_at_once_one_goes_through_and_no_twin_is_filed(
    desk: Desk, house: House, trials: int
) -> None:
    for _ in range(trials):
        arguments = {"n": next(_numbers)}
        filed = at_once([partial(desk.submit, arguments=arguments)] * 40)
        ids = {answer.approval.id for answer in filed}  # type: ignore[attr-defined]
        assert len(ids) == 1
        (approval_id,) = ids
        assert desk.row(approval_id).seen_count == 40
        desk.decide(house.rae, approval_id)
        answers = at_once([partial(desk.gate, arguments=arguments)] * 40)
        told = Counter(getattr(answer, "code", "used") for answer in answers)
        assert told == {"used": 1, "in_progress": 39}


@many(6, 100)
def test_a_deadline_a_yes_and_a_use_meet_and_only_one_of_them_wins(
    desk: Desk, house: House, trials: int
) -> None:
    """R5: 0 decisions after the deadline, 0 uses after the window, 0 revivals."""
    for _ in range(trials):
        asked = desk.submit(arguments={"n": next(_numbers)}).approval.id
        usable = desk.approved(arguments={"n": next(_numbers)})
        desk.clock.advance(desk.row(usable).expires_at - desk.store.now() - 30)

        works: list[Callable[[], object]] = [
            partial(desk.decide, house.rae, asked),
            partial(desk.consume, usable),
            desk.sweep,
            desk.sweep,
        ]
        vote, use = at_once([partial(_around_the_deadline, work) for work in works])[:2]
        desk.clock.advance(1_000)
        desk.sweep()
        _check_vote(desk, asked, vote)
        _check_use(desk, usable, use)


def _around_the_deadline(work: Callable[[], object]) -> object:
    # Chance picks the side of the deadline; every outcome it can have is checked.
    time.sleep(random.uniform(0, 0.06))  # noqa: S311
    return work()


def _check_vote(desk: Desk, approval_id: str, vote: object) -> None:
    row = desk.row(approval_id)
    if isinstance(vote, Decided) and vote.applied:
        assert row.status == "approved"
        assert row.decided_at is not None
        assert row.decided_at < row.expires_at
    else:
        assert (row.status, row.decided_by) == ("expired", None)
        assert desk.actions(approval_id).count("approval.expired") == 1


def _check_use(desk: Desk, approval_id: str, use: object) -> None:
    row = desk.row(approval_id)
    if isinstance(use, Used):
        assert row.status == "executing"
        assert row.usable_until is not None
        assert desk.told(approval_id)["consumption"] == use.consumption_id
        assert use.lease_expires_at - 120_000 < row.usable_until
    else:
        assert isinstance(use, ConflictError)
        assert (use.code, row.status) == ("expired", "expired")
        assert desk.actions(approval_id).count("approval.expired") == 1
