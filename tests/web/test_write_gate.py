"""The page of a write in one's name: whose it is, and that nobody else finds it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from tests.plugins.desk import Browser, House, Member, SignedIn
from webui.approvals.agents import tokens
from webui.approvals.errors import NotFoundError
from webui.approvals.gate import write_grants
from webui.approvals.gate.write_gate import write_of
from webui.approvals.gate.write_grants import GateLimits, Held, Service
from webui.approvals.people import sessions
from webui.store.models import Event, Membership, User, WebSession, WriteGrant
from webui.store.store import Store

HELD = ["files:read", "files:write"]
AskWrite = Callable[..., str]


@pytest.fixture
def ask_write(store: Store, house: House) -> AskWrite:
    """Hold a write for a person (Bo, unless somebody else is named); returns the nonce."""

    def asking(
        who: Member | None = None, path: str = "/files/a.txt", *, org_id: str = ""
    ) -> str:
        agent = house.ci if not org_id else house.stranger
        service = Service(org_id or house.org_id, agent.id, "key")
        write = write_of("put", path, ["files:write"], "sha256:abc")
        person = (who or house.bo).id
        held = store.write(
            lambda tx: write_grants.ask(tx, service, person, write, HELD, GateLimits())
        )
        assert isinstance(held, Held)
        return held.nonce

    return asking


def status_of(store: Store, nonce: str) -> str:
    with store.reading() as session:
        return str(
            session.scalar(select(WriteGrant.status).where(WriteGrant.nonce == nonce))
        )


def last_event(store: Store, house: House) -> Event:
    with store.reading() as session:
        found = session.scalars(
            select(Event).where(Event.org_id == house.org_id).order_by(Event.seq.desc())
        ).first()
    assert found is not None
    return found


def test_its_person_reads_it_and_says_yes(
    signed_in: SignedIn, house: House, store: Store, ask_write: AskWrite
) -> None:
    browser, nonce = signed_in(house.bo), ask_write()
    assert browser.get(f"/orgs/acme/write-gate/{nonce}").status_code == 200
    address = f"/orgs/{house.org_id}/write-gate/{nonce}"
    page = browser.get(address).get_data(as_text=True)
    for word in ("ci", "PUT", "/files/a.txt", "files:write", "sha256:abc", "Acme"):
        assert word in page
    done = browser.send(address, verdict="approve", reason="Go on")
    assert (done.status_code, done.headers["Location"]) == (303, address)
    assert status_of(store, nonce) == "approved"
    event = last_event(store, house)
    assert (event.action, event.actor) == ("write_grant.approved", f"user:{house.bo.id}")
    page = browser.get(address).get_data(as_text=True)
    assert "approved and not used yet" in page
    assert "Go on" in page
    assert 'id="answer"' not in page


def test_a_no_is_for_good_and_the_same_answer_twice_changes_nothing(
    signed_in: SignedIn, house: House, store: Store, ask_write: AskWrite
) -> None:
    browser, nonce = signed_in(house.bo), ask_write()
    address = f"/orgs/acme/write-gate/{nonce}"
    assert browser.send(address, verdict="refuse").status_code == 303
    before = last_event(store, house).seq
    assert browser.send(address, verdict="refuse").status_code == 303
    late = browser.send(address, verdict="approve")
    assert late.status_code == 409
    assert "It was refused, for good." in late.get_data(as_text=True)
    assert status_of(store, nonce) == "refused"
    assert last_event(store, house).seq == before


def test_an_expired_one_says_so_and_takes_no_answer(
    signed_in: SignedIn, house: House, store: Store, ask_write: AskWrite, clock: Any
) -> None:
    browser, nonce = signed_in(house.bo), ask_write()
    address = f"/orgs/acme/write-gate/{nonce}"
    clock.advance(600_000)
    assert "It expired." in browser.get(address).get_data(as_text=True)
    assert browser.send(address, verdict="approve").status_code == 409
    assert status_of(store, nonce) == "pending"


def test_a_form_that_says_something_else_changes_nothing(
    signed_in: SignedIn, house: House, store: Store, ask_write: AskWrite
) -> None:
    browser, nonce = signed_in(house.bo), ask_write()
    long = {"verdict": "approve", "reason": "x" * 2_001}
    for fields in ({}, {"verdict": "yes"}, {"verdict": "Approve"}, long):
        answer = browser.send(f"/orgs/acme/write-gate/{nonce}", **fields)
        assert answer.status_code == 422
        assert 'id="answer"' in answer.get_data(as_text=True)
    assert status_of(store, nonce) == "pending"


def shown(browser: Browser, path: str, method: str) -> tuple[int, str]:
    """Return status and words of an answer, without what is different for each address."""
    answer = browser.get(path) if method == "GET" else browser.send(path, verdict="approve")
    text = answer.get_data(as_text=True)
    return answer.status_code, text[text.index('id="main"') :].replace(path, "PATH")


def test_nobody_else_finds_it_whatever_their_role(
    signed_in: SignedIn, house: House, store: Store, ask_write: AskWrite
) -> None:
    """T8, T9: members, the owner, an instance admin and other orgs, as for an unknown nonce."""
    store.write(lambda tx: tx.execute(update(User).values(instance_admin=True)))
    nonce = ask_write()
    for other in (house.ana, house.rae, house.vi, house.ed, house.max, house.zoe):
        browser = signed_in(other)
        for method in ("GET", "POST"):
            unknown = shown(browser, "/orgs/acme/write-gate/no-such-nonce", method)
            assert unknown[0] == 404
            for org in ("acme", house.org_id):
                found = shown(browser, f"/orgs/{org}/write-gate/{nonce}", method)
                assert found == unknown, (other, method)
        assert "wants to write" not in browser.get("/account").get_data(as_text=True)
    assert status_of(store, nonce) == "pending"


def test_a_nonce_is_nothing_in_another_org(
    signed_in: SignedIn, house: House, store: Store, ask_write: AskWrite
) -> None:
    """T9: not even for its own person, who is a member of both."""
    both = {"org_id": house.other_org_id, "user_id": house.bo.id, "role": "owner"}
    store.write(
        lambda tx: tx.session.execute(
            insert(Membership), [both | {"status": "active", "created_at": tx.now}]
        )
    )
    browser, nonce = signed_in(house.bo), ask_write()
    there = ask_write(house.bo, org_id=house.other_org_id)
    for method in ("GET", "POST"):
        for org in ("zebra", "nowhere", "Acme", "ACME"):
            found = shown(browser, f"/orgs/{org}/write-gate/{nonce}", method)
            assert found[0] == 404
        assert shown(browser, f"/orgs/acme/write-gate/{there}", method)[0] == 404
    assert browser.get(f"/orgs/zebra/write-gate/{there}").status_code == 200
    assert status_of(store, nonce) == status_of(store, there) == "pending"


def test_an_agent_in_ones_session_does_not_find_it(
    signed_in: SignedIn, house: House, store: Store, ask_write: AskWrite
) -> None:
    """T8: the identity it carries is the one that must answer."""
    browser, nonce = signed_in(house.bo), ask_write()
    store.write(lambda tx: tx.execute(update(WebSession).values(agent_context=True)))
    for method in ("GET", "POST"):
        unknown = shown(browser, "/orgs/acme/write-gate/no-such-nonce", method)
        assert shown(browser, f"/orgs/acme/write-gate/{nonce}", method) == unknown
    assert "wants to write" not in browser.get("/").get_data(as_text=True)
    assert status_of(store, nonce) == "pending"


def test_a_membership_suspended_meanwhile_ends_it(
    signed_in: SignedIn, house: House, store: Store, ask_write: AskWrite
) -> None:
    browser, nonce = signed_in(house.bo), ask_write()
    store.write(
        lambda tx: tx.execute(
            update(Membership)
            .where(Membership.user_id == house.bo.id)
            .values(status="suspended")
        )
    )
    answer = browser.send(f"/orgs/acme/write-gate/{nonce}", verdict="approve")
    assert answer.headers["Location"].startswith("/sign-in"), "the session ended with it"
    assert status_of(store, nonce) == "pending"


def test_keys_and_tokens_are_no_session(
    browser: Browser, house: House, store: Store, ask_write: AskWrite
) -> None:
    nonce = ask_write()
    token = store.write(
        lambda tx: tokens.create_token(tx, house.org_id, house.bo.id, label="t")
    )
    for key in (token, house.deploy_bot.key):
        headers = {"Authorization": f"Bearer {key}"}
        address = f"/orgs/acme/write-gate/{nonce}"
        assert browser.get(address, headers=headers).status_code == 303
        answer = browser.post(address, headers=headers, data={"verdict": "approve"})
        assert answer.headers["Location"].startswith("/sign-in")
    assert status_of(store, nonce) == "pending"


def test_without_the_forms_mark_nothing_is_approved(
    signed_in: SignedIn, house: House, store: Store, ask_write: AskWrite
) -> None:
    nonce = ask_write()
    browser = signed_in(house.bo)
    answer = browser.post(f"/orgs/acme/write-gate/{nonce}", data={"verdict": "approve"})
    assert answer.status_code == 400
    browser.get(f"/orgs/acme/write-gate/{nonce}?verdict=approve")
    assert status_of(store, nonce) == "pending"


def test_what_an_agent_wrote_is_shown_and_does_nothing(
    signed_in: SignedIn, house: House, ask_write: AskWrite
) -> None:
    nonce = ask_write(path="/%3Cscript%3Ealert(1)%3C/script%3E%E2%80%AEtxt.exe?a='\">")
    page = signed_in(house.bo).get(f"/orgs/acme/write-gate/{nonce}").get_data(as_text=True)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page  # read as
    assert "⟦U+202E⟧" in page
    assert "\u202e" not in page


def test_it_waits_on_the_queue_and_the_account_until_it_is_answered(
    signed_in: SignedIn, house: House, ask_write: AskWrite
) -> None:
    browser, nonce = signed_in(house.bo), ask_write()
    address = f"/orgs/acme/write-gate/{nonce}"
    for page in ("/", "/account"):
        text = browser.get(page).get_data(as_text=True)
        assert "Waiting for you: an agent wants to write in your name" in text
        assert f'href="{address}"' in text
    browser.send(address, verdict="refuse")
    for page in ("/", "/account"):
        assert "Waiting for you" not in browser.get(page).get_data(as_text=True)


def test_whoever_signs_in_comes_back_to_it(browser: Browser, ask_write: AskWrite) -> None:
    address = f"/orgs/acme/write-gate/{ask_write()}"
    assert browser.get(address).headers["Location"].endswith(f"?next={address}")


def test_a_session_that_ended_answers_nothing(
    store: Store, house: House, ask_write: AskWrite
) -> None:
    """The verb looks for itself: a page that was drawn before counts for nothing."""
    nonce = ask_write()
    given = write_grants.Answer(house.bo.id, "s", True, "", "", "")

    def unit(tx: Any) -> None:
        sessions.sign_in(tx, house.bo.id, "s", address="", user_agent="")
        sessions.sign_out(tx, "s")

    store.write(unit)
    with pytest.raises(NotFoundError):
        store.write(lambda tx: write_grants.answer(tx, "acme", nonce, given))
