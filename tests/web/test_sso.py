"""Signing in by a real provider, and every way to get in that must not work."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from tests.plugins.desk import Browser, House, SignedIn, TestClock
from tests.plugins.factors import App, is_in, post
from tests.plugins.provider import (
    OPENED,
    Desk,
    IdentityServer,
    come_back,
    link,
    sentence,
    wanted,
)
from webui.approvals.people import accounts, organizations
from webui.approvals.people.organizations import Flags
from webui.approvals.people.standing import By
from webui.factors import ceremonies
from webui.oidc import providers
from webui.settings import Settings
from webui.store.models import (
    Ceremony,
    Identity,
    Invitation,
    Membership,
    User,
    WebSession,
)
from webui.store.store import Store

ToldOf = Callable[[str], list[dict[str, Any]]]
NEW = "nia@example.org"
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what concerns the protocol and not the rows."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"sso_allow": ("localhost",)})


def invite(store: Store, house: House, email: str = NEW, role: str = "viewer") -> None:
    def unit(tx: Any) -> None:
        tx.session.add(
            Invitation(
                id=f"inv_{email}",
                org_id=house.org_id,
                email=email,
                role=role,
                secret_hash=b"x",
                invited_by=f"user:{house.ana.id}",
                created_at=tx.now,
                expires_at=tx.now + 1_000_000,
            )
        )
        tx.session.flush()

    store.write(unit)


def role_of(store: Store, house: House, email: str = NEW) -> tuple[str, str] | None:
    with store.reading() as session:
        row = session.execute(
            select(Membership.role, Membership.status)
            .join(User, User.id == Membership.user_id)
            .where(Membership.org_id == house.org_id, User.email == email)
        ).one_or_none()
    return None if row is None else (row[0], row[1])


def sessions(store: Store) -> list[WebSession]:
    with store.reading() as session:
        return list(session.scalars(select(WebSession)))


@SQLITE
class TestChoosing:
    """The way to the provider."""

    def test_the_door_shows_the_way_only_if_there_is_one(
        self, browser: Browser, house: House, provider: IdentityServer, store: Store
    ) -> None:
        assert "/sign-in/sso" not in browser.get("/sign-in").text
        store.write(
            lambda tx: providers.add(tx, house.org_id, By(), wanted(provider), OPENED)
        )
        assert 'href="/sign-in/sso?next=/history"' in browser.get(
            "/sign-in?next=/history"
        ).text.replace("%2F", "/")

    def test_an_orgs_short_name_shows_its_providers(
        self, browser: Browser, sso: Desk
    ) -> None:
        page = browser.get("/sign-in/sso?org=Acme&next=/history").text
        assert f'href="{sso.start}?next=/history"' in page.replace("%2F", "/")
        assert "Sign in with <bdi>Corp</bdi>" in page

    def test_an_unknown_org_and_one_without_a_provider_look_the_same(
        self, browser: Browser, sso: Desk
    ) -> None:
        pages = [browser.get(f"/sign-in/sso?org={org}") for org in ("zebra", "nobody")]
        assert [page.status_code for page in pages] == [404, 404]
        texts = [page.text.replace("zebra", "X").replace("nobody", "X") for page in pages]
        starts = [text[text.index("<main") :] for text in texts]
        assert starts[0] == starts[1]

    def test_another_orgs_name_does_not_lead_to_a_provider(
        self, browser: Browser, sso: Desk
    ) -> None:
        for path in (f"/sign-in/sso/zebra/{sso.provider_id}", "/sign-in/sso/acme/idp_x"):
            assert browser.get(path).status_code == 404

    def test_the_question_carries_pkce_state_and_nonce(
        self, browser: Browser, sso: Desk
    ) -> None:
        first, second = sso.leave(browser), sso.leave(browser)
        assert "code_challenge_method=S256" in first
        for name in ("state=", "nonce=", "code_challenge="):
            values = {
                part for url in (first, second) for part in url.split("&") if name in part
            }
            assert len(values) == 2, name

    def test_a_browser_at_another_address_is_led_to_ours_first(
        self, browser: Browser, sso: Desk
    ) -> None:
        answer = browser.get(f"{sso.start}?next=/x", base_url="http://127.0.0.1:8080")
        assert answer.headers["Location"] == f"http://localhost:8080{sso.start}?next=/x"

    @pytest.mark.parametrize(
        "target", ["//evil.example", "https://evil.example", "/\\evil"]
    )
    def test_nobody_is_led_off_the_site(
        self,
        browser: Browser,
        sso: Desk,
        provider: IdentityServer,
        house: House,
        store: Store,
        target: str,
    ) -> None:
        provider.add("ana", "ana@example.org")
        link(store, sso, house.rae, "ana")
        address = sso.leave(browser, next=target)
        answer = come_back(browser, provider.answer(address, "ana"))
        assert answer.headers["Location"] == "/"

    def test_beginning_is_throttled_by_address(
        self, browser: Browser, sso: Desk, clock: TestClock
    ) -> None:
        clock.stand_still()
        statuses = [browser.get(sso.start).status_code for _ in range(62)]
        assert statuses[:60] == [302] * 60
        assert statuses[60:] == [429] * 2


class TestWhoItIs:
    """By provider and subject, never by an address alone."""

    def test_an_invitation_for_the_verified_address_makes_an_account(
        self,
        browser: Browser,
        sso: Desk,
        provider: IdentityServer,
        house: House,
        store: Store,
        told_of: ToldOf,
    ) -> None:
        provider.add("nia", NEW)
        invite(store, house)
        answer = sso.sign_in(browser, "nia")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")
        assert is_in(browser)
        assert role_of(store, house) == ("viewer", "active")
        (kept,) = sessions(store)
        assert (kept.method, kept.org_id) == ("oidc", house.org_id)
        assert told_of("invitation.accepted") == [{"email": NEW, "role": "viewer"}]
        assert told_of("identity.linked")[0]["subject"] == "nia"
        assert browser.send("/sign-in", email=NEW, password="").status_code == 403

    def test_a_group_with_a_role_makes_an_account(
        self,
        browser: Browser,
        sso: Desk,
        provider: IdentityServer,
        house: House,
        store: Store,
    ) -> None:
        provider.add("nia", NEW)
        provider.put_into("desk-reviewers", "nia")
        provider.put_into("desk-admins", "nia")
        sso.sign_in(browser, "nia")
        assert is_in(browser)
        assert role_of(store, house) == ("admin", "active"), "the strongest"

    def test_nobody_gets_in_for_being_known_to_the_provider(
        self,
        browser: Browser,
        sso: Desk,
        provider: IdentityServer,
        house: House,
        store: Store,
        told_of: ToldOf,
    ) -> None:
        provider.add("nia", NEW)
        provider.put_into("others", "nia")
        answer = sso.sign_in(browser, "nia")
        assert answer.status_code == 403
        assert "ask for an invitation" in sentence(answer)
        assert not is_in(browser)
        assert role_of(store, house) is None
        assert told_of("user.sso_refused")[0]["cause"] == "unknown"

    def test_an_unverified_address_is_worth_no_invitation_and_no_group(
        self,
        browser: Browser,
        sso: Desk,
        provider: IdentityServer,
        house: House,
        store: Store,
    ) -> None:
        provider.add("nia", NEW, verified=False)
        provider.put_into("desk-reviewers", "nia")
        invite(store, house)
        assert sso.sign_in(browser, "nia").status_code == 403
        assert role_of(store, house) is None

    def test_an_account_with_the_same_address_is_not_taken_over(
        self,
        browser: Browser,
        sso: Desk,
        provider: IdentityServer,
        house: House,
        store: Store,
    ) -> None:
        provider.add("mallory", house.rae.email)
        provider.put_into("desk-reviewers", "mallory")
        invite(store, house, house.rae.email)
        assert sso.sign_in(browser, "mallory").status_code == 403
        assert not is_in(browser)

    def test_another_subject_with_a_linked_address_does_not_take_over(
        self,
        browser: Browser,
        sso: Desk,
        provider: IdentityServer,
        house: House,
        store: Store,
    ) -> None:
        provider.add("rae", house.rae.email)
        provider.add("rae2", house.rae.email)
        link(store, sso, house.rae, "rae")
        assert sso.sign_in(browser, "rae2").status_code == 403
        assert not is_in(browser)
        sso.sign_in(browser, "rae")
        assert is_in(browser)

    def test_the_same_subject_at_another_provider_is_somebody_else(
        self,
        browser: Browser,
        sso: Desk,
        provider: IdentityServer,
        house: House,
        store: Store,
    ) -> None:
        other = store.write(
            lambda tx: providers.add(
                tx, house.org_id, By(), wanted(provider, name="Other"), OPENED
            )
        )
        provider.add("rae", house.rae.email)
        link(store, sso, house.rae, "rae")
        there = Desk(provider, store, house.org_id, "acme", other)
        assert there.sign_in(browser, "rae").status_code == 403

    def test_a_changed_address_is_the_same_person(
        self,
        browser: Browser,
        sso: Desk,
        provider: IdentityServer,
        house: House,
        store: Store,
    ) -> None:
        provider.add("rae", "rae.new@example.org")
        link(store, sso, house.rae, "rae")
        sso.sign_in(browser, "rae")
        assert is_in(browser)
        with store.reading() as session:
            assert session.scalars(select(Identity.email)).one() == "rae.new@example.org"

    def test_a_suspended_account_stays_out(
        self,
        browser: Browser,
        sso: Desk,
        provider: IdentityServer,
        house: House,
        store: Store,
        told_of: ToldOf,
    ) -> None:
        provider.add("cy", house.cy.email)
        provider.put_into("desk-reviewers", "cy")
        link(store, sso, house.cy, "cy")
        answer = sso.sign_in(browser, "cy")
        assert "account is suspended" in sentence(answer)
        assert told_of("user.sso_refused")[0]["cause"] == "suspended_account"

    def test_a_suspended_membership_stays_out_whatever_the_groups_say(
        self,
        browser: Browser,
        sso: Desk,
        provider: IdentityServer,
        house: House,
        store: Store,
    ) -> None:
        provider.add("rae", house.rae.email)
        provider.put_into("desk-reviewers", "rae")
        link(store, sso, house.rae, "rae", role="reviewer")

        def suspend(tx: Any) -> None:
            row = tx.session.get(Membership, (house.org_id, house.rae.id))
            row.status = "suspended"
            tx.session.flush()

        store.write(suspend)
        answer = sso.sign_in(browser, "rae")
        assert "membership is suspended" in sentence(answer)

    def test_a_provider_does_not_speak_for_an_account_that_belongs_elsewhere_too(
        self,
        browser: Browser,
        sso: Desk,
        provider: IdentityServer,
        house: House,
        store: Store,
    ) -> None:
        provider.add("zoe", house.zoe.email)
        provider.put_into("desk-admins", "zoe")
        link(store, sso, house.zoe, "zoe")
        answer = sso.sign_in(browser, "zoe")
        assert "several organizations" in sentence(answer)
        assert not is_in(browser)

    def test_a_switched_off_provider_lets_nobody_in_and_ends_its_sessions(
        self,
        browser: Browser,
        sso: Desk,
        provider: IdentityServer,
        house: House,
        store: Store,
    ) -> None:
        provider.add("rae", house.rae.email)
        link(store, sso, house.rae, "rae")
        sso.sign_in(browser, "rae")
        assert is_in(browser)
        answer = provider.answer(sso.leave(browser), "rae")
        store.write(
            lambda tx: providers.switch(tx, house.org_id, By(), sso.provider_id, on=False)
        )
        assert not is_in(browser)
        assert "switched off" in sentence(come_back(browser, answer))
        assert browser.get(sso.start).status_code == 404


class TestGroups:
    """Groups become a role at each sign-in."""

    def test_a_role_follows_its_groups(
        self,
        browser: Browser,
        sso: Desk,
        provider: IdentityServer,
        house: House,
        store: Store,
        told_of: ToldOf,
    ) -> None:
        provider.add("nia", NEW)
        provider.put_into("desk-reviewers", "nia")
        sso.sign_in(browser, "nia")
        provider.put_into("desk-admins", "nia")
        sso.sign_in(browser, "nia")
        assert role_of(store, house) == ("admin", "active")
        provider.put_into("desk-admins")
        sso.sign_in(browser, "nia")
        assert role_of(store, house) == ("reviewer", "active")
        assert [each["role"] for each in told_of("membership.changed")] == [
            "admin",
            "reviewer",
        ]

    def test_losing_every_group_suspends_and_ends_the_sessions(
        self,
        browser: Browser,
        sso: Desk,
        provider: IdentityServer,
        house: House,
        store: Store,
        dashboard: Any,
    ) -> None:
        provider.add("nia", NEW)
        provider.put_into("desk-reviewers", "nia")
        sso.sign_in(browser, "nia")
        assert is_in(browser)
        provider.put_into("desk-reviewers")
        other = Browser(dashboard, dashboard.response_class)
        answer = sso.sign_in(other, "nia")
        assert "None of your groups" in sentence(answer)
        assert role_of(store, house) == ("reviewer", "suspended")
        assert not is_in(browser)
        assert all(each.ended_at for each in sessions(store))

    def test_a_role_that_was_set_by_hand_stays(
        self,
        browser: Browser,
        sso: Desk,
        provider: IdentityServer,
        house: House,
        store: Store,
    ) -> None:
        provider.add("nia", NEW)
        provider.put_into("desk-reviewers", "nia")
        sso.sign_in(browser, "nia")
        store.write(
            lambda tx: accounts.set_role(tx, house.org_id, NEW, "auditor", actor="s")
        )
        provider.put_into("desk-reviewers")
        sso.sign_in(browser, "nia")
        assert is_in(browser)
        assert role_of(store, house) == ("auditor", "active")

    def test_the_last_owner_is_never_demoted(
        self,
        browser: Browser,
        sso: Desk,
        provider: IdentityServer,
        house: House,
        store: Store,
        told_of: ToldOf,
    ) -> None:
        provider.add("ana", house.ana.email)
        link(store, sso, house.ana, "ana", role="owner")
        sso.sign_in(browser, "ana")
        assert is_in(browser)
        assert role_of(store, house, house.ana.email) == ("owner", "active")
        assert told_of("membership.changed")[-1] == {"role": "owner", "kept": "last owner"}


@SQLITE
class TestSecondFactor:
    """The provider's word for it, or ours."""

    def test_who_has_a_factor_here_is_asked_for_it(
        self,
        browser: Browser,
        sso: Desk,
        provider: IdentityServer,
        house: House,
        store: Store,
        app_of: Callable[..., App],
    ) -> None:
        provider.add("rae", house.rae.email)
        link(store, sso, house.rae, "rae")
        app = app_of(house.rae)
        answer = sso.sign_in(browser, "rae")
        assert answer.headers["Location"] == "/sign-in/second"
        assert not is_in(browser)
        assert post(browser, "/sign-in/second", code=app.next_code()).status_code == 303
        assert is_in(browser)
        assert [each.method for each in sessions(store)] == ["oidc+totp"]

    def test_several_factors_at_the_provider_are_enough(
        self,
        browser: Browser,
        sso: Desk,
        provider: IdentityServer,
        house: House,
        store: Store,
        app_of: Callable[..., App],
    ) -> None:
        provider.add("rae", house.rae.email)
        link(store, sso, house.rae, "rae")
        app_of(house.rae)
        sso.sign_in(browser, "rae", factors=2)
        assert is_in(browser)
        assert [each.method for each in sessions(store)] == ["oidc+mfa"]

    def test_an_org_that_asks_for_one_takes_the_providers(
        self,
        browser: Browser,
        sso: Desk,
        provider: IdentityServer,
        house: House,
        store: Store,
        app_of: Callable[..., App],
    ) -> None:
        provider.add("rae", house.rae.email)
        link(store, sso, house.rae, "rae")
        app_of(house.ana)
        flags = Flags(require_second_factor=True, solo_operator=False, write_gate=False)
        store.write(
            lambda tx: organizations.change_flags(
                tx, house.org_id, flags, user_id=house.ana.id
            )
        )
        sso.sign_in(browser, "rae")
        assert browser.get("/").headers["Location"].startswith("/account")
        sso.sign_in(browser, "rae", factors=2)
        assert is_in(browser)


