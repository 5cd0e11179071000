"""The desk a second time, as a dictionary: what each operation answers and leaves behind.

`Model` predicts, `Run` does the same to a real desk; both speak in numbers of approvals and
plain words, so that any two of them can be compared, step by step.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise, permutations
from typing import Any, TypeVar

from sqlalchemy import select

from tests.plugins.desk import Member, Program
from tests.plugins.rules import Desk, reviewer_of
from webui.approvals import ending
from webui.approvals.answering import claiming, revoking
from webui.approvals.answering.quorum import NOES, YESES
from webui.approvals.answering.reviewing import Decided, Reviewer
from webui.approvals.asking.ask import Filed
from webui.approvals.call.arguments import effective_arguments, open_arguments
from webui.approvals.call.canonical import fingerprint
from webui.approvals.errors import DeskError
from webui.approvals.grants import covering
from webui.approvals.grants.granting import MOST_LIVE, GrantWish
from webui.approvals.people import groups
from webui.approvals.people.standing import By
from webui.approvals.ruling.terms import group_ids
from webui.approvals.states import LIVE, NEXT, OPEN, Status, Verdict
from webui.approvals.use.leases import Lease
from webui.approvals.use.using import Used
from webui.approvals.words import NOT_USABLE
from webui.store.models import Approval, Consumption, Decision, Event, StandingGrant
from webui.store.transaction import Transaction

T = TypeVar("T")

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
CLAIM = 250_000
GRANT_USES = 2
GRANT_ENDS = 86_400_000
GROUPS = {"finance": ("ana", "rae"), "legal": ("rae",)}
"""Bo is in neither."""


@dataclass(frozen=True)
class Terms:
    """What it takes to settle a call, as a rule would set it."""

    required: int = 1
    denials: int = 1
    approvers: tuple[str, ...] = ()
    distinct: bool = False
    veto: tuple[str, ...] = ()


TERMS = (
    Terms(),
    Terms(required=2),
    Terms(required=2, approvers=("finance", "legal"), distinct=True),
    Terms(denials=2, veto=("legal",)),
    Terms(approvers=("finance",), veto=("legal",), denials=2),
)
SHARED_REF = (0, 1)
"""Calls that an upstream files under one source_ref: the newer takes the older's place."""

ANSWERED_NO = (Status.DENIED, Status.ANSWERED)
Answer = tuple[Any, ...]


@dataclass
class Row:
    """What the model knows of an approval."""

    agent: str
    call: int
    terms: Terms
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
    claimed_by: str | None = None
    claim_ends: int = 0
    grant: int | None = None
    """Which standing grant covered it; then it is nobody's twin."""


@dataclass
class Given:
    """What the model knows of a standing grant."""

    agent: str
    call: int
    value: int
    first: int
    """The approval that it was given with."""
    ends: int
    used: int = 0
    over: bool = False
    revoked: bool = False


