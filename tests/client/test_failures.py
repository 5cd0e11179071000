"""Whatever is wrong between us and the desk, the call is refused, and nothing is filed twice."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from countersign_client import BadAnswer, Client, CountersignError, DeskUnreachable, Refused
from countersign_client.retry import Retry, backoff, retry_after
from countersign_client.transport import Address, Transport

CALL = {"command": "ls"}


@pytest.fixture
def silent() -> Iterator[str]:
    """A port that accepts and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_nobody_there_refuses(server: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = Client(f"http://127.0.0.1:{port}", server.key, patience=0)
    with pytest.raises(DeskUnreachable, match="countersign serve"):
        client.ask("shell.run", CALL)


def test_silence_refuses(silent: str, server: Any) -> None:
    client = Client(silent, server.key, timeout=0.1, patience=0)
    with pytest.raises(DeskUnreachable, match="TimeoutError"):
        client.ask("shell.run", CALL)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{",
    ],
    ids=["nothing", "half a body", "half a chunk"],
)
def test_a_cut_connection_refuses(
    server: Any, impatient: Client, raw: Any, data: bytes
) -> None:
    server.faults = [raw(data)]
    with pytest.raises(DeskUnreachable):
        impatient.ask("shell.run", CALL)


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{",
    ],
    ids=["not HTTP", "endless header", "half an answer without a length"],
)
def test_garbage_refuses(server: Any, impatient: Client, raw: Any, data: bytes) -> None:
    server.faults = [raw(data)]
    with pytest.raises(BadAnswer):
        impatient.ask("shell.run", CALL)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{}", "application/json"),
        (b"[]", "application/json"),
        (b"true", "application/json"),
        (b"not json", "application/json"),
        (b'{"id":"a","id":"b"}', "application/json"),
        (b'{"id":NaN}', "application/json"),
        (b'{"id":"\xff"}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"<html>approved</html>", "text/html"),
        (b'{"status":"approved"}', "text/plain"),
        (b'{"id":"' + b"a" * 2_000_000 + b'"}', "application/json"),
    ],
)
def test_an_answer_not_understood_refuses(
    server: Any, impatient: Client, http: Any, body: bytes, kind: str
) -> None:
    server.faults = [http(200, body, kind)]
    with pytest.raises((BadAnswer, DeskUnreachable)):
        impatient.ask("shell.run", CALL)


def test_an_endless_body_is_cut_off(server: Any, desk: Client, http: Any) -> None:
    approval = desk.ask("shell.run", CALL).approval.body
    huge = json.dumps({**approval, "padding": "a" * 1_100_000}).encode()
    server.faults = [http(200, huge)]
    with pytest.raises((BadAnswer, DeskUnreachable), match="larger than"):
        desk.approval(approval["id"])


def test_a_compressed_answer_refuses(server: Any, impatient: Client, http: Any) -> None:
    server.faults = [http(200, b"{}", Content_Encoding="gzip")]
    with pytest.raises(BadAnswer, match="gzip"):
        impatient.ask("shell.run", CALL)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(
    server: Any, impatient: Client, http: Any, status: int
) -> None:
    server.faults = [http(status, Location=f"{server.url}/api/v1/approvals")]
    with pytest.raises(BadAnswer, match="redirects are not followed"):
        impatient.ask("shell.run", CALL)
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504])
def test_every_error_status_refuses(
    server: Any, impatient: Client, http: Any, status: int
) -> None:
    server.faults = [http(status, b"<html>oops", "text/html")]
    with pytest.raises(Refused) as refused:
        impatient.ask("shell.run", CALL)
    assert refused.value.status == status
    assert refused.value.code == f"http_{status}"


def test_a_problem_says_which_field_is_wrong(server: Any, desk: Client, http: Any) -> None:
    problem = {
        "code": "schema",
        "detail": "two fields are wrong",
        "errors": [{"pointer": "/risk", "detail": "not a risk"}],
    }
    server.faults = [http(422, json.dumps(problem).encode(), "application/problem+json")]
    with pytest.raises(Refused, match="schema: two fields are wrong: /risk: not a risk"):
        desk.ask("shell.run", CALL)


def test_a_bad_key_refuses_at_once(server: Any) -> None:
    with pytest.raises(Refused, match="unauthorized"):
        Client(server.url, "csk_wrong").ask("shell.run", CALL)
    assert len(server.asked) == 1


def test_a_dripping_body_runs_into_the_deadline(server: Any, http: Any) -> None:
    ticks = iter(range(100))
    transport = Transport(
        Address.parse(server.url), server.key, 5, 0, clock=lambda: next(ticks) * 10.0
    )
    with pytest.raises(DeskUnreachable, match="too slowly"):
        transport.get("/api/v1/me")


@pytest.mark.parametrize("lost", [1, 2])
def test_a_lost_answer_is_asked_for_again_and_nothing_is_filed_twice(
    server: Any, desk: Client, lost: int
) -> None:
    server.answers_to_lose = lost
    ask = desk.ask("shell.run", CALL)
    keys = {seen.headers["Idempotency-Key"] for seen in server.asked}
    assert len(server.asked) == lost + 1
    assert len(keys) == 1
    assert not ask.approval.reused
    assert len(server.approvals) == 1