@SQLITE
class TestProvingAnew:
    """Freshness is the provider's time of proof, never ours of the redirect."""

    def test_an_old_session_at_the_provider_is_no_fresh_proof(
        self,
        browser: Browser,
        sso: Desk,
        provider: IdentityServer,
        house: House,
        store: Store,
    ) -> None:
        provider.add("rae", house.rae.email)
        link(store, sso, house.rae, "rae")
        sso.sign_in(browser, "rae", ago=3600)
        answer = browser.send("/account/tokens", name="laptop")
        assert answer.headers["Location"].startswith("/account/confirm")
        page = browser.get(answer.headers["Location"]).text
        assert f"/account/confirm/{sso.provider_id}" in page

    def test_the_provider_renews_a_session(
        self,
        signed_in: SignedIn,
        sso: Desk,
        provider: IdentityServer,
        house: House,
        store: Store,
        clock: TestClock,
        told_of: ToldOf,
    ) -> None:
        provider.add("rae", house.rae.email)
        link(store, sso, house.rae, "rae")
        browser = signed_in(house.rae)
        clock.advance(3_600_000)
        path = f"/account/confirm/{sso.provider_id}"
        address = sso.leave(browser, path, next="/account")
        assert "prompt=login" in address
        assert "max_age=0" in address
        answer = provider.answer(address.replace("prompt=login&max_age=0", ""), "rae")
        provider.tamper = later(provider, 3600)
        done = come_back(browser, answer)
        assert done.headers["Location"] == "/account"
        assert told_of("user.confirmed")[0]["method"] == "oidc"
        assert browser.send("/account/tokens", name="laptop").status_code == 303

    @pytest.mark.parametrize("claims", [{"auth_time": 1}, {"auth_time": None}])
    def test_an_answer_without_a_new_proof_renews_nothing(
        self,
        signed_in: SignedIn,
        sso: Desk,
        provider: IdentityServer,
        house: House,
        store: Store,
        claims: dict[str, Any],
    ) -> None:
        provider.add("rae", house.rae.email)
        link(store, sso, house.rae, "rae")
        browser = signed_in(house.rae)
        address = sso.leave(browser, f"/account/confirm/{sso.provider_id}")
        answer = provider.answer(address.replace("prompt=login&max_age=0", ""), "rae")
        provider.tamper = resigned(provider, **claims)
        done = come_back(browser, answer)
        assert "did not say that you proved it" in sentence(done)

    def test_somebody_elses_proof_renews_nothing(
        self,
        signed_in: SignedIn,
        sso: Desk,
        provider: IdentityServer,
        house: House,
        store: Store,
    ) -> None:
        provider.add("rae", house.rae.email)
        provider.add("bo", house.bo.email)
        link(store, sso, house.rae, "rae")
        link(store, sso, house.bo, "bo")
        browser = signed_in(house.rae)
        address = sso.leave(browser, f"/account/confirm/{sso.provider_id}")
        answer = provider.answer(address.replace("prompt=login&max_age=0", ""), "bo")
        assert "Somebody else" in sentence(come_back(browser, answer))


