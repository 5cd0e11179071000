"""Two nodes of the real server on one PostgreSQL."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.postgres


@pytest.fixture
def nodes(
    serve: Any, countersign: Any, empty_postgres_url: str, tmp_path: Path
) -> tuple[Any, Any, Any]:
    """Two servers with the same database and keys, and what `init` said."""
    from tests.plugins.countersign import environment_of  # noqa: PLC0415

    keys = {
        "DATABASE_URL": empty_postgres_url,
        "COUNTERSIGN_KEYS_FILE": str(tmp_path / "keys"),
    }
    made = countersign(environment_of(tmp_path / "a", **keys), "init", "--json")
    assert made.returncode == 0, made.stderr
    (tmp_path / "b").mkdir(mode=0o700)
    started = [serve(tmp_path / name, "--enable-admin-api", **keys) for name in "ab"]
    return started[0], started[1], json.loads(made.stdout)


def test_a_decision_on_one_node_wakes_the_poll_on_the_other_and_is_used_once(
    nodes: Any,
) -> None:
    a, b, first = nodes
    key, token = first["agent"]["key"], first["admin"]["token"]
    call = {"tool": "shell.run", "arguments": {"command": "ls"}}
    approval = a.call(key, "/api/v1/approvals", call)[1]
    assert b.call(key, "/api/v1/approvals", call)[1]["id"] == approval["id"]
    with ThreadPoolExecutor(8) as pool:
        poll = pool.submit(b.call, key, f"/api/v1/approvals/{approval['id']}?wait=60")
        status, decided = a.call(token, f"/api/approve/{approval['id']}", {"reason": "ok"})
        assert (status, decided["status"]) == (200, "approved")
        assert poll.result(50)[1]["status"] == "approved"
        path = f"/api/v1/approvals/{approval['id']}/consume"
        uses = [pool.submit(node.call, key, path, call) for node in (a, b) * 4]
        assert sorted(use.result()[0] for use in uses) == [200] + [409] * 7
    # PostgreSQL cannot even be asked about U+0000.
    assert a.call(key, "/api/v1/approvals/%00")[0] == 404
    assert a.call(key, "/api/v1/sessions/%00/end", {})[0] == 404
    assert a.call(key, "/api/v1/approvals?session=%00")[0] == 422


@pytest.mark.sure  # two servers of its own; one is in tests/cli
def test_a_key_revoked_by_the_command_line_ends_its_polls_on_every_node(
    nodes: Any, countersign: Any
) -> None:
    a, b, first = nodes
    key = first["agent"]["key"]
    approval = a.call(key, "/api/v1/approvals", {"tool": "t", "arguments": {}})[1]
    with ThreadPoolExecutor(2) as pool:
        path = f"/api/v1/approvals/{approval['id']}?wait=60"
        polls = [pool.submit(node.call, key, path) for node in (a, b)]
        done = countersign(a.environment, "keys", "revoke", key.split("_")[1])
        assert done.returncode == 0, done.stderr
        for poll in polls:
            assert poll.result(50)[0] in {401, 403}  # 401: it came after the revocation
    assert a.call(key, "/api/v1/me")[0] == b.call(key, "/api/v1/me")[0] == 401