@dataclass
class Model:
    """The rules in the shortest words; `now` is ms since the model began."""

    now: int = 0
    rows: list[Row] = field(default_factory=list)
    grants: list[Given] = field(default_factory=list)

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

    def submit(self, agent: str, call: int, terms: int) -> Answer:
        return self._ask(agent, call, terms, use=False)

    def gate(self, agent: str, call: int, terms: int) -> Answer:
        return self._ask(agent, call, terms, use=True)

    def _ask(self, agent: str, call: int, terms: int, *, use: bool) -> Answer:
        same = [
            at
            for at, row in enumerate(self.rows)
            if (row.agent, row.call) == (agent, call) and row.grant is None
        ]
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
        return self._file(agent, call, terms, use=use)

    def _file(self, agent: str, call: int, terms: int, *, use: bool) -> Answer:
        grant = self._covering(agent, call)
        if call in SHARED_REF:
            for row in self.rows:
                other = row.call in SHARED_REF and row.call != call
                if row.agent == agent and other and row.status in OPEN:
                    self._end_if_over(row)
                    if row.status in OPEN:
                        self._to(row, Status.SUPERSEDED)
        self.rows.append(Row(agent, call, TERMS[terms], self.now + TTL))
        at = len(self.rows) - 1
        if grant is not None:
            self._cover(self.rows[at], grant)
            if use:
                return self._use(at)
        return ("filed", at, False, str(self.rows[at].status))

    def _covering(self, agent: str, call: int) -> int | None:
        for number, grant in enumerate(self.grants):
            fits = (grant.agent, grant.call, grant.value) == (agent, call, 0)
            if fits and not grant.over and self.now < grant.ends:
                return number
        return None

    def _cover(self, row: Row, number: int) -> None:
        grant = self.grants[number]
        grant.used += 1
        grant.over = grant.used >= GRANT_USES
        row.status, row.grant, row.decided_at = Status.APPROVED, number, self.now
        row.usable = min(grant.ends, self.now + WINDOW)

    def _stands(self, row: Row) -> bool:
        if row.grant is None:
            return True
        grant = self.grants[row.grant]
        return not grant.revoked and self.now < grant.ends

    def decide(
        self, who: str, at: int, verdict: Verdict, value: int = 0, grant: bool = False
    ) -> Answer:
        """Give a verdict; `value` says which arguments an edit leaves."""
        row = self.rows[at]
        if verdict is Verdict.EDIT and row.edited is None and value == 0:
            return ("refused", "no_changes")  # before the desk is even asked
        self._end_if_open_and_over(row)  # written down even when the verdict is refused
        refusal = self._refusal(row, who, verdict, value, grant=grant)
        if refusal is not None:
            return ("refused", refusal)
        if row.status not in OPEN:
            repeat = row.decided_at is not None and row.votes.get(who) is verdict
            won = repeat and not grant and self._won(row, verdict, value)
            return ("decided", False, None if won else "already_settled", str(row.status))
        if verdict is Verdict.REQUEST_CHANGES:
            self._to(row, Status.NEEDS_REVISION)
            row.messages += 1
            return ("decided", True, None, str(row.status))
        return self._vote(at, who, verdict, value, grant=grant)

    def _end_if_open_and_over(self, row: Row) -> None:
        if self._over(row):
            self._to(row, Status.EXPIRED)

    def _refusal(
        self, row: Row, who: str, verdict: Verdict, value: int, *, grant: bool
    ) -> str | None:
        may_not = self._may_not(row, who, yes=verdict in YESES)
        if may_not is not None or row.status not in OPEN:
            return may_not
        if row.status is Status.NEEDS_REVISION and verdict not in NOES:
            return "needs_revision"
        if verdict is Verdict.EDIT and value == row.edited:
            return "no_changes"
        if grant:
            if verdict not in YESES:
                return "invalid"
            if row.terms.required > 1:
                return "grant_not_offered"
        return None

    def _may_not(self, row: Row, who: str, *, yes: bool = False) -> str | None:
        if who == OWNER.get(row.agent):
            return "self_approval"
        if who == "vi":
            return "missing_grant"
        groups = row.terms.approvers
        if groups and not yes:
            groups += row.terms.veto
        inside = any(who in GROUPS[name] for name in groups)
        return None if inside or not groups else "not_in_required_group"

    def _won(self, row: Row, verdict: Verdict, value: int) -> bool:
        if row.status is Status.DENIED:
            return verdict is Verdict.DENY
        if row.status is Status.ANSWERED:
            return verdict is Verdict.RESPOND
        return verdict is Verdict.APPROVE or row.edited == value

    def _vote(
        self, at: int, who: str, verdict: Verdict, value: int, *, grant: bool
    ) -> Answer:
        row = self.rows[at]
        mine = row.votes.get(who)
        if mine is not None and not (verdict is Verdict.EDIT and mine in YESES):
            code = None if mine is verdict else "already_decided_by_you"
            return ("decided", False, code, str(row.status))
        if grant and self._living(row.agent) >= MOST_LIVE:
            return ("refused", "grant_not_offered")
        if verdict is Verdict.EDIT:
            row.votes = {by: each for by, each in row.votes.items() if each in NOES}
            row.edited, row.edits = value, row.edits + 1
        row.votes[who] = verdict
        outcome = outcome_of(row)
        if outcome is None:
            row.version += 1
            return ("decided", True, None, str(row.status))
        self._to(row, outcome)
        row.decided_at = self.now
        if outcome is Status.APPROVED:
            row.usable = max(row.expires, self.now + WINDOW)
            if grant:
                ends = self.now + GRANT_ENDS
                made = Given(row.agent, row.call, row.edited or 0, at, ends)
                self.grants.append(made)
        return ("decided", True, None, str(row.status))

    def _living(self, agent: str) -> int:
        return sum(
            each.agent == agent and not each.over and self.now < each.ends
            for each in self.grants
        )

    def revoke(self, who: str, at: int) -> Answer:
        """Have a person take back a yes."""
        row = self.rows[at]
        self._end_if_over(row)
        code = self._may_not(row, who)
        if code is None and row.status in OPEN:
            code = "not_approved"
        if code is None and row.status not in {Status.APPROVED, Status.REVOKED}:
            code = NOT_USABLE[row.status][0]
        applied = code is None and row.status is Status.APPROVED
        if applied:
            self._to(row, Status.REVOKED)
        return ("decided", applied, code, str(row.status))

    def revoke_grant(self, who: str, number: int) -> Answer:
        """Have a person end a standing grant, and what it covered and nobody used."""
        grant = self.grants[number]
        code = self._may_not(self.rows[grant.first], who)
        if code is not None:
            return ("refused", code)
        unused = [
            row
            for row in self.rows
            if row.grant == number
            and row.status is Status.APPROVED
            and self.now < row.usable
        ]
        if not grant.revoked and (grant.over or self.now >= grant.ends) and not unused:
            return ("refused", "grant_over")
        grant.over = grant.revoked = True
        for row in unused:
            self._to(row, Status.REVOKED)
        return ("ended",)

    def _holder(self, row: Row) -> str | None:
        living = row.status in OPEN and self.now < row.claim_ends
        return row.claimed_by if living else None

    def claim(self, who: str, at: int) -> Answer:
        """Have a person say that they look into it."""
        row = self.rows[at]
        self._end_if_open_and_over(row)
        code = self._may_not(row, who)
        if code is None and row.votes.get(who) is not None:
            code = "already_decided_by_you"
        if code is None and row.status not in OPEN:
            code = "already_settled"
        if code is None:
            row.claimed_by, row.claim_ends = who, self.now + CLAIM
        return ("decided", code is None, code, str(row.status))

    def release(self, who: str, at: int) -> Answer:
        """Have a person let go of it."""
        row = self.rows[at]
        self._end_if_open_and_over(row)
        holder = self._holder(row)
        if holder is None:
            return ("decided", False, None, str(row.status))
        if holder != who:
            return ("decided", False, "claimed_by_another", str(row.status))
        row.claimed_by = None
        return ("decided", True, None, str(row.status))

    def write(self, who: str, at: int) -> Answer:
        """Have a person write to the agent."""
        row = self.rows[at]
        self._end_if_open_and_over(row)
        code = self._may_not(row, who)
        if code is None and row.status not in OPEN:
            code = "already_settled"
        if code is not None:
            return ("refused", code)
        row.messages += 1
        return ("is", str(row.status))

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
        if value not in {0, row.edited}:
            return ("refused", "fingerprint_mismatch")
        return self._use(at) if self._stands(row) else ("refused", "revoked")

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
        in_time = row.usable > self.now and self._stands(row)
        again = row.attempts < ATTEMPTS and in_time
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


