"""The snippets of the pages about webhooks, run as they stand there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select
from werkzeug.serving import WSGIRequestHandler, make_server

from webui.approvals.senders import endpoints, sources
from webui.approvals.senders.outbound import CHOICES
from webui.outbox.courier import Courier
from webui.outbox.fanning import fan_out
from webui.settings import Settings
from webui.store.models import Approval

if TYPE_CHECKING:
    from flask import Flask

    from tests.plugins.desk import FileCall, House
    from webui.runtime import Runtime
    from webui.store.store import Store

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("sources/standard.md", "sources/hmac.md", "endpoints.md")
TEXT = "\n".join((DOCS / page).read_text("utf-8") for page in PAGES)


def test_the_page_of_endpoints_names_every_event() -> None:
    assert [event for event in CHOICES if f"`{event}`" not in TEXT] == []


def snippet(name: str) -> str:
    found = re.search(rf"```python\n# {re.escape(name)}\n(.*?)```", TEXT, re.DOTALL)
    assert found is not None, name
    return found[1]


class Quiet(WSGIRequestHandler):
    def log(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def served(dashboard: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, dashboard, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def settings(instance: Path, database_url: str) -> Settings:
    on_postgresql = database_url.startswith("postgresql")
    return Settings.model_validate(
        {
            "instance": instance,
            "database_url": database_url if on_postgresql else None,
            "callback_allow": ("127.0.0.1",),
        }
    )


@pytest.mark.parametrize(
    ("kind", "tool"), [("standard", "bank.transfer"), ("hmac", "db.drop")]
)
def test_what_the_page_tells_senders_to_do_files_an_approval(
    served: str, store: Store, house: House, kind: str, tool: str
) -> None:
    settings = re.search(r"```json\n(\{\n  \"signature_header.*?)```", TEXT, re.DOTALL)
    assert settings is not None
    config = json.loads(settings[1]) if kind == "hmac" else {}
    made = store.write(
        lambda tx: sources.create_source(
            tx, house.org_id, kind=kind, name="In", config=config
        )
    )
    run = subprocess.run(
        [sys.executable, "-c", snippet(f"send-{kind}.py")],
        env=os.environ
        | {
            "SOURCE_URL": f"{served}/hooks/{made.source_id}",
            "SOURCE_SECRET": made.secret,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    with store.reading() as session:
        approval = session.scalars(select(Approval)).one()
    assert json.loads(run.stdout) == {"id": approval.id, "status": "pending"}
    assert approval.tool == tool


def test_the_receiver_of_the_page_verifies_what_is_sent(
    store: Store, house: House, runtime: Runtime, file_call: FileCall
) -> None:
    # the receiver needs the secret before its port is known
    made = store.write(
        lambda tx: endpoints.create_endpoint(tx, house.org_id, "http://127.0.0.1:8000/")
    )
    process = subprocess.Popen(
        [sys.executable, "-c", snippet("receive.py")],
        env=os.environ | {"PORT": "0", "ENDPOINT_SECRET": made.secret},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline().split()[-1]
        store.write(lambda tx: _move(tx, made.endpoint_id, port))
        approval_id = file_call()
        fan_out(runtime)
        courier = Courier(runtime)
        assert courier.deliver() == 1
        courier.wait()
        assert process.stdout.readline().split() == ["approval.created", approval_id]
    finally:
        process.kill()
        process.communicate()


def _move(tx: Any, endpoint_id: str, port: str) -> None:
    from webui.store.models import Endpoint  # noqa: PLC0415

    tx.session.get_one(Endpoint, endpoint_id).url = f"http://127.0.0.1:{port}/"
    tx.session.flush()
