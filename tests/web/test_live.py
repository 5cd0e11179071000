"""What the live socket may tell whom (the socket itself: tests/server)."""

import pytest
from sqlalchemy import select

from tests.plugins.desk import FileCall, House, Member, SignedIn, TestClock
from webui.approvals.gate import write_grants
from webui.approvals.gate.write_gate import write_of
from webui.approvals.people import accounts, members, sessions
from webui.approvals.people.standing import By
from webui.live.bus import Wake
from webui.live.feed import Viewer
from webui.preview import PREVIEW_VERSION
from webui.runtime import Runtime
from webui.store.models import WebSession
from webui.store.queries import events, identity
from webui.store.store import Store
from webui.web import live
from webui.web.live import PeopleFeed, viewer_of
from webui.web.sessions import actor_behind


def viewer(runtime: Runtime, signed_in: SignedIn, member: Member) -> Viewer:
    signed_in(member)
    with runtime.store.reading() as session:
        newest = select(WebSession.id).where(WebSession.user_id == member.id)
        session_hash = session.scalars(
            newest.order_by(WebSession.created_at.desc())
        ).first()
        assert session_hash is not None
        found = identity.signed_session(session, session_hash)
        assert found is not None
        actor = actor_behind(session, found, runtime.store.now())
    return viewer_of(session_hash, actor)


def created(house: House, approval_id: str, org_id: str = "") -> Wake:
    return Wake(org_id or house.org_id, 1, "approval.created", approval_id)


def test_a_ticket_needs_a_session(signed_in: SignedIn, house: House) -> None:
    browser = signed_in(house.vi)
    answer = browser.send("/ws/ticket")
    assert len(answer.get_json()["ticket"]) >= 22


def test_each_sees_what_their_pages_show(
    runtime: Runtime, signed_in: SignedIn, house: House, file_call: FileCall
) -> None:
    feed = PeopleFeed(runtime)
    own, other = file_call(house.helper), file_call(house.ci)
    for member, sees_own, sees_other in (
        (house.rae, True, True),
        (house.max, True, False),
        (house.zoe, False, False),
    ):
        who = viewer(runtime, signed_in, member)
        assert feed.may_see(who, created(house, own)) is sees_own
        assert feed.may_see(who, created(house, other)) is sees_other
    rae = viewer(runtime, signed_in, house.rae)
    assert not feed.may_see(rae, Wake(house.org_id, 2, "user.signed_in", ""))


def test_a_write_in_somebodys_name_is_told_to_nobody_else(
    runtime: Runtime, signed_in: SignedIn, house: House, store: Store
) -> None:
    feed = PeopleFeed(runtime)
    service = write_grants.Service(house.org_id, house.ci.id, "key")
    write = write_of("PUT", "/a", ["files:write"], None)
    store.write(
        lambda tx: (
            write_grants.ask(
                tx,
                service,
                house.rae.id,
                write,
                ["files:write"],
                write_grants.GateLimits(),
            )
            and None
        )
    )
    with store.reading() as session:
        seq = events.end(session, house.org_id).seq
    wake = Wake(house.org_id, seq, "write_grant.requested", "")
    assert feed.addressee(wake) == house.rae.id
    assert not feed.may_see(viewer(runtime, signed_in, house.ana), wake)
    assert feed.addressee(wake._replace(org_id=house.other_org_id)) is None
    assert feed.addressee(wake._replace(type="write_grant.spent")) is None


def test_a_socket_ends_when_the_person_changes(
    runtime: Runtime, signed_in: SignedIn, house: House, store: Store, clock: TestClock
) -> None:
    feed = PeopleFeed(runtime)
    rae, vi = (
        viewer(runtime, signed_in, house.rae),
        viewer(runtime, signed_in, house.vi),
    )
    assert feed.recheck(rae) == rae
    actor = f"user:{house.ana.id}"
    store.write(
        lambda tx: accounts.set_role(
            tx, house.org_id, house.rae.email, "viewer", actor=actor
        )
    )
    assert feed.recheck(rae) != rae
    clock.advance(8 * 3_600_000)
    assert feed.recheck(vi) is None


def test_a_socket_ends_with_the_membership_and_with_a_switch(
    runtime: Runtime, signed_in: SignedIn, house: House, store: Store
) -> None:
    feed, org, other = PeopleFeed(runtime), house.org_id, house.other_org_id
    rae, bo = (viewer(runtime, signed_in, who) for who in (house.rae, house.bo))
    store.write(lambda tx: members.suspend(tx, org, By(), house.rae.id))
    assert feed.recheck(rae) is None
    store.write(lambda tx: members.join(tx, other, house.bo.id, "viewer", actor="s"))
    assert feed.recheck(bo) == bo
    store.write(lambda tx: sessions.switch_org(tx, bo.session_id, house.bo.id, other))
    switched = feed.recheck(bo)
    assert switched is not None
    assert switched.org_id == other


def test_the_backlog_is_whole_or_not_given(
    runtime: Runtime, house: House, file_call: FileCall
) -> None:
    feed = PeopleFeed(runtime)
    before = feed.head(house.org_id)
    approval_id = file_call()
    missed = feed.backlog(house.org_id, before)
    assert missed is not None
    assert [wake.seq for wake in missed] == list(
        range(before + 1, feed.head(house.org_id) + 1)
    )
    assert approval_id in {wake.approval_id for wake in missed}
    assert feed.backlog(house.org_id, feed.head(house.org_id)) == []
    assert feed.backlog(house.org_id, feed.head(house.org_id) + 1) is None
    for _ in range(510):
        file_call()
    assert feed.backlog(house.org_id, before) is None


def test_everybody_hears_after_what_the_rows_are_read_anew(
    runtime: Runtime, signed_in: SignedIn, house: House
) -> None:
    feed = PeopleFeed(runtime)
    for member in (house.rae, house.max, house.zoe):
        who = viewer(runtime, signed_in, member)
        for type_ in ("policy.changed", "settings.changed"):
            assert feed.may_see(who, Wake(who.org_id, 2, type_, ""))
            other = {house.org_id, house.other_org_id} - {who.org_id}
            assert not feed.may_see(who, Wake(other.pop(), 2, type_, ""))


def test_a_page_drawn_by_another_version_of_the_previews_loads_its_list_anew(
    runtime: Runtime, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = PeopleFeed(runtime)
    before = feed.epoch(house.org_id)
    monkeypatch.setattr(live, "PREVIEW_VERSION", PREVIEW_VERSION + 1)
    assert feed.epoch(house.org_id) != before


def test_an_orgs_log_has_its_own_name(runtime: Runtime, house: House) -> None:
    feed = PeopleFeed(runtime)
    assert feed.epoch(house.org_id) != feed.epoch(house.other_org_id)
