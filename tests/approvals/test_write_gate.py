"""The write gate's rules: masking and matching alone, then grants on both databases."""

from __future__ import annotations

import string
import threading
from collections.abc import Callable, Sequence
from functools import partial
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from tests.plugins.desk import House, Member
from tests.plugins.rules import Desk
from webui.approvals.errors import ConflictError, InvalidError, NotFoundError, TooManyError
from webui.approvals.gate import write_grants
from webui.approvals.gate.write_gate import (
    is_read,
    masked,
    missing,
    not_held,
    path_of,
    unmasked,
    write_of,
)
from webui.approvals.gate.write_grants import Answer, GateLimits, Held, Passed, Service
from webui.approvals.people import sessions
from webui.store.models import WebSession, WriteGrant
from webui.store.queries import events
from webui.store.transaction import Transaction

SCOPES = st.lists(
    st.sampled_from(["a:read", "b:read", "a:write", "b:write", "c", ":read"]), unique=True
)
NO_LIMITS = GateLimits(pending=0, rate=0)
OWN = ["files:read", "files:write"]


@given(held=SCOPES, granted=SCOPES)
def test_the_gate_only_removes_scopes(held: list[str], granted: list[str]) -> None:
    left = unmasked(held, granted)
    assert set(left) <= set(held)
    assert set(left) == set(masked(held)) | (set(granted) & set(held))
    assert all(map(is_read, masked(held)))
    assert unmasked(held, []) == masked(held)


@given(held=SCOPES, required=SCOPES)
def test_what_is_granted_is_enough_and_not_more(
    held: list[str], required: list[str]
) -> None:
    if not not_held(required, held):
        left = unmasked(held, missing(required, held))
        assert set(required) <= set(left)
        assert {scope for scope in left if not is_read(scope)} <= set(required)


PATHS = st.text(string.ascii_letters + string.digits + "/.%?&=-_~:@2Ff5Cc0", max_size=30)


@given(PATHS)
def test_a_path_has_one_spelling_and_none_that_climbs(text: str) -> None:
    try:
        path = path_of("/" + text)
    except InvalidError:
        return
    assert path_of(path) == path
    assert unquote(path) == unquote("/" + text)
    # what any server makes of it has the same steps, and none upwards
    steps = unquote(path.partition("?")[0]).split("/")[1:]
    assert not {"", ".", ".."} & set(steps[:-1])
    assert steps[-1] not in {".", ".."}


@given(PATHS, PATHS)
def test_paths_that_differ_once_read_stay_different(one: str, other: str) -> None:
    try:
        paths = path_of("/" + one), path_of("/" + other)
    except InvalidError:
        return
    if unquote(one) != unquote(other):
        assert paths[0] != paths[1]


AskWrite = Callable[..., Passed | Held]


@pytest.fixture
def ask_write(desk: Desk, house: House) -> AskWrite:
    """Bo's agent asks to write a file."""
    service = Service(house.org_id, house.ci.id, "key")

    def asking(path: str = "/a", limits: GateLimits = NO_LIMITS) -> Passed | Held:
        write = write_of("PUT", path, ["files:write"], None)
        return desk.store.write(
            lambda tx: write_grants.ask(tx, service, house.bo.id, write, OWN, limits)
        )

    return asking


def nonce_of(answer: Passed | Held) -> str:
    assert isinstance(answer, Held)
    return answer.nonce


def say(desk: Desk, who: Member, nonce: str, *, yes: bool = True) -> None:
    session_hash = f"session of {who.id}"

    def unit(tx: Transaction) -> None:
        if tx.session.get(WebSession, session_hash) is None:
            sessions.sign_in(tx, who.id, session_hash, address="", user_agent="")
        given = Answer(who.id, session_hash, yes, "", "", "")
        write_grants.answer(tx, desk.house.org_id, nonce, given)

    desk.store.write(unit)


def statuses(desk: Desk) -> list[str]:
    with desk.store.reading() as session:
        return sorted(session.scalars(select(WriteGrant.status)))


