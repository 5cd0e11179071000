"""What one settled approval leaves behind it, row by row, as the desk would have written it."""

import json
import random
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import accumulate
from typing import Any, Final

from sqlalchemy import Table

from webui.approvals.states import Verdict
from webui.store.ids import new_id
from webui.store.models import Approval, Consumption, Decision, Event, table_of
from webui.store.queries.words import folded

WORDS: Final = 20_000
"""Different words; the n-th is said about n times less often than the first, as in speech."""
_PICKED: Final = list(accumulate(1 / rank for rank in range(1, WORDS + 1)))
_SAID: Final = 8
_SEARCH: Final = ("words", "org_id", "approval_id")
_VERDICTS: Final = " ".join(verdict for verdict in Verdict)
Happened = tuple[int, str, str, dict[str, Any]]
"""When, who, what, and the event's payload."""


def word(rank: int) -> str:
    """Return the word that is said as the `rank`-th most often of all."""
    return f"w{rank:x}ord"


def columns() -> dict[str, list[str]]:
    """Return the tables that a past is in, and their columns."""
    tables = [table_of(model) for model in (Approval, Decision, Consumption, Event)]
    found = {table.name: [column.name for column in table.columns] for table in tables}
    return found | {"approval_search": list(_SEARCH)}


def small(chance: random.Random) -> dict[str, object]:
    """Return arguments of few bytes: a million of them are to fit on a disk."""
    return {
        "amount": chance.randrange(600_000),
        "path": f"src/{chance.randrange(9_000)}.py",
    }


def finished(
    row: dict[str, Any], arguments: Mapping[str, Any], chance: random.Random
) -> None:
    """Say in a row what the desk says besides: its line, its summary, its one use."""
    ranks = chance.choices(range(WORDS), cum_weights=_PICKED, k=_SAID)
    row["summary"] = " ".join(map(word, ranks))
    told = ", ".join(f"{name}: {json.dumps(value)}" for name, value in arguments.items())
    row["line"] = f"{row['tool']}({told})"
    row["allowed_decisions"] = _VERDICTS
    row["version"] = 2
    if row["status"] == "consumed":
        row["version"] = 4
        row["usable_until"] = row["expires_at"]
        row["consumption_id"] = new_id("con", row["settled_at"] + 500)


def whole(table: Table, row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return a row of all columns, in their order."""
    return tuple([row.get(name, plain) for name, plain in _plain(table)])


@cache
def _plain(table: Table) -> list[tuple[str, Any]]:
    """Return the columns of a table and what is in them unless something is said."""
    return [(each.name, getattr(each.default, "arg", None)) for each in table.columns]


def words(row: Mapping[str, Any], arguments: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return what the search index holds of it."""
    values = "\n".join(f"{name}\n{value}" for name, value in arguments.items())
    said = f"{row['id']} {row['tool']}\n{values} {row['summary']} {row['session']}"
    return folded(said), row["org_id"], row["id"]


def decision(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the verdict, if a person gave one."""
    if not (row["decided_at"] and row["by_person"]):
        return None
    return {
        "id": new_id("dec", row["decided_at"]),
        "org_id": row["org_id"],
        "approval_id": row["id"],
        "user_id": row["decided_by"],
        "verdict": "deny" if row["status"] == "denied" else "approve",
        "reason": "fine",
        "channel": "page",
        "at": row["decided_at"],
    }


def consumption(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return its one use, if it was used."""
    if row["status"] != "consumed":
        return None
    started = row["settled_at"] + 500
    return {
        "id": row["consumption_id"],
        "org_id": row["org_id"],
        "approval_id": row["id"],
        "started_at": started,
        "ended_at": started + 1_000,
        "result": "ok",
    }


def events(row: Mapping[str, Any]) -> Iterator[Happened]:
    """Yield what the log says of it: filed, settled, used.

    The desk logs the asking and the outcome besides; half of all bytes would be theirs.
    """
    agent = f"agent:{row['agent_id']}"
    said = {name: row[name] for name in ("tool", "arguments_hash", "fingerprint")}
    said |= {"agent": row["agent_id"], "approval": row["id"], "risk": "medium"}
    filed = {"expires_at": row["expires_at"], "status": "pending", "version": 1}
    yield row["created_at"], agent, "approval.created", {**said, **filed}
    status = "approved" if row["status"] == "consumed" else row["status"]
    done = "approval.decided" if row["decided_at"] else "approval.expired"
    by_person = bool(row["decided_at"]) and row["by_person"]
    actor = f"user:{row['decided_by']}" if by_person else "system"
    said |= {"old_status": "pending", "resolution": row["resolution"], "status": status}
    how = _DECIDED if by_person else {}
    yield row["settled_at"], actor, done, {**said, **how, "version": 2}
    if row["status"] == "consumed":
        said |= {"old_status": "approved", "status": "executing", "version": 3}
        yield row["settled_at"] + 500, agent, "approval.consumed", said


_DECIDED: Final[dict[str, Any]] = {
    "channel": "page",
    "opened_full": False,
    "reason": "fine",
    "seal": "sha256:" + "0" * 64,
    "seconds": 42,
    "who": "admin",
}
