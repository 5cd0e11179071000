"""A desk under a policy a second time: budgets that are reserved and given back, rules that
change under what was approved, and groups that are asked later.

The sister of `simulation`, whose desk has no policy. A call is one amount: what is small passes
within the budget of an hour, what is large is asked of one group, and later of another.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from tests.plugins.rules import Desk
from tests.plugins.simulation import LEASE, MEMORY, TICK, WINDOW, Answer
from webui.approvals.answering import escalating
from webui.approvals.asking.ask import Filed
from webui.approvals.errors import DeskError
from webui.approvals.states import LIVE, OPEN, Status, Verdict
from webui.approvals.use.using import Used
from webui.approvals.words import NOT_USABLE
from webui.audit.agreement import findings
from webui.store.models import Approval, PolicyCount

AMOUNTS = (5, 9, 40, 60)
BUDGET = 100
SMALL = 10
HOUR = 3_600_000
TIMEOUT = 1_800_000
ESCALATED = 300_000
ATTEMPTS = 3
VERSIONS = ("one", "other")
"""Two policies that differ in the rule for what is large."""
DECIDERS = {"finance": "ana", "legal": "rae"}
PEOPLE = ("ana", "rae", "bo")


def policy_of(tool: str, version: str) -> str:
    """Return a policy; the tool's name keeps the counters of one run apart from another's."""
    return f"""
version: "1"
tools:
  {tool}:
    rules:
      - name: budget
        conditions: [{{path: state.{tool}.spent, op: lte, value: {BUDGET}}}]
        state: {{counter: spent, window: hour, increment_from: args.amount}}
        on_deny: The budget of this hour is used up.
      - name: small
        action: allow
        conditions: [{{path: args.amount, op: lte, value: {SMALL}}}]
      - name: large, {version}
        action: require_approval
        conditions: [{{path: args.amount, op: gt, value: {SMALL}}}]
        approvers: [finance]
        escalate_after: 5m
        escalate_to: legal
        approval_timeout: 30m
"""


@dataclass
class Row:
    """What the model knows of an approval."""

    amount: int
    rule: str
    expires: int
    status: Status
    usable: int = 0
    version: int = 1
    decided_at: int | None = None
    escalates: int | None = None
    groups: tuple[str, ...] = ("finance",)
    voter: str = ""
    attempts: int = 0
    uses: int = 0
    lease_until: int = 0
    given_back: bool = False
    reserved: int | None = None
    """The hour in which its amount is counted."""

    @property
    def settled_by_rule(self) -> bool:
        """Whether nobody was asked; such a row is nobody's twin."""
        return not self.rule.startswith("large")


