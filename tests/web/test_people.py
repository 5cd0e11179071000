"""People, invitations, groups, delegations and several orgs, as a browser sees them."""

import re

import pytest
from flask import Flask
from sqlalchemy import update

from tests.plugins.desk import PASSWORD, Browser, FileCall, House, Member, SignedIn
from webui.approvals.people import invitations, members
from webui.approvals.people.standing import By
from webui.store.models import Membership, WebSession
from webui.store.queries import events
from webui.store.queries.people import members as members_of
from webui.store.store import Store

LINK = re.compile(r'<p class="secret"><code>http://localhost:8080(/join/[^<]+)</code>')
ROOT = By()


def text_of(browser: Browser, path: str) -> str:
    return browser.get(path).get_data(as_text=True)


def role_of(store: Store, org_id: str, email: str) -> str | None:
    with store.reading() as session:
        found = {m.email: m.role for m in members_of(session, org_id)}
    return found.get(email)


def link_for(browser: Browser, email: str, role: str = "reviewer") -> str:
    assert browser.send("/people/invitations", email=email, role=role).status_code == 303
    found = LINK.search(text_of(browser, "/people"))
    assert found is not None
    assert LINK.search(text_of(browser, "/people")) is None  # shown once
    return found[1]


@pytest.fixture
def stranger(dashboard: Flask) -> Browser:
    """A browser where nobody is signed in."""
    return Browser(dashboard, dashboard.response_class)


def test_a_demoted_person_is_refused_from_the_next_request(
    signed_in: SignedIn, house: House
) -> None:
    ana, rae = signed_in(house.ana), signed_in(house.rae)
    assert ana.send(f"/people/{house.rae.id}/role", role="admin").status_code == 303
    assert rae.send("/groups", name="By Rae").status_code == 303
    assert ana.send(f"/people/{house.rae.id}/role", role="viewer").status_code == 303
    assert rae.send("/groups", name="Again").status_code == 403


