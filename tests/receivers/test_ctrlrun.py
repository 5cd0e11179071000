"""CTRLRun both ways, with its official package on the other side."""

import json
from datetime import timedelta
from typing import Any

import pytest
from ctrlrun import (
    Action,
    InMemoryStateStore,
    Principal,
    WebhookApprovalProvider,
)
from ctrlrun.webhook import handle_inbound

from tests.plugins.upstream import converse
from webui.approvals.errors import InvalidError
from webui.receivers import ctrlrun
from webui.receivers.kind import Ignored, Inbound, Refused, SourceSecrets
from webui.receivers.reading import read_body
from webui.receivers.way_back import Conversation, End, Heard, Outcome, Told

SECRET = "a secret of at least thirty-two bytes"
PUBLIC = "https://agents.example.com"
SOURCE = SourceSecrets((SECRET,), {"public_url": PUBLIC})


class Provider(WebhookApprovalProvider):
    """The official provider; what it posts is kept instead of sent."""

    posted: list[tuple[bytes, dict[str, str]]]

    def _post(self, body: bytes, headers: dict[str, str]) -> None:
        self.posted.append((body, headers))


class Run:
    """An agent under CTRLRun that waits for one approval."""

    def __init__(self, public_url: str | None = PUBLIC) -> None:
        self.store = InMemoryStateStore()
        provider = Provider(
            self.store,
            url="https://desk.example.com/hooks/src",
            secret=SECRET,
            public_url=public_url,
        )
        provider.posted = []
        action = Action(
            "refund", {"amount": 12, "to": "é"}, Principal("bot", "ana"), "order/7", "prod"
        )
        self.request = provider.request(action, timedelta(minutes=10))
        body, headers = provider.posted[0]
        lower = {name.lower(): value for name, value in headers.items()}
        self.inbound = Inbound(lower, body, "127.0.0.1")
        self.now = int(lower["ctrlrun-signature"].split(",")[0][2:]) * 1000

    def asked(self, source: SourceSecrets = SOURCE) -> dict[str, Any]:
        ctrlrun.verify(self.inbound, source, self.now)
        [submission] = ctrlrun.to_submissions(read_body(self.inbound), {}, source.config)
        return submission

    def tell(
        self, verdict: str, source: SourceSecrets = SOURCE, **changed: str
    ) -> Conversation:
        reply_to = self.asked()["reply_to"] | changed
        return ctrlrun.tell(Told(verdict, "", "Rae"), reply_to, source, self.now)

    def answer(self, request: Any) -> Heard:
        path_id = request.url.rsplit("/", 1)[1]
        signature = request.headers["CTRLRun-Signature"]
        status, detail = handle_inbound(
            self.store, path_id, request.body, signature, secret=SECRET
        )
        word = "ok" if status == 200 else "refused"
        return Heard(status, json.dumps({"status": word, "detail": detail}).encode())

    def settle(self, verdict: str, **more: Any) -> Outcome:
        conversation = self.tell(verdict, **more)
        request = next(conversation)
        while True:
            try:
                request = conversation.send(self.answer(request))
            except StopIteration as ended:
                outcome: Outcome = ended.value
                return outcome


def test_what_the_official_provider_posts_becomes_a_submission() -> None:
    run = Run()
    found = run.asked()
    assert (found["tool"], found["arguments"]) == ("refund", {"amount": 12, "to": "é"})
    assert found["arguments_text"] == '{"amount":12,"to":"é"}'
    assert found["source_ref"] == run.request.request_id
    assert found["ctx"] == {
        "resource": "order/7",
        "environment": "prod",
        "principal": {"agent": "bot", "user": "ana"},
        "action_hash": run.request.action_hash,
    }
    assert found["reply_to"]["respond_to"].startswith("https://agents.example.com/ctrlrun/")


@pytest.mark.parametrize(
    ("verdict", "status"), [("approve", "granted"), ("deny", "denied")]
)
def test_the_official_package_takes_our_answer_and_its_repeat(
    verdict: str, status: str
) -> None:
    run = Run()
    for _ in range(2):
        assert run.settle(verdict).end is End.CONFIRMED
    record = run.store.get_approval(run.request.request_id)
    assert record is not None
    assert record.status.value == status


