"""A desk and an OpenCode, the real one and its stand-in: asked, answered, lost and found again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.bridges.conftest import LOCAL
from tests.bridges.program import until
from webui.approvals.senders import sources
from webui.approvals.states import Verdict
from webui.channels.http import Sender
from webui.outbox.replier import Replier

if TYPE_CHECKING:
    from tests.bridges.conftest import Listening
    from tests.bridges.program import Program

APPROVE, DENY = Verdict.APPROVE, Verdict.DENY


def touch(name: str) -> tuple[str, dict[str, str]]:
    return "bash", {"command": f"touch {name}", "description": f"Make {name}"}


def test_a_request_is_a_card_and_its_yes_runs_the_tool(
    listening: Listening, opencode: Program
) -> None:
    listening.start()
    listening.connected()
    opencode.prompt(touch("one.txt"))
    card = listening.card("touch one.txt")
    assert (card.tool, card.status, card.reply_state) == ("bash", "pending", "open")
    assert card.summary == "Make one.txt"
    assert not (opencode.work / "one.txt").exists()
    listening.decide(card, APPROVE)
    until((opencode.work / "one.txt").exists, "the file")
    settled = listening.settled(card, "consumed")
    assert settled.reply_state == "confirmed"
    assert opencode.pending() == []
    assert len(listening.cards()) == 1


def test_always_answers_what_waits_alike(listening: Listening, opencode: Program) -> None:
    listening.start()
    listening.connected()
    # what is allowed for always stays so until the server ends: on the other database too
    opencode.prompt(("bash", {"command": "mkdir a"}), ("bash", {"command": "mkdir b"}))
    first, second = listening.card("mkdir a"), listening.card("mkdir b")
    listening.decide(first, APPROVE, option="always")
    listening.settled(first, "consumed")
    other = listening.settled(second, "consumed")
    assert other.resolution == "upstream_replied"
    until((opencode.work / "b").exists, "the folder")
    opencode.kill()
    opencode.start()


def test_a_denial_that_tells_the_agent_reaches_it(
    listening: Listening, opencode: Program
) -> None:
    listening.start()
    listening.connected()
    session = opencode.prompt(touch("no.txt"))
    card = listening.card("no.txt")
    listening.decide(card, DENY, "Use another folder, please.")
    listening.settled(card, "denied")
    until(lambda: "Use another folder, please." in opencode.told(session), "the reason")
    assert not (opencode.work / "no.txt").exists()


def test_a_denial_that_stops_the_session_takes_its_siblings_with_it(
    listening: Listening, opencode: Program
) -> None:
    listening.start()
    listening.connected()
    session = opencode.prompt(touch("x.txt"), touch("y.txt"))
    first, second = listening.card("x.txt"), listening.card("y.txt")
    listening.decide(first, DENY, "Nothing of this.", option="stop")
    assert listening.settled(first, "denied").resolution != "cascade"
    fallen = listening.settled(second, "denied")
    assert (fallen.resolution, fallen.reply_state) == ("cascade", "confirmed")
    assert "Nothing of this." not in opencode.told(session)
    assert not (opencode.work / "y.txt").exists()


@pytest.mark.parametrize(("reply", "status"), [("once", "consumed"), ("reject", "denied")])
def test_an_answer_in_its_own_terminal_settles_the_card(
    listening: Listening, opencode: Program, reply: str, status: str
) -> None:
    listening.start()
    listening.connected()
    opencode.prompt(touch("t.txt"))
    card = listening.card("t.txt")
    (request,) = opencode.pending()
    opencode.reply(request["id"], reply)
    settled = listening.settled(card, status)
    assert settled.resolution == "upstream_replied"
    assert settled.decided_by == f"source:{listening.source_id}"


def test_what_was_asked_and_answered_while_nobody_listened_is_found_out(
    listening: Listening, opencode: Program
) -> None:
    listening.start()
    listening.connected()
    opencode.prompt(touch("ran.txt"))
    opencode.prompt(touch("not.txt"))
    opencode.prompt(touch("waits.txt"))
    ran, refused = listening.card("ran.txt"), listening.card("not.txt")
    waits = listening.card("waits.txt")
    listening.stop()
    by_command = {each["patterns"][0]: each["id"] for each in opencode.pending()}
    opencode.reply(by_command["touch ran.txt"], "once")
    opencode.reply(by_command["touch not.txt"], "reject")
    opencode.prompt(touch("new.txt"))
    until(lambda: len(opencode.pending()) == 2, "the new request")
    until(lambda: '"completed"' in opencode.told(ran.session or ""), "the run")
    listening.start()
    listening.connected()
    listening.settled(ran, "consumed")
    listening.settled(refused, "denied")
    listening.card("new.txt")
    assert listening.desk.status(waits.id) == "pending"
    assert len(listening.cards()) == 4


def test_a_server_that_died_leaves_nothing_to_decide(
    listening: Listening, opencode: Program
) -> None:
    listening.start()
    listening.connected()
    opencode.prompt(touch("lost.txt"))
    card = listening.card("lost.txt")
    opencode.kill()
    until(lambda: (b := listening.bridge) and b.error and not b.connected_at, "a failure")
    assert listening.desk.status(card.id) == "pending"
    opencode.start()
    gone = listening.settled(card, "cancelled")
    assert (gone.resolution, gone.reply_state) == ("disposed", "gone")
    listening.connected()
    opencode.prompt(touch("next.txt"))
    listening.decide(listening.card("next.txt"), APPROVE)
    until((opencode.work / "next.txt").exists, "the file")


def test_what_ends_without_a_verdict_is_rejected_there(
    listening: Listening, opencode: Program
) -> None:
    listening.start()
    listening.connected()
    session = opencode.prompt(touch("late.txt"))
    card = listening.card("late.txt")
    listening.desk.clock.advance(86_400_000)
    listening.desk.sweep()
    listening.tell()
    assert listening.settled(card, "expired").reply_state == "confirmed"
    until(lambda: "rejected permission" in opencode.told(session), "the rejection")


def test_two_nodes_listen_once_and_file_once(
    listening: Listening, opencode: Program
) -> None:
    first, second = listening.start(), listening.start(listening.another_node())
    listening.connected()
    opencode.prompt(touch("once.txt"))
    listening.card("once.txt")
    first.stop()
    second.look()
    listening.connected()
    assert len(listening.cards()) == 1
    if not listening.desk.store.on_sqlite:  # there, one process has the database for itself
        assert len(listening.deliveries()) == 1


def test_a_paused_source_is_not_listened_to(
    listening: Listening, opencode: Program
) -> None:
    supervisor = listening.start()
    listening.connected()
    store, org, of = listening.desk.store, listening.desk.house.org_id, listening.source_id
    store.write(lambda tx: sources.pause(tx, org, of))
    supervisor.look()
    assert listening.bridge is None
    opencode.prompt(touch("paused.txt"))
    until(opencode.pending, "the request")
    assert listening.cards() == []
    store.write(lambda tx: sources.resume(tx, org, of))
    listening.card("paused.txt")


def test_a_wrong_password_is_said(listening: Listening, opencode: Program) -> None:
    store, org, of = listening.desk.store, listening.desk.house.org_id, listening.source_id
    store.write(lambda tx: sources.set_token(tx, org, of, "another password"))
    listening.start()
    found = until(lambda: (b := listening.bridge) and b.error and b, "the error")
    assert found.error == "The server does not take our password (401)."
    store.write(lambda tx: sources.set_token(tx, org, of, "sesame, open the code"))
    listening.connected()


def test_a_list_that_cannot_be_read_is_said_and_hides_no_new_request(
    listening: Listening, opencode: Program
) -> None:
    """1.18.33 answers 400 as long as a fetch without a timeout waits."""
    listening.start()
    listening.connected()
    opencode.prompt(("webfetch", {"url": "http://127.0.0.1:9/x", "format": "text"}))
    fetch = listening.card("127.0.0.1:9")
    opencode.prompt(touch("beside.txt"))
    beside = listening.card("beside.txt")
    listening.stop()
    listening.start()
    until(
        lambda: (b := listening.bridge) and b.error and b.connected_at, "a limping bridge"
    )
    assert listening.bridge is not None
    assert "does not list what waits (it answers 400)" in (listening.bridge.error or "")
    assert {listening.desk.status(c.id) for c in (fetch, beside)} == {"pending"}
    listening.decide(fetch, DENY, "Not from there.")
    listening.settled(fetch, "denied")
    listening.decide(beside, APPROVE)
    until((opencode.work / "beside.txt").exists, "the file")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.postgres
def test_of_two_nodes_one_hands_its_bridge_over_and_the_last_one_rejects_what_is_open(
    listening: Listening, opencode: Program
) -> None:
    other = listening.another_node()
    first = listening.start()
    listening.connected()
    opencode.prompt(touch("handed_over.txt"))
    opencode.prompt(touch("open.txt"))
    handed, left = listening.card("handed_over.txt"), listening.card("open.txt")
    second = listening.start(other)

    first.stop()
    assert (bridge := listening.bridge) is None or bridge.node == other.node
    Replier(listening.runtime, Sender(LOCAL)).close()
    assert {listening.desk.status(card.id) for card in (handed, left)} == {"pending"}
    listening.connected()
    assert listening.bridge is not None
    assert listening.bridge.node == other.node
    assert len(opencode.pending()) == 2
    listening.decide(handed, APPROVE)
    until((opencode.work / "handed_over.txt").exists, "the file")
    listening.settled(handed, "consumed")
    assert len(listening.cards()) == 2

    second.stop()
    Replier(other, Sender(LOCAL)).close()
    assert listening.desk.status(left.id) == "cancelled"
    until(lambda: not opencode.pending(), "the rejection")
    assert not (opencode.work / "open.txt").exists()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_stop_without_a_database_comes_to_its_end(listening: Listening) -> None:
    supervisor = listening.start()
    listening.connected()
    listening.desk.store.close()
    supervisor.stop()
    assert listening.bridge is not None, "its lease runs out"


def test_what_became_of_a_long_call_is_read_to_its_end(
    listening: Listening, opencode: Program
) -> None:
    listening.start()
    listening.connected()
    opencode.prompt(("bash", {"command": "touch long.txt", "description": "x" * 100_000}))
    card = listening.card("long.txt")
    listening.stop()
    opencode.reply(opencode.pending()[0]["id"], "once")
    until((opencode.work / "long.txt").exists, "the file")
    listening.decide(card, DENY, "Too late.")
    assert listening.settled(card, "consumed").resolution == "upstream_replied"
