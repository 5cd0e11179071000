"""Long work beside the requests: one worker each, begun anew after a death, ended by a cancel."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from tests.plugins.rules import Desk
from webui.approvals import jobs
from webui.approvals.errors import InvalidError, NotFoundError
from webui.approvals.jobs import Claimed
from webui.approvals.people.standing import By
from webui.background import Runner, Step, Work
from webui.store.models import Job
from webui.store.store import Store


def count(store: Store, job: Claimed) -> Work:
    """Count to three."""
    yield Step(0, 3)
    yield Step(2, 3)
    return {"org": job.org_id, "wanted": job.input["n"], "store": store.on_sqlite}


def ask(desk: Desk, kind: str = "count") -> str:
    org = desk.house.org_id
    return desk.store.write(lambda tx: jobs.ask_for(tx, org, kind, {"n": 7}, By()))


def job_of(desk: Desk, job_id: str) -> Job:
    with desk.store.reading() as session:
        return session.get_one(Job, job_id)


def test_a_job_runs_and_its_result_is_kept(desk: Desk) -> None:
    runner, job_id = Runner(desk.store, {"count": count}), ask(desk)
    assert runner.turn()
    job = job_of(desk, job_id)
    assert (job.state, job.done, job.total, job.attempts) == ("done", 3, 3, 1)
    assert '"wanted": 7' in (job.result or "")
    assert not runner.turn()


def test_of_two_nodes_one_takes_a_job(desk: Desk) -> None:
    job_id = ask(desk)
    first, second = desk.store.write(jobs.claim), desk.store.write(jobs.claim)
    assert first is not None
    assert (first.id, second) == (job_id, None)


def test_the_command_line_takes_its_own_job(desk: Desk) -> None:
    first, second = ask(desk), ask(desk)
    taken = desk.store.write(lambda tx: jobs.claim(tx, only=second))
    assert taken is not None
    assert taken.id == second
    assert desk.store.write(lambda tx: jobs.claim(tx, only=second)) is None
    assert job_of(desk, first).state == "queued"


def test_a_job_whose_worker_died_is_begun_anew_and_the_dead_one_writes_nothing(
    desk: Desk,
) -> None:
    job_id = ask(desk)
    dead = desk.store.write(jobs.claim)
    assert dead is not None
    assert desk.store.write(lambda tx: jobs.beat(tx, dead, 1, 3))
    desk.clock.advance(jobs.LEASE + 1)
    assert Runner(desk.store, {"count": count}).turn()
    job = job_of(desk, job_id)
    assert (job.state, job.attempts) == ("done", 2)
    assert not desk.store.write(lambda tx: jobs.beat(tx, dead, 2, 3))
    assert not desk.store.write(lambda tx: jobs.finish(tx, dead, {}))
    assert '"wanted": 7' in (job_of(desk, job_id).result or "")


def test_a_job_that_always_kills_its_worker_is_given_up(desk: Desk) -> None:
    job_id = ask(desk)
    for _ in range(jobs.ATTEMPTS_MAX):
        assert desk.store.write(jobs.claim) is not None
        desk.clock.advance(jobs.LEASE + 1)
    assert desk.store.write(jobs.claim) is None
    assert (job_of(desk, job_id).state, job_of(desk, job_id).error) == ("failed", jobs.DIED)


def test_a_cancel_ends_a_job_that_runs(desk: Desk) -> None:
    org, reached = desk.house.org_id, []

    def endless(store: Store, job: Claimed) -> Work:
        yield Step(0, 9)
        store.write(lambda tx: jobs.cancel(tx, org, "endless", job.id))
        while True:
            reached.append(1)
            yield Step(1, 9)

    job_id = ask(desk, "endless")
    runner = Runner(desk.store, {"endless": endless})
    assert runner.turn()
    job = job_of(desk, job_id)
    assert (job.state, job.result) == ("cancelled", None)
    assert reached
    assert not desk.store.write(lambda tx: jobs.cancel(tx, org, "endless", job_id))
    for kind, where in (("count", org), ("endless", desk.house.other_org_id)):
        with pytest.raises(NotFoundError):
            desk.store.write(lambda tx, k=kind, o=where: jobs.cancel(tx, o, k, job_id))  # type: ignore[misc]


def test_a_worker_that_stops_gives_its_job_back(desk: Desk) -> None:
    runner: list[Runner] = []

    def stopping(_: Store, __: Claimed) -> Generator[Step, None, Any]:
        yield Step(0, 2)
        runner[0].stop()
        yield Step(1, 2)
        return {}

    job_id = ask(desk, "stopping")
    runner.append(Runner(desk.store, {"stopping": stopping}))
    runner[0].turn()
    job = job_of(desk, job_id)
    assert (job.state, job.attempts, job.lease_expires_at) == ("queued", 0, None)


def test_a_fault_ends_a_job_with_a_sentence(desk: Desk) -> None:
    def refused(_: Store, __: Claimed) -> Work:
        yield Step(0, 1)
        raise InvalidError("The draft is gone.")

    def broken(_: Store, __: Claimed) -> Work:
        yield Step(0, 1)
        raise ValueError

    def large(_: Store, __: Claimed) -> Work:
        yield Step(0, 1)
        return {"x": "x" * jobs.RESULT_MAX}

    kinds = {"refused": refused, "broken": broken, "large": large}
    ids = {kind: ask(desk, kind) for kind in kinds}
    runner = Runner(desk.store, kinds)
    while runner.turn():
        pass
    errors = {kind: job_of(desk, job_id).error for kind, job_id in ids.items()}
    assert errors["refused"] == "The draft is gone."
    assert "server's log" in str(errors["broken"])
    assert "too large" in str(errors["large"])


def test_old_jobs_are_forgotten_and_open_ones_are_not(desk: Desk) -> None:
    done = ask(desk)
    Runner(desk.store, {"count": count}).turn()
    desk.clock.advance(jobs.KEPT + 1)
    waits = ask(desk)
    assert desk.store.write(jobs.forget_old) == 1
    with desk.store.reading() as session:
        assert session.get(Job, done) is None
        assert session.get(Job, waits) is not None