@dataclass
class RuledModel:
    """The rules in the shortest words; `now` is the desk's own clock, in ms."""

    now: int
    policy: str = VERSIONS[0]
    rows: list[Row] = field(default_factory=list)
    spent: dict[int, int] = field(default_factory=dict)
    """By the hour."""

    def state(self) -> list[Answer]:
        rows: list[Answer] = [(str(r.status), r.version, r.attempts) for r in self.rows]
        return [*rows, ("spent", sum(self.spent.values()))]

    def advance(self, ticks: int) -> Answer:
        self.now += ticks * TICK
        return ("later",)

    def change(self, version: str) -> Answer:
        self.policy = version
        return ("changed",)

    def _left(self, without: Row | None = None) -> int:
        hour = self.now // HOUR
        mine = without is not None and without.reserved == hour
        used = self.spent.get(hour, 0) - (without.amount if mine and without else 0)
        return BUDGET - used

    def _rule(self, amount: int, of: Row | None = None) -> str:
        if amount > self._left(of):
            return "budget"
        return "small" if amount <= SMALL else f"large, {self.policy}"

    def _count(self, row: Row) -> None:
        row.reserved = self.now // HOUR
        self.spent[row.reserved] = self.spent.get(row.reserved, 0) + row.amount

    def _to(self, row: Row, status: Status) -> None:
        row.status, row.version = status, row.version + 1

    def _end_if_over(self, row: Row) -> None:
        late = row.status in OPEN and self.now >= row.expires
        if late or (row.status is Status.APPROVED and self.now >= row.usable):
            self._to(row, Status.EXPIRED)
        elif row.status is Status.EXECUTING and self.now >= row.lease_until:
            self._to(row, Status.UNKNOWN)

    def submit(self, amount: int) -> Answer:
        return self._ask(amount, use=False)

    def gate(self, amount: int) -> Answer:
        return self._ask(amount, use=True)

    def _ask(self, amount: int, *, use: bool) -> Answer:
        rule = self._rule(amount)
        if not rule.startswith("large"):
            return self._settle(amount, rule, use=use)
        same = [
            at for at, r in enumerate(self.rows) if (r.amount, r.rule) == (amount, rule)
        ]
        for at in same:
            row = self.rows[at]
            if row.status in LIVE:
                self._end_if_over(row)
            if row.status is Status.EXECUTING:
                return ("refused", "in_progress")
            if row.status is Status.APPROVED and use:
                return self._take(at)
            if row.status in LIVE:
                return ("filed", at, True, str(row.status))
        for at in reversed(same):
            row = self.rows[at]
            if row.status is Status.DENIED:
                if (row.decided_at or 0) > self.now - MEMORY:
                    return ("filed", at, True, "denied")
                break
        self._take_place(amount, rule)
        until = self.now + TIMEOUT
        row = Row(amount, rule, until, Status.PENDING, escalates=self.now + ESCALATED)
        self.rows.append(row)
        return ("filed", len(self.rows) - 1, False, "pending")

    def _take_place(self, amount: int, rule: str) -> None:
        for row in self.rows:
            if row.amount == amount and row.rule != rule and row.status in OPEN:
                self._end_if_over(row)
                if row.status in OPEN:
                    self._to(row, Status.SUPERSEDED)

    def _settle(self, amount: int, rule: str, *, use: bool) -> Answer:
        allowed = rule == "small"
        if allowed:  # a budget that is used up says no for now, and ends nothing that waits
            self._take_place(amount, rule)
        status = Status.APPROVED if allowed else Status.DENIED
        row = Row(amount, rule, self.now + TIMEOUT, status, usable=self.now + TIMEOUT)
        self.rows.append(row)
        if allowed:
            self._count(row)
            if use:
                return self._take(len(self.rows) - 1)
        return ("filed", len(self.rows) - 1, False, str(status))

    def decide(self, who: str, at: int, verdict: Verdict) -> Answer:
        row = self.rows[at]
        if row.status in OPEN or row.status is Status.APPROVED:
            self._end_if_over(row)
        asked = () if row.settled_by_rule else row.groups
        if who == "bo" and asked:
            return ("refused", "not_in_required_group")
        if asked and who not in {DECIDERS[name] for name in asked}:
            return ("refused", "not_in_required_group")
        if row.status not in OPEN:
            won = (
                row.voter == f"{who} {verdict}"
                and not (row.status is Status.DENIED and verdict is not Verdict.DENY)
                and not (row.status is not Status.DENIED and verdict is Verdict.DENY)
            )
            return ("decided", False, None if won else "already_settled", str(row.status))
        row.voter, row.decided_at = f"{who} {verdict}", self.now
        yes = verdict is Verdict.APPROVE
        self._to(row, Status.APPROVED if yes else Status.DENIED)
        row.usable = max(row.expires, self.now + WINDOW)
        return ("decided", True, None, str(row.status))

    def consume(self, at: int) -> Answer:
        row = self.rows[at]
        self._end_if_over(row)
        if row.status is not Status.APPROVED:
            return ("refused", NOT_USABLE[row.status][0])
        return self._take(at)

    def _take(self, at: int) -> Answer:
        row = self.rows[at]
        rule = self._rule(row.amount, row)
        if rule != row.rule:
            return ("refused", "denied" if rule == "budget" else "policy_changed")
        if row.reserved is None:
            self._count(row)
        self._to(row, Status.EXECUTING)
        row.attempts, row.uses = row.attempts + 1, row.uses + 1
        row.lease_until, row.given_back = self.now + LEASE.length, False
        return ("used", at)

    def roll_back(self, at: int) -> Answer:
        row = self.rows[at]
        if row.given_back:
            return ("is", str(row.status))
        if row.status is not Status.EXECUTING or self.now >= row.lease_until:
            return ("refused", "lease_over")
        if row.reserved == self.now // HOUR:
            self.spent[row.reserved] -= row.amount
        row.reserved, row.given_back = None, True
        again = row.attempts < ATTEMPTS and row.usable > self.now
        self._to(row, Status.APPROVED if again else Status.FAILED)
        return ("is", str(row.status))

    def report(self, at: int) -> Answer:
        row = self.rows[at]
        if row.status is Status.CONSUMED:
            return ("is", "consumed")
        if row.status not in {Status.EXECUTING, Status.UNKNOWN}:
            return ("refused", "already_ended")
        self._to(row, Status.CONSUMED)
        return ("is", "consumed")

    def escalate(self) -> Answer:
        for row in self.rows:
            due = row.escalates is not None and row.escalates <= self.now
            if due and row.status in OPEN and self.now < row.expires:
                row.groups, row.version = ("finance", "legal"), row.version + 1
            if due:
                row.escalates = None
        return ("escalated",)

    def sweep(self) -> Answer:
        for row in self.rows:
            self._end_if_over(row)
        return ("swept",)


