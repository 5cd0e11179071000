"""The desk a second time, as a dictionary: what each operation answers and leaves behind.

`Model` predicts, `Run` does the same to a real desk; both speak in numbers of approvals and
plain words, so that any two of them can be compared, step by step.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sqlalchemy import select

from tests.plugins.desk import Member, Program
from tests.plugins.rules import Desk
from webui.approvals import ending
from webui.approvals.arguments import effective_arguments, open_arguments
from webui.approvals.ask import Filed
from webui.approvals.canonical import fingerprint
from webui.approvals.errors import DeskError
from webui.approvals.leases import Lease
from webui.approvals.quorum import NOES, YESES
from webui.approvals.states import LIVE, NEXT, OPEN, Status, Verdict
from webui.approvals.using import Used
from webui.approvals.words import NOT_USABLE
from webui.store.models import Approval, Consumption, Decision, Event

TICK = 100_000
TTL = 950_000
LEASE = Lease(length=150_000, longest=400_000)
MEMORY = 600_000
WINDOW = 300_000
ATTEMPTS = 3
AGENTS = ("ci", "deploy_bot")
PEOPLE = ("ana", "bo", "rae", "vi")
OWNER = {"deploy_bot": "bo"}
CALLS = 3
SHARED_REF = (0, 1)
"""Calls that an upstream files under one source_ref: the newer takes the older's place."""

ANSWERED_NO = (Status.DENIED, Status.ANSWERED)
Answer = tuple[Any, ...]


@dataclass
class Row:
    """What the model knows of an approval."""

    agent: str
    call: int
    required: int
    expires: int
    status: Status = Status.PENDING
    version: int = 1
    seen: int = 1
    usable: int = 0
    decided_at: int | None = None
    votes: dict[str, Verdict] = field(default_factory=dict)
    """Those that count."""
    edited: int | None = None
    """Which of the arguments an edit left; none before the first."""
    edits: int = 0
    messages: int = 0
    attempts: int = 0
    uses: int = 0
    started: int = 0
    lease_until: int = 0
    given_back: bool = False


