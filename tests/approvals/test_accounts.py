"""Orgs, people, agents, keys and tokens: who is made, changed, shut out, and how it is told."""

import hashlib
from functools import partial

import pytest
from sqlalchemy import delete

from tests.plugins.desk import House, TestClock
from tests.plugins.rules import Desk
from webui.approvals.agents import agents, keys, tokens
from webui.approvals.errors import (
    InvalidError,
    NotAllowedError,
    NotFoundError,
    TooManyError,
)
from webui.approvals.people import accounts, sessions, views
from webui.approvals.people.speaking import set_language
from webui.store.models import INSTANCE, AgentKey, Install
from webui.store.queries import events, identity
from webui.store.store import Store

IDLE, LONGEST = 3_600_000, 86_400_000


def told(store: Store, org_id: str, subject: str) -> list[str]:
    with store.reading() as session:
        return [event.action for event in events.about(session, org_id, subject)]


def pointers(caught: pytest.ExceptionInfo[InvalidError]) -> list[str]:
    return [fault.pointer for fault in caught.value.faults]


def key_id(text: str) -> str:
    read = keys.read_key(text)
    assert read is not None
    return read.id


def test_an_installation_is_made_once(store: Store) -> None:
    first = store.write(accounts.prepare_install)
    assert store.write(accounts.prepare_install) == first
    store.write(lambda tx: tx.execute(delete(Install)) and None)
    assert store.write(accounts.prepare_install) != first  # and its log goes on


def test_an_org_has_a_slug_of_its_own_and_a_chain(store: Store) -> None:
    store.write(accounts.prepare_install)
    with pytest.raises(NotFoundError):
        store.write(lambda tx: accounts.find_org(tx, None))
    one = store.write(lambda tx: accounts.create_org(tx, " Größe & Co "))
    assert store.write(lambda tx: accounts.find_org(tx, None)) == one
    two = store.write(lambda tx: accounts.create_org(tx, "Größe & Co"))
    nameless = store.write(lambda tx: accounts.create_org(tx, "!!!"))
    for named, org_id in (
        ("gr-e-co", one),
        ("org", nameless),
        (two, two),
        ("!!!", nameless),
    ):
        assert store.write(partial(accounts.find_org, name_or_id=named)) == org_id
    for org_id in (one, two):
        assert told(store, org_id, f"org:{org_id}") == ["org.created"]
    with pytest.raises(InvalidError, match="--org"):
        store.write(lambda tx: accounts.find_org(tx, None))
    with pytest.raises(NotFoundError):
        store.write(lambda tx: accounts.find_org(tx, "elsewhere"))
    with pytest.raises(InvalidError):
        store.write(lambda tx: accounts.create_org(tx, "  "))


