"""The rules of second factors on both databases."""

from collections.abc import Callable

import pytest

from tests.plugins.authenticator import Authenticator
from tests.plugins.desk import House, Member, TestClock
from tests.plugins.factors import App
from webui.approvals.errors import ConflictError, InvalidError, NotFoundError
from webui.approvals.people import accounts, sessions
from webui.factors import ceremonies, changing, proving, recovery
from webui.factors.passkeys import NewPasskey
from webui.store.models import User, WebSession
from webui.store.queries import identity
from webui.store.queries.factors import Held, held
from webui.store.store import Store
from webui.store.transaction import Transaction


def of(store: Store, member: Member) -> Held:
    with store.reading() as session:
        return held(session, member.id)


def sign_in(store: Store, member: Member, session_hash: str, **more: object) -> None:
    store.write(
        lambda tx: sessions.sign_in(
            tx,
            member.id,
            session_hash,
            address="",
            user_agent="",
            **more,  # type: ignore[arg-type]
        )
    )


def lives(store: Store, session_hash: str) -> bool:
    with store.reading() as session:
        found = identity.signed_session(session, session_hash)
    return found is not None and found.lives(store.now(), idle=10**9, longest=10**9)


def test_a_code_is_taken_once_even_by_two_at_once(
    store: Store, house: House, app_of: Callable[[Member], App]
) -> None:
    app = app_of(house.ana)
    code = app.next_code()
    proofs = [
        store.write(lambda tx: proving.by_code(tx, house.ana.id, code)) for _ in range(2)
    ]
    assert [proof.method for proof in proofs] == ["app", ""]
    assert proofs[1].refusal == proving.WRONG_CODE


def test_a_code_one_step_early_makes_the_one_of_now_worthless(
    store: Store, house: House, app_of: Callable[[Member], App]
) -> None:
    app = app_of(house.ana)
    app.next_code()
    early, now = app.code(1), app.code()
    first = store.write(lambda tx: proving.by_code(tx, house.ana.id, early))
    second = store.write(lambda tx: proving.by_code(tx, house.ana.id, now))
    assert (first.method, second.method) == ("app", "")


def test_recovery_codes_are_used_once_each_and_by_their_owner(
    store: Store, house: House, app_of: Callable[[Member], App]
) -> None:
    codes = app_of(house.ana).recovery
    assert len(set(codes)) == recovery.HOW_MANY

    def use(member: Member, code: str) -> bool:
        return store.write(lambda tx: recovery.use(tx, member.id, code))

    assert not use(house.rae, codes[0])
    assert use(house.ana, codes[0].replace("-", " ").upper())
    assert not use(house.ana, codes[0])
    assert of(store, house.ana).codes_left == 9


def test_the_first_factor_ends_sessions_that_proved_less(
    store: Store, house: House, app_of: Callable[[Member], App]
) -> None:
    sign_in(store, house.ana, "before")
    app_of(house.ana)
    assert not lives(store, "before")


def test_reset_factors_end_every_session_and_are_recorded(
    store: Store,
    house: House,
    app_of: Callable[[Member], App],
    passkey_of: Callable[..., Authenticator],
    told_of: Callable[[str], list[dict[str, object]]],
) -> None:
    app_of(house.ana)
    passkey_of(house.ana)
    sign_in(store, house.ana, "one")

    def reset(tx: Transaction) -> int:
        return changing.remove_all(tx, house.org_id, house.ana.id, actor="local_implicit")

    assert store.write(reset) == 2
    assert not lives(store, "one")
    found = of(store, house.ana)
    assert (found.count, found.codes_left, found.app) == (0, 0, None)
    assert told_of("user.factor_removed")[-1]["factor"] == "all"
    with pytest.raises(ConflictError):
        store.write(lambda tx: changing.renew_codes(tx, house.org_id, house.ana.id))


def test_there_is_an_end_to_passkeys_and_to_their_names(store: Store, house: House) -> None:
    def add(passkey_id: str, name: str) -> None:
        new = NewPasskey(passkey_id, b"key", 0)
        store.write(
            lambda tx: changing.add_passkey(tx, house.org_id, house.ana.id, "", new, name)
        )

    for number in range(changing.MOST_PASSKEYS):
        add(f"key{number}", "n" * changing.NAME_MAX)
    for passkey_id, name in (("more", "fine"), ("key0", "fine"), ("other", "n" * 61)):
        with pytest.raises((InvalidError, ConflictError)):
            add(passkey_id, name)
    with pytest.raises(InvalidError):
        store.write(
            lambda tx: changing.rename_passkey(
                tx, house.org_id, house.ana.id, "key0", "a\u202eb"
            )
        )