@dataclass
class Model:
    """The rules in the shortest words; `now` is ms since the model began."""

    now: int = 0
    rows: list[Row] = field(default_factory=list)

    def state(self) -> list[Answer]:
        """Return what must be committed by now."""
        return [
            (str(r.status), r.version, r.seen, r.attempts, r.edits, r.messages)
            for r in self.rows
        ]

    def advance(self, ticks: int) -> Answer:
        self.now += ticks * TICK
        return ("later",)

    def _to(self, row: Row, status: Status) -> None:
        row.status, row.version = status, row.version + 1

    def _over(self, row: Row) -> bool:
        if row.status in OPEN:
            return self.now >= row.expires
        return row.status is Status.APPROVED and self.now >= row.usable

    def _end_if_over(self, row: Row) -> None:
        if self._over(row):
            self._to(row, Status.EXPIRED)
        elif row.status is Status.EXECUTING and self.now >= row.lease_until:
            self._to(row, Status.UNKNOWN)

    def submit(self, agent: str, call: int, required: int) -> Answer:
        return self._ask(agent, call, required, use=False)

    def gate(self, agent: str, call: int, required: int) -> Answer:
        return self._ask(agent, call, required, use=True)

    def _ask(self, agent: str, call: int, required: int, *, use: bool) -> Answer:
        same = [at for at, r in enumerate(self.rows) if (r.agent, r.call) == (agent, call)]
        for at in same:
            row = self.rows[at]
            if row.status in LIVE:
                self._end_if_over(row)
            if row.status is Status.EXECUTING:
                return ("refused", "in_progress")
            if row.status is Status.APPROVED and use:
                return self._use(at)
            if row.status in LIVE:
                row.seen += 1
                return ("filed", at, True, str(row.status))
        for at in reversed(same):
            denied_at = self.rows[at].decided_at
            if self.rows[at].status in ANSWERED_NO and denied_at is not None:
                if denied_at > self.now - MEMORY:
                    return ("filed", at, True, str(self.rows[at].status))
                break
        return self._file(agent, call, required)

    def _file(self, agent: str, call: int, required: int) -> Answer:
        if call in SHARED_REF:
            for row in self.rows:
                other = row.call in SHARED_REF and row.call != call
                if row.agent == agent and other and row.status in OPEN:
                    self._end_if_over(row)
                    if row.status in OPEN:
                        self._to(row, Status.SUPERSEDED)
        self.rows.append(Row(agent, call, required, self.now + TTL))
        return ("filed", len(self.rows) - 1, False, "pending")

    def decide(self, who: str, at: int, verdict: Verdict, value: int = 0) -> Answer:
        """Give a verdict; `value` says which arguments an edit leaves."""
        row = self.rows[at]
        if verdict is Verdict.EDIT and row.edited is None and value == 0:
            return ("refused", "no_changes")  # before the desk is even asked
        if self._over(row):  # written down even when the verdict is refused
            self._to(row, Status.EXPIRED)
        refusal = self._refusal(row, who, verdict, value)
        if refusal is not None:
            return ("refused", refusal)
        if row.status not in OPEN:
            repeat = row.decided_at is not None and row.votes.get(who) is verdict
            code = None if repeat and self._won(row, verdict, value) else "already_settled"
            return ("decided", False, code, str(row.status))
        if verdict is Verdict.REQUEST_CHANGES:
            self._to(row, Status.NEEDS_REVISION)
            row.messages += 1
            return ("decided", True, None, str(row.status))
        return self._vote(row, who, verdict, value)

    def _refusal(self, row: Row, who: str, verdict: Verdict, value: int) -> str | None:
        if who == OWNER.get(row.agent):
            return "self_approval"
        if who == "vi":
            return "missing_grant"
        if row.status is Status.NEEDS_REVISION and verdict not in NOES:
            return "needs_revision"
        again = verdict is Verdict.EDIT and value == row.edited
        return "no_changes" if again and row.status in OPEN else None

    def _won(self, row: Row, verdict: Verdict, value: int) -> bool:
        if row.status in ANSWERED_NO:
            return verdict in NOES
        return verdict is Verdict.APPROVE or row.edited == value

    def _vote(self, row: Row, who: str, verdict: Verdict, value: int) -> Answer:
        mine = row.votes.get(who)
        if mine is not None and not (verdict is Verdict.EDIT and mine in YESES):
            code = None if mine is verdict else "already_decided_by_you"
            return ("decided", False, code, str(row.status))
        if verdict is Verdict.EDIT:
            row.votes = {by: each for by, each in row.votes.items() if each in NOES}
            row.edited, row.edits = value, row.edits + 1
        row.votes[who] = verdict
        if verdict in NOES:
            denied = verdict is Verdict.DENY
            self._to(row, Status.DENIED if denied else Status.ANSWERED)
            row.decided_at = self.now
        elif sum(each in YESES for each in row.votes.values()) >= row.required:
            self._to(row, Status.APPROVED)
            row.decided_at, row.usable = self.now, max(row.expires, self.now + WINDOW)
        else:
            row.version += 1
        return ("decided", True, None, str(row.status))

    def say(self, agent: str, at: int) -> Answer:
        """Have an agent write about a call, its own or not."""
        row = self.rows[at]
        if row.agent != agent:
            return ("refused", "not_found")
        if row.status not in OPEN or self._over(row):
            return ("refused", "already_settled")
        row.messages += 1
        if row.status is Status.NEEDS_REVISION:
            self._to(row, Status.PENDING)
        return ("is", str(row.status))

    def consume(self, at: int, *, value: int) -> Answer:
        """Use a yes for what was asked (0), an edit of it, or something else (-1)."""
        row = self.rows[at]
        self._end_if_over(row)
        if row.status is not Status.APPROVED:
            return ("refused", NOT_USABLE[row.status][0])
        right = value in {0, row.edited}
        return self._use(at) if right else ("refused", "fingerprint_mismatch")

    def _use(self, at: int) -> Answer:
        row = self.rows[at]
        self._to(row, Status.EXECUTING)
        row.attempts, row.uses = row.attempts + 1, row.uses + 1
        row.started, row.lease_until = self.now, self.now + LEASE.length
        row.given_back = False
        return ("used", at, row.edited or 0)

    def _fits(self, row: Row, token: int) -> bool:
        return 0 < row.uses == token

    def roll_back(self, at: int, token: int) -> Answer:
        row = self.rows[at]
        if not self._fits(row, token):
            return ("refused", "wrong_lease")
        if row.given_back:
            return ("is", str(row.status))
        if row.status is not Status.EXECUTING or self.now >= row.lease_until:
            return ("refused", "lease_over")
        again = row.attempts < ATTEMPTS and row.usable > self.now
        self._to(row, Status.APPROVED if again else Status.FAILED)
        row.given_back = True
        return ("is", str(row.status))

    def report(self, at: int, token: int, result: str) -> Answer:
        row = self.rows[at]
        if not self._fits(row, token):
            return ("refused", "wrong_lease")
        goal = {"ok": Status.CONSUMED, "error": Status.FAILED, "unknown": Status.UNKNOWN}[
            result
        ]
        if row.status is goal:
            return ("is", str(row.status))
        late = row.status is Status.UNKNOWN and goal is Status.CONSUMED
        if row.status is not Status.EXECUTING and not late:
            return ("refused", "already_ended")
        self._to(row, goal)
        return ("is", str(row.status))

    def heartbeat(self, at: int, token: int) -> Answer:
        row = self.rows[at]
        if not self._fits(row, token):
            return ("refused", "wrong_lease")
        if row.status is not Status.EXECUTING or self.now >= row.lease_until:
            return ("refused", "lease_over")
        latest = min(self.now + LEASE.length, row.started + LEASE.longest)
        row.lease_until = max(row.lease_until, latest)
        return ("renewed",)

    def cancel(self, agent: str, at: int) -> Answer:
        row = self.rows[at]
        if row.agent != agent:
            return ("refused", "not_found")
        if row.status is Status.CANCELLED:
            return ("is", "cancelled")
        if row.status not in OPEN or self._over(row):
            return ("refused", "not_pending")
        self._to(row, Status.CANCELLED)
        return ("is", "cancelled")

    def end_session(self, agent: str) -> Answer:
        own = [r for r in self.rows if r.agent == agent and r.status in OPEN]
        living = [row for row in own if self.now < row.expires]
        for row in living:
            self._to(row, Status.CANCELLED)
        return ("ended", len(living))

    def sweep(self) -> Answer:
        for row in self.rows:
            self._end_if_over(row)
        return ("swept",)


