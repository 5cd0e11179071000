"""Following an event stream: guarded, bounded, and over when nothing is heard."""

import socket
import ssl
import threading
from typing import Any

import pytest

from webui.channels.addresses import AllowList, Undeliverable
from webui.channels.http import Sender
from webui.channels.sse import Event
from webui.channels.stream import Unwelcome, follow

LOCAL = AllowList.of(["127.0.0.1"])
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def speaks(*parts: bytes, stay: bool = True) -> Any:
    """Say some parts, then stay silent until the other side hangs up."""

    def behave(sock: socket.socket) -> None:
        for part in parts:
            sock.sendall(part)
        if stay:
            sock.recv(1)

    return behave


def heard(server: Any, sender: Sender | None = None, **limits: Any) -> list[Event]:
    events: list[Event] = []
    url = f"http://127.0.0.1:{server.port}/event?directory=%2Fsrv"
    with follow(sender or Sender(LOCAL), url, {"Authorization": "Basic x"}, **limits) as s:
        for event in s.events():
            events.append(event)
            if event.data == "last":
                s.close()
    return events


def broken(server: Any, sender: Sender | None = None, **limits: Any) -> str:
    with pytest.raises(Undeliverable) as caught:
        heard(server, sender, **limits)
    assert not caught.value.permanent
    return caught.value.why


def test_events_arrive_while_the_answer_goes_on(serve: Any) -> None:
    server = serve(
        speaks(CHUNKED, chunk(b"data: o"), chunk(b"ne\n\ndata: la"), chunk(b"st\n\n"))
    )
    assert heard(server) == [Event("one"), Event("last")]
    (request,) = server.requests
    assert request.startswith(b"GET /event?directory=%2Fsrv HTTP/1.1\r\n")
    assert b"Accept: text/event-stream\r\n" in request
    assert b"Authorization: Basic x\r\n" in request


def test_a_stream_without_chunks_is_read_as_well(serve: Any) -> None:
    assert heard(serve(speaks(HEAD + b"\r\n", b"data: last\n\n"))) == [Event("last")]


def test_it_works_inside_tls(
    serve: Any, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    server = serve(speaks(CHUNKED, chunk(b"data: last\n\n")), tls=server_tls)
    url = f"https://127.0.0.1:{server.port}/"
    with follow(Sender(LOCAL, tls=client_tls), url, {}) as stream:
        for event in stream.events():
            assert event == Event("last")
            stream.close()


def test_an_untrusted_certificate_is_refused(
    serve: Any, server_tls: ssl.SSLContext
) -> None:
    server = serve(speaks(CHUNKED), tls=server_tls)
    with (
        pytest.raises(Undeliverable, match="not trusted"),
        follow(Sender(LOCAL), f"https://127.0.0.1:{server.port}/", {}),
    ):
        pass


def test_a_closed_address_is_never_called(serve: Any) -> None:
    server = serve(speaks(CHUNKED))
    with (
        pytest.raises(Undeliverable, match="leads to this host") as caught,
        follow(Sender(), f"http://127.0.0.1:{server.port}/", {}),
    ):
        pass
    assert caught.value.permanent
    assert server.connections == 0


def test_no_redirect_is_followed(serve: Any, says: Any) -> None:
    canary = serve(speaks(CHUNKED))
    server = serve(says("302 Found", f"Location: http://127.0.0.1:{canary.port}/"))
    with pytest.raises(Unwelcome, match="answered 302") as caught:
        heard(server)
    assert caught.value.status == 302
    assert canary.connections == 0


def test_what_is_no_stream_is_said(serve: Any, says: Any) -> None:
    assert "password (401)" in broken(serve(says("401 Unauthorized")))
    assert broken(serve(says("500 Broken"))).startswith("The server answered 500")
    page = serve(says("200 OK", "Content-Type: text/html"))
    assert broken(page) == "What answers there is no event stream."
    dressed = serve(says("500 Broken", "Content-Type: text/event-stream"))
    assert broken(dressed).startswith("The server answered 500")
    packed = "Content-Type: text/event-stream", "Content-Encoding: gzip"
    assert (
        broken(serve(says("200 OK", *packed))) == "What answers there is no event stream."
    )
    assert broken(serve(speaks(b"SSH-2.0-x\r\n"))) == "The answer was not HTTP."


def test_no_head_within_the_time_is_no_stream(serve: Any) -> None:
    assert "within 0.3 s" in broken(serve(speaks()), Sender(LOCAL, timeout_ms=300))


def test_an_end_is_no_silence(serve: Any) -> None:
    assert broken(serve(speaks(CHUNKED, b"0\r\n\r\n"))) == "It ended."
    assert broken(serve(speaks(HEAD + b"\r\n", b"data: x", stay=False))) == "It ended."


def test_chunks_that_are_none_break_it_off(serve: Any) -> None:
    assert broken(serve(speaks(CHUNKED, b"zz\r\nx\r\n"))) == "The stream broke off."
    assert broken(serve(speaks(CHUNKED, b"5\r\nda", stay=False))) in {
        "The stream broke off.",
        "It ended.",
    }


def test_silence_ends_it(serve: Any) -> None:
    server = serve(speaks(CHUNKED, chunk(b"data: x\n\n")))
    assert broken(server, idle_ms=300) == "Nothing was heard for 0.3 s."


@pytest.mark.parametrize(
    "before", [b"", b"data: x"], ids=["in a chunk's size", "in a line"]
)
def test_a_byte_now_and_then_is_silence_too(serve: Any, before: bytes) -> None:
    def drip(sock: socket.socket) -> None:
        sock.sendall(CHUNKED + (b"fffff\r\n" if before else b"") + before)
        while True:
            sock.sendall(b"0")
            threading.Event().wait(0.02)

    assert broken(serve(drip), idle_ms=400) == "Nothing was heard for 0.4 s."


def test_a_sign_of_life_is_enough(serve: Any) -> None:
    def lives(sock: socket.socket) -> None:
        sock.sendall(CHUNKED)
        for _ in range(6):
            threading.Event().wait(0.2)
            sock.sendall(chunk(b": here\n"))
        sock.sendall(chunk(b"\ndata: last\n\n"))
        sock.recv(1)

    assert heard(serve(lives), idle_ms=1_000) == [Event("last")]


def test_another_thread_may_close_it(serve: Any) -> None:
    server = serve(speaks(CHUNKED, chunk(b"data: x\n\n")))
    with follow(Sender(LOCAL), f"http://127.0.0.1:{server.port}/", {}) as stream:
        got: list[Event] = []
        for event in stream.events():
            got.append(event)
            threading.Thread(target=stream.close).start()
    assert got == [Event("x")]


def test_what_is_too_large_is_told_of_and_the_rest_still_heard(serve: Any) -> None:
    big = b"data: " + b"x" * 300_000 + b"\n\n"
    server = serve(speaks(CHUNKED, chunk(big), chunk(b"data: last\n\n")))
    assert heard(server, max_event=100_000) == [Event("", whole=False), Event("last")]