def test_a_session_goes_on_under_its_new_id_only(
    store: Store, house: House, clock: TestClock
) -> None:
    sign_in(store, house.ana, "old")
    clock.advance(1_000)
    assert store.write(lambda tx: sessions.renew(tx, "old", "new", "passkey"))
    assert (lives(store, "old"), lives(store, "new")) == (False, True)
    assert not store.write(lambda tx: sessions.renew(tx, "old", "newer", "passkey"))
    store.write(lambda tx: sessions.sign_out(tx, "new"))
    assert not store.write(lambda tx: sessions.renew(tx, "new", "newer", "passkey"))


def test_a_session_of_a_suspended_or_reset_person_is_not_renewed(
    store: Store, house: House
) -> None:
    sign_in(store, house.rae, "one")
    store.write(lambda tx: sessions.sign_out_everywhere(tx, house.rae.id, house.org_id))
    assert not store.write(lambda tx: sessions.renew(tx, "one", "two", "password"))
    sign_in(store, house.rae, "three")
    store.write(
        lambda tx: accounts.suspend_user(tx, house.org_id, house.rae.email, actor="s")
    )
    assert not store.write(lambda tx: sessions.renew(tx, "three", "four", "password"))


def test_a_sign_in_that_began_before_a_reset_is_worth_nothing(
    store: Store, house: House
) -> None:
    with store.reading() as session:
        epoch = session.get_one(User, house.ana.id).session_epoch
    store.write(lambda tx: sessions.sign_out_everywhere(tx, house.ana.id, house.org_id))
    with pytest.raises(NotFoundError):
        sign_in(store, house.ana, "late", epoch=epoch)


def test_one_session_is_ended_by_its_name(store: Store, house: House) -> None:
    for session_hash in ("a" * 64, "b" * 64):
        sign_in(store, house.ana, session_hash)

    def end(member: Member, name: str) -> None:
        store.write(lambda tx: sessions.end_one(tx, member.id, name, actor="s"))

    for member, name in (
        (house.ana, ""),
        (house.ana, "a"),
        (house.ana, "%" * 12),
        (house.ana, "c" * 12),
        (house.rae, "a" * 12),
    ):
        with pytest.raises(NotFoundError):
            end(member, name)
    end(house.ana, "a" * 12)
    assert (lives(store, "a" * 64), lives(store, "b" * 64)) == (False, True)


def test_a_ceremony_is_for_one_thing_one_person_and_five_tries(
    store: Store, house: House, clock: TestClock
) -> None:
    def begin(tx: Transaction) -> str:
        return ceremonies.begin(tx, "second_step", house.ana.id, whose=house.ana.id)

    def counts(ceremony_id: str, purpose: ceremonies.Purpose = "second_step") -> bool:
        return store.write(lambda tx: ceremonies.find(tx, ceremony_id, purpose) is not None)

    def fail(tx: Transaction) -> None:
        row = ceremonies.find(tx, one, "second_step")
        assert row is not None
        ceremonies.count_try(tx, row)

    early = store.write(begin)
    store.write(lambda tx: sessions.sign_out_everywhere(tx, house.ana.id, house.org_id))
    assert not counts(early), "what ends the sessions ends it too"
    one, two = store.write(begin), store.write(begin)
    assert counts(one)
    assert not counts(one, "confirm")
    assert not counts(ceremonies.hash_of(one)), "what the database keeps opens nothing"
    for _ in range(ceremonies.MOST_TRIES):
        store.write(fail)
    assert not counts(one)
    clock.advance(ceremonies.LIFETIME)
    assert not counts(two)
    assert store.write(ceremonies.forget_over) == 3


def test_changing_the_password_keeps_this_session_alone(store: Store, house: House) -> None:
    for session_hash in ("here", "there"):
        sign_in(store, house.ana, session_hash)
    store.write(
        lambda tx: sessions.change_password(tx, house.org_id, house.ana.id, "here", "hash")
    )
    assert (lives(store, "here"), lives(store, "there")) == (True, False)
    with store.reading() as session:
        assert session.get_one(WebSession, "there").ended_at is None, "its epoch is over"
