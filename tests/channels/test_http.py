"""One request, one answer, on time, to the address that was checked (T36, R10, S5)."""

import gzip
import socket
import ssl
import struct
import subprocess
import sys
import threading
from typing import Any

import pytest

from webui.channels.addresses import AllowList, Undeliverable
from webui.channels.http import MAX_ANSWER, Sender, look_up

LOCAL = AllowList.of(["127.0.0.1"])
SOON = 300
"""ms; long enough for loopback on a busy machine only where the answer must come."""


def why_not(sender: Sender, url: str) -> Undeliverable:
    with pytest.raises(Undeliverable) as caught:
        sender.post(url, {}, b"{}")
    return caught.value


def drip(sock: socket.socket) -> None:
    """Answer a byte every now and then: finished after seconds, alive all the time."""
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: " + b"x" * 400 + b"\r\n\r\nok":
        sock.sendall(bytes([byte]))
        threading.Event().wait(0.02)


def drip_body(sock: socket.socket) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n")
    for _ in range(300):
        sock.sendall(b"x")
        threading.Event().wait(0.02)


def never(sock: socket.socket) -> None:
    sock.recv(1)


def reset(sock: socket.socket) -> None:
    # linger 0: close() sends RST instead of FIN
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def flood(sock: socket.socket) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n")
    while True:
        sock.sendall(b"x" * 65536)


def test_a_request_arrives_as_sent(serve: Any, says: Any) -> None:
    server = serve(says("202 Accepted", body=b'{"id":"x"}'))
    headers = {"webhook-id": "m", "Content-Type": "application/json", "Host": "evil"}
    answer = Sender(LOCAL).post(
        f"http://127.0.0.1:{server.port}/a?b=c", headers, b'{"x":1}'
    )
    assert (answer.status, answer.body_excerpt) == (202, b'{"id":"x"}')
    assert answer.retry_after is None
    (request,) = server.requests
    assert request.startswith(b"POST /a?b=c HTTP/1.1\r\n")
    assert request.endswith(b'\r\n\r\n{"x":1}')
    assert request.count(b"Host: ") == 1
    assert f"Host: 127.0.0.1:{server.port}\r\n".encode() in request
    assert b"webhook-id: m\r\n" in request
    assert b"Connection: close\r\n" in request


@pytest.mark.parametrize("spelled", [str.lower, str.title, str.upper])
def test_no_header_given_names_another_host_or_hides_a_second_request(
    serve: Any, says: Any, spelled: Any
) -> None:
    server = serve(says())
    given = {
        spelled("host"): "evil",
        spelled("content-length"): "0",
        spelled("transfer-encoding"): "chunked",
        spelled("connection"): "keep-alive",
    }
    body = b"POST /hidden HTTP/1.1\r\n\r\n"
    Sender(LOCAL).post(f"http://127.0.0.1:{server.port}/", given, body)
    (request,) = server.requests
    head = request.partition(b"\r\n\r\n")[0].lower()
    assert b"evil" not in head
    assert b"chunked" not in head
    assert b"keep-alive" not in head
    assert head.count(b"host:") == 1
    assert f"content-length: {len(body)}".encode() in head


def test_other_methods_and_no_body_can_be_sent(serve: Any, says: Any) -> None:
    server = serve(says())
    Sender(LOCAL).send("GET", f"http://127.0.0.1:{server.port}/", {}, None)
    assert server.requests[0].startswith(b"GET / HTTP/1.1\r\n")


def test_ipv6_can_be_called(serve: Any, says: Any) -> None:
    server = serve(says(), address="::1")
    answer = Sender(AllowList.of(["::1"])).post(f"http://[::1]:{server.port}/", {}, b"")
    assert answer.status == 200
    assert f"Host: [::1]:{server.port}\r\n".encode() in server.requests[0]


