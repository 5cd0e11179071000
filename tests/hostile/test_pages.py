"""Hostile texts on every other page: what tells of calls, and what gives back what was typed or sent."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from countersign_client import Client, CountersignError, Refused
from playwright.sync_api import Page
from standardwebhooks import Webhook

from tests.hostile.attacks import ATTACKS
from tests.hostile.judge import WITHOUT_LIMITS, Judge
from tests.hostile.values import generated, naughty
from tests.plugins.served import TIMEOUT, At, ServedDesk, StartDesk, give_a_grant

pytestmark = pytest.mark.browser
IN_A_LINE: Final = 5
GENERATED: Final = 1_000
GIVEN_BACK: Final = (
    "/?q={}", "/history?q={}", "/history?tool={}", "/audit?actor={}", "/audit?action={}", "/insights?agent={}&tool={}", "/views/new?q={}",
    "/policy/lab?tool={}", "/policy?shelf={}", "/grants/{}", "/access/question?type=user&actor={}&action=audit:read&kind=org", "/sources/new?kind={}", "/no/such/{}",
)  # fmt: skip
TELLING: Final = (
    "/", "/?q=group:agent", "/?q=group:tool", "/history", "/history?status=denied", "/audit?verify=1", "/grants", "/grants/{grant}", "/insights", "/insights?days=7",
    "/agents", "/sources", "/sources/{source}", "/deliveries", "/deliveries/endpoints/{endpoint}", "/people", "/groups", "/access", "/access/work", "/access/tree",
    "/policy", "/policy/lab", "/policy/versions", "/policy/backtests", "/policy/shadow", "/policy/suggestions", "/account", "/account/notifications",
    "/delegations", "/settings", "/settings/providers", "/help", "/help/api",
)  # fmt: skip


def texts() -> list[str]:
    """Return the Big List, every hand-made attack and the first generated values, as texts."""
    made = [value for attack in ATTACKS for value in attack.arguments.values()]
    made += [each.value for each in generated(GENERATED)]
    return naughty() + [
        text if isinstance(text, str) else json.dumps(text) for text in made
    ]


def in_parts(these: list[str], size: int) -> Iterator[list[str]]:
    return (these[at : at + size] for at in range(0, len(these), size))


class Liar:
    """Puts each text wherever somebody who is no reviewer can put one."""

    def __init__(self, desk: ServedDesk) -> None:
        self.desk = desk
        self.client = desk.client
        self.taken = 0
        source = desk.command("sources", "add", "Gateway", "--kind", "standard")
        self.source, self.hook = source["id"], source["url"]
        self.secret = Webhook(source["secret"])
        self.endpoint = desk.command("endpoints", "add", "https://hooks.invalid/desk")["id"]
        desk.command("agents", "add", "gate")
        made = desk.command("keys", "add", "gate", "--scope", "write-gate")
        desk.command("orgs", "write-gate", "on")
        self.gate = Client(desk.agents, made["key"])
        self.grant = give_a_grant(desk.admin, desk, desk.key, of="<b>{{ 7 * 7 }}")

    def call(self, part: list[str], number: int) -> None:
        """File a call of these; it is denied, withdrawn or left, each with such a reason."""
        first = part[number % len(part)].replace("\0", "0")
        names = {f"{text[:40]}{place}": text for place, text in enumerate(part)}
        asked = self.client.ask(
            (first[:80].strip() or "x") + "!", names, summary=first[:500] or "x", session=first[:200] or "x",
            scope=first[:200] or "x", source_ref=f"{first[:150]} {number}", expires_in=3600,
        )  # fmt: skip
        self.taken += len(part)
        asked.say(first[:1_000] or "x")
        if number % 3 == 1:
            self.client.cancel(asked.id, first[:200])
        elif number % 3 == 2:
            said = {"verdict": "deny", "reason": first[:1_000] or "x"}
            self._post(f"/api/v1/review/approvals/{asked.id}/decide", said)

    def _post(self, path: str, body: Any) -> None:
        headers = {"Authorization": f"Bearer {self.desk.admin.token}", "Content-Type": "application/json"}  # fmt: skip
        data = json.dumps(body).encode()
        with urlopen(Request(self.desk.agents + path, data, headers), timeout=TIMEOUT):  # noqa: S310
            pass

    def deliver(self, part: list[str], number: int) -> None:
        """Have the source's program send them, signed; or what cannot be read."""
        body = json.dumps({"tool": part[0][:80] or "x", "arguments": {f"k{n}": text for n, text in enumerate(part)}})  # fmt: skip
        if number % 3 == 0:
            body = part[0] or "x"
        now = datetime.now(UTC)
        headers = {
            "Content-Type": "application/json", "webhook-id": f"msg_{number}", "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self.secret.sign(f"msg_{number}", now, body),
        }  # fmt: skip
        try:
            with urlopen(Request(self.hook, body.encode(), headers), timeout=TIMEOUT):  # noqa: S310
                pass
        except HTTPError as refusal:
            assert refusal.code < 500, (refusal.code, body)  # noqa: PT017

    def write(self, text: str) -> str | None:
        """Have a service hold a write of such a path; returns its page."""
        try:
            self.gate.write_gate(
                user=self.desk.admin.email, org="main", method="DELETE", path="/dav/" + quote(text[:300], safe="/?&=;%+#"),
                required=["files:write"], held=["files:write"],
            )  # fmt: skip
        except Refused as held:
            return str(held.problem.get("approval_url") or "") or None
        return None


