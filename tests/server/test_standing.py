"""Whoever loses their standing loses their live sockets, wherever it was taken from them."""

import json
import re
from contextlib import ExitStack, suppress
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.plugins.served import Reviewer, ServedDesk, StartDesk
from webui.audit import actions
from webui.start import end_sockets
from webui.store.transaction import Wake

SESSION_ENDED = 4401


class Noted(list[str]):
    """Stands for the sockets: notes whose were ended, and whose are looked at."""

    def drop(self, *, user_id: str) -> None:
        self.append(f"drop {user_id}")

    def recheck(self, *, user_id: str = "", org_id: str = "") -> None:
        self.append(f"recheck {user_id or org_id}")


@pytest.mark.parametrize(
    "action",
    [
        actions.USER_SUSPENDED,
        actions.USER_PASSWORD_CHANGED,
        actions.USER_SWITCHED_ORG,
        actions.MEMBERSHIP_CHANGED,
        actions.MEMBERSHIP_SUSPENDED,
        actions.MEMBERSHIP_REMOVED,
    ],
)
def test_a_change_of_standing_ends_that_persons_sockets(action: str) -> None:
    noted = Noted()
    end_sockets(noted, [Wake("org_1", 7, action, "user:usr_bo")])  # type: ignore[arg-type]
    assert noted == ["drop usr_bo"]


@pytest.mark.parametrize(
    "action",
    [actions.USER_SIGNED_OUT, actions.USER_FACTOR_ADDED, actions.USER_FACTOR_REMOVED],
)
def test_the_end_of_some_sessions_looks_at_that_persons_sockets(action: str) -> None:
    noted = Noted()
    end_sockets(noted, [Wake("org_1", 7, action, "user:usr_bo")])  # type: ignore[arg-type]
    assert noted == ["recheck usr_bo"]


def test_a_new_setting_looks_at_the_orgs_sockets() -> None:
    noted = Noted()
    wake = Wake("org_1", 7, actions.SETTINGS_CHANGED, "org:org_1")
    end_sockets(noted, [wake])  # type: ignore[arg-type]
    assert noted == ["recheck org_1"]


def test_what_others_do_ends_nobodys_sockets() -> None:
    noted = Noted()
    wakes = [
        Wake("org_1", 7, actions.APPROVAL_DECIDED, "approval:apr_1"),
        Wake("org_1", 8, actions.USER_SIGNED_IN, "user:usr_bo"),
    ]
    end_sockets(noted, wakes)  # type: ignore[arg-type]
    assert noted == []


@pytest.mark.parametrize(
    "action",
    [
        actions.GRANT_CREATED,
        actions.GRANT_CHANGED,
        actions.GRANT_REVOKED,
        actions.GROUP_LEFT,
        actions.GROUP_DELETED,
        actions.DELEGATION_ENDED,
    ],
)
def test_a_change_of_reach_has_the_orgs_sockets_looked_at(action: str) -> None:
    noted = Noted()
    end_sockets(noted, [Wake("org_1", 7, action, "permission_grant:pgr_1")])  # type: ignore[arg-type]
    assert noted == ["recheck org_1"]


class Tab:
    """A browser's tab as the network sees it: signed in, with its live socket open."""

    def __init__(self, desk: ServedDesk, who: Reviewer, stack: ExitStack) -> None:
        self._origin = desk.dashboard
        self._jar = CookieJar()
        self._open = build_opener(ProxyHandler({}), HTTPCookieProcessor(self._jar)).open
        self.send("/sign-in", email=who.email, password=who.password)
        ticket = json.loads(self.send("/ws/ticket"))["ticket"]
        cookie = "; ".join(f"{kept.name}={kept.value}" for kept in self._jar)
        opening = connect(
            f"{self._origin.replace('http', 'ws', 1)}/ws?t={ticket}",
            origin=Origin(self._origin),
            additional_headers={"Cookie": cookie},
            proxy=None,
        )
        self.socket = stack.enter_context(opening)

    def read(self, path: str) -> str:
        """GET a page."""
        return str(self._open(self._origin + path).read().decode())

    def send(self, path: str, **fields: str) -> str:
        """POST a form as a page of this session does."""
        page = self.read("/sign-in?again=1")
        found = re.search(r'name="csrf-token" content="([^"]+)"', page)
        assert found is not None
        data = urlencode({"csrf_token": found[1], **fields}).encode()
        request = Request(  # noqa: S310 - our own desk
            self._origin + path, data, {"Origin": self._origin}
        )
        return str(self._open(request).read().decode())

    def ended_with(self) -> int:
        """Read to the end: the close code."""
        with suppress(ConnectionClosed):
            while True:
                self.socket.recv(timeout=60)
        return int(self.socket.close_code or 0)


def test_a_demoted_and_a_removed_persons_sockets_end_on_a_real_desk(
    start_desk: StartDesk,
) -> None:
    desk = start_desk()
    rae, bo, vi = desk.add("Rae"), desk.add("Bo"), desk.add("Vi")
    with ExitStack() as stack:
        tabs = {who.email: Tab(desk, who, stack) for who in (rae, bo, vi)}
        desk.command("users", "role", rae.email, "viewer")
        assert tabs[rae.email].ended_with() == SESSION_ENDED
        desk.command("users", "remove", bo.email)
        assert tabs[bo.email].ended_with() == SESSION_ENDED
        admin = Tab(desk, desk.admin, stack)
        page = admin.read("/people").partition(vi.email)[2]
        vi_id = page.partition("/people/")[2].partition("/")[0]
        admin.send(f"/people/{vi_id}/suspend")
        assert tabs[vi.email].ended_with() == SESSION_ENDED
