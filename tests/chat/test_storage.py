"""What chat keeps, on both databases: one message, one verdict, one person, whoever races."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from webui.approvals.errors import ConflictError, NotAllowedError, NotFoundError
from webui.approvals.people import chat_identities
from webui.approvals.people.standing import By
from webui.chat import clicking, serving
from webui.chat.poster import Poster
from webui.outbox import forgetting
from webui.store.models import Approval, ChatIdentity, Decision, PostedMessage

if TYPE_CHECKING:
    from tests.plugins.chats import Chat, OpenChannel
    from tests.plugins.desk import FileCall, House, TestClock
    from webui.runtime import Runtime
    from webui.store.store import Store


def together(*acts: Callable[[], object]) -> None:
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.fixture
def slack(open_channel: OpenChannel) -> Chat:
    return open_channel("slack")


def test_a_call_is_posted_decided_and_edited(
    slack: Chat, file_call: FileCall, house: House, store: Store
) -> None:
    slack.link(house.rae)
    approval_id = file_call()
    slack.turn()
    slack.deny("No.")
    slack.turn()
    assert "Rae denied it." in slack.text()
    with store.reading() as session:
        assert session.get_one(Approval, approval_id).status == "denied"
        message = session.scalars(select(PostedMessage)).one()
        assert (message.status, message.attempts) == ("closed", 0)


def test_a_message_that_shows_its_end_is_forgotten_in_time_and_an_open_one_is_not(
    slack: Chat, file_call: FileCall, house: House, store: Store, clock: TestClock
) -> None:
    slack.link(house.rae)
    file_call()
    slack.turn()
    slack.deny("No.")
    slack.turn()
    waits = file_call(arguments={"other": 1})
    slack.turn()
    value = slack.buttons(next(iter(slack.service.messages)))
    assert value == {}
    clock.advance(forgetting.NOTICES_KEPT_MS - 60_000)
    assert store.write(forgetting.forget_posts) == 0
    clock.advance(120_000)
    assert store.write(forgetting.forget_posts) == 1
    with store.reading() as session:
        left = session.scalars(select(PostedMessage)).all()
        assert [message.approval_id for message in left] == [waits]
    slack.turn()
    assert len(slack.service.messages) == 2


def test_several_nodes_post_a_call_once(
    slack: Chat, runtime: Runtime, file_call: FileCall
) -> None:
    for _ in range(5):
        file_call()
    posters = [Poster(runtime) for _ in range(3)]
    for _ in range(3):
        together(*(poster.turn for poster in posters))
        together(*(poster.wait for poster in posters))
    slack.turn()
    assert len(slack.service.messages) == 5


def test_a_dead_nodes_channel_is_served_once_its_turn_is_over(
    slack: Chat, store: Store, file_call: FileCall, clock: TestClock
) -> None:
    assert store.write(lambda tx: serving.take_turn(tx, slack.source_id))
    assert not store.write(lambda tx: serving.take_turn(tx, slack.source_id))
    file_call()
    slack.turn()
    assert slack.service.messages == {}
    clock.advance(serving.LEASE_MS)
    slack.turn()
    assert len(slack.service.messages) == 1


def test_of_two_clicks_at_once_one_decides_and_the_other_hears_so(
    slack: Chat, file_call: FileCall, house: House, store: Store
) -> None:
    slack.link(house.rae, "U1")
    slack.link(house.bo, "U2")
    file_call()
    slack.turn()
    value = slack.buttons()["Approve"]
    bodies = [
        slack.body_of(slack.click(value, user, slack.last, slack.channel))
        for user in ("U1", "U2")
    ]
    headers = [slack.signed(body) for body in bodies]
    together(
        lambda: slack.post(bodies[0], headers[0]), lambda: slack.post(bodies[1], headers[1])
    )
    clicking.wait()
    with store.reading() as session:
        assert len(session.scalars(select(Decision)).all()) == 1
    [told] = slack.heard
    assert told.startswith("Too late, nothing was changed.")


def test_a_chat_user_is_one_person_of_an_org(
    store: Store, house: House, slack: Chat
) -> None:
    slack.link(house.rae)
    slack.link(house.rae)
    with pytest.raises(ConflictError, match="linked to another account"):
        slack.link(house.bo)
    with store.reading() as session:
        [kept] = session.scalars(select(ChatIdentity)).all()
    for user_id, org_id in (
        (house.bo.id, house.org_id),
        (house.rae.id, house.other_org_id),
    ):
        with pytest.raises(NotFoundError):
            store.write(
                lambda tx, user=user_id, org=org_id: chat_identities.unlink(  # type: ignore[misc]
                    tx, org, user, kept.id
                )
            )
    with pytest.raises(NotAllowedError):
        store.write(
            lambda tx: chat_identities.unlink_for(
                tx, house.org_id, By(house.rae.id), kept.id
            )
        )
    store.write(lambda tx: chat_identities.unlink(tx, house.org_id, house.rae.id, kept.id))
    slack.link(house.bo)