def outcome_of(row: Row) -> Status | None:
    """Return where the votes take a row; every way to share out the groups is tried."""
    votes, terms = row.votes, row.terms
    vetoed = any(
        verdict is Verdict.DENY and any(who in GROUPS[name] for name in terms.veto)
        for who, verdict in votes.items()
    )
    noes = [verdict for verdict in votes.values() if verdict in NOES]
    if vetoed:
        return Status.DENIED
    if len(noes) >= terms.denials:
        return Status.ANSWERED if noes[-1] is Verdict.RESPOND else Status.DENIED
    yeses = [who for who, verdict in votes.items() if verdict in YESES]
    if terms.approvers:
        yeses = [w for w in yeses if any(w in GROUPS[name] for name in terms.approvers)]
    count = len(yeses)
    if terms.distinct:
        count = max(
            sum(
                who in GROUPS[name]
                for who, name in zip(some, terms.approvers, strict=False)
            )
            for some in permutations([*yeses, *["nobody"] * len(terms.approvers)])
        )
    return Status.APPROVED if count >= terms.required else None


@dataclass
class Run:
    """The same operations on a real desk. `name` keeps runs on one desk apart."""

    desk: Desk
    name: str
    ids: list[str] = field(default_factory=list)
    tokens: dict[int, list[str]] = field(default_factory=dict)
    grants: list[str] = field(default_factory=list)

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

    def submit(self, agent: str, call: int, terms: int) -> Answer:
        try:
            filed = self.desk.submit(**self._ask(agent, call))
        except DeskError as error:
            return ("refused", error.code)
        return self._filed(filed, TERMS[terms])

    def _filed(self, filed: Filed, terms: Terms) -> Answer:
        approval = filed.approval
        if not filed.reused:
            self.ids.append(approval.id)
            if approval.status == Status.PENDING:
                self.desk.demand(
                    approval.id,
                    approvals_required=terms.required,
                    denials_required=terms.denials,
                    approvers=self._groups(terms.approvers),
                    distinct_groups=terms.distinct,
                    veto_groups=self._groups(terms.veto),
                )
        at = self.ids.index(approval.id)
        return ("filed", at, filed.reused, str(approval.status))

    def _groups(self, names: tuple[str, ...]) -> str:
        with self.desk.store.reading() as session:
            known = group_ids(session, self.desk.house.org_id, names)
        return " ".join(known[name] for name in names)

    def gate(self, agent: str, call: int, terms: int) -> Answer:
        try:
            answer = self.desk.gate(**self._ask(agent, call), lease=LEASE)
        except DeskError as error:
            return ("refused", error.code)
        if isinstance(answer, Filed):
            return self._filed(answer, TERMS[terms])
        return self._used(answer)

    def _used(self, used: Used) -> Answer:
        if used.approval.id not in self.ids:  # a standing grant covered it
            self.ids.append(used.approval.id)
        at = self.ids.index(used.approval.id)
        self.tokens.setdefault(at, []).append(used.lease_token)
        with self.desk.store.reading() as session:
            keyring = self.desk.store.keyring
            runs = effective_arguments(session, keyring, used.approval).value
        return ("used", at, runs["value"])

    def decide(
        self, who: str, at: int, verdict: Verdict, value: int = 0, grant: bool = False
    ) -> Answer:
        person: Member = getattr(self.desk.house, who)
        answer = "It is 42." if verdict is Verdict.RESPOND else None
        try:
            edit = None
            if verdict is Verdict.EDIT:
                changed = self._asked(at) | {"value": value}
                edit = self.desk.prepared(self.ids[at], changed)
            decided = self.desk.decide(
                person,
                self.ids[at],
                verdict,
                "because",
                answer=answer,
                edit=edit,
                grant=GrantWish(uses=GRANT_USES) if grant else None,
            )
        except DeskError as error:
            return ("refused", error.code)
        self._note_grant(self.ids[at])
        return _decided(decided)

    def _note_grant(self, approval_id: str) -> None:
        with self.desk.store.reading() as session:
            made = select(StandingGrant.id).where(StandingGrant.approval_id == approval_id)
            new = [each for each in session.scalars(made) if each not in self.grants]
        self.grants += new

    def _by_person(self, who: str, verb: Callable[[Transaction, Reviewer, str], T]) -> T:
        by, org = reviewer_of(getattr(self.desk.house, who)), self.desk.house.org_id
        return self.desk.store.write(lambda tx: verb(tx, by, org))

    def revoke(self, who: str, at: int) -> Answer:
        id_of = self.ids[at]
        return _decided(
            self._by_person(
                who, lambda tx, by, org: revoking.revoke(tx, by, org, id_of, "because")
            )
        )

    def revoke_grant(self, who: str, number: int) -> Answer:
        grant = self.grants[number]
        try:
            refusal = self._by_person(
                who, lambda tx, by, org: covering.revoke_grant(tx, by, org, grant)
            )
        except DeskError as error:
            return ("refused", error.code)
        return ("ended",) if refusal is None else ("refused", refusal.code)

    def end_grants(self) -> None:
        """Let no grant of this run count for the next one on this desk."""
        for number in range(len(self.grants)):
            self.revoke_grant("ana", number)

    def claim(self, who: str, at: int) -> Answer:
        id_of = self.ids[at]
        return _decided(
            self._by_person(
                who,
                lambda tx, by, org: claiming.claim(tx, by, org, id_of, lease=CLAIM),
            )
        )

    def release(self, who: str, at: int) -> Answer:
        id_of = self.ids[at]
        return _decided(
            self._by_person(who, lambda tx, by, org: claiming.release(tx, by, org, id_of))
        )

    def write(self, who: str, at: int) -> Answer:
        try:
            row = self.desk.say(getattr(self.desk.house, who), self.ids[at], "Where?")
        except DeskError as error:
            return ("refused", error.code)
        return ("is", str(row.status))

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
        assert moves[0] == ("pending" if row.by_person else "approved")
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


def _decided(decided: Decided) -> Answer:
    code = None if decided.refusal is None else decided.refusal.code
    return ("decided", decided.applied, code, str(decided.approval.status))


def furnish_groups(desk: Desk) -> None:
    """Make the groups that `TERMS` name."""
    for name, people in GROUPS.items():
        for who in people:
            join_group(desk, name, who)


def join_group(desk: Desk, name: str, who: str) -> None:
    """Put somebody of the house into a group, which is made if it is not there yet."""
    org, email = desk.house.org_id, getattr(desk.house, who).email

    def unit(tx: Transaction) -> None:
        if not group_ids(tx.session, org, [name]):
            groups.create_group(tx, org, By(), name)
        groups.add_to_group(tx, org, By(), groups.find_group(tx, org, name), email)

    desk.store.write(unit)


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
