"""`POST /api/v1/write-gate`: what a service is answered about an agent with a person's identity."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from webui.approvals.agents import agents
from webui.approvals.gate import write_grants
from webui.approvals.gate.write_grants import Answer
from webui.approvals.people import accounts, sessions
from webui.settings import Settings
from webui.store.models import Membership, WebSession, WriteGrant

URL = "/api/v1/write-gate"
HELD = ["files:read", "files:write", "mail:send"]
NOT_THE_QUESTION: tuple[dict[str, Any], ...] = (
    {"granted": ["files:write"]},
    {"status": "approved"},
    {"nonce": "x"},
    {"effective_scopes": HELD},
    {"agent_context": "false"},
    {"agent_context": 0},
    {"agent_context": None},
    {"scopes_required": []},
    {"scopes_required": ["files:read files:write"]},
    {"scopes_required": "files:read"},
    {"scopes_held": None},
    {"scopes_held": {"files:write": True}},
    {"user": ""},
    {"payload_hash": ""},
    {"payload_hash": "a b"},
)
AMBIGUOUS = (
    "/files/../files/a.txt",
    "/files/%2e%2E/a.txt",
    "/files/./a.txt",
    "/files/..",
    "//files/a.txt",
    "/files//a.txt",
    "/files%2Fa.txt",
    "/files%5ca.txt",
    "/files\\a.txt",
    "/files/a.txt%00",
    "/files/a.txt%0a",
    "/files/a.txt#top",
    "/files/a.txt%",
    "/files/a.txt%zz",
    "/files/a .txt",
    "/files/ä.txt",
    "files/a.txt",
    "http://elsewhere/files/a.txt",
    "/" + "a" * 2_000,
)
OTHER_REQUESTS: tuple[dict[str, Any], ...] = (
    {"method": "DELETE"},
    {"path": "/files/b.txt"},
    {"path": "/files/A.txt"},
    {"path": "/files/a.txt?force=1"},
    {"path": "/files/a.txt/"},
    {"payload_hash": "sha256:other"},
    {"payload_hash": None},
    {"scopes_required": ["mail:send"]},
    {"scopes_required": ["files:write", "mail:send"]},
)


@pytest.fixture
def service(ci: Any, new_key: Callable[..., str]) -> Any:
    """A service that holds a key with the one scope."""
    return ci.using(new_key("write-gate"))


@pytest.fixture
def gated(store: Any, house: Any) -> None:
    """The org's write gate is on."""
    switch(store, house, on=True)


def switch(store: Any, house: Any, *, on: bool) -> None:
    store.write(
        lambda tx: write_grants.set_write_gate(tx, house.org_id, on=on, actor="test")
    )


@pytest.fixture
def body(house: Any) -> dict[str, Any]:
    """Bo's agent would write a file."""
    return {
        "user": house.bo.id,
        "org_ref": house.org_id,
        "agent_context": True,
        "method": "PUT",
        "path": "/files/a.txt",
        "scopes_required": ["files:write"],
        "scopes_held": HELD,
    }


Approve = Callable[..., None]


@pytest.fixture
def approve(store: Any, house: Any) -> Approve:
    """The person answers at a browser of their own: `approve(nonce)`."""

    def answering(
        nonce: str, *, yes: bool = True, reason: str = "", by: Any = None
    ) -> None:
        who, session_hash = by or house.bo, f"session of {(by or house.bo).id}"

        def unit(tx: Any) -> None:
            if tx.session.get(WebSession, session_hash) is None:
                sessions.sign_in(tx, who.id, session_hash, address="", user_agent="")
            given = Answer(who.id, session_hash, yes, reason, "127.0.0.1", "a test")
            write_grants.answer(tx, house.org_id, nonce, given)

        store.write(unit)

    return answering


def held(answer: Any) -> dict[str, Any]:
    """Return the answer of a request that waits for its person."""
    assert (answer.status_code, answer.json["error"]) == (403, "approval_required")
    document: dict[str, Any] = answer.json
    return document