def at_once(works: Sequence[Callable[[], object]]) -> list[object]:
    """Start all works at the same moment; return what each returned or raised."""
    ready, answers = threading.Barrier(len(works)), list[object]()

    def run(work: Callable[[], object]) -> None:
        ready.wait()
        try:
            answers.append(work())
        except ConflictError as error:
            answers.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_of_many_retries_at_once_one_passes(
    desk: Desk, house: House, ask_write: AskWrite
) -> None:
    for number in range(5):
        path = f"/{number}"
        say(desk, house.bo, nonce_of(ask_write(path)))
        answers = at_once([partial(ask_write, path)] * 10)
        passed = [answer for answer in answers if isinstance(answer, Passed)]
        held = {answer.nonce for answer in answers if isinstance(answer, Held)}
        assert [answer.scopes for answer in passed] == [OWN]
        assert len(held) == 1  # and the others found one new request, not nine
    assert statuses(desk) == ["pending"] * 5 + ["spent"] * 5


def test_of_a_yes_and_a_no_at_once_one_counts(
    desk: Desk, house: House, ask_write: AskWrite
) -> None:
    nonce = nonce_of(ask_write())
    say_it = partial(say, desk, house.bo, nonce)
    say(desk, house.bo, nonce_of(ask_write("/other")))  # signs Bo in
    answers = at_once([partial(say_it, yes=yes) for yes in (True, False)] * 3)
    assert sum(isinstance(answer, ConflictError) for answer in answers) == 3


def test_no_flood_of_twins_gets_past_the_cap(
    desk: Desk, house: House, ask_write: AskWrite
) -> None:
    limits = GateLimits(pending=3, rate=0)

    def asking(path: str) -> object:
        try:
            return ask_write(path, limits)
        except TooManyError as error:
            return error

    answers = at_once([partial(asking, f"/{number}") for number in range(9)])
    assert sum(isinstance(answer, Held) for answer in answers) == 3
    assert statuses(desk) == ["pending"] * 3


def test_a_session_of_an_agent_answers_nothing(
    desk: Desk, house: House, ask_write: AskWrite
) -> None:
    nonce = nonce_of(ask_write())
    say(desk, house.bo, nonce_of(ask_write("/b")))
    desk.store.write(lambda tx: tx.execute(update(WebSession).values(agent_context=True)))
    with pytest.raises(NotFoundError):
        say(desk, house.bo, nonce)
    with pytest.raises(NotFoundError):
        say(desk, house.rae, nonce)


def test_nobody_answers_with_anothers_session(
    desk: Desk, house: House, ask_write: AskWrite
) -> None:
    nonce = nonce_of(ask_write())
    say(desk, house.bo, nonce_of(ask_write("/b")))
    forged = Answer(house.rae.id, f"session of {house.bo.id}", True, "", "", "")
    with pytest.raises(NotFoundError):
        desk.store.write(lambda tx: write_grants.answer(tx, house.org_id, nonce, forged))


def test_a_switch_needs_an_org(desk: Desk) -> None:
    with pytest.raises(NotFoundError):
        desk.store.write(
            lambda tx: write_grants.set_write_gate(tx, "org_none", on=True, actor="t")
        )


def test_a_switch_that_stands_so_already_tells_nothing(desk: Desk, house: House) -> None:
    def switched() -> int:
        desk.store.write(
            lambda tx: write_grants.set_write_gate(tx, house.org_id, on=True, actor="t")
        )
        with desk.store.reading() as session:
            told = events.about(session, house.org_id, f"org:{house.org_id}", 99)
        return [event.action for event in told].count("org.changed")

    assert [switched(), switched()] == [1, 1]


def test_a_person_who_left_while_the_service_asked_is_unknown(
    desk: Desk, house: House
) -> None:
    service = Service(house.org_id, house.ci.id, "key")
    write = write_of("PUT", "/a", ["files:write"], None)
    with pytest.raises(NotFoundError):
        desk.store.write(
            lambda tx: write_grants.ask(tx, service, house.cy.id, write, OWN, NO_LIMITS)
        )


def test_what_ran_out_is_written_down_a_few_at_a_time(
    desk: Desk, house: House, ask_write: AskWrite
) -> None:
    for path in ("/a", "/b", "/c"):
        ask_write(path)
    say(desk, house.bo, nonce_of(ask_write("/c")))
    desk.clock.advance(600_000)
    swept = [desk.store.write(lambda tx: write_grants.sweep(tx, 2)) for _ in range(3)]
    assert swept == [2, 1, 0]
    assert statuses(desk) == ["expired"] * 3