@dataclass
class Run:
    """The same operations on a real desk. `name` keeps runs on one desk apart."""

    desk: Desk
    name: str
    ids: list[str] = field(default_factory=list)
    tokens: dict[int, list[str]] = field(default_factory=dict)

    def state(self) -> list[Answer]:
        """Return what is committed."""
        columns = (
            Approval.id,
            Approval.status,
            Approval.version,
            Approval.seen_count,
            Approval.attempts,
            Approval.edits,
            Approval.message_count,
        )
        with self.desk.store.reading() as session:
            found = session.execute(select(*columns).where(Approval.id.in_(self.ids)))
            by_id = {row[0]: tuple(row[1:]) for row in found}
        return [by_id[each] for each in self.ids]

    def advance(self, ticks: int) -> Answer:
        self.desk.clock.advance(ticks * TICK)
        return ("later",)

    def _agent(self, name: str) -> Program:
        agent: Program = getattr(self.desk.house, name)
        return agent

    def _agent_of(self, at: int) -> Program:
        agent_id = self.desk.row(self.ids[at]).agent_id
        return next(a for a in map(self._agent, AGENTS) if a.id == agent_id)

    def _ask(self, agent: str, call: int) -> dict[str, Any]:
        return {
            "agent": self._agent(agent),
            "arguments": self._arguments(call, 0),
            "session": self.name,
            "source_ref": f"{self.name}-ref" if call in SHARED_REF else None,
            "expires_in": TTL,
        }

    def _arguments(self, call: int, value: int) -> dict[str, Any]:
        return {"run": self.name, "call": call, "value": value}

    def _asked(self, at: int) -> dict[str, Any]:
        """Return what was asked."""
        with self.desk.store.reading() as session:
            row = session.get_one(Approval, self.ids[at])
            return open_arguments(session, self.desk.store.keyring, row).value

    def submit(self, agent: str, call: int, required: int) -> Answer:
        try:
            filed = self.desk.submit(**self._ask(agent, call))
        except DeskError as error:
            return ("refused", error.code)
        return self._filed(filed, required)

    def _filed(self, filed: Filed, required: int) -> Answer:
        approval = filed.approval
        if not filed.reused:
            self.ids.append(approval.id)
            self.desk.demand(approval.id, approvals_required=required)
        at = self.ids.index(approval.id)
        return ("filed", at, filed.reused, str(approval.status))

    def gate(self, agent: str, call: int, required: int) -> Answer:
        try:
            answer = self.desk.gate(**self._ask(agent, call), lease=LEASE)
        except DeskError as error:
            return ("refused", error.code)
        if isinstance(answer, Filed):
            return self._filed(answer, required)
        return self._used(answer)

    def _used(self, used: Used) -> Answer:
        at = self.ids.index(used.approval.id)
        self.tokens.setdefault(at, []).append(used.lease_token)
        with self.desk.store.reading() as session:
            keyring = self.desk.store.keyring
            runs = effective_arguments(session, keyring, used.approval).value
        return ("used", at, runs["value"])

    def decide(self, who: str, at: int, verdict: Verdict, value: int = 0) -> Answer:
        person: Member = getattr(self.desk.house, who)
        answer = "It is 42." if verdict is Verdict.RESPOND else None
        try:
            edit = None
            if verdict is Verdict.EDIT:
                changed = self._asked(at) | {"value": value}
                edit = self.desk.prepared(self.ids[at], changed)
            decided = self.desk.decide(
                person, self.ids[at], verdict, "because", answer=answer, edit=edit
            )
        except DeskError as error:
            return ("refused", error.code)
        code = None if decided.refusal is None else decided.refusal.code
        return ("decided", decided.applied, code, str(decided.approval.status))

    def say(self, agent: str, at: int) -> Answer:
        try:
            row = self.desk.reply(self.ids[at], "Staging.", self._agent(agent))
        except DeskError as error:
            return ("refused", error.code)
        return ("is", str(row.status))

    def consume(self, at: int, *, value: int) -> Answer:
        by = self._agent_of(at)
        print_of = fingerprint(
            org=by.org_id,
            agent=by.id,
            tool="shell.run",
            arguments=self._asked(at) | {"value": value},
        )
        answer = self.desk.consume(self.ids[at], by, fingerprint=print_of, lease=LEASE)
        if isinstance(answer, DeskError):
            return ("refused", answer.code)
        return self._used(answer)

    def _token(self, at: int, number: int) -> str:
        given = self.tokens.get(at, [])
        return given[number - 1] if 0 < number <= len(given) else "lse_guess"

    def roll_back(self, at: int, token: int) -> Answer:
        try:
            row = self.desk.roll_back(
                self.ids[at], self._token(at, token), self._agent_of(at)
            )
        except DeskError as error:
            return ("refused", error.code)
        return ("is", str(row.status))

    def report(self, at: int, token: int, result: str) -> Answer:
        try:
            row = self.desk.report(
                self.ids[at], self._token(at, token), result, self._agent_of(at)
            )
        except DeskError as error:
            return ("refused", error.code)
        return ("is", str(row.status))

    def heartbeat(self, at: int, token: int) -> Answer:
        try:
            self.desk.heartbeat(
                self.ids[at], self._token(at, token), LEASE, self._agent_of(at)
            )
        except DeskError as error:
            return ("refused", error.code)
        return ("renewed",)

    def cancel(self, agent: str, at: int) -> Answer:
        try:
            row = self.desk.cancel(self.ids[at], self._agent(agent))
        except DeskError as error:
            return ("refused", error.code)
        return ("is", str(row.status))

    def end_session(self, agent: str) -> Answer:
        by = self._agent(agent)
        ended = self.desk.store.write(
            lambda tx: len(ending.end_session(tx, by.org_id, by.id, self.name))
        )
        return ("ended", ended)

    def sweep(self) -> Answer:
        while self.desk.sweep():
            pass
        return ("swept",)

    def check(self) -> None:
        """Hold the rows and the log of this run against the invariants I1 to I12."""
        for approval_id in self.ids:
            self._check_one(approval_id)

    def _check_one(self, approval_id: str) -> None:
        with self.desk.store.reading() as session:
            row = session.get_one(Approval, approval_id)
            votes = session.scalars(
                select(Decision).where(
                    Decision.approval_id == approval_id, Decision.reset_at.is_(None)
                )
            ).all()
            uses = session.scalars(
                select(Consumption)
                .where(Consumption.approval_id == approval_id)
                .order_by(Consumption.id)
            ).all()
        events = self.desk.events(approval_id)
        house = self.desk.house
        moves = _moves(events)
        # I1, I6: at most one decision each, never by whom it must not be
        voters = [vote.user_id for vote in votes]
        assert len(voters) == len(set(voters))
        assert not {row.agent_owner, row.on_behalf_of, house.vi.id} & set(voters)
        actions = [event.action for event in events]
        assert actions.count("approval.decided") <= 1
        # I2: at most one use lives
        alive = [use for use in uses if use.ended_at is None]
        assert len(alive) == (row.status == "executing")
        # I3, I4, I5, I11: used only after a yes in time, within its window
        if uses:
            assert row.usable_until is not None
            assert "approved" in moves
            assert all(
                (row.decided_at or 0) <= use.started_at < row.usable_until for use in uses
            )
        assert row.decided_at is None or row.decided_at < row.expires_at
        # I7, I9, I12: what moved is exactly what the log tells, in that order
        assert moves[0] == "pending"
        assert moves[-1] == row.status
        assert all(Status(new) in NEXT[Status(old)] for old, new in pairwise(moves))
        assert _versions(events) == list(range(1, row.version + 1))
        # I8, I10: one fingerprint, one org
        told = [json.loads(event.payload or b"{}") for event in events]
        assert {each["fingerprint"] for each in told if "fingerprint" in each} == {
            row.fingerprint
        }
        orgs = [each.org_id for each in votes] + [each.org_id for each in uses]
        assert {*orgs, *(event.org_id for event in events)} == {row.org_id}


def _moves(events: list[Event]) -> list[str]:
    """Return the statuses in the order the log tells them, each move joined to the last."""
    moves: list[str] = []
    for event in events:
        told = json.loads(event.payload or b"{}")
        if event.action == "approval.created":
            moves.append(told["status"])
        elif told.get("old_status") is not None:
            assert told["old_status"] == moves[-1]
            moves.append(told["status"])
    return moves


def _versions(events: list[Event]) -> list[int]:
    """Return the versions that moves and votes made."""
    versions = []
    for event in events:
        told = json.loads(event.payload or b"{}")
        if event.action == "approval.created" or told.get("old_status") is not None:
            versions.append(told["version"])
        elif event.action == "approval.vote":
            versions.append(told["version"] + 1)
    return versions