@pytest.mark.parametrize("status", [204, 400, 410, 429, 500, 503])
def test_every_status_is_an_answer(serve: Any, says: Any, status: int) -> None:
    server = serve(says(f"{status} X", "Retry-After: 7"))
    answer = Sender(LOCAL).post(f"http://127.0.0.1:{server.port}/", {}, b"")
    assert (answer.status, answer.retry_after) == (status, "7")


def test_a_long_retry_after_is_cut(serve: Any, says: Any) -> None:
    server = serve(says("429 X", "Retry-After: " + "9" * 5000))
    answer = Sender(LOCAL).post(f"http://127.0.0.1:{server.port}/", {}, b"")
    assert answer.retry_after == "9" * 100


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(serve: Any, says: Any, status: int) -> None:
    canary = serve(says())
    server = serve(says(f"{status} X", f"Location: http://127.0.0.1:{canary.port}/"))
    answer = Sender(LOCAL).post(f"http://127.0.0.1:{server.port}/", {}, b"")
    assert answer.status == status
    assert canary.connections == 0


def test_no_proxy_setting_is_read(
    serve: Any, says: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary, server = serve(says()), serve(says())
    for name in ("http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{canary.port}")
    Sender(LOCAL).post(f"http://127.0.0.1:{server.port}/", {}, b"")
    assert canary.connections == 0


def test_a_port_of_another_service_is_not_called() -> None:
    assert why_not(Sender(LOCAL), "http://127.0.0.1:25/").permanent


@pytest.mark.parametrize("behaviour", [never, drip, drip_body])
def test_the_whole_exchange_has_one_deadline(serve: Any, behaviour: Any) -> None:
    server = serve(behaviour)
    failure = why_not(Sender(LOCAL, timeout_ms=SOON), f"http://127.0.0.1:{server.port}/")
    assert failure.why == "No complete answer within 0.3 s."
    assert not failure.permanent
    assert behaviour is never or server.gone.wait(10), "the server was heard to the end"


def test_a_receiver_that_never_reads_is_given_up(serve: Any) -> None:
    ready = threading.Event()
    server = serve(lambda _: ready.wait(30), reads=False)
    sender = Sender(LOCAL, timeout_ms=SOON)
    with pytest.raises(Undeliverable, match="No complete answer"):
        sender.post(f"http://127.0.0.1:{server.port}/", {}, b"x" * 50_000_000)
    ready.set()


def test_a_handshake_that_never_ends_is_given_up(serve: Any) -> None:
    ready = threading.Event()
    server = serve(lambda _: ready.wait(30), reads=False)
    failure = why_not(Sender(LOCAL, timeout_ms=SOON), f"https://127.0.0.1:{server.port}/")
    assert failure.why == "No complete answer within 0.3 s."
    ready.set()


def test_a_huge_answer_is_read_to_its_limit_only(serve: Any) -> None:
    server = serve(flood)
    answer = Sender(LOCAL).post(f"http://127.0.0.1:{server.port}/", {}, b"")
    assert answer.status == 200
    assert answer.body_excerpt == b"x" * MAX_ANSWER
    assert server.gone.wait(10), "the connection stayed open"


def test_a_packed_answer_is_not_unpacked(serve: Any, says: Any) -> None:
    bomb = gzip.compress(bytes(10_000_000))
    server = serve(says("200 OK", "Content-Encoding: gzip", body=bomb))
    answer = Sender(LOCAL).post(f"http://127.0.0.1:{server.port}/", {}, b"")
    assert answer.body_excerpt == bomb[:MAX_ANSWER]
    assert b"Accept-Encoding: identity\r\n" in server.requests[0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "The answer was not HTTP."),
        (b"SSH-2.0-x\r\n", "The answer was not HTTP."),
        (b"HTTP/1.1 abc X\r\n\r\n", "The answer was not HTTP."),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 101 + b"\r\n", "The answer was not HTTP."),
        (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000, "The answer was not HTTP."),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "The answer was not HTTP.",
        ),
    ],
)
def test_what_is_not_http_is_a_failure(serve: Any, text: Any, why: str) -> None:
    server = serve(lambda sock: sock.sendall(text))
    failure = why_not(Sender(LOCAL), f"http://127.0.0.1:{server.port}/")
    assert (failure.why, failure.permanent) == (why, False)