@SQLITE
class TestAnswersThatDoNotFit:
    """Replays, other browsers, and what a thief of codes would try."""

    @pytest.fixture(autouse=True)
    def known(
        self, sso: Desk, provider: IdentityServer, house: House, store: Store
    ) -> None:
        provider.add("rae", house.rae.email)
        link(store, sso, house.rae, "rae")

    def test_an_answer_counts_once(
        self, browser: Browser, sso: Desk, provider: IdentityServer, store: Store
    ) -> None:
        answer = provider.answer(sso.leave(browser), "rae")
        assert come_back(browser, answer).status_code == 303
        again = come_back(browser, answer)
        assert again.status_code == 403
        assert "used already" in sentence(again)
        assert len(sessions(store)) == 1

    def test_a_code_counts_once_even_with_a_new_question(
        self, browser: Browser, sso: Desk, provider: IdentityServer
    ) -> None:
        answer = provider.answer(sso.leave(browser), "rae")
        come_back(browser, answer)
        state = sso.leave(browser).split("state=")[1].split("&")[0]
        replay = come_back(browser, answer | {"state": state})
        assert "did not take the code back" in sentence(replay)

    def test_another_browsers_answer_signs_nobody_in(
        self, browser: Browser, sso: Desk, provider: IdentityServer, dashboard: Any
    ) -> None:
        other = Browser(dashboard, dashboard.response_class)
        answer = provider.answer(sso.leave(other), "rae")
        assert "another browser" in sentence(come_back(browser, answer))
        sso.leave(browser)
        assert come_back(browser, answer).status_code == 403
        assert not is_in(browser)
        assert come_back(other, answer).status_code == 303, "the right one still may"

    @pytest.mark.parametrize("state", ["", "x", "é", None])
    def test_a_foreign_state_signs_nobody_in(
        self, browser: Browser, sso: Desk, provider: IdentityServer, state: str | None
    ) -> None:
        answer = provider.answer(sso.leave(browser), "rae")
        given = {key: value for key, value in answer.items() if key != "state"}
        assert (
            come_back(browser, given | ({"state": state} if state else {})).status_code
            == 403
        )
        assert not is_in(browser)

    def test_a_stolen_code_is_worth_nothing_without_its_verifier(
        self, browser: Browser, sso: Desk, provider: IdentityServer, dashboard: Any
    ) -> None:
        victim = Browser(dashboard, dashboard.response_class)
        stolen = provider.answer(sso.leave(victim), "rae")["code"]
        own = provider.answer(sso.leave(browser), "rae")
        answer = come_back(browser, own | {"code": stolen})
        assert "did not take the code back" in sentence(answer)
        assert not is_in(browser)

    def test_ten_minutes_are_enough(
        self, browser: Browser, sso: Desk, provider: IdentityServer, clock: TestClock
    ) -> None:
        answer = provider.answer(sso.leave(browser), "rae")
        clock.advance(ceremonies.AWAY)
        assert "ten minutes" in sentence(come_back(browser, answer))

    @pytest.mark.parametrize("issuer", ["https://other.example", None])
    def test_an_answer_of_another_provider_is_refused(
        self,
        browser: Browser,
        sso: Desk,
        provider: IdentityServer,
        issuer: str | None,
        told_of: ToldOf,
    ) -> None:
        answer = provider.answer(sso.leave(browser), "rae")
        del answer["iss"]
        mixed = come_back(browser, answer | ({"iss": issuer} if issuer else {}))
        assert "Another provider answered" in sentence(mixed)
        assert told_of("user.sso_refused")[0]["cause"] == "mix_up"

    def test_a_no_of_the_provider_is_told(
        self, browser: Browser, sso: Desk, provider: IdentityServer
    ) -> None:
        state = sso.leave(browser).split("state=")[1].split("&")[0]
        said = {"error": "access_denied", "state": state, "iss": provider.url}
        said["error_description"] = "<b>call me back</b>"
        answer = come_back(browser, said)
        assert "Corp did not sign you in" in sentence(answer)
        assert "call me back" not in answer.text

    def test_what_is_kept_meanwhile_is_sealed(
        self, browser: Browser, sso: Desk, store: Store
    ) -> None:
        state = sso.leave(browser).split("state=")[1].split("&")[0]
        with store.reading() as session:
            (row,) = session.scalars(select(Ceremony))
        assert row.challenge is not None
        assert state.encode() not in row.challenge

    @pytest.mark.parametrize(
        ("claims", "cause"), [({"nonce": "another"}, "nonce"), ({"exp": 1}, "expired")]
    )
    def test_a_claim_that_does_not_fit_signs_nobody_in(
        self,
        browser: Browser,
        sso: Desk,
        provider: IdentityServer,
        claims: dict[str, Any],
        cause: str,
        told_of: ToldOf,
    ) -> None:
        answer = provider.answer(sso.leave(browser), "rae")
        provider.tamper = resigned(provider, **claims)
        assert come_back(browser, answer).status_code == 403
        assert told_of("user.sso_refused")[0]["cause"] == cause
        assert not is_in(browser)

    def test_the_provider_as_it_is_lets_in(
        self, browser: Browser, sso: Desk, provider: IdentityServer
    ) -> None:
        answer = provider.answer(sso.leave(browser), "rae")
        provider.tamper = resigned(provider)
        assert come_back(browser, answer).status_code == 303, "what is tampered with above"


