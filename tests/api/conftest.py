"""Agents and reviewers calling the JSON API in process, through the guard of its listener."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from webui.approvals.agents import agents, tokens
from webui.approvals.agents.keys import read_key
from webui.approvals.answering.deciding import decide
from webui.approvals.answering.reviewing import Look, Reviewer
from webui.approvals.states import Verdict
from webui.store.models import Approval, Event

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

    from tests.plugins.desk import House, Member
    from webui.runtime import Runtime
    from webui.store.store import Store

HOST = "127.0.0.1:9111"


@pytest.fixture
def database_url(sqlite_database: str) -> str:
    """SQLite alone: the rules are tested on both databases elsewhere, here HTTP is."""
    return sqlite_database


@pytest.fixture
def agents_app(runtime: Runtime) -> Flask:
    """The agents' application behind its guard."""
    from webui.api.app import create_app  # noqa: PLC0415
    from webui.api.guard import Door, guarded  # noqa: PLC0415
    from webui.start import revoke_leaked  # noqa: PLC0415

    app = create_app(runtime)
    door = Door(frozenset({HOST}), runtime.settings.body_bytes)
    app.wsgi_app = guarded(  # type: ignore[method-assign,assignment]
        app.wsgi_app, door, lambda text: revoke_leaked(runtime, text)
    )
    return app


@dataclass(frozen=True)
class Caller:
    """A program or person with a key; answers have `.json` and `.status_code`."""

    client: FlaskClient
    key: str | None

    def using(self, key: str | None) -> Caller:
        """The same with another key."""
        return replace(self, key=key)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, base_url=f"http://{HOST}", headers=self._sent(headers))

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        """POST JSON; `bytes` are sent as they are."""
        options: dict[str, Any] = {"headers": self._sent(headers)}
        if isinstance(body, bytes) and body:
            options |= {"data": body, "content_type": "application/json"}
        elif body is not None and body != b"":
            options["json"] = body
        else:
            options["environ_overrides"] = {"CONTENT_LENGTH": "0"}
        return self.client.post(path, base_url=f"http://{HOST}", **options)

    def file(self, tool: str = "shell.run", /, **more: Any) -> dict[str, Any]:
        """File a call and return the approval."""
        body = {"tool": tool, "arguments": {"command": "ls"}} | more
        answer = self.post("/api/v1/approvals", body)
        assert answer.status_code in {200, 201}, answer.json
        document: dict[str, Any] = answer.json  # type: ignore[assignment]
        return document

    def _sent(self, headers: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return (
            named if self.key is None else {"Authorization": f"Bearer {self.key}"} | named
        )


@pytest.fixture
def ci(agents_app: Flask, house: House) -> Caller:
    """The agent that nobody owns."""
    client = FlaskClient(agents_app, agents_app.response_class, use_cookies=False)
    return Caller(client, house.ci.key)


Settle = Callable[..., None]


@pytest.fixture
def settle(store: Store, house: House) -> Settle:
    """Decide an approval as a person: `settle(id)` approves, `settle(id, "deny", "why")`."""

    def settling(
        approval_id: str,
        verdict: str = "approve",
        reason: str = "",
        by: Member | None = None,
    ) -> None:
        who = by or house.rae
        reviewer = Reviewer(who.id, who.name, "page")
        decided = store.write(
            lambda tx: decide(
                tx,
                reviewer,
                house.org_id,
                approval_id,
                Verdict(verdict),
                reason,
                Look(None, 1),
            )
        )
        assert decided.applied

    return settling


@pytest.fixture
def used(ci: Caller, settle: Settle) -> dict[str, Any]:
    """A call that was filed, approved and consumed: the answer of `consume`."""
    approval = ci.file()
    settle(approval["id"])
    answer = ci.post(
        f"/api/v1/approvals/{approval['id']}/consume",
        {"fingerprint": approval["fingerprint"]},
    )
    assert answer.status_code == 200, answer.json
    document: dict[str, Any] = answer.json  # type: ignore[assignment]
    return document


@pytest.fixture
def token(store: Store, house: House) -> Callable[..., str]:
    """Make a personal token: `token(house.rae)`."""

    def make(
        member: Member,
        org_id: str | None = None,
        expires_at: int | None = None,
        scopes: Collection[str] = tokens.TOKEN_SCOPES,
    ) -> str:
        return store.write(
            lambda tx: tokens.create_token(
                tx,
                org_id or house.org_id,
                member.id,
                label="test",
                expires_at=expires_at,
                scopes=scopes,
            )
        )

    return make


@pytest.fixture
def new_key(store: Store, house: House) -> Callable[..., str]:
    """Give the agent `ci` another key."""

    def make(*scopes: str, expires_at: int | None = None) -> str:
        return store.write(
            lambda tx: agents.create_key(
                tx,
                house.org_id,
                house.ci.id,
                scopes=scopes or agents.DEFAULT_SCOPES,
                expires_at=expires_at,
            )
        )

    return make


@pytest.fixture
def revoke(store: Store, house: House) -> Callable[[str], None]:
    """Revoke an agent's key by its text."""

    def revoking(text: str) -> None:
        presented = read_key(text)
        assert presented is not None
        store.write(lambda tx: agents.revoke_key(tx, house.org_id, presented.id))

    return revoking


@pytest.fixture
def actions(store: Store, house: House) -> Callable[[], list[str]]:
    """The names of all events of the org, in order."""

    def names() -> list[str]:
        with store.reading() as session:
            rows = session.query(Event.action).where(Event.org_id == house.org_id)
            return [row.action for row in rows.order_by(Event.seq)]

    return names


@pytest.fixture
def demand(store: Store) -> Callable[..., None]:
    """Set what a rule would."""

    def demanding(approval_id: str, **columns: Any) -> None:
        change = update(Approval).where(Approval.id == approval_id).values(**columns)
        store.write(lambda tx: tx.execute(change) and None)

    return demanding
