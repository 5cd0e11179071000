"""Recorded calls by the hundred thousand, written past the rules as the desk would keep them.

    python -m benchmarks.recorded INSTANCE [NUMBER]    fills the one org of an instance

The server must not run meanwhile. It takes a minute for 100,000.
"""

import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy import insert, select

from benchmarks.policy_calls import TOOLS, arguments_of
from benchmarks.prepare import opened
from webui.approvals.call.canonical import arguments_hash, canonical
from webui.store.ids import new_id
from webui.store.models import Agent, Approval, Org, User, table_of
from webui.store.store import Store
from webui.store.transaction import Transaction

AT_ONCE: Final = 2_000
DAYS: Final = 29
DAY: Final = 86_400_000
_APPROVED, _DENIED, _EXPIRED, _BY_POLICY = "consumed", "denied", "expired", "policy"
_SHARES: Final[tuple[tuple[str, int], ...]] = (
    (_APPROVED, 60),
    (_DENIED, 5),
    (_EXPIRED, 5),
    (_BY_POLICY, 30),
)


def fill(store: Store, number: int) -> None:
    """Give the first org `number` calls of the last 29 days, oldest first."""
    ids = owner_of(store)
    now = store.now()
    store.write(lambda tx: _older(tx, ids.org, now - (DAYS + 1) * DAY))
    for start in range(0, number, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, number))
        rows = [row for row, _ in rows_of(store, ids, numbers, (now, number))]
        store.write(partial(_keep, rows=rows))


class Owner(NamedTuple):
    """Whose the calls are."""

    org: str
    agent: str
    person: str
    data_key: bytes


def owner_of(store: Store) -> Owner:
    """Return the first org, its agent and its person."""
    with store.reading() as session:
        org = session.scalars(select(Org).limit(1)).one()
        agent = session.scalars(select(Agent.id).limit(1)).one()
        person = session.scalars(select(User.id).limit(1)).one()
        return Owner(org.id, agent, person, org.data_key)


def _older(tx: Transaction, org_id: str, at: int) -> None:
    tx.session.get_one(Org, org_id).created_at = at
    tx.session.flush()


def _keep(tx: Transaction, rows: list[dict[str, Any]]) -> None:
    tx.execute(insert(table_of(Approval)), rows)


def rows_of(
    store: Store,
    owner: Owner,
    numbers: Sequence[int],
    until: tuple[int, int],
    arguments_for: Callable[[random.Random], dict[str, object]] = arguments_of,
) -> Iterator[tuple[dict[str, Any], dict[str, object]]]:
    """Yield rows and the arguments sealed in them; `until` is the time and the number of all."""
    org_id, agent, person, wrapped = owner
    now, number = until
    chance = random.Random(numbers[0])  # noqa: S311 - no secret
    names, weights = [name for name, _ in _SHARES], [weight for _, weight in _SHARES]
    tools = [tool for each in TOOLS.values() for tool in each]
    for at in numbers:
        made = now - DAYS * DAY + at * (DAYS * DAY - 3_600_000) // number
        approval = new_id("apr", made)
        arguments = arguments_for(chance)
        text = canonical(arguments)
        plain = text + b"\0" + json.dumps(arguments).encode()
        ended = chance.choices(names, weights)[0]
        row = {
            "id": approval,
            "org_id": org_id,
            "agent_id": agent,
            "tool": chance.choice(tools),
            "arguments_hash": arguments_hash(arguments),
            "fingerprint": arguments_hash({"at": at}),
            "sealed": store.keyring.seal(wrapped, org_id, f"{org_id}/{approval}", plain),
            "size": len(text),
            "line": "a recorded call",
            "created_at": made,
            "expires_at": made + 900_000,
            "settled_at": made + 60_000,
            "indexed": True,
            "session": "bench",
            **_ended(ended, made, person),
        }
        yield row, arguments


def _ended(how: str, made: int, person: str) -> dict[str, Any]:
    if how == _EXPIRED:
        return {"status": "expired", "decided_at": None, "decided_by": None} | _BY_PERSON
    who: dict[str, Any] = {"decided_at": made + 60_000, "decided_by": person}
    if how == _BY_POLICY:
        by = {"decided_by": "policy:looking is free", "by_person": False, "attempts": 1}
        return who | by | {"status": "consumed", "resolution": "policy"}
    attempts = int(how == _APPROVED)
    return (
        who | _BY_PERSON | {"status": how, "attempts": attempts, "resolution": "reviewer"}
    )


_BY_PERSON: Final[dict[str, Any]] = {"by_person": True, "attempts": 0, "resolution": None}


def main(words: list[str]) -> int:
    """Fill the instance that is named."""
    if not words:
        print(__doc__, file=sys.stderr)
        return 2
    with opened(Path(words[0])) as store:
        fill(store, int(words[1]) if len(words) > 1 else 100_000)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