def test_a_reset_is_a_failure_that_may_pass(serve: Any) -> None:
    failure = why_not(Sender(LOCAL), f"http://127.0.0.1:{serve(reset).port}/")
    assert failure.why.startswith("The connection failed: ") or "not HTTP" in failure.why
    assert not failure.permanent


def test_a_closed_port_is_a_failure_that_may_pass(serve: Any, says: Any) -> None:
    server = serve(says())
    server.close()
    failure = why_not(Sender(LOCAL), f"http://127.0.0.1:{server.port}/")
    assert failure.why == "The connection failed: Connection refused."
    assert not failure.permanent


def test_the_next_address_is_tried(serve: Any, says: Any) -> None:
    server = serve(says())
    allowed = AllowList.of(["127.0.0.0/8"])
    sender = Sender(allowed, resolve=lambda *_: ["127.0.0.9", "127.0.0.1"])
    assert sender.post(f"http://a.example:{server.port}/", {}, b"").status == 200


def test_the_name_is_resolved_once_and_the_connection_is_pinned(
    serve: Any, says: Any
) -> None:
    server, names = serve(says()), []

    def rebinding(host: str, _port: int) -> list[str]:
        names.append(host)
        return ["127.0.0.1"] if len(names) == 1 else ["127.0.0.2"]

    sender = Sender(LOCAL, resolve=rebinding)
    url = f"http://hooks.example.com:{server.port}/"
    assert sender.post(url, {}, b"").status == 200
    assert names == ["hooks.example.com"]
    assert f"Host: hooks.example.com:{server.port}\r\n".encode() in server.requests[0]
    assert why_not(sender, url).permanent, "the second attempt was not checked anew"
    assert server.connections == 1


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.2"],
        ["127.0.0.1", "127.0.0.2"],
        ["::1"],
        ["::ffff:127.0.0.2"],
        ["fe80::1%lo"],
    ],
)
def test_one_closed_address_closes_the_name(
    serve: Any, says: Any, answers: list[str]
) -> None:
    server = serve(says())
    sender = Sender(LOCAL, resolve=lambda *_: answers)
    assert why_not(sender, f"http://hooks.example.com:{server.port}/").permanent
    assert server.connections == 0


def test_an_opened_host_may_resolve_anywhere(serve: Any, says: Any) -> None:
    server = serve(says())
    sender = Sender(AllowList.of(["n8n"]), resolve=lambda *_: ["127.0.0.1"])
    assert sender.post(f"http://N8N:{server.port}/", {}, b"").status == 200


def raises(error: Exception) -> Any:
    def resolve(*_: Any) -> list[str]:
        raise error

    return resolve


@pytest.mark.parametrize(
    ("resolve", "why"),
    [
        (raises(socket.gaierror(-2, "x")), "The host name could not be resolved."),
        (
            raises(UnicodeError()),
            "The connection failed: the host name cannot be resolved.",
        ),
        (lambda *_: [], "The connection failed: the host name has no address."),
        (lambda *_: threading.Event().wait(3) or [], "No complete answer within 0.3 s."),
    ],
)
def test_a_name_that_does_not_resolve_may_do_so_later(resolve: Any, why: str) -> None:
    failure = why_not(Sender(timeout_ms=SOON, resolve=resolve), "http://a.example/")
    assert (failure.why, failure.permanent) == (why, False)


def test_without_time_nothing_is_begun(serve: Any, says: Any) -> None:
    server = serve(says())
    failure = why_not(Sender(LOCAL, timeout_ms=0), f"http://127.0.0.1:{server.port}/")
    assert failure.why == "No complete answer within 0 s."
    assert server.connections == 0


def test_the_systems_resolver_gives_addresses_once() -> None:
    assert look_up("127.0.0.1", 80) == ["127.0.0.1"]