def test_a_lost_answer_of_consume_does_not_lose_the_yes(server: Any, desk: Client) -> None:
    server.reviewer = server.approve
    approved = desk.ask("shell.run", CALL).wait()
    server.answers_to_lose = 1
    assert approved.consume().arguments == CALL
    first, second = server.calls("/consume")
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]


def test_another_logical_call_has_another_key(server: Any, desk: Client) -> None:
    desk.ask("shell.run", CALL)
    desk.ask("shell.run", CALL)
    first, second = server.asked
    assert first.headers["Idempotency-Key"] != second.headers["Idempotency-Key"]


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_desk_is_tried_again_after_the_time_it_names(
    server: Any, http: Any, status: int
) -> None:
    pauses: list[float] = []
    transport = Transport(Address.parse(server.url), server.key, 5, 60, pauses.append)
    server.faults = [http(status, Retry_After="7"), http(status)]
    assert transport.get("/api/v1/me").body["id"] == "agt_1"
    assert 7 <= pauses[0] <= 8
    assert 0 < pauses[1] < 1


def test_a_desk_busy_for_longer_than_our_patience_refuses_at_once(
    server: Any, desk: Client, http: Any
) -> None:
    server.faults = [http(429, b'{"code":"too_many"}', Retry_After="3600")]
    with pytest.raises(Refused, match="too_many") as refused:
        desk.ask("shell.run", CALL)
    assert refused.value.retry_after == 3600
    assert len(server.asked) == 1


def test_a_wait_survives_a_desk_that_restarts(server: Any, desk: Client, raw: Any) -> None:
    ask = desk.ask("shell.run", CALL)
    server.faults = [raw(b""), raw(b"")]
    server.approve(server.only())
    assert ask.wait().consume().arguments == CALL


def test_a_key_revoked_while_waiting_ends_the_wait(
    server: Any, desk: Client, http: Any
) -> None:
    ask = desk.ask("shell.run", CALL)
    server.faults = [http(401, b'{"code":"unauthorized"}', "application/problem+json")]
    with pytest.raises(Refused, match="unauthorized"):
        ask.wait()


def test_proxies_in_the_environment_do_not_see_the_key(
    server: Any, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert desk.me()["id"] == "agt_1"


def test_patience_ends() -> None:
    times = iter([0.0, 1.0, 2.0, 99.0])
    pauses: list[float] = []
    retry = Retry(10, pauses.append, lambda: next(times))
    retry.pause_or_raise(DeskUnreachable("a"), None)
    retry.pause_or_raise(DeskUnreachable("b"), None)
    with pytest.raises(DeskUnreachable, match="c"):
        retry.pause_or_raise(DeskUnreachable("c"), None)
    assert len(pauses) == 2


def test_pauses_grow_and_stay_bounded() -> None:
    assert 0.05 <= backoff(0) <= 0.1
    assert 2.5 <= backoff(1000) <= 5


def test_retry_after_is_read_in_both_forms() -> None:
    assert retry_after(None) is None
    assert retry_after("12") == 12
    assert retry_after("soon") is None
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert retry_after("Wed, 21 Oct 2015 07:28:00 -0000") == 0
    far = retry_after("Fri, 31 Dec 9999 23:59:59 GMT")
    assert far is not None
    assert far > 1_000_000


@pytest.mark.parametrize(
    "url",
    [
        "ftp://desk",
        "desk:9111",
        "http://",
        "http://u:p@desk",
        "http://desk?x=1",
        "http://desk#x",
    ],
)
def test_a_url_that_is_no_desk_is_refused(url: str, server: Any) -> None:
    with pytest.raises(ValueError, match="the desk's URL"):
        Client(url, server.key)


@pytest.mark.parametrize("key", [None, "", "csk a", "csk_é", "csk_a\r\nX: y"])
def test_a_key_that_is_none_is_refused(
    key: str | None, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COUNTERSIGN_KEY", raising=False)
    with pytest.raises(ValueError, match="COUNTERSIGN_KEY"):
        Client(server.url, key)


def test_the_environment_names_desk_and_key(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERSIGN_URL", server.url)
    monkeypatch.setenv("COUNTERSIGN_KEY", server.key)
    assert Client().me()["id"] == "agt_1"
    monkeypatch.delenv("COUNTERSIGN_URL")
    assert repr(Client()) == "Client('http://127.0.0.1:9111')"


def test_the_key_is_not_shown(desk: Client, server: Any) -> None:
    assert server.key not in repr(desk)
    assert server.key not in repr(Transport(Address.parse(server.url), server.key, 1, 1))


def test_tls_is_used_and_checked_for_https(server: Any) -> None:
    client = Client(
        server.url.replace("http:", "https:"), server.key, timeout=2, patience=0
    )
    with pytest.raises(BadAnswer, match="TLS"):
        client.me()
    assert Address.parse("https://desk.example/base/").prefix == "/base"
    assert Address.parse("https://desk.example").port == http.client.HTTPS_PORT


def test_a_client_may_be_shared_by_threads(server: Any, desk: Client) -> None:
    failed: list[CountersignError] = []

    def ask(number: int) -> None:
        try:
            desk.ask("shell.run", {"n": number})
        except CountersignError as error:
            failed.append(error)

    threads = [threading.Thread(target=ask, args=[n]) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(server.approvals) == 10
