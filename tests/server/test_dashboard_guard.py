"""The dashboard's door: its own hosts, its own pages' changes, and proxies named by the operator."""

from __future__ import annotations

import json
from typing import Any

import pytest


@pytest.mark.parametrize("host", ["127.0.0.1:{}", "localhost:{}", "[::1]:{}"])
def test_the_dashboard_answers_its_local_names(desk: Any, host: str) -> None:
    head = f"GET / HTTP/1.1\r\nHost: {host.format(desk.dashboard)}\r\n\r\n"
    assert desk.raw(desk.dashboard, head.encode()).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost", "localhost:1", "localhost.:{}"]
)
def test_another_host_is_refused(desk: Any, host: str) -> None:
    head = f"GET / HTTP/1.1\r\nHost: {host.format(desk.dashboard)}\r\n\r\n"
    answer = desk.raw(desk.dashboard, head.encode())
    assert answer.status == 421
    assert "COUNTERSIGN_PUBLIC_URL" in json.loads(answer.body)["detail"]


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1/approvals", "/api/pending"])
def test_the_api_is_not_here(desk: Any, path: str) -> None:
    assert desk.ask(desk.dashboard, path).status == 404


OWN = "Origin: http://127.0.0.1:{}"
LOCALHOST = "Origin: http://localhost:{}"
CHANGES = [
    ([OWN], 200),
    ([LOCALHOST], 200),
    ([OWN, "Sec-Fetch-Site: same-origin"], 200),
    (["Sec-Fetch-Site: same-origin"], 200),
    (["Origin: null", "Sec-Fetch-Site: same-origin"], 200),
    ([], 403),
    (["Origin: null"], 403),
    (["Origin: http://127.0.0.1:1"], 403),
    (["Origin: https://evil.example"], 403),
    (["Origin: https://evil.example", "Sec-Fetch-Site: same-origin"], 403),
    ([OWN, "Sec-Fetch-Site: same-site"], 403),
    ([OWN, "Sec-Fetch-Site: cross-site"], 403),
    (["Sec-Fetch-Site: none"], 403),
]


@pytest.mark.parametrize(("headers", "status"), CHANGES, ids=[str(c[0]) for c in CHANGES])
def test_only_our_own_pages_change_something(
    desk: Any, headers: list[str], status: int
) -> None:
    sent = [header.format(desk.dashboard) for header in headers]
    answer = desk.ask(desk.dashboard, "/change", "Content-Length: 0", *sent)
    assert answer.status == status, answer


def test_webhooks_come_from_elsewhere(desk: Any) -> None:
    origin = "Origin: https://hooks.example"
    answer = desk.ask(desk.dashboard, "/hooks/x", "Content-Length: 0", origin)
    assert answer.status == 200


def test_nobody_is_believed_about_addresses_by_default(desk: Any) -> None:
    claims = ("X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https")
    seen = json.loads(desk.ask(desk.dashboard, "/", *claims).body)
    assert seen["peer"] == "127.0.0.1"
    assert seen["scheme"] == "http"
    assert seen["claims"] == []


@pytest.fixture(scope="module")
def proxied(start: Any) -> Any:
    return start(
        COUNTERSIGN_TRUSTED_PROXIES="127.0.0.1/32,10.0.0.0/8",
        COUNTERSIGN_PUBLIC_URL="https://desk.example",
        COUNTERSIGN_AGENT_ALLOW_REMOTE="1",
        COUNTERSIGN_AGENT_PEERS="192.0.2.0/24",
        COUNTERSIGN_AGENT_HOSTS="agents.desk.example",
    )


@pytest.mark.parametrize(
    ("forwarded_for", "peer"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("6.6.6.6, 198.51.100.7", "198.51.100.7"),
        ("198.51.100.7, 10.1.2.3", "198.51.100.7"),
        ("nonsense", "127.0.0.1"),
    ],
)
def test_a_named_proxy_is_believed_about_whom_it_saw(
    proxied: Any, forwarded_for: str, peer: str
) -> None:
    claims = (f"X-Forwarded-For: {forwarded_for}", "X-Forwarded-Proto: https")
    seen = json.loads(proxied.ask(proxied.dashboard, "/", *claims).body)
    assert seen["peer"] == peer
    assert seen["scheme"] == "https"


def test_the_public_name_is_answered(proxied: Any) -> None:
    request = b"GET / HTTP/1.1\r\nHost: desk.example\r\n\r\n"
    assert proxied.raw(proxied.dashboard, request).status == 200


def test_the_public_origin_may_change_things(proxied: Any) -> None:
    origin = "Origin: https://desk.example"
    answer = proxied.ask(proxied.dashboard, "/change", "Content-Length: 0", origin)
    assert answer.status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (["X-Forwarded-For: 192.0.2.9"], 200),
        (["X-Forwarded-For: 192.0.2.9", "Via: 1.1 proxy"], 200),
        (["X-Forwarded-For: 198.51.100.9"], 403),
        (["X-Forwarded-For: 192.0.2.9, 198.51.100.9"], 403),
        (["X-Forwarded-For: ?"], 403),
        ([], 403),
        (["X-Forwarded-For: 192.0.2.9", "Origin: https://desk.example"], 403),
    ],
)
def test_remote_agents_come_through_the_named_proxy_from_named_networks(
    proxied: Any, headers: list[str], status: int
) -> None:
    head = ["GET /api/v1/echo HTTP/1.1", "Host: agents.desk.example", *headers]
    answer = proxied.raw(proxied.agents, ("\r\n".join(head) + "\r\n\r\n").encode())
    assert answer.status == status, answer