def test_tls_names_the_host_and_checks_its_certificate(
    serve: Any, says: Any, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    server = serve(says(), tls=server_tls)
    sender = Sender(LOCAL, resolve=lambda *_: ["127.0.0.1"], tls=client_tls)
    url = f"https://hooks.example.com:{server.port}/"
    assert sender.post(url, {}, b"{}").status == 200
    assert server.names == ["hooks.example.com"]
    assert f"Host: hooks.example.com:{server.port}\r\n".encode() in server.requests[0]


def test_a_certificate_for_another_name_is_refused(
    serve: Any, says: Any, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    server = serve(says(), tls=server_tls)
    sender = Sender(LOCAL, resolve=lambda *_: ["127.0.0.1"], tls=client_tls)
    failure = why_not(sender, f"https://other.example.com:{server.port}/")
    assert failure.why.startswith("The certificate is not trusted: Hostname mismatch")
    assert not failure.permanent
    assert not server.requests


def test_an_unknown_certificate_is_refused(
    serve: Any, says: Any, server_tls: ssl.SSLContext
) -> None:
    server = serve(says(), tls=server_tls)
    failure = why_not(Sender(LOCAL), f"https://127.0.0.1:{server.port}/")
    assert failure.why.startswith("The certificate is not trusted: ")
    assert not server.requests


def test_tls_to_a_plain_server_is_a_failure(serve: Any) -> None:
    server = serve(lambda sock: sock.sendall(b"HTTP/1.1 400 plain\r\n\r\n"), reads=False)
    failure = why_not(Sender(LOCAL), f"https://127.0.0.1:{server.port}/")
    assert failure.why == "No TLS connection could be made."


def test_a_slow_body_over_tls_has_the_same_deadline(
    serve: Any, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    server = serve(drip_body, tls=server_tls)
    sender = Sender(LOCAL, tls=client_tls, timeout_ms=SOON)
    failure = why_not(sender, f"https://127.0.0.1:{server.port}/")
    assert failure.why == "No complete answer within 0.3 s."


UNDER_GEVENT = """
from gevent import monkey; monkey.patch_all()
import gevent, socket, ssl, sys
from webui.channels.addresses import AllowList, Undeliverable
from webui.channels.http import Sender

def server(behave):
    listener = socket.create_server(("127.0.0.1", 0))
    def run():
        while True:
            sock, _ = listener.accept()
            gevent.spawn(behave, sock)
    gevent.spawn(run)
    return listener.getsockname()[1]

def good(sock):
    sock.recv(65536)
    sock.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")
    sock.close()

def drip(sock):
    try:
        for _ in range(400):
            sock.sendall(b"H")
            gevent.sleep(0.02)
        sock.close()
    except OSError:
        pass

def outcome(url, timeout_ms):
    try:
        sender = Sender(AllowList.of(["127.0.0.0/8", "localhost"]), timeout_ms=timeout_ms)
        return sender.post(url, {}, b"{}").status
    except Undeliverable as error:
        return error.why

ports = server(good), server(drip)
jobs = [
    gevent.spawn(outcome, f"http://localhost:{ports[0]}/", 5000),
    gevent.spawn(outcome, f"http://127.0.0.1:{ports[1]}/", 300),
    gevent.spawn(outcome, f"https://127.0.0.1:{ports[1]}/", 300),
    gevent.spawn(outcome, f"http://127.0.0.1:{ports[0]}/", 5000),
]
gevent.joinall(jobs)
print([job.value for job in jobs])
"""


def test_it_works_the_same_under_gevent() -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNDER_GEVENT], capture_output=True, text=True, check=False
    )
    late = "No complete answer within 0.3 s."
    # bytes that are no TLS end the handshake at once, which is as good
    assert done.stdout.strip() in {
        str([200, late, late, 200]),
        str([200, late, "No TLS connection could be made.", 200]),
    }, done.stderr
