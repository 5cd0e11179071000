"""`POST /hooks/<source id>`, with messages made by the official `standardwebhooks` package."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook

from webui.approvals import ending
from webui.approvals.agents import agents
from webui.approvals.call.canonical import fingerprint
from webui.approvals.errors import ConflictError, InvalidError, NotFoundError
from webui.approvals.senders import sources
from webui.inbox import kept, opening, taking
from webui.inbox.replaying import replay
from webui.receivers.kind import Inbound
from webui.runtime import Runtime
from webui.store.models import (
    Agent,
    Approval,
    Event,
    SourceDelivery,
    SourceMessage,
)
from webui.store.store import Store
from webui.web.app import create_app

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.plugins.desk import Browser, House, TestClock

CALL = '{"tool":"bank.transfer","arguments": {"amount":1.0, "to":"DE89"} ,"risk":"high"}'
HMAC = {
    "signature_header": "x-signature",
    "prefix": "sha256=",
    "signed": "body",
    "message_id_header": "x-delivery",
    "fields": {"tool": "/ticket/tool", "arguments": "/ticket/args"},
}


@dataclass
class Sender:
    """A program that signs as Standard Webhooks says and posts to its source."""

    browser: Browser
    store: Store
    source_id: str
    secret: str
    answers: list[TestResponse] = field(default_factory=list)

    def headers(self, message_id: str, body: str, at: int | None = None) -> dict[str, str]:
        moment = datetime.fromtimestamp((at or self.store.now()) // 1000, UTC)
        return {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": Webhook(self.secret).sign(message_id, moment, body),
        }

    def send(
        self, message_id: str = "msg_1", body: str = CALL, **headers: str
    ) -> TestResponse:
        changed = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.post(body.encode(), {**self.headers(message_id, body), **changed})

    def post(self, body: bytes, headers: dict[str, str]) -> TestResponse:
        return self.browser.post(f"/hooks/{self.source_id}", data=body, headers=headers)


MakeSender = Callable[..., Sender]


@pytest.fixture
def make_sender(browser: Browser, store: Store, house: House) -> MakeSender:
    def make(**options: Any) -> Sender:
        wanted = {"kind": "standard", "name": "Payments", **options}
        made = store.write(lambda tx: sources.create_source(tx, house.org_id, **wanted))
        return Sender(browser, store, made.source_id, made.secret)

    return make


@pytest.fixture
def sender(make_sender: MakeSender) -> Sender:
    return make_sender()


def rows(store: Store, model: Any, **wanted: Any) -> list[Any]:
    with store.reading() as session:
        return list(session.scalars(select(model).filter_by(**wanted)).all())


def code_of(answer: TestResponse) -> tuple[int, str]:
    assert answer.content_type == "application/problem+json", answer.get_data(as_text=True)
    return answer.status_code, answer.get_json()["code"]


def test_a_signed_message_becomes_an_approval_in_the_queue(
    sender: Sender, store: Store
) -> None:
    answer = sender.send()
    assert answer.status_code == 202, answer.get_data(as_text=True)
    [approval] = rows(store, Approval)
    assert answer.get_json() == {"id": approval.id, "status": "pending"}
    assert (approval.tool, approval.risk) == ("bank.transfer", "high")
    assert approval.source_id == sender.source_id
    [agent] = rows(store, Agent, name="Payments")
    assert approval.agent_id == agent.id
    [delivery] = rows(store, SourceDelivery)
    assert (delivery.verdict, delivery.approval_id) == ("accepted", approval.id)


@pytest.mark.parametrize(
    ("named", "offered"),
    [(None, "approve deny"), (["edit", "respond"], "edit respond deny")],
)
def test_what_sends_webhooks_is_told_yes_or_no_unless_it_names_more(
    sender: Sender, store: Store, named: list[str] | None, offered: str
) -> None:
    call = json.loads(CALL) | ({} if named is None else {"allowed_decisions": named})
    assert sender.send(body=json.dumps(call)).status_code == 202
    [approval] = rows(store, Approval)
    assert approval.allowed_decisions == offered


def test_the_same_call_has_the_fingerprint_that_the_api_gives_it(
    sender: Sender, store: Store, house: House
) -> None:
    sender.send()
    [approval] = rows(store, Approval)
    assert approval.fingerprint == fingerprint(
        org=house.org_id,
        agent=approval.agent_id,
        tool="bank.transfer",
        arguments={"amount": 1, "to": "DE89"},
    )


def test_a_known_delivery_answers_with_the_same_approval_as_it_stands_now(
    sender: Sender, store: Store, house: House
) -> None:
    first = sender.send().get_json()
    [approval] = rows(store, Approval)
    store.write(lambda tx: ending.cancel(tx, house.org_id, approval.agent_id, approval.id))
    again = sender.send()
    assert again.status_code == 200
    assert again.get_json() == {"id": first["id"], "status": "cancelled"}
    verdicts = [delivery.verdict for delivery in rows(store, SourceDelivery)]
    assert sorted(verdicts) == ["accepted", "known"]


def test_a_message_sent_a_hundred_times_at_once_is_filed_once(
    sender: Sender, store: Store, runtime: Runtime
) -> None:
    inbound = Inbound(sender.headers("msg_1", CALL), CALL.encode(), "192.0.2.1")
    barrier = Barrier(100)

    def deliver(_: int) -> taking.Taken:
        barrier.wait()
        return taking.take(runtime, sender.source_id, inbound)

    with ThreadPoolExecutor(100) as pool:
        taken = list(pool.map(deliver, range(100)))
    assert sorted({one.status_code for one in taken}) == [200, 202]
    assert [one.status_code for one in taken].count(202) == 1
    [approval] = rows(store, Approval)
    assert {tuple(one.ids) for one in taken} == {(approval.id,)}
    assert approval.seen_count == 1


def test_a_replay_is_known_after_a_restart_of_the_process(
    sender: Sender, runtime: Runtime, database_url: str
) -> None:
    from webui.audit.journal import flush  # noqa: PLC0415

    headers = sender.headers("msg_1", CALL)
    first = sender.post(CALL.encode(), headers).get_json()
    again = Store(database_url, runtime.keyring, flush, clock=runtime.store.clock)
    try:
        restarted = Runtime(runtime.settings, again, runtime.bus, runtime.bound)
        client = create_app(restarted).test_client()
        answer = client.post(
            f"/hooks/{sender.source_id}",
            data=CALL.encode(),
            headers=headers,
            base_url="http://localhost:8080",
        )
    finally:
        again.close()
    assert (answer.status_code, answer.get_json()["id"]) == (200, first["id"])


def test_a_message_is_known_even_after_its_source_was_changed(
    make_sender: MakeSender, store: Store, house: House
) -> None:
    sender = make_sender(kind="hmac", config=HMAC)
    first = post_ticket(sender, "d-1")
    assert first.status_code == 202, first.get_data(as_text=True)
    other = HMAC | {"fields": {"tool": "/nowhere", "arguments": "/ticket/args"}}
    store.write(lambda tx: sources.change_config(tx, house.org_id, sender.source_id, other))
    again = post_ticket(sender, "d-1")
    assert (again.status_code, again.get_json()["id"]) == (200, first.get_json()["id"])


def post_ticket(
    sender: Sender, delivery: str, ticket: dict[str, Any] | None = None
) -> TestResponse:
    body = json.dumps({"ticket": ticket or {"tool": "db.drop", "args": {"t": 1}}}).encode()
    digest = hmac.new(sender.secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "content-type": "application/json",
        "x-signature": f"sha256={digest}",
        "x-delivery": delivery,
        "cookie": "theirs=1",
        "authorization": "Basic c2VjcmV0",
        "x-note": "fine",
    }
    return sender.post(body, headers)


def test_a_replay_under_a_fresh_unsigned_id_is_still_known(
    make_sender: MakeSender, store: Store
) -> None:
    sender = make_sender(kind="hmac", config=HMAC)
    first = post_ticket(sender, "d-1").get_json()
    again = post_ticket(sender, "d-2")
    assert (again.status_code, again.get_json()["id"]) == (200, first["id"])
    # and the fresh id is not taken by it: it may be the next real message's
    other = post_ticket(sender, "d-2", {"tool": "db.drop", "args": {"t": 2}})
    assert other.status_code == 202
    assert len(rows(store, SourceMessage)) == 4


def test_ids_are_kept_for_good_where_no_time_is_signed(
    make_sender: MakeSender, sender: Sender, store: Store, clock: TestClock
) -> None:
    untimed = make_sender(kind="hmac", config=HMAC, name="Gateway")
    sender.send()
    post_ticket(untimed, "d-1")
    clock.advance(kept.KEPT_MS + 60_000)
    assert store.write(kept.forget_old) == 3  # two deliveries, one id
    assert not rows(store, SourceDelivery)
    assert {one.source_id for one in rows(store, SourceMessage)} == {untimed.source_id}
    assert post_ticket(untimed, "d-1").status_code == 200


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        ("{", "application/json", 400, "malformed_json"),
        ('{"tool":"a","tool":"b","arguments":{}}', "application/json", 400, None),
        ('{"tool":"a","arguments":{},"extra":1}', "application/json", 422, "schema"),
        ('{"tool":"a"}', "application/json", 422, "schema"),
        (CALL, "text/plain", 415, "unsupported_media_type"),
        (CALL, "", 415, "unsupported_media_type"),
    ],
)
def test_what_is_no_ask_is_refused_with_the_reason_and_kept(
    sender: Sender,
    store: Store,
    body: str,
    content_type: str,
    status: int,
    code: str | None,
) -> None:
    answer = sender.send(body=body, content_type=content_type)
    assert answer.status_code == status if code else answer.status_code in {400, 422}
    assert code in {None, answer.get_json()["code"]}
    assert not rows(store, Approval)
    assert not rows(store, SourceMessage)
    [delivery] = rows(store, SourceDelivery)
    assert (delivery.verdict, delivery.status_code) == ("refused", answer.status_code)
    assert delivery.why == answer.get_json()["detail"]


@pytest.mark.parametrize(
    ("header", "value", "status", "code"),
    [
        ("webhook_signature", "v1,", 400, "signature_malformed"),
        ("webhook_signature", "v1," + "A" * 43 + "=", 401, "signature_mismatch"),
        ("webhook_timestamp", "1", 401, "timestamp_too_old"),
        ("webhook_timestamp", "soon", 400, "signature_malformed"),
        ("webhook_id", "msg_2", 401, "signature_mismatch"),
    ],
)
def test_what_is_badly_signed_is_refused_without_a_word_about_the_secret(
    sender: Sender, store: Store, header: str, value: str, status: int, code: str
) -> None:
    answer = sender.send(**{header: value})
    assert code_of(answer) == (status, code)
    assert sender.secret not in answer.get_data(as_text=True)
    assert not rows(store, Approval)
    [delivery] = rows(store, SourceDelivery)
    assert (delivery.verdict, delivery.message_id) == ("refused", None)


def test_a_body_of_one_byte_over_a_mebibyte_is_refused_unread(
    sender: Sender, store: Store
) -> None:
    body = CALL + " " * (1024 * 1024 + 1 - len(CALL))
    assert code_of(sender.send(body=body)) == (413, "too_large")
    assert code_of(sender.send(body=body + " ")) == (413, "too_large")
    assert not rows(store, SourceDelivery)
    assert sender.send("msg_2", body[:-1]).status_code == 202


@pytest.mark.parametrize("extra", [0, 1])
def test_a_body_that_does_not_say_its_length_has_the_same_limit(
    sender: Sender, extra: int
) -> None:
    body = CALL + " " * (1024 * 1024 + extra - len(CALL))
    answer = sender.browser.post(
        f"/hooks/{sender.source_id}",
        input_stream=BytesIO(body.encode()),
        headers=sender.headers("msg_1", body),
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert answer.status_code == (413 if extra else 202), answer.get_data(as_text=True)


def test_an_unknown_a_paused_and_an_idle_agents_source_answer_alike(
    sender: Sender, store: Store, house: House
) -> None:
    store.write(lambda tx: sources.pause(tx, house.org_id, sender.source_id))
    paused = sender.send()
    source_id, sender.source_id = sender.source_id, "src_" + "0" * 26
    unknown = sender.send()
    sender.source_id = source_id
    store.write(lambda tx: sources.resume(tx, house.org_id, sender.source_id))
    store.write(_suspend_agent)
    idle = sender.send()
    assert code_of(unknown) == code_of(paused) == code_of(idle) == (404, "not_found")
    assert unknown.get_json()["detail"] == paused.get_json()["detail"]
    assert not rows(store, SourceDelivery)


def _suspend_agent(tx: Any) -> None:
    agent = tx.session.scalars(select(Agent).where(Agent.name == "Payments")).one()
    agent.status = "suspended"
    tx.session.flush()


def test_a_resumed_source_takes_the_message_that_met_it_paused(
    sender: Sender, store: Store, house: House
) -> None:
    store.write(lambda tx: sources.pause(tx, house.org_id, sender.source_id))
    assert sender.send().status_code == 404
    store.write(lambda tx: sources.resume(tx, house.org_id, sender.source_id))
    assert sender.send().status_code == 202


def test_a_delivery_that_is_read_while_its_source_is_paused_is_not_filed(
    sender: Sender, store: Store, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = opening.read_asks

    def pause_meanwhile(*given: Any) -> Any:
        store.write(lambda tx: sources.pause(tx, house.org_id, sender.source_id))
        return read(*given)

    monkeypatch.setattr(taking, "read_asks", pause_meanwhile)
    assert code_of(sender.send()) == (404, "not_found")
    assert not rows(store, Approval)


def test_a_flood_of_forgeries_is_throttled_and_does_not_hold_up_the_sender(
    sender: Sender, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "A_MINUTE", 3)  # a token every 20 s: none comes back here
    forged = "v1," + "A" * 43 + "="
    answers = [
        sender.send(f"bad_{number}", webhook_signature=forged) for number in range(5)
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    assert code_of(answers[-1]) == (429, "rate_limited")
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert sender.send().status_code == 202
    assert len(rows(store, SourceDelivery, verdict="refused")) == 3
    assert len(rows(store, Event, action="source.delivery_refused")) == 1


def test_a_storm_of_good_messages_is_throttled_per_source(
    sender: Sender,
    make_sender: MakeSender,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(taking, "PER_MINUTE", 2)
    calls = [CALL.replace("1.0", f"{number}.5") for number in range(5)]
    answers = [sender.send(f"m_{i}", call) for i, call in enumerate(calls)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 202, 429]
    assert code_of(answers[-1]) == (429, "rate_limited")
    other = make_sender(name="Other")
    assert other.send("m_4", calls[4]).status_code == 202


def test_what_was_throttled_is_taken_when_it_is_sent_again(
    sender: Sender, store: Store, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "PER_MINUTE", 1)
    for number in range(2):
        sender.send(f"m_{number}", CALL.replace("1.0", f"{number}.5"))
    assert sender.send().status_code == 429
    clock.advance(60_000)
    assert sender.send().status_code == 202


def test_kept_headers_hold_nothing_secret_and_bodies_lie_encrypted(
    make_sender: MakeSender, store: Store
) -> None:
    sender = make_sender(kind="hmac", config=HMAC)
    post_ticket(sender, "d-1")
    [delivery] = rows(store, SourceDelivery)
    headers = json.loads(delivery.headers)
    assert not headers.keys() & {"x-signature", "cookie", "authorization"}
    assert (headers["x-note"], headers["content-type"]) == ("fine", "application/json")
    assert b"db.drop" not in delivery.body


def test_strangers_fill_no_disk(sender: Sender, store: Store) -> None:
    body = CALL + " " * 100_000
    sender.send(body=body, webhook_signature="v1," + "A" * 43 + "=")
    [delivery] = rows(store, SourceDelivery)
    assert len(delivery.body) < 2 * kept.EXCERPT


def test_a_refused_delivery_is_filed_once_its_source_is_mended(
    make_sender: MakeSender, store: Store, runtime: Runtime, house: House
) -> None:
    wrong = HMAC | {"fields": {"tool": "/ticket/name", "arguments": "/ticket/args"}}
    sender = make_sender(kind="hmac", config=wrong)
    assert code_of(post_ticket(sender, "d-1")) == (422, "field_missing")
    [delivery] = rows(store, SourceDelivery)
    with pytest.raises(InvalidError):
        replay(runtime, house.org_id, delivery.id, actor="user:x")
    store.write(lambda tx: sources.change_config(tx, house.org_id, sender.source_id, HMAC))
    with pytest.raises(NotFoundError):
        replay(runtime, house.other_org_id, delivery.id, actor="user:x")
    approval_id = replay(runtime, house.org_id, delivery.id, actor="user:x")
    [approval] = rows(store, Approval)
    assert (approval.id, approval.tool) == (approval_id, "db.drop")
    with pytest.raises(ConflictError):
        replay(runtime, house.org_id, delivery.id, actor="user:x")
    # its sender's own retry is now known
    again = post_ticket(sender, "d-1")
    assert (again.status_code, again.get_json()["id"]) == (200, approval_id)
    [failing] = rows(store, Event, action="source.failing")
    assert failing.subject == f"source:{sender.source_id}"


def test_a_replay_that_comes_too_late_or_asks_for_nothing_files_nothing(
    make_sender: MakeSender, store: Store, runtime: Runtime, house: House
) -> None:
    wrong = HMAC | {"fields": {"tool": "/ticket/name", "arguments": "/ticket/args"}}
    sender = make_sender(kind="hmac", config=wrong)
    post_ticket(sender, "d-1")
    [delivery] = rows(store, SourceDelivery)
    with pytest.raises(NotFoundError):
        replay(runtime, house.org_id, "sdl_nothing", actor="user:x")
    nothing = HMAC | {"only": {"/ticket/state": "held"}}
    store.write(
        lambda tx: sources.change_config(tx, house.org_id, sender.source_id, nothing)
    )
    with pytest.raises(InvalidError, match="not the one"):
        replay(runtime, house.org_id, delivery.id, actor="user:x")
    store.write(lambda tx: sources.change_config(tx, house.org_id, sender.source_id, HMAC))
    assert post_ticket(sender, "d-1").status_code == 202
    with pytest.raises(ConflictError, match="sent it again"):
        replay(runtime, house.org_id, delivery.id, actor="user:x")
    assert len(rows(store, Approval)) == 1


def test_a_badly_signed_delivery_cannot_be_replayed_by_a_click(
    sender: Sender, store: Store, runtime: Runtime, house: House
) -> None:
    sender.send(webhook_signature="v1," + "A" * 43 + "=")
    [delivery] = rows(store, SourceDelivery)
    with pytest.raises(ConflictError):
        replay(runtime, house.org_id, delivery.id, actor="user:x")


def test_what_asks_for_nothing_is_ignored_and_known_afterwards(
    make_sender: MakeSender, store: Store
) -> None:
    sender = make_sender(kind="hmac", config=HMAC | {"only": {"/ticket/state": "held"}})
    answer = post_ticket(sender, "d-1")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "ignored")
    assert post_ticket(sender, "d-1").get_json()["status"] == "ignored"
    assert not rows(store, Approval)
    verdicts = sorted(delivery.verdict for delivery in rows(store, SourceDelivery))
    assert verdicts == ["ignored", "known"]


def test_an_old_secret_works_until_its_overlap_is_over(
    sender: Sender, store: Store, house: House, clock: TestClock
) -> None:
    old = sender.secret
    new = store.write(lambda tx: sources.rotate_secret(tx, house.org_id, sender.source_id))
    assert new != old
    assert sender.send("m_1").status_code == 202
    clock.advance(sources.OVERLAP)
    assert code_of(sender.send("m_2")) == (401, "signature_mismatch")
    sender.secret = new
    assert sender.send("m_3").status_code == 202


def test_a_source_files_for_an_agent_that_is_there_and_every_change_is_audited(
    make_sender: MakeSender, store: Store, house: House
) -> None:
    sender = make_sender(agent=house.ci.name)
    sender.send()
    [approval] = rows(store, Approval)
    assert approval.agent_id == house.ci.id
    for _ in range(2):
        store.write(lambda tx: sources.pause(tx, house.org_id, sender.source_id))
    subject = f"source:{sender.source_id}"
    events = sorted(rows(store, Event, subject=subject), key=lambda event: event.seq)
    actions = [event.action for event in events]
    assert actions == ["source.created", "source.changed"]
    with store.reading() as session:
        payloads = b"".join(session.scalars(select(Event.payload)).all())  # type: ignore[arg-type]
    assert sender.secret.encode() not in payloads


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "carrier-pigeon"},
        {"name": " "},
        {"secret": "whsec_c2hvcnQ="},
        {"config": {"tolerance_seconds": 0}},
        {"config": {"colour": "red"}},
        {"config": {"number": 2**53 + 1}},
    ],
)
def test_a_source_that_could_not_work_is_not_made(
    make_sender: MakeSender, store: Store, wrong: dict[str, Any]
) -> None:
    with pytest.raises(InvalidError):
        make_sender(**wrong)


def test_another_orgs_source_is_not_there(
    sender: Sender, store: Store, house: House
) -> None:
    for verb in (sources.pause, sources.resume, sources.rotate_secret):
        with pytest.raises(NotFoundError):
            store.write(
                lambda tx, verb=verb: verb(tx, house.other_org_id, sender.source_id)  # type: ignore[misc]
            )


def test_only_posts_reach_a_source(browser: Browser, sender: Sender) -> None:
    assert browser.get(f"/hooks/{sender.source_id}").status_code == 405


def test_an_agents_name_is_taken_only_within_its_org(store: Store, house: House) -> None:
    made = store.write(
        lambda tx: sources.create_source(
            tx, house.other_org_id, kind="standard", name="ci", agent=house.ci.id[:10]
        )
    )
    with store.reading() as session:
        found = session.scalars(
            select(Agent).where(Agent.org_id == house.other_org_id)
        ).all()
    assert house.ci.id not in {agent.id for agent in found}
    assert made.secret.startswith("whsec_")
    assert len(house.ci.id[:10]) <= agents.NAME_MAX
