"""Personal tokens: what they carry, how long, and that an agent's own never decides."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.plugins.desk import FileCall, House, SignedIn, TestClock
from webui.approvals.agents import tokens
from webui.approvals.authorization import AUDIT_READ, DECIDE, VIEW
from webui.approvals.errors import InvalidError
from webui.approvals.people import accounts
from webui.control.line import CommandError, perform
from webui.control.verbs import Office
from webui.runtime import Runtime
from webui.settings import Settings
from webui.store.models import PersonalToken
from webui.store.queries import people
from webui.store.store import Store

DAY = 86_400_000


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With the reviewers' API switched on."""
    return settings.model_copy(update={"admin_api": True})


@pytest.fixture
def api(runtime: Runtime) -> FlaskClient:
    """The agents' listener, where the reviewers' API is."""
    from webui.api.app import create_app  # noqa: PLC0415

    return create_app(runtime).test_client()


Make = Callable[..., str]


@pytest.fixture
def token(store: Store, house: House) -> Make:
    """Make a token of Rae's."""

    def make(**more: Any) -> str:
        return store.write(
            lambda tx: tokens.create_token(
                tx, house.org_id, house.rae.id, label="t", **more
            )
        )

    return make


def call(api: FlaskClient, text: str, path: str, method: str = "GET") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {text}"}
    answer = api.open(path, method=method, headers=headers)
    return answer.status_code, answer.get_json()


def only(store: Store, house: House, user_id: str) -> PersonalToken:
    with store.reading() as session:
        (found,) = people.tokens(session, house.org_id, user_id)
    return found


def test_a_token_carries_seeing_and_deciding_for_ninety_days(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    signed_in(house.rae).send("/account/tokens", name="laptop")
    made = only(store, house, house.rae.id)
    assert made.scopes == f"{DECIDE} {VIEW}"
    assert made.expires_at == made.created_at + 90 * DAY
    assert not made.agent_context


def test_a_form_chooses_less(signed_in: SignedIn, house: House, store: Store) -> None:
    browser = signed_in(house.rae)
    chosen = {"choosing": "1", "scope": VIEW, "days": "1"}
    assert browser.send("/account/tokens", name="laptop", **chosen).status_code == 303
    made = only(store, house, house.rae.id)
    assert (made.scopes, made.expires_at) == (VIEW, made.created_at + DAY)
    assert "approvals:view" in browser.get("/account").get_data(as_text=True)


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"scope": AUDIT_READ}, 403),
        ({"scope": "nothing:known"}, 403),
        ({}, 422),
        ({"scope": VIEW, "days": "0"}, 422),
        ({"scope": VIEW, "days": "366"}, 422),
        ({"scope": VIEW, "days": "-1"}, 422),
        ({"scope": VIEW, "days": "x"}, 422),
    ],
)
def test_a_form_does_not_choose_more(
    signed_in: SignedIn, house: House, store: Store, wrong: dict[str, str], status: int
) -> None:
    browser = signed_in(house.rae)
    answer = browser.send("/account/tokens", name="laptop", choosing="1", **wrong)
    assert answer.status_code == status
    with store.reading() as session:
        assert people.tokens(session, house.org_id, house.rae.id) == []


def test_a_token_that_only_sees_does_not_decide(
    api: FlaskClient, token: Make, file_call: FileCall
) -> None:
    approval_id, seeing = file_call(), token(scopes=[VIEW])
    status, shown = call(api, seeing, f"/api/pending/{approval_id}")
    assert (status, shown["may_decide"]) == (200, False)
    assert "does not carry" in shown["why_not"]
    status, refused = call(api, seeing, f"/api/approve/{approval_id}", "POST")
    assert (status, refused["code"]) == (403, "scope_missing")
    assert call(api, token(), f"/api/approve/{approval_id}", "POST")[0] == 200


def test_a_token_that_only_decides_sees_nothing(
    api: FlaskClient, token: Make, file_call: FileCall
) -> None:
    approval_id, blind = file_call(), token(scopes=[DECIDE])
    assert call(api, blind, "/api/pending")[1]["items"] == []
    assert call(api, blind, f"/api/pending/{approval_id}")[0] == 404
    assert call(api, blind, f"/api/approve/{approval_id}", "POST")[0] == 404


def test_what_a_token_carries_counts_only_as_far_as_its_person_has_it(
    api: FlaskClient, token: Make, file_call: FileCall, house: House, store: Store
) -> None:
    approval_id, text = file_call(), token()
    assert call(api, text, f"/api/pending/{approval_id}")[1]["may_decide"]
    store.write(
        lambda tx: accounts.set_role(tx, house.org_id, house.rae.email, "viewer", actor="s")
    )
    assert not call(api, text, f"/api/pending/{approval_id}")[1]["may_decide"]
    assert call(api, text, f"/api/approve/{approval_id}", "POST")[0] == 403


def test_an_agents_token_reads_and_never_decides(
    api: FlaskClient, token: Make, file_call: FileCall, house: House, store: Store
) -> None:
    approval_id, text = file_call(), token(agent_context=True)
    made = only(store, house, house.rae.id)
    assert (made.scopes, made.agent_context) == (VIEW, True)
    assert call(api, text, f"/api/pending/{approval_id}")[0] == 200
    for verb in ("approve", "deny"):
        assert call(api, text, f"/api/{verb}/{approval_id}", "POST")[0] == 403
    with pytest.raises(InvalidError):
        token(scopes=[DECIDE], agent_context=True)


def test_an_agents_token_of_old_that_carries_all_never_decides_either(
    api: FlaskClient,
    token: Make,
    file_call: FileCall,
    house: House,
    store: Store,
    runtime: Runtime,
) -> None:
    approval_id, text = file_call(), token(agent_context=True)
    made = only(store, house, house.rae.id)

    def widen(tx: Any) -> None:
        tx.session.get_one(PersonalToken, made.id).scopes = "*"
        tx.session.flush()

    store.write(widen)
    status, refused = call(api, text, f"/api/approve/{approval_id}", "POST")
    assert (status, refused["code"]) == (403, "agent_context")
    office = Office(store, runtime.settings)
    with pytest.raises(CommandError, match="agent acting for you"):
        perform(
            office,
            "approvals.decide",
            {"approval": approval_id, "verdict": "approve", "token": text},
        )


def test_the_command_line_asks_the_token_too(
    token: Make, file_call: FileCall, store: Store, runtime: Runtime
) -> None:
    approval_id, office = file_call(), Office(store, runtime.settings)
    with pytest.raises(CommandError, match="does not carry approvals:decide"):
        perform(
            office,
            "approvals.decide",
            {"approval": approval_id, "verdict": "deny", "token": token(scopes=[VIEW])},
        )


def test_a_page_makes_a_token_for_an_agent(
    signed_in: SignedIn, house: House, store: Store
) -> None:
    browser = signed_in(house.rae)
    browser.send("/account/tokens", name="helper", choosing="1", scope=VIEW, agent="on")
    assert only(store, house, house.rae.id).agent_context
    assert "For an agent" in browser.get("/account").get_data(as_text=True)


def test_a_token_ends(
    api: FlaskClient, token: Make, house: House, clock: TestClock
) -> None:
    text = token()
    assert call(api, text, "/api/pending")[0] == 200
    clock.advance(90 * DAY)
    assert call(api, text, "/api/pending")[0] == 401
    with pytest.raises(InvalidError):
        token(expires_at=clock.now() + 366 * DAY)