def passed(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.json
    assert answer.json["allowed"] is True
    scopes: list[str] = answer.json["effective_scopes"]
    return scopes


def grants(store: Any) -> list[WriteGrant]:
    with store.reading() as session:
        return list(session.scalars(select(WriteGrant).order_by(WriteGrant.id)))


def test_with_the_flag_off_nothing_is_masked_and_nothing_recorded(
    service: Any, body: Any, store: Any, actions: Any
) -> None:
    before = actions()
    assert passed(service.post(URL, body)) == HELD
    assert passed(service.post(URL, body | {"scopes_required": ["admin:all"]})) == HELD
    assert grants(store) == []
    assert actions() == before


@pytest.mark.usefixtures("gated")
def test_a_persons_own_request_is_never_gated(
    service: Any, body: Any, store: Any, actions: Any
) -> None:
    before = actions()
    assert passed(service.post(URL, body | {"agent_context": False})) == HELD
    assert grants(store) == []
    assert actions() == before


@pytest.mark.usefixtures("gated")
def test_reads_pass_with_reading_scopes_alone(
    service: Any, body: Any, store: Any, actions: Any
) -> None:
    before = actions()
    reading = body | {"scopes_required": ["files:read"], "method": "GET"}
    assert passed(service.post(URL, reading)) == ["files:read"]
    assert grants(store) == []
    assert actions() == before


@pytest.mark.usefixtures("gated")
def test_a_write_waits_and_goes_once_when_its_person_said_yes(
    service: Any, body: Any, house: Any, approve: Approve, actions: Any
) -> None:
    told = held(service.post(URL, body))
    assert told["approval_url"] == (
        f"http://localhost:8080/orgs/acme/write-gate/{told['nonce']}"
    )
    assert told["scopes"] == ["files:write"]
    assert told["code"] == "approval_required"
    assert told["expires_at"].endswith("Z")
    assert held(service.post(URL, body))["nonce"] == told["nonce"]  # not asked twice
    approve(told["nonce"])
    assert passed(service.post(URL, body)) == ["files:read", "files:write"]
    anew = held(service.post(URL, body))
    assert anew["nonce"] != told["nonce"]
    assert actions()[-5:] == [
        "write_grant.requested",
        "user.signed_in",
        "write_grant.approved",
        "write_grant.spent",
        "write_grant.requested",
    ]


@pytest.mark.usefixtures("gated")
def test_an_email_and_a_slug_name_the_same_person_and_org(
    service: Any, body: Any, house: Any
) -> None:
    nonce = held(service.post(URL, body))["nonce"]
    same = body | {"user": house.bo.email.upper(), "org_ref": "acme", "method": "put"}
    assert held(service.post(URL, same))["nonce"] == nonce


@pytest.mark.usefixtures("gated")
def test_a_yes_serves_no_other_request(service: Any, body: Any, approve: Approve) -> None:
    """What was approved is what runs: method, path, query, scopes and payload are bound."""
    body |= {"payload_hash": "sha256:" + "0" * 64}
    seen = {held(service.post(URL, body))["nonce"]}
    approve(*seen)
    for change in OTHER_REQUESTS:
        nonce = held(service.post(URL, body | change))["nonce"]
        assert nonce not in seen, change
        seen.add(nonce)
    assert passed(service.post(URL, body)) == ["files:read", "files:write"]


@pytest.mark.usefixtures("gated")
def test_one_path_in_another_spelling_is_the_same_path(service: Any, body: Any) -> None:
    nonce = held(service.post(URL, body))["nonce"]
    for path in ("/files/%61.txt", "/files/%61%2Etxt"):
        assert held(service.post(URL, body | {"path": path}))["nonce"] == nonce


@pytest.mark.usefixtures("gated")
def test_a_path_that_two_servers_could_read_differently_is_refused(
    service: Any, body: Any, store: Any
) -> None:
    for path in AMBIGUOUS:
        answer = service.post(URL, body | {"path": path})
        assert answer.status_code == 422, path
        assert answer.json["errors"][0]["pointer"] == "/path"
    assert grants(store) == []


@pytest.mark.usefixtures("gated")
def test_a_method_that_is_none_is_refused(service: Any, body: Any) -> None:
    for method in ("P UT", "", "PUT\n", "-PUT", "PÜT", "X" * 33, "\ufb01"):
        answer = service.post(URL, body | {"method": method})
        assert answer.status_code == 422, method
        assert answer.json["errors"][0]["pointer"] == "/method"


@pytest.mark.usefixtures("gated")
def test_a_grant_never_gives_what_the_person_lacks(
    service: Any, body: Any, store: Any, approve: Approve
) -> None:
    """T12: scopes that a client makes up; and those that were lost after the yes."""
    answer = service.post(URL, body | {"scopes_required": ["files:write", "admin:all"]})
    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")
    assert answer.json["missing"] == ["admin:all"]
    assert "nonce" not in answer.json
    assert grants(store) == []
    approve(held(service.post(URL, body))["nonce"])
    lost = body | {"scopes_held": ["files:read", "mail:send"]}
    assert service.post(URL, lost).json["code"] == "scope_missing"
    assert grants(store)[0].uses_left == 1
    # only the matching scope comes back, whatever else the person holds
    assert passed(service.post(URL, body)) == ["files:read", "files:write"]


@pytest.mark.usefixtures("gated")
def test_only_scopes_that_end_with_read_are_reads(service: Any, body: Any) -> None:
    for scope in (":read", "files:READ", "files:write:", "read"):
        asked = body | {"scopes_required": [scope], "scopes_held": [scope, "x:read"]}
        assert held(service.post(URL, asked))["scopes"] == [scope]


@pytest.mark.usefixtures("gated")
def test_a_refusal_is_final_and_told_with_its_reason(
    service: Any, body: Any, approve: Approve, clock: Any, store: Any
) -> None:
    nonce = held(service.post(URL, body))["nonce"]
    approve(nonce, yes=False, reason="Not that file")
    for _ in range(2):
        answer = service.post(URL, body)
        assert (answer.status_code, answer.json["code"]) == (403, "write_refused")
        assert (answer.json["nonce"], answer.json["reason"]) == (nonce, "Not that file")
    from webui.approvals.errors import ConflictError  # noqa: PLC0415

    with pytest.raises(ConflictError, match="refused, for good"):
        approve(nonce)
    assert len(grants(store)) == 1
    clock.advance(600_000)
    assert held(service.post(URL, body))["nonce"] != nonce


@pytest.mark.usefixtures("gated")
def test_an_expired_grant_is_worth_nothing(
    service: Any, body: Any, approve: Approve, clock: Any, store: Any, actions: Any
) -> None:
    from webui.approvals.errors import ConflictError  # noqa: PLC0415

    first = held(service.post(URL, body))["nonce"]
    clock.advance(600_000)
    with pytest.raises(ConflictError, match="expired"):
        approve(first)
    second = held(service.post(URL, body))["nonce"]
    approve(second)
    clock.advance(600_000)
    assert held(service.post(URL, body))["nonce"] not in {first, second}
    assert store.write(write_grants.sweep) == 2
    assert store.write(write_grants.sweep) == 0
    assert actions()[-2:] == ["write_grant.expired"] * 2
    assert [grant.status for grant in grants(store)] == ["expired", "expired", "pending"]


@pytest.mark.usefixtures("gated")
def test_a_person_suspended_after_the_yes_takes_it_with_them(
    service: Any, body: Any, house: Any, store: Any, approve: Approve
) -> None:
    approve(held(service.post(URL, body))["nonce"])
    store.write(
        lambda tx: accounts.suspend_user(tx, house.org_id, house.bo.email, actor="test")
    )
    answer = service.post(URL, body)
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


@pytest.mark.usefixtures("gated")
def test_a_membership_suspended_after_the_yes_takes_it_too(
    service: Any, body: Any, house: Any, store: Any, approve: Approve
) -> None:
    approve(held(service.post(URL, body))["nonce"])
    store.write(
        lambda tx: tx.execute(
            update(Membership)
            .where(Membership.user_id == house.bo.id)
            .values(status="suspended")
        )
    )
    assert service.post(URL, body).status_code == 404


@pytest.mark.usefixtures("gated")
def test_other_orgs_and_strangers_are_equally_unknown(
    service: Any, body: Any, house: Any
) -> None:
    """T9: a body that names another org, or a person who is not in this one."""
    orgs = [
        service.post(URL, body | {"org_ref": ref}).json
        for ref in (house.other_org_id, "zebra", "org_none", "Acme")
    ]
    people = [
        service.post(URL, body | {"user": ref}).json
        for ref in (house.zoe.id, house.zoe.email, house.cy.id, "nobody", house.ci.id)
    ]
    assert all(answer == orgs[0] for answer in orgs)
    assert all(answer == people[0] for answer in people)
    assert (orgs[0]["status"], people[0]["status"]) == (404, 404)


@pytest.mark.usefixtures("gated")
def test_headers_of_the_request_say_nothing(service: Any, body: Any, house: Any) -> None:
    """T8, T12: identity, scopes and context come from the body of the service's key alone."""
    forged = {
        "X_Is_Agent": "false",
        "X_User": house.ana.id,
        "X_Org": house.other_org_id,
        "X_Scopes": "files:write",
        "X_Agent_Context": "0",
    }
    held(service.post(URL, body, **forged))


@pytest.mark.usefixtures("gated")
def test_a_body_that_is_not_exactly_the_question_is_refused(
    service: Any, body: Any, store: Any
) -> None:
    """T5: approval fields in the body, and values that could be taken for others."""
    for change in NOT_THE_QUESTION:
        assert service.post(URL, body | change).status_code == 422, change
    assert grants(store) == []


def test_nothing_of_the_question_may_be_left_out(service: Any, body: Any) -> None:
    for field in body:
        rest = {name: value for name, value in body.items() if name != field}
        assert service.post(URL, rest).status_code == 422, field


def test_only_a_key_with_the_scope_may_ask(
    ci: Any, body: Any, house: Any, token: Any
) -> None:
    answer = ci.post(URL, body)
    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")
    person = ci.using(token(house.bo)).post(URL, body)
    assert (person.status_code, person.json["code"]) == (403, "agent_key_required")
    assert ci.using(None).post(URL, body).status_code == 401


@pytest.mark.usefixtures("gated")
def test_a_yes_to_one_service_is_none_to_another(
    service: Any, body: Any, house: Any, store: Any, approve: Approve
) -> None:
    other = service.using(
        store.write(
            lambda tx: agents.create_key(
                tx, house.org_id, house.helper.id, scopes=("write-gate",)
            )
        )
    )
    nonce = held(service.post(URL, body))["nonce"]
    approve(nonce)
    assert held(other.post(URL, body))["nonce"] != nonce
    passed(service.post(URL, body))


@pytest.mark.usefixtures("gated")
def test_switching_the_flag_off_and_on_again_loses_and_adds_nothing(
    service: Any, body: Any, house: Any, store: Any, approve: Approve, actions: Any
) -> None:
    nonce = held(service.post(URL, body))["nonce"]
    approve(nonce)
    switch(store, house, on=False)
    assert passed(service.post(URL, body)) == HELD
    assert grants(store)[0].uses_left == 1  # nothing was used: nothing was masked
    switch(store, house, on=True)
    switch(store, house, on=True)
    passed(service.post(URL, body))
    held(service.post(URL, body))
    assert actions().count("org.changed") == 3


class TestFlood:
    """T17: an agent that asks and asks."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        changes = {"write_grants_pending": 3, "rate_limit": 2}
        return settings.model_copy(update=changes)

    @pytest.mark.usefixtures("gated")
    def test_a_person_has_at_most_so_many_requests_waiting(
        self, service: Any, body: Any, house: Any, clock: Any, store: Any
    ) -> None:
        for number in range(3):
            held(service.post(URL, body | {"path": f"/{number}"}))
        answer = service.post(URL, body | {"path": "/3"})
        assert (answer.status_code, answer.json["code"]) == (429, "too_many_pending")
        held(service.post(URL, body | {"path": "/0"}))  # what waits already is found
        held(service.post(URL, body | {"path": "/3", "user": house.rae.id}))
        assert len(grants(store)) == 4
        clock.advance(600_000)
        held(service.post(URL, body | {"path": "/3"}))

    @pytest.mark.usefixtures("gated")
    def test_a_key_asks_only_so_often(
        self, service: Any, body: Any, house: Any, store: Any
    ) -> None:
        people = (house.bo, house.rae, house.ana, house.vi, house.ed)
        answers = [
            service.post(URL, body | {"user": person.id}).status_code for person in people
        ]
        assert answers == [403] * 4 + [429]
        assert len(grants(store)) == 4


class TestSeveralUses:
    """An operator may let a yes last for more than one use."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"write_grant_uses": 2, "write_grant_ttl": 60})

    @pytest.mark.usefixtures("gated")
    def test_each_use_is_counted(
        self, service: Any, body: Any, approve: Approve, clock: Any, store: Any
    ) -> None:
        approve(held(service.post(URL, body))["nonce"])
        passed(service.post(URL, body))
        assert (grants(store)[0].status, grants(store)[0].uses_left) == ("approved", 1)
        passed(service.post(URL, body))
        assert grants(store)[0].status == "spent"
        approve(held(service.post(URL, body))["nonce"])
        clock.advance(60_000)
        held(service.post(URL, body))


@pytest.mark.usefixtures("gated")
def test_two_retries_at_once_are_one_use(
    service: Any, body: Any, approve: Approve, store: Any
) -> None:
    """And the loser's new request is one, whoever asks for it first."""
    approve(held(service.post(URL, body))["nonce"])
    answers: list[int] = []
    ready = threading.Barrier(8)

    def retry() -> None:
        ready.wait()
        answers.append(service.post(URL, body).status_code)

    threads = [threading.Thread(target=retry) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] + [403] * 7
    assert sorted(grant.status for grant in grants(store)) == ["pending", "spent"]
