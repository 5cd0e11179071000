"""HumanLayer's official package (0.7.9) with its base URL changed, over real HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from humanlayer import FunctionCallSpec, FunctionCallStatus, HumanContactSpec, HumanLayer
from humanlayer.core.models import (
    ContactChannel,
    EmailRecipient,
    Escalation,
    ResponseOption,
)
from humanlayer.core.models import SlackContactChannel as Slack
from humanlayer.core.protocol import HumanLayerException
from sqlalchemy import select
from werkzeug.serving import make_server

from webui.approvals.states import Unreported, Verdict
from webui.approvals.use import leases
from webui.approvals.words import UNREPORTED
from webui.store.models import Approval, Event

if TYPE_CHECKING:
    from tests.plugins.desk import House, TestClock
    from tests.plugins.rules import Desk
    from webui.runtime import Runtime
    from webui.store.store import Store

Decide = Callable[[str], object]


@pytest.fixture
def base(runtime: Runtime) -> Iterator[str]:
    """The agents' listener, as HUMANLAYER_API_BASE names it."""
    from webui.api.app import create_app  # noqa: PLC0415
    from webui.api.guard import Door, guarded  # noqa: PLC0415

    app = create_app(runtime)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    door = Door(frozenset({f"127.0.0.1:{server.port}"}), 300_000)
    app.wsgi_app = guarded(app.wsgi_app, door, lambda _: None)  # type: ignore[method-assign,assignment]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}/api/humanlayer/v1"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def layer(
    base: str, house: House, store: Store, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Decide | None], HumanLayer]:
    """Make a client; what it sleeps for is decided while it sleeps."""
    monkeypatch.setenv("HUMANLAYER_API_BASE", base)
    monkeypatch.setenv("HUMANLAYER_API_KEY", house.ci.key)

    def make(decide: Decide | None = None) -> HumanLayer:
        def sleep(_: int) -> None:
            with store.reading() as session:
                waiting = select(Approval.id).where(Approval.status == "pending")
                for each in session.scalars(waiting).all():
                    if decide is not None:
                        decide(each)

        return HumanLayer(run_id="run-1", sleep=sleep)

    return make


def test_a_function_runs_after_a_yes_and_the_yes_is_used(
    layer: Any, desk: Desk, house: House
) -> None:
    ran: list[int] = []
    hl = layer(lambda each: desk.decide(house.rae, each))

    @hl.require_approval()  # type: ignore[untyped-decorator]
    def pay(amount: int) -> str:
        """Pay."""
        ran.append(amount)
        return f"paid {amount}"

    assert pay(amount=5) == "paid 5"
    assert ran == [5]
    with desk.store.reading() as session:
        [row] = session.scalars(select(Approval)).all()
    assert (row.tool, row.run, row.status) == ("pay", "run-1", "consumed")
    assert row.allowed_decisions == "approve deny"


def test_a_no_is_told_with_the_option_that_was_chosen(
    layer: Any, desk: Desk, house: House
) -> None:
    options = [ResponseOption(name="later", title="Not today", prompt_fill="Try tomorrow")]
    hl = layer()
    spec = FunctionCallSpec(fn="pay", kwargs={"amount": 5}, reject_options=options)
    call = hl.create_function_call(spec, call_id="c-1")
    assert call.spec == spec
    with desk.store.reading() as session:
        [card] = session.scalars(select(Approval.id)).all()
    desk.decide(house.rae, card, Verdict.DENY, reason="try tomorrow")
    status = hl.get_function_call("c-1").status
    assert (status.approved, status.reject_option_name) == (False, "later")
    assert status.comment == "A reviewer denied this call: try tomorrow"


def test_the_first_read_uses_the_yes_and_later_ones_repeat_it(
    layer: Any, desk: Desk, house: House
) -> None:
    hl = layer()
    spec = FunctionCallSpec(fn="pay", kwargs={"amount": 5})
    first = hl.create_function_call(spec, call_id="c-1")
    assert hl.create_function_call(spec, call_id="c-1").call_id == first.call_id
    other = FunctionCallSpec(fn="pay", kwargs={"amount": 6})
    with pytest.raises(HumanLayerException, match="422"):
        hl.create_function_call(other, call_id="c-1")
    hl.create_function_call(spec, call_id="c-2")
    with desk.store.reading() as session:
        one, two = session.scalars(select(Approval.id).order_by(Approval.id)).all()
    assert hl.get_function_call("c-1").status.approved is None
    desk.decide(house.rae, one)
    reads = [hl.get_function_call("c-1").status for _ in range(3)]
    assert [read.approved for read in reads] == [True, True, True]
    assert desk.actions(one).count("approval.consumed") == 1
    assert hl.get_function_call("c-2").status.approved is None
    assert desk.status(two) == "pending"