def test_an_answer_to_what_was_settled_otherwise_is_none() -> None:
    run = Run()
    run.settle("deny")
    assert run.settle("approve").end is End.GONE
    assert run.settle("approve", action_hash="sha256:" + "0" * 64).end is End.GONE
    assert run.settle("approve", request_id="apr_nothing").end is not End.CONFIRMED


def test_after_a_rotation_the_older_secret_still_answers() -> None:
    fresh = SourceSecrets(("a fresh secret of thirty-two bytes!!", SECRET), SOURCE.config)
    assert Run().settle("approve", source=fresh).end is End.CONFIRMED
    wrong = SourceSecrets(("a fresh secret of thirty-two bytes!!",), SOURCE.config)
    assert Run().settle("approve", source=wrong).end is End.PERMANENT


@pytest.mark.parametrize(
    ("answer", "end"),
    [
        (Heard(200, b'{"detail": "recorded: 0 of 2 approvals"}'), End.PERMANENT),
        (Heard(200, b"hello"), End.PERMANENT),
        (Heard(404, b""), End.PERMANENT),
        (Heard(400, b'["no"]'), End.GONE),
        (Heard(500, b""), End.TRANSIENT),
    ],
)
def test_each_other_answer_has_its_meaning(answer: Heard, end: End) -> None:
    assert converse(Run().tell("approve"), answer)[1].end is end


def test_without_a_secret_nothing_is_sent() -> None:
    conversation = Run().tell("approve", source=SourceSecrets((), SOURCE.config))
    with pytest.raises(StopIteration) as ended:
        next(conversation)
    assert ended.value.value.end is End.PERMANENT


def test_a_request_that_cannot_be_answered_is_refused_with_how_to_mend_it() -> None:
    with pytest.raises(Refused, match="public_url"):
        Run(public_url=None).asked()


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://agents.example.com.evil.example",
        "https://evil.example",
        "http://agents.example.com",
        "https://agents.example.com:8443",
        "https://agents.example.com@evil.example",
        "https://agents.example.com/../..",
        "https://agents.example.com/%2e%2e",
        "https://agents.example.com/%25252e%25252e",
        "https://agents.example.com/..;a",
        "https://agents.example.com/%09",
        "https://evil.example\\@agents.example.com",
    ],
)
def test_an_answer_goes_nowhere_but_where_the_settings_say(elsewhere: str) -> None:
    run = Run(public_url=elsewhere)
    with pytest.raises(Refused, match="`public_url` of this source's settings") as caught:
        run.asked()
    assert caught.value.code == "respond_to_elsewhere"
    assert str(run.request.request_id) not in caught.value.detail, "all fail alike"
    given = json.loads(run.inbound.body)["respond_to"]
    conversation = Run().tell("approve", respond_to=given)
    with pytest.raises(StopIteration) as ended:
        next(conversation)
    assert ended.value.value.end is End.PERMANENT


@pytest.mark.parametrize(
    "public_url", [f"{PUBLIC}/", f"{PUBLIC}:443", "https://AGENTS.example.com"]
)
def test_the_same_place_may_be_written_otherwise(public_url: str) -> None:
    source = SourceSecrets((SECRET,), {"public_url": public_url})
    ctrlrun.check_source(source)
    assert Run().asked(source)["reply_to"]["respond_to"].startswith(PUBLIC)
    below = SourceSecrets((SECRET,), {"public_url": f"{PUBLIC}/team"})
    assert Run(f"{PUBLIC}/team").asked(below)
    for outside in (PUBLIC, f"{PUBLIC}/teams"):
        with pytest.raises(Refused):
            Run(outside).asked(below)


def test_a_source_from_before_says_what_its_settings_lack() -> None:
    source = SourceSecrets((SECRET,), {})
    with pytest.raises(InvalidError, match="/public_url"):
        ctrlrun.check_source(source)
    with pytest.raises(Refused, match="gives them the `public_url`") as caught:
        Run().asked(source)
    assert caught.value.code == "respond_to_elsewhere"


def test_other_documents_are_ignored() -> None:
    body = read_body(Inbound({"content-type": "application/json"}, b'{"schema":"x"}', ""))
    with pytest.raises(Ignored):
        ctrlrun.to_submissions(body, {}, {})


@pytest.mark.parametrize("late", [-301_000, 301_000])
def test_a_request_out_of_its_time_is_refused(late: int) -> None:
    run = Run()
    run.now += late
    with pytest.raises(Refused) as caught:
        run.asked()
    assert caught.value.status == 401
