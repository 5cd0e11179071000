"""Second factors for tests: an app whose codes are known, a passkey, and what the log says."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from tests.plugins.authenticator import Authenticator
from tests.plugins.desk import PASSWORD, Browser, House, Member, TestClock
from webui.factors import changing, totp
from webui.factors.passkeys import NewPasskey
from webui.store.models import Event, TotpSecret
from webui.store.store import Store

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from webui.store.transaction import Transaction

HEADERS = {"HX-Request": "true"}


@dataclass
class App:
    """An authenticator app that is set up for somebody."""

    secret: bytes
    store: Store
    clock: TestClock
    recovery: list[str]

    def code(self, ahead: int = 0) -> str:
        """The code that it shows now, or some steps later."""
        return totp.code_at(self.secret, self.store.now() // totp.STEP + ahead)

    def next_code(self) -> str:
        """A code that was never shown before."""
        self.clock.advance(totp.STEP)
        return self.code()


@pytest.fixture
def app_of(store: Store, house: House, clock: TestClock) -> Callable[[Member], App]:
    """Set up an app for somebody; its first code is used up by that."""

    def set_up(member: Member) -> App:
        store.write(lambda tx: changing.start_app(tx, member.id))
        with store.reading() as session:
            sealed = session.get_one(TotpSecret, member.id).sealed
        secret = store.keyring.open_own(changing.SEAL, member.id, sealed)
        app = App(secret, store, clock, [])
        app.recovery = store.write(
            lambda tx: changing.confirm_app(tx, house.org_id, member.id, "", app.code())
        )
        return app

    return set_up


@pytest.fixture
def passkey_of(store: Store, house: House) -> Callable[..., Authenticator]:
    """Give somebody a passkey on a device of their own."""

    def give(member: Member, name: str = "laptop") -> Authenticator:
        device = Authenticator(user_handle=member.id.encode())
        numbers = device.key.public_key().public_numbers()
        import cbor2  # noqa: PLC0415 - few tests need it

        key = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        new = NewPasskey(device.id, cbor2.dumps(key), 0)

        def unit(tx: Transaction) -> list[str]:
            return changing.add_passkey(tx, house.org_id, member.id, "", new, name)

        store.write(unit)
        return device

    return give


@pytest.fixture
def told_of(store: Store, house: House) -> Callable[[str], list[dict[str, Any]]]:
    """Return what the org's log says under a name, oldest first."""

    def read(action: str) -> list[dict[str, Any]]:
        with store.reading() as session:
            rows = session.scalars(
                select(Event)
                .where(Event.action == action, Event.org_id == house.org_id)
                .order_by(Event.seq)
            ).all()
        return [json.loads(row.payload or b"{}") for row in rows]

    return read


def give_password(browser: Browser, member: Member, **more: str) -> TestResponse:
    """Take the first step of signing in."""
    return browser.send("/sign-in", email=member.email, password=PASSWORD, **more)


def post(browser: Browser, path: str, /, **fields: str) -> TestResponse:
    """POST with the token of the page that is open to whoever is between the steps."""
    page = browser.get("/sign-in/second", follow_redirects=True).get_data(as_text=True)
    found = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert found is not None
    return browser.post(path, data={"csrf_token": found[1], **fields})


def options(browser: Browser, path: str) -> dict[str, Any]:
    """Ask the desk what to ask the browser."""
    answer = browser.post(path, headers=HEADERS | {"X-CSRFToken": browser.csrf_token()})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    asked: dict[str, Any] = answer.get_json()
    return asked


def is_in(browser: Browser) -> bool:
    """Say whether the browser may open the queue."""
    return browser.get("/").status_code == 200


def secret_on(page: str) -> bytes:
    """Read the key of a new app as a person would type it."""
    found = re.search(r'id="app-secret">([A-Z2-7 ]+)<', page)
    assert found is not None, page
    return base64.b32decode(found[1].replace(" ", ""))