def test_an_agents_own_words_do_not_pass_for_a_yes_that_was_told(
    layer: Any, desk: Desk, house: House
) -> None:
    hl = layer()
    hl.create_function_call(FunctionCallSpec(fn="pay", kwargs={}), call_id="c-1")
    with desk.store.reading() as session:
        [one] = session.scalars(select(Approval.id)).all()
    desk.decide(house.rae, one)
    token, said = desk.use(one).lease_token, str(UNREPORTED[Unreported.TOLD])
    desk.store.write(
        lambda tx: leases.report(tx, house.ci.filer, one, token, "ok", said) and None
    )
    assert hl.get_function_call("c-1").status.approved is False


def test_a_call_whose_time_is_over_is_a_no(
    layer: Any, desk: Desk, clock: TestClock
) -> None:
    hl = layer()
    hl.create_function_call(FunctionCallSpec(fn="pay", kwargs={}), call_id="c-1")
    clock.advance(901_000)
    status = hl.get_function_call("c-1").status
    assert (status.approved, "in time" in status.comment) == (False, True)


def test_people_answer_a_question_in_words(layer: Any, desk: Desk, house: House) -> None:
    hl = layer(
        lambda each: desk.decide(house.rae, each, Verdict.RESPOND, answer="Blue, please")
    )
    assert hl.human_as_tool()("Which colour?") == "Blue, please"
    options = [ResponseOption(name="blue", title="Blue, please")]
    spec = HumanContactSpec(msg="Which?", subject="Colour", response_options=options)
    status = hl.fetch_human_response(spec).contact.status
    assert (status.response, status.response_option_name) == ("Blue, please", "blue")


def test_a_question_that_nobody_wants_to_answer_ends_too(
    layer: Any, desk: Desk, house: House
) -> None:
    hl = layer(lambda each: desk.decide(house.rae, each, Verdict.DENY, reason="ask Bo"))
    assert hl.human_as_tool()("Which colour?").endswith("ask Bo")


def test_an_agent_cannot_answer_its_own_call(layer: Any, desk: Desk, house: House) -> None:
    hl = layer()
    hl.create_function_call(FunctionCallSpec(fn="pay", kwargs={}), call_id="c-1")
    with pytest.raises(HumanLayerException, match="403"):
        hl.respond_to_function_call("c-1", FunctionCallStatus(approved=True))
    assert hl.get_function_call("c-1").status.approved is None
    with desk.store.reading() as session:
        tried = select(Event).where(Event.action == "agent_cannot_decide")
        assert len(session.scalars(tried).all()) == 1


def test_an_escalation_is_said_to_the_reviewers_and_chooses_no_recipients(
    layer: Any, desk: Desk
) -> None:
    hl = layer()
    hl.create_function_call(FunctionCallSpec(fn="pay", kwargs={}), call_id="c-1")
    said = hl.escalate_email_function_call("c-1", Escalation(escalation_msg="It is urgent"))
    assert said.status.approved is None
    with desk.store.reading() as session:
        [row] = session.scalars(select(Approval)).all()
    assert row.message_count == 1
    with pytest.raises(HumanLayerException, match="leave out"):
        hl.escalate_email_function_call(
            "c-1",
            Escalation(
                escalation_msg="x", additional_recipients=[EmailRecipient(address="a@b.c")]
            ),
        )


def test_a_bot_token_is_not_kept(layer: Any, desk: Desk) -> None:
    channel = ContactChannel(slack=Slack(channel_or_user_id="C1", bot_token="xoxb-secret"))
    spec = FunctionCallSpec(fn="pay", kwargs={}, channel=channel)
    made = layer().create_function_call(spec, call_id="c-1")
    assert (
        made.spec.channel.slack.channel_or_user_id,
        made.spec.channel.slack.bot_token,
    ) == (
        "C1",
        None,
    )
    with desk.store.reading() as session:
        [row] = session.scalars(select(Approval)).all()
    assert "xoxb" not in (row.context or "")


def test_another_agent_s_call_is_none(
    layer: Any, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer().create_function_call(FunctionCallSpec(fn="pay", kwargs={}), call_id="c-1")
    monkeypatch.setenv("HUMANLAYER_API_KEY", house.helper.key)
    with pytest.raises(HumanLayerException, match="404"):
        layer().get_function_call("c-1")


def test_every_refusal_is_one_that_the_client_raises_with_its_sentence(
    layer: Any, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = FunctionCallSpec(fn="pay", kwargs={"note": "x" * 300_001})
    with pytest.raises(HumanLayerException, match=r"413.*too_large"):
        layer().create_function_call(spec, call_id="c-1")
    with pytest.raises(HumanLayerException, match=r"422.*/spec/fn"):
        layer().create_function_call(FunctionCallSpec(fn="", kwargs={}), call_id="c-1")
    monkeypatch.setenv("HUMANLAYER_API_KEY", "csk_nobody")
    with pytest.raises(HumanLayerException, match=r"401.*Send a working key"):
        layer().get_function_call("c-1")
    with desk.store.reading() as session:
        assert session.scalars(select(Approval)).all() == []
