"""S6: thousands of hostile values through every page that shows an agent's text, in Chromium."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from countersign_client import Client, Refused
from countersign_client.ask import Ask
from playwright.sync_api import Page

from tests.hostile.judge import UNPROVED, WITHOUT_LIMITS, Judge
from tests.hostile.values import MARKUP, SEED, TEXTS, Hostile, generated, listed
from tests.plugins.served import At, ServedDesk, StartDesk, give_a_grant

pytestmark = pytest.mark.browser
IN_A_CALL: Final = 40  # what a card has room for
IN_A_LARGE_CALL: Final = 100
IN_A_ROUND: Final = 20
PROSE: Final = {
    "summary": 500, "reason": 2_000, "session": 200, "run": 200, "scope": 200,
}  # fmt: skip


@dataclass
class Filed:
    """One call that waits, and the values in it."""

    id: str
    values: list[Hostile]


@dataclass
class Rig:
    """A desk, an agent that lies in every field, and one reviewer's browser."""

    desk: ServedDesk
    page: Page
    judge: Judge
    rng: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311
    refused: list[str] = field(default_factory=list)
    unproved: int = 0
    """Yeses without the full view's proof; each was refused."""

    @property
    def client(self) -> Client:
        """The agent's."""
        return self.desk.client

    def text(self, longest: int) -> str:
        """Return a lie of at most this length, which the desk may not refuse for its NUL."""
        made = self.rng.choice(list(TEXTS.values()))(self.rng)
        return made.replace("\0", "0")[:longest] or "x"

    def file(self, values: list[Hostile]) -> Filed | None:
        """File one call of all these values, with lies around it."""
        names = {each.name: each.value for each in values}
        around: dict[str, Any] = {name: self.text(most) for name, most in PROSE.items()}
        around |= {
            "context": {self.text(60): self.text(200)},
            "ctx": {"cwd": self.text(200), self.text(40): self.text(40)},
            "trace": [{"label": self.text(200)}],
            "risk": self.rng.choice(("low", "medium")),
            # Of its own: the same one asked again takes the place of the earlier call.
            "source_ref": f"{self.text(180)} {values[0].name}",
            "expires_in": 3600,
        }
        try:
            asked = self.client.ask(f"shell.run {self.text(80)}", names, **around)
            self._talk(asked)
        except Refused as why:
            self.refused.append(str(why)[:200])
            return None
        return Filed(asked.id, values)

    def _talk(self, asked: Ask) -> None:
        asked.say(self.text(1_000))

    def round(self, calls: list[list[Hostile]]) -> None:
        """File them, look at every page they stand on, and withdraw them."""
        filed = [each for values in calls if (each := self.file(values))]
        self.page.goto("/")
        self.judge.look()
        for each in filed:
            self._card(each)
        for each in filed:
            self.page.goto(f"/approvals/{each.id}/full?decide=edit")
            self.judge.look(each.values)
        self.page.goto("/bulk?" + "&".join(f"id={each.id}" for each in filed))
        self.judge.look()
        for each in filed:
            self.client.cancel(each.id, self.text(200))

    def _card(self, each: Filed) -> None:
        """Open a call by its row, as a script puts it into the page."""
        link = self.page.locator(f"#row-{each.id} .row__open")
        if link.count():
            with self.page.expect_response(lambda got: f"{each.id}/panel" in got.url):
                link.click()
            self.page.wait_for_selector(f"#detail[data-id='{each.id}']")
        else:
            self.page.goto(f"/approvals/{each.id}")
        found = self.judge.look(each.values, whole=False)
        if not found["approvable"]:
            seal = self.page.locator("#detail input[name=seal]").first.input_value()
            status = self.page.evaluate(UNPROVED, [each.id, seal])
            assert status == 403, (each.id, status)
            self.unproved += 1

    def records(self) -> None:
        """Look at what tells of them afterwards."""
        for path in ("/history", "/audit", "/grants", "/?q=is:open"):
            answer = self.page.goto(path)
            if answer is not None and answer.ok:
                self.judge.look()


def in_parts(values: Iterator[Hostile], size: int) -> Iterator[list[Hostile]]:
    part: list[Hostile] = []
    for each in values:
        part.append(each)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part


def run(rig: Rig, values: Iterator[Hostile], size: int = IN_A_CALL) -> None:
    calls: list[list[Hostile]] = []
    for part in in_parts(values, size):
        calls.append(part)
        if len(calls) == IN_A_ROUND:
            rig.round(calls)
            calls = []
    if calls:
        rig.round(calls)
    rig.records()


@pytest.fixture(scope="module")
def lying(start_desk: StartDesk) -> ServedDesk:
    """A desk without limits of number, where one standing grant was made of a lie."""
    desk = start_desk(**WITHOUT_LIMITS)
    # With a sign that misleads it would be a call of high risk, for which nobody can give one.
    give_a_grant(desk.admin, desk, desk.key, of=MARKUP[0])
    return desk


@pytest.fixture
def rig(lying: ServedDesk, at: At) -> Rig:
    page = at(lying.admin, lying, forgiven="403", viewport={"width": 1280, "height": 800})
    return Rig(lying, page, Judge(page))


def tell(rig: Rig, report: Callable[..., None], count: int) -> None:
    report(
        rig="S6", values=count, pages=rig.judge.pages, canaries=rig.judge.ended, refused_at_intake=rig.refused[:5],
        yes_without_full_view_refused=rig.unproved, faults=rig.judge.faults[:20], violations=len(rig.judge.faults),
    )  # fmt: skip
    assert rig.judge.faults == []
    assert rig.refused == []
    assert rig.judge.ended >= count


@pytest.mark.parametrize(
    ("count", "size"),
    [
        (120, IN_A_CALL),
        pytest.param(1_000, IN_A_CALL, marks=pytest.mark.sure),
        pytest.param(20_000, IN_A_LARGE_CALL, marks=pytest.mark.proof),
    ],
)
def test_no_generated_value_runs_hides_or_passes_unread(
    rig: Rig, report: Callable[..., None], count: int, size: int
) -> None:
    run(rig, generated(count), size)
    tell(rig, report, count)


@pytest.mark.sure
def test_no_naughty_string_runs_hides_or_passes_unread(
    rig: Rig, report: Callable[..., None]
) -> None:
    run(rig, listed())
    tell(rig, report, len(list(listed())))
