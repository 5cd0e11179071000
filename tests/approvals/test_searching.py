"""The word index of history: masked words, once, and only of what is settled."""

from functools import partial

import pytest
from sqlalchemy import text

from tests.plugins.desk import House
from tests.plugins.rules import Desk
from webui.approvals.answering.looking import note_exported, note_opened_full, note_viewed
from webui.approvals.searching import index_settled
from webui.approvals.states import Verdict
from webui.preview import Profile
from webui.store.queries import settled, words
from webui.store.queries.calls import Filters


def profile(*_: object) -> Profile:
    return Profile(mask_key=bytes(32))


def index(desk: Desk) -> int:
    return desk.store.write(lambda tx: index_settled(tx, profile, limit=2))


def found(desk: Desk, words: str, org_id: str | None = None) -> set[str]:
    org = org_id or desk.house.org_id
    with desk.store.reading() as session:
        rows = settled.history(session, org, Filters(words=words)).rows
    return {row.approval.id for row in rows}


def test_settled_calls_are_found_by_their_words_and_by_nothing_secret(
    desk: Desk, house: House
) -> None:
    arguments = {"command": "deploy Umbrella", "password": "hunter2hunter2"}
    denied = desk.submit(arguments=arguments, summary="Ship it").approval.id
    waiting = desk.submit(arguments={"command": "deploy later"}).approval.id
    assert index(desk) == 0
    desk.decide(house.rae, denied, Verdict.DENY)
    others = [desk.submit(arguments={"n": n}).approval.id for n in range(2)]
    for other in others:
        desk.cancel(other)
    assert [index(desk) for _ in range(3)] == [2, 1, 0]
    assert found(desk, "umbrella") == found(desk, "ship deploy") == {denied}
    assert found(desk, "hunter2hunter2") == found(desk, "later") == set()
    assert found(desk, "umbrella", house.other_org_id) == set()
    desk.decide(house.rae, waiting)
    index(desk)
    assert found(desk, "later") == {waiting}


def test_an_edited_call_is_found_by_what_was_asked_and_by_what_ran(
    desk: Desk, house: House
) -> None:
    edited = desk.submit(arguments={"command": "remove everything"}).approval.id
    desk.edit(house.rae, edited, {"command": "remove nothing"})
    desk.report(edited, desk.use(edited).lease_token, "ok")
    index(desk)
    assert found(desk, "everything") == found(desk, "nothing") == {edited}


def test_a_last_word_may_begin_others_until_enough_calls_hold_it_whole(
    desk: Desk, house: House
) -> None:
    whole, longer = (
        desk.submit(arguments={"command": command}).approval.id
        for command in ("deploy", "deployment")
    )
    for each in (whole, longer):
        desk.cancel(each)
        index(desk)
    with desk.store.reading() as session:
        looked = partial(words.found, session, house.org_id)
        assert looked("deploy") == [*looked("deploym"), whole] == [longer, whole]
        assert looked("deploy", most=1) == [whole]


@pytest.mark.parametrize(
    "looked_for",
    [
        *("evil.example", "EVIL", "example", "sub.evil.example", "exam"),
        *("https://sub.evil.example/in_stall", "stall", "in", "Muller", "MÜLLER", "müll"),
        *("mail.send", "send", "strasse", "1482", "x@sub.evil.example", "Δημ", "ﬁle"),
    ],
)
def test_parts_of_what_was_written_are_found_on_either_database(
    desk: Desk, looked_for: str
) -> None:
    arguments = {
        "from": "Müller, Straße 1482 <x@sub.evil.example>",
        "url": "https://sub.evil.example/in_stall?file=Δημος",
    }
    desk.cancel(desk.submit(tool="mail.send", arguments=arguments).approval.id)
    desk.cancel(desk.submit(arguments={"other": "evil-minded, an example"}).approval.id)
    assert index(desk) == 2
    assert len(found(desk, looked_for)) in {1, 2}


def test_what_is_written_without_a_space_is_looked_up_together(desk: Desk) -> None:
    wanted = desk.submit(arguments={"url": "evil.example"}).approval.id
    for each in (wanted, desk.submit(arguments={"say": "example of evil"}).approval.id):
        desk.cancel(each)
    index(desk)
    assert found(desk, "evil.example") == found(desk, "evil.exam") == {wanted}
    assert len(found(desk, "evil example")) == 2


@pytest.mark.parametrize(
    "hostile",
    ["\x00", "a\x00b", "😀" * 3_000, "'; DROP TABLE approvals; --", "x" * 60_000, '" OR "'],
)
def test_hostile_words_do_not_stop_the_index(desk: Desk, hostile: str) -> None:
    desk.cancel(desk.submit(arguments={"text": hostile}).approval.id)
    assert index(desk) == 1
    found(desk, "\" OR * NEAR( ' & | !")
    with desk.store.reading() as session:
        rows = session.scalar(text("SELECT count(*) FROM approval_search"))
    assert rows == 1


def test_what_was_looked_at_is_told(desk: Desk, house: House) -> None:
    approval, actor = desk.submit().approval, f"user:{house.rae.id}"
    desk.store.write(lambda tx: note_viewed(tx, approval, actor, "ses", "seal"))
    desk.store.write(lambda tx: note_opened_full(tx, approval, actor, "ses", "seal"))
    desk.store.write(lambda tx: note_exported(tx, house.org_id, actor, "jsonl", {}))
    assert desk.actions(approval.id)[-2:] == ["approval.viewed", "approval.opened_full"]
    assert desk.told(approval.id)["seal"] == "seal"
    assert desk.row(approval.id).version == 1
