"""The backtest: what a draft of the policy would have said of the calls that are recorded."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import select

from webui.approvals import jobs
from webui.approvals.authorization import POLICY_READ, VIEW
from webui.approvals.errors import InvalidError
from webui.approvals.jobs import Claimed
from webui.approvals.people.standing import By, require_in
from webui.approvals.policy import Replay, Rulebook, check_policy, read_policy
from webui.approvals.ruling.policies import PolicyRefusedError
from webui.background import Step, Work
from webui.replays.reading import Breath, Reader
from webui.replays.tally import Tally
from webui.replays.was import was
from webui.sentences import number, sentence
from webui.store.ids import first_id
from webui.store.models import Org
from webui.store.queries.deciders import deciders
from webui.store.store import Store
from webui.store.transaction import Transaction

KIND: Final = "backtest"
DAY: Final = 86_400_000
DAYS: Final = 30
DAYS_MAX: Final = 3_650
TEXT_MAX: Final = 131_072
"""Characters of a draft."""
_WRONG_DAYS: Final = sentence(
    "A backtest goes over 1 to %(most)s days, or over all recorded calls; give one of them.",
    most=DAYS_MAX,
)


def ask_for_backtest(
    tx: Transaction, org_id: str, text: str, days: int | None, by: By
) -> str:
    """Put a backtest of a draft into the queue and return its id.

    It asks about every call of the org, so it is for who may read the policy and see them all.

    Args:
        tx: the transaction.
        org_id: whose calls.
        text: the draft, the whole file. Tests that fail and groups that are not there yet
            stand in nobody's way.
        days: how far back; none: all.
        by: who asks.

    Raises:
        NotAllowedError: they may not.
        PolicyRefusedError: the draft cannot be read.
        InvalidError: there is no such number of days.
        ConflictError: so many jobs wait already.

    """
    check_may_replay(tx, org_id, by)
    if days is not None and not 1 <= days <= DAYS_MAX:
        raise InvalidError(_WRONG_DAYS)
    if len(text) > TEXT_MAX:
        raise InvalidError(
            sentence(
                "The draft is longer than %(most)s characters; shorten it.",
                most=number(TEXT_MAX),
            )
        )
    policy, wrong = check_policy(text)
    if policy is None:
        raise PolicyRefusedError(wrong)
    wanted = {"text": policy.text, "days": days, "revision": policy.revision}
    job_id = jobs.ask_for(tx, org_id, KIND, wanted, by)
    note = {"revision": policy.revision, "days": days}
    tx.record(org_id, by.name, "policy.backtested", f"job:{job_id}", note)
    return job_id


def check_may_replay(tx: Transaction, org_id: str, by: By) -> None:
    """Refuse whoever may not read the policy, or not see all of the org's calls."""
    require_in(tx, org_id, by, POLICY_READ)
    require_in(tx, org_id, by, VIEW)


def run_backtest(store: Store, job: Claimed) -> Work:
    """Replay the draft, a few milliseconds at a time; return the figures."""
    policy = read_policy(job.input["text"])
    since, until = _period(store, job)
    reader = Reader(store, job.org_id, Replay(Rulebook(policy)))
    tally = Tally()
    for at in _replayed(reader, since, until, tally):
        yield Step(at - since, until - since)
    with store.reading() as session:
        deciding = len(deciders(session, job.org_id, store.now()))
    return {
        "since": since,
        "until": until,
        "revision": job.input["revision"],
        "masked": reader.masked,
        **tally.as_document(),
        **_interruptions(tally.as_document(), (until - since) / DAY, deciding),
    }


def _replayed(reader: Reader, since: int, until: int, tally: Tally) -> Iterator[int]:
    """Yield the time at which the replay has arrived, every few milliseconds."""
    breath, at = Breath(), since
    for connection, found in reader.slices(first_id("apr", since), first_id("apr", until)):
        for call in found.calls:
            tally.add(call, was(call), reader.rule_on(connection, call))
            at = call.created_at
            if breath.over:
                yield at
                breath.draw()
        if breath.over:  # all of a slice may be other orgs'
            yield at
            breath.draw()


def _period(store: Store, job: Claimed) -> tuple[int, int]:
    """Return from when to when, ms. A day in UTC is begun at its start: so counters are right."""
    days = job.input["days"]
    with store.reading() as session:
        born = session.scalars(select(Org.created_at).where(Org.id == job.org_id)).one()
    since = born if days is None else max(born, job.created_at - days * DAY)
    return since - since % DAY, job.created_at + 1


def _interruptions(counted: dict[str, Any], days: float, deciding: int) -> dict[str, Any]:
    """Return how often a day each person who may decide is asked, before and now."""
    each = max(days, 1 / 24) * max(deciding, 1)
    return {
        "people": deciding,
        "days": round(days, 2),
        "daily_before": round(counted["asked_before"] / each, 2),
        "daily_now": round(counted["asked_now"] / each, 2),
    }
