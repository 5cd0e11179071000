"""Apprise words a message and our own guarded sender carries it; its mail goes to one server."""

import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from webui.channels.addresses import AllowList, Undeliverable
from webui.channels.http import Answer, Sender, look_up
from webui.channels.messenger import Messenger
from webui.channels.services import SERVICES, check_mail_url, check_service_url, masked

LOOPBACK = AllowList.of(["127.0.0.0/8"])
SECRET = "s3cr3t" * 5
URLS = {
    "discord": f"discord://123456789012345678/{'a' * 68}",
    "gotify": f"gotify://chat.example.org/{SECRET}",
    "gotifys": f"gotifys://chat.example.org/{SECRET}",
    "json": f"json://chat.example.org/{SECRET}",
    "jsons": f"jsons://chat.example.org:8443/{SECRET}",
    "mmost": f"mmost://chat.example.org/{'a' * 26}",
    "mmosts": f"mmosts://chat.example.org/{'a' * 26}",
    "ntfy": f"ntfy://chat.example.org/{SECRET}",
    "ntfys": f"ntfys://chat.example.org/{SECRET}",
    "pover": f"pover://{'u' * 30}@{'t' * 30}",
    "slack": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/",
    "tgram": "tgram://123456789:abcdefg_hijklmnop/12315544/",
}


@dataclass
class Noted:
    """What would be sent: the road ends here, so that services far away can be among the cases."""

    said: bytes = b"ok"
    sent: list[tuple[str, str, Mapping[str, str], bytes]] = field(default_factory=list)

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        self.sent.append((method, url, headers, body))
        return Answer(200, self.said, None)


def test_every_service_has_a_case() -> None:
    assert URLS.keys() == SERVICES.keys()


@pytest.mark.parametrize("schema", sorted(SERVICES))
def test_each_service_sends_one_request_by_our_road_and_names_no_other_server(
    schema: str,
) -> None:
    noted = Noted(b'{"ok": true}' if schema == "tgram" else b"ok")
    check_service_url(URLS[schema], [schema])
    Messenger(noted).send(URLS[schema], "Waits for you", "A line\nhttps://desk/a")  # type: ignore[arg-type]
    [(method, url, headers, body)] = noted.sent
    assert method == "POST"
    assert b"Waits" in body
    assert b"apprise" not in body.lower() + str(headers).lower().encode()
    plain = schema in {"gotify", "json", "mmost", "ntfy"}
    assert url.startswith("http://" if plain else "https://")


@pytest.mark.parametrize("schema", sorted(SERVICES))
def test_what_pages_show_of_a_url_holds_no_secret(schema: str) -> None:
    shown = masked(URLS[schema])
    assert shown in {f"{schema}://…", f"{schema}://chat.example.org/…"}
    assert masked("ntfy://my-secret-topic") == "ntfy://…"


class Answering(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("Location", self.server.leads_to)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def server() -> Iterator[Any]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering) as made:
        made.bodies, made.status, made.leads_to = [], 200, ""  # type: ignore[attr-defined]
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


def url_of(server: Any) -> str:
    return f"json://127.0.0.1:{server.server_address[1]}/x"


def test_a_service_on_the_network_gets_it(server: Any) -> None:
    Messenger(Sender(LOOPBACK)).send(url_of(server), "Title", "Body")
    [body] = server.bodies
    assert json.loads(body)["title"] == "Title"


def only_numbers(host: str, port: int) -> list[str]:
    """Resolve what names no server elsewhere."""
    if host.endswith((".sh", ".com")):
        raise OSError
    return look_up(host, port)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::1]", "[::ffff:127.0.0.1]",
        "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",  # noqa: S104
    ],
)  # fmt: skip
@pytest.mark.parametrize("schema", ["json", "jsons", "ntfy", "gotify", "mmosts"])
def test_no_service_leads_into_our_own_network(host: str, schema: str) -> None:
    messenger = Messenger(Sender(resolve=only_numbers))
    with pytest.raises(Undeliverable) as refused:
        messenger.send(f"{schema}://{host}:8000/{'a' * 26}", "Title", "Body")
    # what ntfy takes for a topic and not for a host stays unresolved here
    assert refused.value.permanent or schema == "ntfy"


def test_a_redirect_is_not_followed(server: Any) -> None:
    server.status, server.leads_to = 307, f"http://127.0.0.1:{server.server_address[1]}/y"
    with pytest.raises(Undeliverable, match="307; redirects are not followed"):
        Messenger(Sender(LOOPBACK)).send(url_of(server), "Title", "Body")
    assert len(server.bodies) == 1


def test_no_proxy_setting_is_read(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    Messenger(Sender(LOOPBACK)).send(url_of(server), "Title", "Body")
    assert len(server.bodies) == 1


@pytest.mark.parametrize(
    ("status", "for_good"),
    [(400, True), (401, True), (404, True), (410, True), (408, False), (429, False), (500, False), (503, False)],
)  # fmt: skip
def test_what_a_service_answers_is_said_and_judged(
    server: Any, status: int, for_good: bool
) -> None:
    server.status = status
    with pytest.raises(Undeliverable, match=f"answered {status}") as failed:
        Messenger(Sender(LOOPBACK)).send(url_of(server), "Title", "Body")
    assert failed.value.permanent is for_good


@pytest.mark.parametrize("url", ["discord://", "tgram://no-token", "slack://x"])
def test_an_incomplete_url_is_refused_without_a_word_of_it(url: str) -> None:
    with pytest.raises(Undeliverable) as refused:
        Messenger(Sender()).send(url, "Title", "Body")
    assert refused.value.permanent
    assert url not in refused.value.why


@pytest.mark.parametrize(
    "url",
    [
        "mailto://smtp.example.com?from=desk@example.com",
        "mailtos://user:pass@smtp.example.com:465?from=desk@example.com",
    ],
)
def test_a_mail_server_is_a_url_of_apprise(url: str) -> None:
    check_mail_url(url)


@pytest.mark.parametrize(
    "url",
    ["", "smtp.example.com", "smtp://host", "mailto://", "mailto://h:99999", "file:///etc", "mailto://a b"],
)  # fmt: skip
def test_what_is_no_mail_server_stops_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="must be like mailtos://"):
        check_mail_url(url)


def test_without_a_mail_server_nothing_is_mailed() -> None:
    with pytest.raises(Undeliverable, match="no mail server"):
        Messenger(Sender()).mail("ana@example.org", "Title", "Body")


@pytest.mark.parametrize(
    "address",
    ["a@example.org,b@example.org", "a@example.org b@example.org", "not an address", "", "a@b>"],
)  # fmt: skip
def test_mail_goes_to_one_address_or_to_none(address: str) -> None:
    messenger = Messenger(
        Sender(), "mailto://127.0.0.1:9?from=d@example.org&to=x@example.org"
    )
    with pytest.raises(
        Undeliverable, match=r"cannot be written to|cannot be used|not complete"
    ):
        messenger.mail(address, "Title", "Body")


def test_a_desk_that_tells_nobody_never_imports_apprise() -> None:
    code = (
        "import sys, webui.start, webui.worker, webui.web.app\n"
        "print(sorted({'apprise', 'requests'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