def lab(page: Page, part: list[str]) -> None:
    """Try a call of these out."""
    page.goto("/policy/lab")
    page.locator("#tool").fill(part[0].replace("\n", " ")[:80] or "x")
    page.locator("#arguments").fill(
        json.dumps({f"k{n}": text for n, text in enumerate(part)})
    )
    page.get_by_role("button", name="Try it").click()
    page.wait_for_load_state()


def everywhere(liar: Liar, page: Page, judge: Judge, chosen: list[str]) -> None:
    """Look at every page that tells of what was sent, or gives back what was typed."""
    for text in chosen[:: max(1, len(chosen) // 60)]:
        if there := liar.write(text):
            page.goto(there)
            judge.look()
    for number, text in enumerate(chosen):
        typed = quote(text[:150].replace("\0", ""), safe="")
        page.goto(GIVEN_BACK[number % len(GIVEN_BACK)].replace("{}", typed))
        judge.look()
    for part in in_parts(chosen, 50):
        lab(page, part)
        judge.look()
    for path in TELLING:
        page.goto(path.format(grant=liar.grant, source=liar.source, endpoint=liar.endpoint))
        judge.look()
    for path in ("/history", "/audit"):  # to their last page
        page.goto(path)
        while (older := page.get_by_role("link", name="Older")).count():
            older.first.click()
            page.wait_for_load_state()
            judge.look()


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(40, marks=pytest.mark.sure),
        pytest.param(1, marks=pytest.mark.proof),
    ],
)
def test_no_page_runs_or_hides_what_strangers_write(
    start_desk: StartDesk, at: At, report: Callable[..., None], step: int
) -> None:
    desk = start_desk(**WITHOUT_LIMITS)
    liar = Liar(desk)
    chosen = texts()[::step]
    page = at(
        desk.admin,
        desk,
        forgiven="404|422|400|403",
        viewport={"width": 1280, "height": 800},
    )
    judge = Judge(page)
    refused = []
    for number, part in enumerate(in_parts(chosen, IN_A_LINE)):
        try:
            liar.call(part, number)
        except (
            CountersignError
        ) as why:  # names alike, or no tool at all: nobody is shown it
            refused.append(str(why)[:120])
        if number % 5 == 0:
            liar.deliver(part, number)
    everywhere(liar, page, judge, chosen)
    report(
        rig="S6 pages", texts=len(chosen), taken=liar.taken, refused=len(refused), why=sorted(set(refused))[:4], pages=judge.pages,
        faults=judge.faults[:20], violations=len(judge.faults),
    )  # fmt: skip
    assert judge.faults == []
    assert liar.taken > len(chosen) * 0.8