@dataclass
class RuledRun:
    """The same operations on a real desk; `tool` is this run's own."""

    desk: Desk
    tool: str
    ids: list[str] = field(default_factory=list)
    tokens: dict[int, str] = field(default_factory=dict)

    def begin(self) -> int:
        """Put the policy in force; return the time.

        It is half a tick away from the edge of an hour, which is more than a run takes.
        """
        now = self.desk.store.now()
        begin = (now // TICK + 1) * TICK + TICK // 2
        self.desk.clock.advance(begin - now)
        self.change(VERSIONS[0])
        return begin

    def state(self) -> list[Answer]:
        columns = (Approval.id, Approval.status, Approval.version, Approval.attempts)
        with self.desk.store.reading() as session:
            found = session.execute(select(*columns).where(Approval.id.in_(self.ids)))
            by_id: dict[str, Answer] = {row[0]: tuple(row[1:]) for row in found}
            name = f"{self.tool}.spent"
            counts = select(PolicyCount.value).where(PolicyCount.counter == name)
            spent = sum(session.scalars(counts))
        return [*(by_id[each] for each in self.ids), ("spent", spent)]

    def advance(self, ticks: int) -> Answer:
        self.desk.clock.advance(ticks * TICK)
        return ("later",)

    def change(self, version: str) -> Answer:
        self.desk.set_policy(policy_of(self.tool, version))
        return ("changed",)

    def _number(self, approval: Approval) -> int:
        if approval.id not in self.ids:
            self.ids.append(approval.id)
        return self.ids.index(approval.id)

    def _call(self, amount: int) -> dict[str, Any]:
        asked = {"amount": amount}
        return {"tool": self.tool, "arguments": asked, "expires_in": TIMEOUT}

    def submit(self, amount: int) -> Answer:
        try:
            return self._told(self.desk.submit(**self._call(amount)))
        except DeskError as error:
            return ("refused", error.code)

    def gate(self, amount: int) -> Answer:
        try:
            return self._told(self.desk.gate(**self._call(amount), lease=LEASE))
        except DeskError as error:
            return ("refused", error.code)

    def _told(self, answer: Filed | Used) -> Answer:
        at = self._number(answer.approval)
        if isinstance(answer, Used):
            self.tokens[at] = answer.lease_token
            return ("used", at)
        return ("filed", at, answer.reused, str(answer.approval.status))

    def decide(self, who: str, at: int, verdict: Verdict) -> Answer:
        person = getattr(self.desk.house, who)
        try:
            decided = self.desk.decide(person, self.ids[at], verdict)
        except DeskError as error:
            return ("refused", error.code)
        code = None if decided.refusal is None else decided.refusal.code
        return ("decided", decided.applied, code, str(decided.approval.status))

    def consume(self, at: int) -> Answer:
        answer = self.desk.consume(self.ids[at], lease=LEASE)
        if isinstance(answer, DeskError):
            return ("refused", answer.code)
        return self._told(answer)

    def roll_back(self, at: int) -> Answer:
        try:
            row = self.desk.roll_back(self.ids[at], self.tokens[at])
        except DeskError as error:
            return ("refused", error.code)
        return ("is", str(row.status))

    def report(self, at: int) -> Answer:
        try:
            row = self.desk.report(self.ids[at], self.tokens[at], "ok")
        except DeskError as error:
            return ("refused", error.code)
        return ("is", str(row.status))

    def escalate(self) -> Answer:
        while self.desk.store.write(escalating.escalate_due):
            pass
        return ("escalated",)

    def sweep(self) -> Answer:
        while self.desk.sweep():
            pass
        return ("swept",)

    def check(self) -> None:
        """Hold the tables against the log."""
        with self.desk.store.reading() as session:
            org_id = self.desk.house.org_id
            assert findings(session.connection(), org_id, pruned=False) == []