@pytest.mark.parametrize(
    ("email", "role", "wrong"),
    [
        ("no address", "viewer", ["/email"]),
        ("a@b", "viewer", ["/email"]),
        ("x" * 250 + "@example.org", "viewer", ["/email"]),
        ("RAE@example.org ", "viewer", ["/email"]),
        ("new@example.org", "king", ["/role"]),
        ("@", "king", ["/email", "/role"]),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_person_that_cannot_be_added_leaves_nothing(
    store: Store, house: House, email: str, role: str, wrong: list[str]
) -> None:
    with store.reading() as session:
        before = events.end(session, house.org_id)
    with pytest.raises(InvalidError) as caught:
        store.write(
            lambda tx: accounts.create_user(
                tx, house.org_id, email=email, role=role, password_hash="-"
            )
        )
    assert pointers(caught) == wrong
    with store.reading() as session:
        assert events.end(session, house.org_id) == before


def sign_in(store: Store, user_id: str, name: str) -> str:
    digest = hashlib.sha256(name.encode()).hexdigest()
    store.write(
        lambda tx: sessions.sign_in(
            tx, user_id, digest, address="127.0.0.1", user_agent="x" * 999
        )
    )
    return digest


def lives(store: Store, digest: str) -> bool:
    with store.reading() as session:
        found = identity.signed_session(session, digest)
    assert found is not None
    return found.lives(store.now(), idle=IDLE, longest=LONGEST)


def test_sessions_end_with_signing_out_a_new_password_or_a_suspension(
    store: Store, house: House, clock: TestClock
) -> None:
    def end(name: str) -> None:
        org, mail, user = house.org_id, house.rae.email, house.rae.id
        if name == "password":
            store.write(
                lambda tx: accounts.set_password(tx, org, mail, "-", actor="system")
            )
        elif name == "everywhere":
            store.write(lambda tx: sessions.sign_out_everywhere(tx, user, org))
        elif name == "idle":
            clock.advance(IDLE)
        else:
            store.write(lambda tx: accounts.suspend_user(tx, org, mail, actor="system"))

    for name in ("password", "everywhere", "idle", "suspension"):
        one, two = (sign_in(store, house.rae.id, f"{name}{n}") for n in (1, 2))
        assert lives(store, one)
        assert lives(store, two)
        store.write(partial(sessions.sign_out, session_hash=one))
        store.write(partial(sessions.sign_out, session_hash=one))
        assert (lives(store, one), lives(store, two)) == (False, True)
        end(name)
        assert not lives(store, two)
    store.write(lambda tx: sessions.sign_out(tx, "nobody's"))
    for nobody in (house.rae.id, house.cy.id, "usr_nobody"):
        with pytest.raises(NotFoundError):
            sign_in(store, nobody, "late")
    actions = told(store, house.org_id, f"user:{house.rae.id}")
    assert actions.count("user.signed_in") == 8
    assert actions.count("user.signed_out") == 4 + 1
    assert actions.count("user.password_changed") == actions.count("user.suspended") == 1


@pytest.mark.parametrize("ended", ["by leaving", "by a reset", "with the account"])
def test_a_session_that_ended_meanwhile_is_not_renewed(
    store: Store, house: House, ended: str
) -> None:
    org, mail = house.org_id, house.rae.email
    digest = sign_in(store, house.rae.id, "s")

    def renewed(name: str) -> bool:
        new = name.ljust(64, "0")
        return store.write(lambda tx: sessions.renew(tx, digest, new, "password+totp"))

    if ended == "by leaving":
        store.write(lambda tx: sessions.sign_out(tx, digest))
    elif ended == "by a reset":
        store.write(lambda tx: accounts.set_password(tx, org, mail, "-", actor="x"))
    else:
        store.write(lambda tx: accounts.suspend_user(tx, org, mail, actor="x"))
    assert not renewed("new")
    assert not lives(store, digest)


def test_a_password_that_was_checked_before_a_reset_opens_no_session(
    store: Store, house: House
) -> None:
    org, mail = house.org_id, house.rae.email
    store.write(lambda tx: accounts.set_password(tx, org, mail, "-", actor="x"))
    with pytest.raises(NotFoundError):
        store.write(
            lambda tx: sessions.sign_in(
                tx, house.rae.id, "0" * 64, address="::1", user_agent="x", epoch=1
            )
        )


def test_a_language_that_is_chosen_again_tells_nothing(store: Store, house: House) -> None:
    name = f"user:{house.rae.id}"
    for _ in range(2):
        store.write(lambda tx: set_language(tx, house.org_id, house.rae.id, "de"))
    assert told(store, house.org_id, name).count("user.changed") == 1


def test_a_view_is_kept_for_members_and_so_many_of_them(
    store: Store, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save(org_id: str, name: str) -> str:
        return store.write(
            lambda tx: views.save_view(
                tx, org_id, house.rae.id, name, "risk:high", is_shared=False
            )
        )

    with pytest.raises(NotAllowedError):
        save(house.other_org_id, "Mine")
    monkeypatch.setattr(views, "MOST", 1)
    kept = save(house.org_id, "Mine")
    assert save(house.org_id, "mine") == kept
    with pytest.raises(InvalidError, match="remove one of them first"):
        save(house.org_id, "Another")


def test_a_session_that_is_used_stays_and_ends_at_its_longest(
    store: Store, house: House, clock: TestClock
) -> None:
    digest = sign_in(store, house.rae.id, "s")
    for _ in range(LONGEST // IDLE * 2 - 1):
        clock.advance(IDLE // 2)
        assert lives(store, digest)
        store.write(lambda tx: sessions.note_seen(tx, digest))
    clock.advance(IDLE // 2)
    assert not lives(store, digest)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_attempts_to_sign_in_run_out_by_account_and_address(store: Store) -> None:
    def attempt(account: str, address: str, times: int) -> None:
        for _ in range(times):
            store.write(lambda tx: sessions.spend_attempt(tx, account, address))

    attempt("a", "1.1.1.1", 10)
    with pytest.raises(TooManyError):
        attempt("a", "1.1.1.1", 1)
    attempt("a", "2.2.2.2", 1)
    attempt("b", "1.1.1.1", 10)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_failed_attempts_are_told_in_the_instances_own_log(store: Store) -> None:
    store.write(accounts.prepare_install)
    store.write(lambda tx: sessions.note_failed(tx, "1.1.1.1", 3))
    assert told(store, INSTANCE, "address:1.1.1.1") == ["user.sign_in_failed"]


def test_a_role_is_one_of_those_there_are_and_a_member_of_this_org(
    store: Store, house: House
) -> None:
    org = house.org_id
    changed = store.write(
        lambda tx: accounts.set_role(tx, org, " VI@example.org", "reviewer", actor="system")
    )
    assert changed == house.vi.id
    assert house.rae.id == store.write(
        lambda tx: accounts.set_role(tx, org, house.rae.email, "owner", actor="system")
    )
    with store.reading() as session:
        standing = identity.member(session, org, house.vi.email)
        assert standing is not None
        assert standing.role == "reviewer"
        assert identity.member(session, org, house.zoe.email) is None
        assert identity.credentials(session, "nobody@example.org") is None
        known = identity.credentials(session, " VI@example.org ")
        assert known is not None
        assert known.user_id == house.vi.id
    with pytest.raises(InvalidError):
        store.write(
            lambda tx: accounts.set_role(tx, org, house.vi.email, "king", actor="s")
        )
    with pytest.raises(NotFoundError):
        store.write(
            lambda tx: accounts.set_role(tx, org, house.zoe.email, "viewer", actor="s")
        )


def test_an_agent_has_a_name_of_its_own_and_an_owner_of_its_org(
    store: Store, house: House
) -> None:
    for name, owner, wrong in (
        ("", None, ["/name"]),
        ("x" * 81, None, ["/name"]),
        ("a\nb", None, ["/name"]),
        ("ci", None, ["/name"]),
        ("new", house.zoe.id, ["/owner"]),
        ("ci", "nobody", ["/name", "/owner"]),
    ):
        with pytest.raises(InvalidError) as caught:
            store.write(
                partial(agents.create_agent, org_id=house.org_id, name=name, owner=owner)
            )
        assert pointers(caught) == wrong
    made = store.write(
        lambda tx: agents.create_agent(
            tx, house.org_id, " new ", owner=house.bo.email.upper()
        )
    )
    assert told(store, house.org_id, f"agent:{made}") == ["agent.created"]


def works(store: Store, text: str) -> bool:
    with store.reading() as session:
        holder = identity.key_holder(session, key_id(text))
    assert holder is not None
    return holder.works(store.now())


def test_a_key_works_until_it_is_revoked_rotated_or_over(
    desk: Desk, house: House, clock: TestClock
) -> None:
    store, org, agent = desk.store, house.org_id, house.ci.id
    ends = store.now() + 10_000
    short = store.write(lambda tx: agents.create_key(tx, org, agent, expires_at=ends))
    new = store.write(lambda tx: agents.rotate_key(tx, org, key_id(house.ci.key)))
    soon = store.write(lambda tx: agents.rotate_key(tx, org, key_id(short)))
    assert all(works(store, key) for key in (house.ci.key, new, short, soon))
    clock.advance(10_000)
    assert not works(store, short)
    clock.advance(agents.OVERLAP)
    assert (works(store, house.ci.key), works(store, new)) == (False, True)
    store.write(lambda tx: agents.note_use(tx, {key_id(new): 5}))
    with store.reading() as session:
        assert session.get_one(AgentKey, key_id(new)).used_at == 5
    for _ in range(2):
        store.write(lambda tx: agents.revoke_key(tx, org, key_id(new)))
    assert not works(store, new)
    assert told(store, org, f"key:{key_id(new)}") == ["key.created", "key.revoked"]
    with pytest.raises(InvalidError, match="revoked"):
        store.write(lambda tx: agents.rotate_key(tx, org, key_id(new)))
    with store.reading() as session:
        assert identity.key_holder(session, "nothing") is None


def test_keys_of_another_org_are_keys_that_do_not_exist(store: Store, house: House) -> None:
    other, ours = house.other_org_id, key_id(house.ci.key)
    with pytest.raises(NotFoundError):
        store.write(lambda tx: agents.revoke_key(tx, other, ours))
    with pytest.raises(NotFoundError):
        store.write(lambda tx: agents.rotate_key(tx, other, ours))
    with pytest.raises(NotFoundError):
        store.write(lambda tx: agents.create_key(tx, other, house.ci.id))
    with pytest.raises(InvalidError, match="everything"):
        store.write(
            lambda tx: agents.create_key(
                tx, house.org_id, house.ci.id, scopes=("everything",)
            )
        )
    assert works(store, house.ci.key)


def test_a_token_carries_permissions_that_there_are(store: Store, house: House) -> None:
    org, rae = house.org_id, house.rae.id
    with pytest.raises(InvalidError, match="no permission approvals:dance"):
        store.write(
            lambda tx: tokens.create_token(
                tx, org, rae, label="x", scopes=["approvals:dance"]
            )
        )


def test_a_token_is_its_owners_alone(store: Store, house: House, clock: TestClock) -> None:
    org, rae = house.org_id, house.rae.id
    text = store.write(
        lambda tx: tokens.create_token(
            tx, org, rae, label="l" * 99, expires_at=store.now() + 10_000
        )
    )

    def holder() -> identity.TokenHolder:
        with store.reading() as session:
            found = identity.token_holder(session, key_id(text))
        assert found is not None
        return found

    assert holder().works(store.now())
    assert (holder().person.user_id, holder().person.role) == (rae, "reviewer")
    for org_id, user in ((house.other_org_id, rae), (org, house.bo.id)):
        with pytest.raises(NotFoundError):
            store.write(
                partial(
                    tokens.revoke_token,
                    org_id=org_id,
                    user_id=user,
                    token_id=key_id(text),
                    actor="s",
                )
            )
    clock.advance(10_000)
    assert not holder().works(store.now())
    for _ in range(2):
        store.write(lambda tx: tokens.revoke_token(tx, org, rae, key_id(text), actor="s"))
    assert holder().revoked_at is not None
    assert told(store, org, f"token:{key_id(text)}") == ["token.created", "token.revoked"]
    with store.reading() as session:
        assert identity.token_holder(session, "nothing") is None
