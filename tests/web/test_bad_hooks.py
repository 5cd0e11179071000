"""Bad input through the real route, for every kind in the registry (T34, T35, S5)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from tests.receivers.good import GOOD, WITHOUT, Good
from tests.receivers.test_bad_input import malformed, with_header
from webui.approvals.senders import sources
from webui.inbox import taking
from webui.receivers.kind import Inbound
from webui.receivers.registry import KINDS
from webui.store.models import Approval, SourceDelivery
from webui.web.app import create_app

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.plugins.desk import Browser, House, TestClock
    from webui.runtime import Runtime
    from webui.store.store import Store

by_webhook = pytest.mark.parametrize("kind", [name for name in GOOD if name not in WITHOUT])
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Upstream:
    """A program that makes good deliveries of one kind, and sends whatever it is told to."""

    def __init__(self, browser: Browser, store: Store, source_id: str, good: Good) -> None:
        self.browser, self.store = browser, store
        self.source_id, self.good = source_id, good

    def make(self, number: int) -> Inbound:
        return self.good.delivery(self.store.now(), number)

    def send(self, inbound: Inbound, **options: Any) -> TestResponse:
        return self.browser.post(
            f"/hooks/{self.source_id}",
            data=inbound.body,
            headers=dict(inbound.headers),
            **options,
        )


@pytest.fixture
def upstream(browser: Browser, store: Store, house: House) -> Callable[[str], Upstream]:
    def make(kind: str) -> Upstream:
        good = GOOD[kind]()
        made = store.write(
            lambda tx: sources.create_source(
                tx,
                house.org_id,
                kind=kind,
                name=kind,
                agent=f"{kind} agent",
                config=good.source.config,
                secret=good.source.secrets[0],
                token=good.source.token,
            )
        )
        return Upstream(browser, store, made.source_id, good)

    return make


def filed(store: Store) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(Approval)) or 0


def can_be_sent(text: str) -> bool:
    """Whether a server would hand such a header on: HTTP allows no control characters in it."""
    return text.isprintable() and all(ord(letter) < 256 for letter in text)


@on_sqlite
@by_webhook
def test_no_malformed_signature_gets_in_or_breaks_the_desk(
    upstream: Callable[[str], Upstream], store: Store, kind: str
) -> None:
    sender = upstream(kind)
    good = sender.make(1)
    texts = [*filter(can_be_sent, malformed(good.headers[sender.good.signature]))]
    assert len(texts) > 50
    for text in (None, *texts):
        answer = sender.send(with_header(good, sender.good.signature, text))
        assert 400 <= answer.status_code < 500, (text, answer.status_code)
        said = answer.get_data(as_text=True)
        assert not any(secret in said for secret in sender.good.source.secrets)
    assert filed(store) == 0


@on_sqlite
@by_webhook
def test_of_a_message_sent_a_hundred_times_at_once_one_is_filed(
    upstream: Callable[[str], Upstream], dashboard: Any, store: Store, kind: str
) -> None:
    sender = upstream(kind)
    if not sender.good.files:
        pytest.skip("this kind answers in its own words")
    message, together = sender.make(1), Barrier(10)

    def send(_: int) -> list[int]:
        browser = type(sender.browser)(dashboard, dashboard.response_class)
        mine = Upstream(browser, store, sender.source_id, sender.good)
        together.wait(30)
        return [mine.send(message).status_code for _ in range(10)]

    with ThreadPoolExecutor(10) as pool:
        answers = [each for some in pool.map(send, range(10)) for each in some]
    before = filed(store)
    assert before >= 1
    assert answers.count(202) == 1, answers
    # what is beyond the allowance of a minute is told to wait; nothing else is said
    assert set(answers) <= {200, 202, 429}
    assert sender.send(message).status_code in {200, 429}
    assert filed(store) == before


@by_webhook
def test_a_message_is_known_after_a_restart_too(
    upstream: Callable[[str], Upstream],
    runtime: Runtime,
    store: Store,
    clock: TestClock,
    kind: str,
) -> None:
    sender = upstream(kind)
    if not sender.good.files:
        pytest.skip("this kind answers in its own words")
    message = sender.make(1)
    assert sender.send(message).status_code == 202
    before = filed(store)
    again = create_app(runtime)
    sender.browser = type(sender.browser)(again, again.response_class)
    assert sender.send(message).status_code == 200
    clock.advance(3_600_000)  # when its time is over too, it is refused or known
    assert sender.send(message).status_code in {200, 401}
    assert filed(store) == before


@on_sqlite
@by_webhook
def test_what_is_no_json_is_refused_whatever_its_signature(
    upstream: Callable[[str], Upstream], store: Store, kind: str
) -> None:
    sender = upstream(kind)
    good = sender.make(1)
    if "json" not in good.headers["content-type"]:
        pytest.skip("this kind sends no JSON")
    for media_type in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ):
        answer = sender.send(with_header(good, "content-type", media_type))
        if sender.good.denial and answer.status_code == 200:
            assert sender.good.denial in answer.get_data(as_text=True)
        else:
            assert 400 <= answer.status_code < 500, answer.status_code
    assert filed(store) == 0


@on_sqlite
@pytest.mark.parametrize("kind", WITHOUT)
def test_a_kind_that_takes_nothing_refuses_what_every_other_takes(
    browser: Browser, store: Store, house: House, kind: str
) -> None:
    config = KINDS[kind].example
    made = store.write(
        lambda tx: sources.create_source(
            tx, house.org_id, kind=kind, name=kind, config=config
        )
    )
    path, bearer = f"/hooks/{made.source_id}", {"authorization": f"Bearer {made.secret}"}
    for good in (make() for make in GOOD.values()):
        inbound = good.delivery(store.now(), 1)
        headers = dict(inbound.headers) | bearer
        assert browser.post(path, data=inbound.body, headers=headers).status_code == 401
    assert filed(store) == 0


class Endless(BytesIO):
    """A body that counts how much of it was read."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        self.taken += len(found)
        return found


@on_sqlite
@by_webhook
@pytest.mark.parametrize("told", [True, False])
def test_a_body_of_ten_mebibytes_is_refused_and_not_held(
    upstream: Callable[[str], Upstream], store: Store, kind: str, told: bool
) -> None:
    sender = upstream(kind)
    body = Endless(bytes(10 * 1024 * 1024))
    headers = dict(sender.make(1).headers)
    if told:
        headers["content-length"] = str(10 * 1024 * 1024)
    answer = sender.browser.post(
        f"/hooks/{sender.source_id}",
        input_stream=body,
        headers=headers,
        environ_overrides={} if told else {"wsgi.input_terminated": True},
    )
    assert answer.status_code == 413
    assert body.taken <= 1024 * 1024 + 65_536
    assert filed(store) == 0
    with store.reading() as session:
        assert not session.scalars(select(SourceDelivery.id)).all()


@on_sqlite
@by_webhook
def test_a_flood_of_one_source_is_throttled_and_harms_no_other(
    upstream: Callable[[str], Upstream],
    store: Store,
    clock: TestClock,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    monkeypatch.setattr(taking, "PER_MINUTE", 2)
    clock.stand_still()
    sender, calm = upstream(kind), upstream("standard")
    if not sender.good.files:
        pytest.skip("this kind answers in its own words")
    answers = [sender.send(sender.make(number)).status_code for number in range(8)]
    assert answers == [202] * 4 + [429] * 4
    assert calm.send(calm.make(1)).status_code == 202
    clock.advance(60_000)
    assert sender.send(sender.make(100)).status_code == 202