def _resign(provider: IdentityServer, token: str, **claims: Any) -> str:
    from joserfc import jwt  # noqa: PLC0415

    read = jwt.decode(token, provider.key, ["RS512"])
    changed = {**read.claims, **claims}
    kept = {name: value for name, value in changed.items() if value is not None}
    header = {"alg": "RS512", "kid": provider.key.kid}
    return jwt.encode(header, kept, provider.key, ["RS512"])


def resigned(provider: IdentityServer, **claims: Any) -> Any:
    """Let the provider itself sign other claims; None takes one away."""

    def tamper(path: str, status: int, body: Any) -> tuple[int, Any]:
        if path == "/oauth/token":
            body["id_token"] = _resign(provider, body["id_token"], **claims)
        return status, body

    return tamper


def later(provider: IdentityServer, seconds: int) -> Any:
    """Let the provider's clock be ahead, as the desk's is in the test."""
    from joserfc import jwt  # noqa: PLC0415

    def tamper(path: str, status: int, body: Any) -> tuple[int, Any]:
        if path == "/oauth/token":
            claims = jwt.decode(body["id_token"], provider.key, ["RS512"]).claims
            times = {name: claims[name] + seconds for name in ("iat", "exp", "auth_time")}
            body["id_token"] = _resign(provider, body["id_token"], **times)
        return status, body

    return tamper
