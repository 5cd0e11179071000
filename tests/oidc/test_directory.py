"""What providers publish: read within bounds, kept for a while, never trusted with addresses."""

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from joserfc.jwk import JWKRegistry

from webui.channels.addresses import AllowList
from webui.channels.http import Sender
from webui.oidc.directory import FAILURE_FRESH, FRESH, KEYS_EVERY, Directory
from webui.oidc.wire import ProviderError, Wire

OPENED = AllowList(hosts=frozenset({"localhost"}))
KEY = JWKRegistry.generate_key("EC", "P-256", parameters={"kid": "one"})


@dataclass
class Publisher:
    """A server that says what a test wants, and counts."""

    url: str = ""
    said: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    hang: threading.Event = field(default_factory=threading.Event)

    def document(self, **changes: Any) -> dict[str, Any]:
        made = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
        }
        return {k: v for k, v in (made | changes).items() if v is not None}


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    made = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            found = made.said.get(self.path)
            if found == "hang":
                made.hang.wait(10)
                return
            body = found if isinstance(found, bytes) else json.dumps(found).encode()
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("localhost", 0), Handler)
    assert isinstance(server, socketserver.TCPServer)
    made.url = f"http://localhost:{server.server_port}"
    made.said = {
        "/.well-known/openid-configuration": made.document(),
        "/keys": {"keys": [KEY.as_dict(private=False)]},
    }
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.hang.set()
    server.shutdown()
    server.server_close()
    thread.join()


class Now:
    """A clock that a test sets forward."""

    at = 1_000_000_000

    def __call__(self) -> int:
        return self.at


@pytest.fixture
def now() -> Now:
    return Now()


Open = Callable[..., Directory]


@pytest.fixture
def opened(now: Now) -> Open:
    def make(allowed: AllowList = OPENED, timeout_ms: int = 5_000) -> Directory:
        return Directory(Wire(Sender(allowed, timeout_ms=timeout_ms)), now)

    return make


def why(call: Callable[[], Any]) -> str:
    with pytest.raises(ProviderError) as caught:
        call()
    return caught.value.why


def test_a_document_is_read_once_an_hour(
    publisher: Publisher, opened: Open, now: Now
) -> None:
    directory = opened()
    for _ in range(3):
        assert directory.metadata(publisher.url).token_endpoint.endswith("/token")
        assert [key.kid for key in directory.keys(publisher.url)] == ["one"]
    assert len(publisher.asked) == 2
    now.at += FRESH
    directory.keys(publisher.url)
    assert len(publisher.asked) == 4


def test_unknown_keys_are_looked_for_once_a_minute_at_most(
    publisher: Publisher, opened: Open, now: Now
) -> None:
    directory = opened()
    for _ in range(5):
        directory.keys(publisher.url, anew=True)
    assert publisher.asked.count("/keys") == 1
    now.at += KEYS_EVERY
    for _ in range(5):
        directory.keys(publisher.url, anew=True)
    assert publisher.asked.count("/keys") == 2


def test_a_failure_is_not_asked_for_again_at_once(
    publisher: Publisher, opened: Open, now: Now
) -> None:
    directory, good = opened(), publisher.said
    publisher.said = {}
    for _ in range(3):
        assert "status 404" in why(lambda: directory.metadata(publisher.url))
    assert len(publisher.asked) == 1
    publisher.said = good
    now.at += FAILURE_FRESH
    assert directory.metadata(publisher.url)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (b"[" * 60_000, "not a JSON object"),
        (b"x" * 200_000, "too long"),
        (b"[]", "not a JSON object"),
        (b"\xff", "not a JSON object"),
        (b"", "not a JSON object"),
    ],
)
def test_what_is_no_document_is_refused(
    publisher: Publisher, opened: Open, said: bytes, sentence: str
) -> None:
    publisher.said["/.well-known/openid-configuration"] = said
    assert sentence in why(lambda: opened().metadata(publisher.url))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"issuer": "https://other.example"}, "another issuer"),
        ({"issuer": None}, "another issuer"),
        ({"token_endpoint": None}, "no token_endpoint"),
        ({"token_endpoint": "http://127.0.0.1/token"}, "over https"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "cannot be used"),
        ({"jwks_uri": 7}, "no jwks_uri"),
        ({"userinfo_endpoint": "file:///etc/passwd"}, "cannot be used"),
    ],
)
def test_a_document_that_leads_elsewhere_is_refused(
    publisher: Publisher, opened: Open, changes: dict[str, Any], sentence: str
) -> None:
    publisher.said["/.well-known/openid-configuration"] = publisher.document(**changes)
    assert sentence in why(lambda: opened().metadata(publisher.url))


def test_a_slow_provider_is_given_up(publisher: Publisher, opened: Open) -> None:
    publisher.said["/.well-known/openid-configuration"] = "hang"
    directory = opened(timeout_ms=200)
    assert "No complete answer" in why(lambda: directory.metadata(publisher.url))


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"keys": []},
        {"keys": "x"},
        {"keys": [None, 7, {"kty": "oct", "k": "AAAA", "kid": "one"}]},
        {"keys": [{"kty": "RSA", "n": "x", "e": "x"}]},
        {"keys": [KEY.as_dict(private=False) | {"use": "enc"}]},
    ],
)
def test_keys_that_cannot_check_a_signature_are_no_keys(
    publisher: Publisher, opened: Open, keys: dict[str, Any]
) -> None:
    publisher.said["/keys"] = keys
    assert "no key to check" in why(lambda: opened().keys(publisher.url))


def test_our_own_network_is_closed_unless_it_was_opened(
    publisher: Publisher, opened: Open
) -> None:
    assert "over https" in why(lambda: opened(AllowList()).metadata(publisher.url))
    closed = publisher.url.replace("http://", "https://")
    assert "leads to this host" in why(lambda: opened(AllowList()).metadata(closed))
    assert publisher.asked == []
