"""R14's game: two OpenCodes, a desk that listens to both, and all who meddle, by a seeded dice.

`Game.play` does acts in the order the dice says while bridges, attempts and the stand-ins' own
threads go on; `Game.close` lets every failure end and brings all to rest. What must hold then is
for `oracle.py` to say.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from tests.bridges.counted import FAILURES, TERMINAL, Counted
from tests.bridges.program import PASSWORD
from tests.plugins.rules import at_once, reviewer_of
from webui.approvals import ending
from webui.approvals.answering import deciding, undoing
from webui.approvals.answering.reviewing import Look
from webui.approvals.errors import DeskError
from webui.approvals.senders import sources
from webui.approvals.states import OPEN, Verdict
from webui.approvals.upstream import attempts
from webui.approvals.upstream.rows import UNDER_WAY
from webui.bridges import opencode as bridge
from webui.bridges.supervisor import Supervisor
from webui.channels.addresses import AllowList
from webui.channels.http import Sender
from webui.outbox.replier import Replier
from webui.store.models import Approval, Reply, Source

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plugins.chats import Chat
    from tests.plugins.desk import Member
    from tests.plugins.rules import Desk
    from webui.runtime import Runtime

LOCAL = AllowList.of(["127.0.0.1"])
EXPIRES = 40
"""Seconds that a card waits."""
LEASE = attempts.LEASE_MS
REST = 60.0
"""Seconds in which everything must come to rest; it takes one or two."""
WEIGHTS = {
    "prompt": 8,
    "decide": 10,
    "two_clickers": 4,
    "in_time": 4,
    "in_terminal": 4,
    "tell": 6,
    "later": 5,
    "listen": 4,
    "fail": 5,
    "hold": 4,
    "go_on": 4,
    "undo": 4,
    "cut": 3,
    "click": 2,
    "click_elsewhere": 2,
    "click_unknown": 1,
    "repeat": 2,
    "cancel": 2,
    "end_session": 1,
    "no_list": 1,
    "crash": 1,
    "shut_down": 1,
    "dies": 1,
}
"""How often each act comes, compared with the others."""
WAYS = {Verdict.APPROVE: ("once", "always"), Verdict.DENY: ("tell", "stop")}


@dataclass
class Place:
    """One OpenCode and the source that listens to it."""

    opencode: Counted
    source_id: str
    agent_id: str
    sessions: list[str] = field(default_factory=list)


@dataclass
class Game:
    """One run; every act is a method that takes nothing but the dice."""

    seed: int
    desk: Desk
    runtime: Runtime
    chat: Chat
    folder: Path
    places: list[Place] = field(default_factory=list)
    acts: list[str] = field(default_factory=list)
    """What was done, for whoever has to find out why."""
    rested: bool = False

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311 - a game, and the same for a seed
        for at, on_shutdown in enumerate(("reject", "keep")):
            self.places.append(self._place(at, on_shutdown))
        self.asked = 0
        self.passed = 0
        """ms since an attempt was last known to have ended."""
        self._begin()

    def _place(self, at: int, on_shutdown: str) -> Place:
        opencode = Counted(self.folder / f"{self.seed}-{at}")
        opencode.start()
        config = {
            "url": opencode.url,
            "expires_in": EXPIRES,
            "on_shutdown": on_shutdown,
        }
        org, name = self.desk.house.org_id, f"opencode {self.seed} {at}"
        made = self.desk.store.write(
            lambda tx: sources.create_source(
                tx,
                org,
                kind="opencode",
                name=name,
                agent=name,
                config=config,
                token=PASSWORD,
            )
        )
        with self.desk.store.reading() as session:
            agent = session.scalars(
                select(Source.agent_id).where(Source.id == made.source_id)
            ).one()
        return Place(opencode, made.source_id, agent)

    def _begin(self) -> None:
        sender = Sender(LOCAL, timeout_ms=10_000, max_answer=1 << 23)
        self.bridges = Supervisor(self.runtime, sender, first_pause=0.001)
        # two nodes send where several can live
        nodes = 1 if self.desk.store.on_sqlite else 2
        self.nodes = [Replier(self.runtime, Sender(LOCAL)) for _ in range(nodes)]
        self.bridges.look()

    # how it goes ------------------------------------------------------------------------

    def play(self, acts: int) -> None:
        """Do so many acts."""
        bridge.LIST_EVERY, bridge.SOON = 0.05, 0.02
        self.prompt()
        names = list(WEIGHTS)
        weights = [WEIGHTS[name] for name in names]
        for _ in range(acts):
            (name,) = self.dice.choices(names, weights)
            self.acts.append(name)
            getattr(self, name)()

    def close(self) -> None:
        """Let all failures end, and wait until nothing moves any more."""
        bridge.LIST_EVERY, bridge.SOON = 0.05, 0.02
        for place in self.places:
            place.opencode.failures.clear()
            place.opencode.refuses = 0
        self.settle_down()
        if self.dice.random() < 0.3:
            self.shut_down()
        self.bridges.look()
        if not self.listen():
            self._answer_fetches()
        end = time.monotonic() + REST
        for turn in count(1):
            if not self.moving() or time.monotonic() > end:
                break
            # longer and longer: what its server forgot is tried to be told for an hour
            self._turn(turn * LEASE + 1_000)
        heard_out = self._hear_out() and self._hear_out()
        self.rested = heard_out and not self.moving()

    def _answer_fetches(self) -> None:
        """Answer in its terminal what keeps 1.18.33 from listing what waits: see opencode.md."""
        for place in self.places:
            for waits in place.opencode.pending():
                if waits["permission"] == "webfetch":
                    place.opencode.answer(waits["id"], {"reply": "reject"}, TERMINAL)

    def _hear_out(self) -> bool:
        """Have everything that was said heard: a last question comes behind all of it.

        The first of two may be found in a list that is read before what was said earlier.
        """
        bridge.LIST_EVERY = REST
        for place in self.places:
            place.opencode.prompt(("bash", {"command": "echo last"}))
        heard = self.listen(REST)
        for place in self.places:
            for waits in place.opencode.pending():
                place.opencode.answer(waits["id"], {"reply": "once"}, TERMINAL)
        end = time.monotonic() + REST
        while self.moving() and time.monotonic() < end:
            time.sleep(0.002)
        return heard

    def _turn(self, ms: int) -> None:
        """Have everybody look once, and let so much time pass."""
        self.bridges.look()
        for place in self.places:
            place.opencode.emit("server.heartbeat", {})
        self.tell()
        self.settle_down()
        self.desk.clock.advance(ms)
        self.desk.sweep()

    def figures(self) -> dict[str, int]:
        """Count what was played through."""
        there = [place.opencode for place in self.places]
        sent = [each for one in there for some in one.posted.values() for each in some]
        return {
            "questions": sum(len(one.asked) for one in there),
            "replies": len(sent),
            "answered": sum(each.counted for each in sent),
        }

    def end(self) -> None:
        """Close every connection; nobody listens to these two any more."""
        self.settle_down()
        self.bridges.stop()
        for place in self.places:
            self._pause(place.source_id)
            place.opencode.close()

    def _pause(self, source_id: str) -> None:
        org = self.desk.house.org_id
        self.desk.store.write(lambda tx: sources.pause(tx, org, source_id))

    def moving(self) -> bool:
        """Say whether anything waits on either side."""
        if any(place.opencode.waiting for place in self.places):
            return True
        with self.desk.store.reading() as session:
            moves = or_(
                Reply.next_at.is_not(None),
                Approval.reply_state.in_(UNDER_WAY),
                Approval.status.in_(OPEN),
            )
            found = select(Reply.approval_id).join(
                Approval, Approval.id == Reply.approval_id
            )
            mine = Reply.source_id.in_([place.source_id for place in self.places])
            return session.scalar(found.where(mine, moves).limit(1)) is not None

    def settle_down(self) -> None:
        """Let what is held back go on, and wait for what is under way."""
        for place in self.places:
            place.opencode.flows.set()
        for node in self.nodes:
            node.wait()
        self.passed = 0

    # what the agents do -----------------------------------------------------------------

    def prompt(self) -> None:
        """Have a model ask for some calls, in a session of its own or in one that there is."""
        place = self.dice.choice(self.places)
        again = self.dice.random() < 0.3 and place.sessions
        session = self.dice.choice(place.sessions) if again else ""
        calls = [self._call() for _ in range(self.dice.choice((1, 1, 2, 3)))]
        place.sessions.append(place.opencode.prompt(*calls, session=session))
        if self.dice.random() < 0.7:
            self.listen()

    def _call(self) -> tuple[str, dict[str, Any]]:
        if self.dice.random() < 0.1:
            return "webfetch", {"url": "http://127.0.0.1:9/x", "format": "text"}
        if self.dice.random() > 0.2:
            self.asked += 1
        word = self.dice.choice(("echo", "rm"))
        return "bash", {"command": f"{word} q{self.asked}"}  # now and then asked before

    def repeat(self) -> None:
        """Say again what was asked."""
        for place in self.places:
            for waits in place.opencode.pending()[:1]:
                place.opencode.emit("permission.asked", waits)

    def cancel(self) -> None:
        """Have an agent withdraw a call."""
        card = self._card()
        if card is not None:
            self._try(lambda tx: ending.cancel(tx, card.org_id, card.agent_id, card.id))

    def end_session(self) -> None:
        """End the session of a call, and all that it waits for."""
        card = self._card()
        if card is not None and card.session is not None:
            of = (card.org_id, card.agent_id, card.session)
            self._try(lambda tx: ending.end_session(tx, *of))

    # what people do ---------------------------------------------------------------------

    def decide(self) -> None:
        """Have a person answer on the page."""
        card = self._card()
        if card is not None:
            self._vote(card, self.desk.house.rae, self.dice.choice(list(WAYS)))

    def two_clickers(self) -> None:
        """Have two people answer one card at once, one yes and one no."""
        card, house = self._card(), self.desk.house
        if card is not None:
            both = [Verdict.APPROVE, Verdict.DENY]
            self.dice.shuffle(both)
            people = zip((house.rae, house.bo), both, strict=True)
            at_once(*[self._voting(card, who, verdict) for who, verdict in people])
            self.tell()

    def in_time(self) -> None:
        """Let a deadline come, and have somebody answer at just that moment."""
        card = self._card()
        if card is not None:
            self._advance(max(0, card.expires_at - self.desk.store.now() - 3))
            verdict = self.dice.choice(list(WAYS))
            vote = self._voting(card, self.desk.house.rae, verdict)
            works: list[Callable[[], object]] = [vote, self.desk.sweep, self.tell]
            self.dice.shuffle(works)
            self.desk.clock.advance(self.dice.choice((0, 2, 4)))
            at_once(*works)

    def undo(self) -> None:
        """Have somebody take a verdict back, on its way or not."""
        card, by = self._card(), reviewer_of(self.desk.house.rae)
        if card is not None:
            self._try(lambda tx: undoing.undo(tx, by, card.org_id, card.id))

    def click(self) -> None:
        """Have somebody click in the channel where it is posted."""
        self._click("U1", self.chat.channel)

    def click_elsewhere(self) -> None:
        """Have somebody who might decide click in a channel it does not belong to."""
        self._click("U2", "C9999999999")

    def click_unknown(self) -> None:
        """Have somebody click whom the desk does not know."""
        self._click("U9", self.chat.channel)

    def _click(self, user: str, channel: str) -> None:
        self.chat.turn()
        message = self.dice.choice(list(self.chat.service.messages) or [""])
        if message and "Approve" in self.chat.buttons(message):
            self.chat.press("Approve", user, message_id=message, channel=channel)

    def in_terminal(self) -> None:
        """Have somebody answer where it was asked."""
        opencode = self.dice.choice(self.places).opencode
        for waits in opencode.pending()[-1:]:
            reply = self.dice.choice(("once", "once", "always", "reject"))
            opencode.answer(waits["id"], {"reply": reply}, TERMINAL)

    # what the desk does -----------------------------------------------------------------

    def listen(self, seconds: float = 1.0) -> bool:
        """Wait until what waits there is a card here, if it is listened to."""
        end = time.monotonic() + seconds
        while not self._all_filed():
            if time.monotonic() > end:
                return False
            time.sleep(0.002)
        return True

    def _all_filed(self) -> bool:
        for place in self.places:
            waits = {each["id"] for each in place.opencode.pending()}
            with self.desk.store.reading() as session:
                of = Reply.source_id == place.source_id
                if waits - set(session.scalars(select(Reply.source_ref).where(of))):
                    return False
        return True

    def tell(self) -> None:
        """Send what is due, without waiting for what comes of it."""
        for node in self.nodes:
            node.tell()

    def later(self) -> None:
        """Let some seconds pass."""
        self._advance(self.dice.choice((1_000, 3_000, 15_000)))
        self.desk.sweep()

    def _advance(self, ms: int) -> None:
        if self.passed + ms >= LEASE:  # an attempt never takes so long
            self.settle_down()
        self.passed += ms
        self.desk.clock.advance(ms)

    def crash(self) -> None:
        """End between taking a message and sending it; another process begins."""
        self.settle_down()
        self.bridges.stop()
        self.desk.store.write(lambda tx: attempts.claim(tx, 10))
        self._begin()

    def shut_down(self) -> None:
        """Stop as TERM does, and start again."""
        self.settle_down()
        self.bridges.stop()
        for node in self.nodes:
            node.close()
        self._begin()

    # what goes wrong --------------------------------------------------------------------

    def fail(self) -> None:
        """Let the next replies fail, each in a way of its own."""
        failures = self.dice.choices(FAILURES, k=self.dice.choice((1, 2)))
        self.dice.choice(self.places).opencode.failures += failures

    def hold(self) -> None:
        """Let replies hang until something else has happened."""
        self.dice.choice(self.places).opencode.flows.clear()

    def go_on(self) -> None:
        """Let all replies through."""
        for place in self.places:
            place.opencode.flows.set()

    def cut(self) -> None:
        """Break off the event streams of one OpenCode."""
        self.dice.choice(self.places).opencode.hang_up()

    def no_list(self) -> None:
        """Let a list not be readable, once."""
        self.dice.choice(self.places).opencode.refuses = 1

    def dies(self) -> None:
        """Restart an OpenCode: what waited there is gone."""
        self.settle_down()
        opencode = self.dice.choice(self.places).opencode
        opencode.kill()
        opencode.start()

    # ------------------------------------------------------------------------------------

    def _card(self) -> Approval | None:
        """Choose a card that is open here, late or not."""
        mine = Approval.source_id.in_([place.source_id for place in self.places])
        with self.desk.store.reading() as session:
            found = select(Approval).where(mine, Approval.status.in_(OPEN))
            cards = list(session.scalars(found.order_by(Approval.id)))
        return self.dice.choice(cards) if cards else None

    def _vote(self, card: Approval, who: Member, verdict: Verdict) -> None:
        self._voting(card, who, verdict)()
        if self.dice.random() < 0.7:
            self.tell()

    def _voting(self, card: Approval, who: Member, verdict: Verdict) -> Callable[[], None]:
        option, by = self.dice.choice(WAYS[verdict]), reviewer_of(who)
        of, look = (card.org_id, card.id), Look(None, card.version)
        return lambda: self._try(
            lambda tx: deciding.decide(tx, by, *of, verdict, "because", look, option=option)
        )

    def _try(self, unit: Callable[[Any], Any]) -> None:
        with contextlib.suppress(DeskError):  # refused, as it may well be by now
            self.desk.store.write(unit)
