"""The real server with a real upstream: stopped in the middle, and started again."""

from __future__ import annotations

import hashlib
import hmac
import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.outbox.standins import Helio
from tests.plugins.served import ServedDesk, StartDesk

pytestmark = pytest.mark.sure
FOR_EVER = 1_000_000
TIMEOUT = 120


def ask(made: dict[str, Any], ticket: str) -> str:
    body = json.dumps(
        {
            "event": "approval_requested",
            "ticket": {
                "id": ticket,
                "tool_name": "delete_record",
                "tool_input": {"id": ticket},
                "timeout_at": "2099-01-01T00:00:00.000Z",
                "status": "pending",
            },
        }
    ).encode()
    digest = hmac.new(made["secret"].encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "x-helio-signature": f"sha256={digest}"}
    request = urllib.request.Request(made["url"], body, headers)  # noqa: S310 - http
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310 - http
        approval_id: str = json.load(answer)["id"]
    return approval_id


def add(desk: ServedDesk, helio: Helio, token: Path, *more: str) -> dict[str, Any]:
    made: dict[str, Any] = desk.command(
        *("sources", "add", "Helio", "--kind", "helio"),
        *("--set", f"api_url={helio.url}", *more, "--token-from", str(token)),
    )
    return made


def test_what_is_on_its_way_at_a_stop_arrives_after_the_start_and_open_ones_are_rejected(
    start_desk: StartDesk, tmp_path: Path
) -> None:
    desk, helio, token = (
        start_desk(COUNTERSIGN_CALLBACK_ALLOW="127.0.0.1"),
        Helio(),
        tmp_path / "token",
    )
    token.write_text("api-secret")
    helio.tickets = {"sent": "pending", "open": "pending"}
    with helio.running():
        made = add(desk, helio, token, "--set", "on_shutdown=reject")
        sent, opened = ask(made, "sent"), ask(made, "open")
        helio.broken = FOR_EVER
        desk.command("approvals", "approve", sent, "--actor", desk.admin.email)
        assert helio.arrived.acquire(timeout=TIMEOUT)
        desk.stop()
        helio.broken = 0
        desk.start()
        while "pending" in helio.tickets.values():
            assert helio.arrived.acquire(timeout=TIMEOUT)
        assert helio.tickets == {"sent": "approved", "open": "denied"}
        assert helio.by["open"]["reason"].startswith("The source was shut down")
        desk.stop()
        desk.start()
        shown = [desk.command("approvals", "show", one) for one in (sent, opened)]
    assert [one["status"] for one in shown] == ["consumed", "cancelled"]
