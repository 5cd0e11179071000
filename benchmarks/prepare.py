"""What a desk holds before it is measured: people signed in, calls approved, a history."""

import hashlib
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select

from benchmarks.servers import Account
from webui.approvals.answering.deciding import decide
from webui.approvals.answering.reviewing import Look, Reviewer
from webui.approvals.asking import intake
from webui.approvals.asking.ask import Ask, Filer, Limits
from webui.approvals.call.canonical import arguments_hash, canonical, fingerprint
from webui.approvals.ending import end_session
from webui.approvals.people import sessions
from webui.approvals.states import Verdict
from webui.insights.buckets import DAY
from webui.insights.counting import PAIRS_MAX, Call, Tally, Told
from webui.insights.keeping import Slice, keep, rows_of
from webui.insights.units import day_of
from webui.preview import PREVIEW_VERSION
from webui.runtime import open_store
from webui.settings import Settings
from webui.store.models import User
from webui.store.queries.insights import head, place
from webui.store.store import Store
from webui.store.transaction import Transaction
from webui.web.sessions import hash_of, remember

NO_LIMITS = Limits(ttl=3_600_000, rate=0, max_pending=0)
AT_ONCE = 100
WAITING = 50
"""Calls that wait while pages are measured."""
SESSION = "bench"
TOOL = "shell.run"


def unused() -> int:
    """Return a number for a first call that no run before has used: some desks are kept."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Visit:
    """A browser's session: the Cookie header, and the token its forms carry."""

    cookie: str
    csrf: str


@contextmanager
def opened(instance: Path, database_url: str | None = None) -> Iterator[Store]:
    """Open the rows of an instance that is not being served."""
    settings = {"instance": instance, "database_url": database_url}
    store = open_store(Settings.model_validate(settings))
    try:
        yield store
    finally:
        store.close()


def visits(store: Store, account: Account, number: int) -> list[Visit]:
    """Sign the admin in `number` times, as the sign-in page does after the password."""
    with store.reading() as session:
        user_id = session.scalar(select(User.id).where(User.email == account.email))
    assert user_id is not None
    session_ids = [secrets.token_urlsafe(32) for _ in range(number)]

    def sign_in(tx: Transaction) -> None:
        for session_id in session_ids:
            sessions.sign_in(
                tx,
                user_id,
                hash_of(session_id),
                address="127.0.0.1",
                user_agent="a benchmark",
            )

    store.write(sign_in)
    return [_visit(store, session_id) for session_id in session_ids]


def _visit(store: Store, session_id: str) -> Visit:
    app = Flask("cookies")
    app.secret_key = store.keyring.derive("session")
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    raw = hashlib.sha1(secrets.token_bytes(64), usedforsecurity=False).hexdigest()
    cookie: dict[str, object] = {}
    remember(cookie, session_id)
    cookie["csrf_token"] = raw
    token = URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps(raw)
    name = f"countersign-{store.keyring.id[:8]}"
    return Visit(f"{name}={signer.dumps(cookie)}", str(token))


def ask_of(account: Account, arguments: dict[str, object], session: str = SESSION) -> Ask:
    """Return a call as the API would prepare it."""
    return Ask(
        tool=TOOL,
        fingerprint=fingerprint(
            org=account.org, agent=account.agent, tool=TOOL, arguments=arguments
        ),
        arguments_hash=arguments_hash(arguments),
        canonical=canonical(arguments),
        received=canonical(arguments),
        told=lambda *_: {"line": f"{TOOL}({len(arguments)} arguments)"},
        session=session,
        run="bench",
    )


def file_calls(store: Store, account: Account, number: int, first: int = 0) -> list[str]:
    """File calls and return the ids of their approvals."""
    filer = Filer(account.agent, account.org)
    ids: list[str] = []

    def file(tx: Transaction, numbers: Sequence[int]) -> list[str]:
        return [
            intake.submit(tx, filer, ask_of(account, {"n": n}), NO_LIMITS).approval.id
            for n in numbers
        ]

    for start in range(first, first + number, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, first + number))
        ids += store.write(lambda tx, numbers=numbers: file(tx, numbers))  # type: ignore[misc]
    return ids


def withdraw(tx: Transaction, account: Account) -> None:
    """Take back what measures before have left waiting: the queue's cost grows with that."""
    end_session(tx, account.org, account.agent, SESSION)


def decide_calls(
    store: Store, account: Account, ids: Sequence[str], verdict: Verdict
) -> None:
    """Give the admin's verdict on calls."""
    with store.reading() as session:
        user_id = session.scalar(select(User.id).where(User.email == account.email))
    assert user_id is not None
    reviewer = Reviewer(user_id, "Admin", "page", session_id="bench")
    look = Look(None, PREVIEW_VERSION)

    def settle(tx: Transaction, some: Sequence[str]) -> None:
        for approval_id in some:
            decide(tx, reviewer, account.org, approval_id, verdict, "fine", look)

    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        store.write(lambda tx, some=some: settle(tx, some))  # type: ignore[misc]


def numbers(store: Store, account: Account, number: int) -> None:
    """Give a desk the numbers of so many old calls: of the most pairs that are told apart.

    The worker would count them out of the log; what a page reads is the same rows. More calls
    than `TELLING` would only make the numbers in them greater.
    """
    today, tally = day_of(store.now()), Tally()
    spread = [(agent, tool) for agent in range(20) for tool in range(PAIRS_MAX // 20)]
    for n in range(min(number, TELLING)):
        agent, tool = spread[n % len(spread)]
        asked = (today - n // len(spread) % 90) * DAY + (n * 7_919_000) % DAY
        decided = asked + 1_000 * 3 ** (n % 10)
        call = Call(
            f"agt_{agent}",
            f"tool.{tool}",
            f"rule {n % 10}",
            asked,
            decided,
            decided,
            seen=True,
        )
        made = {"status": "pending"}
        said = {
            "old_status": "pending",
            "status": "denied",
            "verdict": "deny",
            "seconds": 9,
        }
        tally.add(Told(asked, "agent:x", "approval.created", made), call)
        tally.add(Told(decided, f"user:usr_{n % 8}", "approval.decided", said), call)
    with store.reading() as session:
        after, upto = place(session, account.org), head(session, account.org)
    rows = rows_of(account.org, tally)
    found = Slice(-1 if after is None else after, upto, rows)
    assert store.write(lambda tx: keep(tx, account.org, found))


TELLING = 36_000