@pytest.mark.parametrize("what", ["suspend", "remove"])
def test_a_suspended_or_removed_person_is_signed_out_of_the_org(
    signed_in: SignedIn, house: House, what: str
) -> None:
    ana, bo = signed_in(house.ana), signed_in(house.bo)
    assert "Bo" in text_of(bo, "/account")
    assert ana.send(f"/people/{house.bo.id}/{what}").status_code == 303
    assert bo.get("/account").headers["Location"] == "/sign-in?next=/account"
    assert bo.get("/").status_code == 303
    text = text_of(ana, "/people")
    assert ("Suspended here" in text) is (what == "suspend")
    assert ("bo@example.org" in text) is (what == "suspend")
    if what == "suspend":
        assert ana.send(f"/people/{house.bo.id}/restore").status_code == 303
        assert "Suspended here" not in text_of(ana, "/people")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("path", "fields", "status", "said"),
    [
        ("{rae}/role", {"role": "king"}, 422, "must be one of"),
        ("{rae}/role", {}, 422, "must be one of"),
        ("{ana}/role", {"role": "viewer"}, 403, "their own place"),
        ("{ana}/suspend", {}, 403, "their own place"),
        ("{ana}/remove", {}, 403, "their own place"),
        ("{zoe}/role", {"role": "viewer"}, 404, "no such person"),
        ("usr_x/suspend", {}, 404, "no such person"),
        ("{rae}/same", {"email": "zoe@example.org"}, 404, "no such person"),
        ("{rae}/same", {"email": "rae@example.org"}, 422, "one account"),
        ("{rae}/apart", {}, 422, "not marked"),
        ("invitations", {"email": "x", "role": "viewer"}, 422, "e-mail address"),
        ("invitations", {"email": "x@example.org", "role": "k"}, 422, "must be one of"),
        ("invitations/inv_x/revoke", {}, 404, "no such invitation"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(
    signed_in: SignedIn,
    house: House,
    path: str,
    fields: dict[str, str],
    status: int,
    said: str,
) -> None:
    ids = {"rae": house.rae.id, "ana": house.ana.id, "zoe": house.zoe.id}
    answer = signed_in(house.ana).send(f"/people/{path.format(**ids)}", **fields)
    assert answer.status_code == status
    assert said in answer.get_data(as_text=True)


def test_an_admin_is_offered_no_role_above_their_own_and_gets_none(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    store.write(
        lambda tx: members.change_role(tx, house.org_id, ROOT, house.rae.id, "admin")
    )
    rae = signed_in(house.rae)
    text = text_of(rae, "/people")
    assert 'value="admin"' in text
    assert 'value="owner"' not in text
    assert f"/people/{house.ana.id}/role" not in text
    assert f"/people/{house.rae.id}/role" not in text
    for path, fields in (
        (f"/people/{house.vi.id}/role", {"role": "owner"}),
        (f"/people/{house.ana.id}/suspend", {}),
        ("/people/invitations", {"email": "x@example.org", "role": "owner"}),
    ):
        answer = rae.send(path, **fields)
        assert answer.status_code == 403
        assert "do not hold yourself" in answer.get_data(as_text=True)


def test_who_does_not_manage_members_sees_no_forms(
    signed_in: SignedIn, house: House
) -> None:
    rae = signed_in(house.rae)
    for path in ("/people", "/groups"):
        assert "<form" not in text_of(rae, path).split("<main")[1]
    assert rae.send(f"/people/{house.vi.id}/role", role="viewer").status_code == 403
    assert (
        rae.send("/people/invitations", email="x@x.org", role="viewer").status_code == 403
    )


def test_a_long_list_of_people_has_pages(
    signed_in: SignedIn, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webui.web.people.PER_PAGE", 4)
    browser, path, seen = signed_in(house.vi), "/people", []
    while path:
        text = text_of(browser, path)
        seen += re.findall(r"<bdi>(\w+@example\.org)</bdi>", text)
        more = re.search(r'href="(/people\?after=\w+)"', text)
        path = more[1] if more else ""
    assert sorted(seen) == sorted(
        f"{name}@example.org" for name in ("ana", "bo", "rae", "vi", "ed", "max", "cy")
    )


def test_two_accounts_of_one_person_are_marked_and_parted(
    signed_in: SignedIn, house: House
) -> None:
    ana = signed_in(house.ana)
    assert ana.send(f"/people/{house.vi.id}/same", email=house.bo.email).status_code == 303
    text = text_of(ana, "/people")
    assert "Same person as <bdi>bo@example.org</bdi>" in text
    assert "Same person as <bdi>vi@example.org</bdi>" in text
    assert ana.send(f"/people/{house.vi.id}/apart").status_code == 303
    assert "Same person as" not in text_of(ana, "/people")


def test_somebody_new_joins_by_the_link_and_signs_in(
    signed_in: SignedIn, house: House, stranger: Browser, store: Store
) -> None:
    link = link_for(signed_in(house.ana), "new@example.org")
    page = text_of(stranger, link)
    assert "Join <bdi>Acme</bdi>" in page
    for fields, said in (
        ({"name": "", "password": "long enough"}, "Say your name"),
        ({"name": "New", "password": "short"}, "10 to 200 characters"),
        ({"name": "New", "password": "x" * 201}, "10 to 200 characters"),
        ({"name": "N\u202eew", "password": "long enough"}, "printable"),
    ):
        answer = stranger.send(link, **fields)
        assert answer.status_code == 422
        assert said in answer.get_data(as_text=True)
    answer = stranger.send(link, name="New", password="long enough")
    assert answer.headers["Location"] == "/joined"
    assert "Sign in" in text_of(stranger, "/joined")
    entered = stranger.send("/sign-in", email="new@example.org", password="long enough")
    assert entered.status_code == 303
    assert role_of(store, house.org_id, "new@example.org") == "reviewer"
    for answer in (stranger.get(link), stranger.send(link, name="x", password="y" * 10)):
        assert answer.status_code == 404
        text = answer.get_data(as_text=True)
        assert "does not work (any more)" in text
        assert "ask whoever invited you for a new link" in text
        assert "Check the address" not in text


def test_whoever_is_signed_in_joins_with_one_click_and_looks_at_the_new_org(
    signed_in: SignedIn, house: House
) -> None:
    link = link_for(signed_in(house.ana), house.zoe.email, "viewer")
    zoe = signed_in(house.zoe)
    assert "<form" in text_of(zoe, link)
    assert zoe.send(link).headers["Location"] == "/"
    assert '<span class="who__org">Acme</span>' in text_of(zoe, "/")


def test_an_invitation_for_somebody_else_is_refused_in_a_sentence(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    link = link_for(signed_in(house.ana), "new@example.org")
    zoe = signed_in(house.zoe)
    assert "signed in as somebody else" in text_of(zoe, link)
    answer = zoe.send(link, name="Zoe", password="long enough")
    assert answer.status_code == 403
    assert "is for new@example.org" in answer.get_data(as_text=True)
    assert role_of(store, house.org_id, house.zoe.email) is None


def test_an_account_is_led_to_the_sign_in_page_and_back(
    signed_in: SignedIn, house: House, stranger: Browser, store: Store
) -> None:
    link = link_for(signed_in(house.ana), house.zoe.email)
    assert f'href="/sign-in?next={link}"' in text_of(stranger, link)
    # Without the password the link alone lets nobody join in Zoe's name.
    answer = stranger.send(link, name="Thief", password="a guess of mine")
    assert answer.status_code == 422
    assert role_of(store, house.org_id, house.zoe.email) is None


def test_an_account_without_any_org_joins_with_its_password(
    signed_in: SignedIn, house: House, stranger: Browser, store: Store
) -> None:
    store.write(lambda tx: members.remove(tx, house.org_id, ROOT, house.rae.id))
    link = link_for(signed_in(house.ana), house.rae.email, "viewer")
    assert "The password of your account" in text_of(stranger, link)
    assert stranger.send(link, password="wrong").status_code == 422
    assert stranger.send(link, password=PASSWORD).headers["Location"] == "/joined"
    assert role_of(store, house.org_id, house.rae.email) == "viewer"


def test_a_revoked_link_reads_like_an_unknown_one(
    signed_in: SignedIn, house: House, stranger: Browser
) -> None:
    ana = signed_in(house.ana)
    link = link_for(ana, "new@example.org")
    invitation_id = link.split("/")[-1].split(".")[0]
    assert ana.send(f"/people/invitations/{invitation_id}/revoke").status_code == 303
    pages = {
        text_of(stranger, path).replace(path, "") for path in (link, "/join/inv_x.secret")
    }
    assert len({page[page.index("<main") :] for page in pages}) == 1


def test_trying_links_is_throttled(stranger: Browser, house: House) -> None:
    answers = {stranger.get("/join/inv_x.y").status_code for _ in range(70)}
    assert answers == {404, 429}


@pytest.fixture
def in_both(store: Store, house: House) -> Member:
    """Rae, who is a viewer of the other org too."""
    org = house.other_org_id
    store.write(lambda tx: members.join(tx, org, house.rae.id, "viewer", actor="system"))
    return house.rae


def shown_org(browser: Browser) -> str:
    found = re.search(r'<span class="who__org">(\w+)</span>', text_of(browser, "/help"))
    assert found is not None
    return found[1]


def test_a_person_switches_between_their_orgs_and_nothing_crosses(
    signed_in: SignedIn, house: House, in_both: Member, store: Store, file_call: FileCall
) -> None:
    approval_id = file_call()
    rae, before = signed_in(in_both), {}
    with store.reading() as session:
        before = {one.id: one.created_at for one in session.query(WebSession)}
    assert shown_org(rae) == "Acme"
    assert rae.get(f"/approvals/{approval_id}").status_code == 200
    for _ in range(2):
        answer = rae.send("/orgs/switch", org=house.other_org_id)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert shown_org(rae) == "Zebra"
    assert rae.get(f"/approvals/{approval_id}").status_code == 404
    with store.reading() as session:
        assert {one.id: one.created_at for one in session.query(WebSession)} == before
        for org_id, way in ((house.org_id, "out"), (house.other_org_id, "in")):
            told = [
                event
                for event in events.about(session, org_id, f"user:{in_both.id}")
                if event.action == "user.switched_org"
            ]
            assert len(told) == 1
            assert way.encode() in (told[0].payload or b"")
            assert house.org_id.encode() not in (told[0].payload or b"")
    # Signing in again picks what was used last.
    assert shown_org(signed_in(in_both)) == "Zebra"


@pytest.mark.parametrize("what", ["foreign", "unknown", "none", "suspended"])
def test_nobody_switches_to_an_org_that_is_not_theirs(
    signed_in: SignedIn, house: House, in_both: Member, store: Store, what: str
) -> None:
    other = house.other_org_id
    who = house.vi if what == "foreign" else in_both
    if what == "suspended":
        store.write(lambda tx: members.suspend(tx, other, ROOT, in_both.id))
    org = {"unknown": "org_nothing", "none": ""}.get(what, other)
    browser = signed_in(who)
    answer = browser.send("/orgs/switch", org=org)
    assert answer.status_code == 404
    assert shown_org(browser) == "Acme"


def test_who_has_one_org_is_offered_no_other(
    signed_in: SignedIn, house: House, in_both: Member
) -> None:
    assert "/orgs/switch" not in text_of(signed_in(house.vi), "/")
    text = text_of(signed_in(in_both), "/")
    assert text.count('name="org"') == 2


def test_groups_are_filled_and_deleted_in_the_browser(
    signed_in: SignedIn, house: House
) -> None:
    ana = signed_in(house.ana)
    path = ana.send("/groups", name="On call").headers["Location"]
    assert "name already" in ana.send("/groups", name="On call").get_data(as_text=True)
    assert ana.send("/groups", name="a\x1b[31m").status_code == 422
    assert ana.send(f"{path}/people", email=house.rae.email).status_code == 303
    assert "rae@example.org" in text_of(ana, path)
    assert "On call" in text_of(ana, "/people")
    refused = ana.send(f"{path}/people", email=house.zoe.email)
    assert refused.status_code == 422
    assert ana.send(f"{path}/rename", name="Night").headers["Location"] == path
    assert ana.send(f"{path}/people/{house.rae.id}/remove").status_code == 303
    for wrong in ({}, {"grants": "7"}, {"grants": "x"}):
        assert ana.send(f"{path}/delete", **wrong).status_code == 409
    assert ana.send(f"{path}/delete", grants="0").headers["Location"] == "/groups"
    assert ana.get(path).status_code == 404


def test_a_delegation_is_seen_by_both_and_by_everybody_on_the_people_page(
    signed_in: SignedIn, house: House
) -> None:
    bo, rae = signed_in(house.bo), signed_in(house.rae)
    day = re.search(r'max="([\d-]+)"', text_of(bo, "/delegations"))
    assert day is not None
    for until, said in (("", "written like"), ("9999-12-31", "30 days"), ("x", "written")):
        answer = bo.send("/delegations", email=house.rae.email, until=until)
        assert answer.status_code == 422
        assert said in answer.get_data(as_text=True)
    sent = bo.send("/delegations", email=house.rae.email, until=day[1])
    assert sent.status_code == 303
    assert "<bdi>Rae</bdi>" in text_of(bo, "/delegations")
    text = text_of(rae, "/delegations")
    assert "<bdi>Bo</bdi>" in text
    assert "<bdi>Rae</bdi> decides in their place" in text_of(rae, "/people")
    end = re.search(r'action="(/delegations/\w+/end)"', text)
    assert end is not None
    assert signed_in(house.vi).send(end[1]).status_code == 404
    assert rae.send(end[1]).status_code == 303
    assert "decides in their place" not in text_of(rae, "/people")


def test_an_agent_is_changed_on_its_page(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    ana, path = signed_in(house.ana), f"/agents/{house.ci.id}/change"
    fields = {"owner": house.rae.email, "manager": "helper", "has_flag": "1"}
    sent = ana.send(path, **fields, can_create_agents="1", status="paused")
    assert sent.status_code == 303
    page = f"/agents?agent={house.ci.id}"
    text = text_of(ana, page)
    for said in ("Owned by <bdi>Rae</bdi>", "Reports to <bdi>helper</bdi>", "Paused"):
        assert said in text
    refused = ana.send(f"/agents/{house.helper.id}/change", manager="ci")
    assert refused.status_code == 422
    assert "helper → ci → helper" in refused.get_data(as_text=True)
    assert signed_in(house.rae).send(path, status="active").status_code == 403
    assert ana.send(path, status="terminated").status_code == 303
    assert ana.send(path, status="active").status_code == 409
    assert path not in text_of(ana, page)


def test_a_demotion_between_page_and_click_counts(
    signed_in: SignedIn, house: House, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The view has looked already; the transaction looks again."""
    org, rae = house.org_id, house.rae.id
    store.write(lambda tx: members.change_role(tx, org, ROOT, rae, "admin"))
    browser, invite = signed_in(house.rae), invitations.invite
    demote = (
        update(Membership)
        .where(Membership.org_id == org, Membership.user_id == rae)
        .values(role="viewer")
    )

    def late(tx, *words):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN202
        tx.execute(demote)
        return invite(tx, *words)

    monkeypatch.setattr(invitations, "invite", late)
    answer = browser.send("/people/invitations", email="x@example.org", role="viewer")
    assert answer.status_code == 403
    assert "Missing permission: members:manage" in answer.get_data(as_text=True)
