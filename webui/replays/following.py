"""Asking the draft that runs beside the policy about what was filed since it was last asked.

It reads what is recorded, a moment after: filing waits for nothing here, and nothing that goes
wrong here can touch a filing. Where it stands is a row, so a restart goes on there, and of two
nodes one counts.
"""

import json
import time
from functools import lru_cache
from typing import Any, Final

import structlog
from sqlalchemy import select

from webui.approvals.policy import Replay, Rulebook, Verdict, read_policy
from webui.approvals.ruling import shadows
from webui.background import PAUSE
from webui.replays.reading import Breath, Reader
from webui.replays.was import RULED, was
from webui.sentences import sentence
from webui.store.errors import StoreUnavailableError
from webui.store.ids import first_id
from webui.store.models import PolicyShadow
from webui.store.queries.recorded import Recorded, recorded
from webui.store.store import Store

log = structlog.get_logger()
AT_ONCE: Final = 400
"""Calls of one org in one turn."""
LATE: Final = 5_000
"""ms that a filing may take on PostgreSQL until it can be seen: ids are older than commits."""
NEWEST: Final = 50
RULES_MAX: Final = 100
NAME_MAX: Final = 200
BROKEN: Final = sentence(
    "The desk could not rule by this draft; the server's log says why. Stop it."
)


def follow(store: Store) -> int:
    """Ask every draft about the next calls; returns how many were looked at."""
    with store.reading() as session:
        found = session.scalars(
            select(PolicyShadow).where(PolicyShadow.error.is_(None))
        ).all()
    return sum(_follow_one(store, shadow) for shadow in found)


def _follow_one(store: Store, shadow: PolicyShadow) -> int:
    now = store.now()
    before = first_id("apr", now + 1 if store.on_sqlite else now - LATE)
    with store.reading() as session:
        found = recorded(
            session.connection(), shadow.org_id, shadow.position, before, AT_ONCE
        )
    end = found.looked_to or (found.calls[-1].id if found.calls else None)
    if end is None:
        return 0
    try:
        state = json.dumps(_ruled(store, shadow, found.calls), ensure_ascii=False)
    except StoreUnavailableError:
        raise  # the next turn tries again
    except Exception:
        log.exception("a draft could not be followed", org=shadow.org_id)
        store.write(lambda tx: shadows.stand_still(tx, shadow, BROKEN))
        return 0
    store.write(lambda tx: shadows.keep_progress(tx, shadow, end, state))
    return len(found.calls)


def _ruled(store: Store, shadow: PolicyShadow, calls: Any) -> dict[str, Any]:
    state = state_of(shadow)
    counts = {name: (start, value) for name, (start, value) in state["counters"].items()}
    replay = Replay(_book(shadow.text), counts)
    reader = Reader(store, shadow.org_id, replay)
    breath = Breath()
    with store.reading() as session:
        connection = session.connection()
        for call in calls:
            outcome = reader.rule_on(connection, call)
            _count(state, call, outcome.verdict, outcome.rule)
            if breath.over:
                time.sleep(PAUSE)
                breath.draw()
    state["counters"] = replay.counts
    state["masked"] += reader.masked
    return state


def _count(state: dict[str, Any], call: Recorded, draft: Verdict, rule: str) -> None:
    live = RULED.get(was(call), Verdict.REQUIRE_APPROVAL)
    state["calls"] += 1
    kind = f"{live}>{draft}"
    state["kinds"][kind] = state["kinds"].get(kind, 0) + 1
    if live is draft:
        return
    named = json.dumps([rule[:NAME_MAX], kind])
    if named in state["rules"] or len(state["rules"]) < RULES_MAX:
        state["rules"][named] = state["rules"].get(named, 0) + 1
    newest = {"approval": call.id, "rule": rule[:NAME_MAX], "live": live, "draft": draft}
    state["newest"] = [newest, *state["newest"][: NEWEST - 1]]


def state_of(shadow: PolicyShadow) -> dict[str, Any]:
    """Return what a draft has counted so far."""
    empty: dict[str, Any] = {
        "counters": {},
        "calls": 0,
        "masked": 0,
        "kinds": {},
        "rules": {},
        "newest": [],
    }
    kept: dict[str, Any] = json.loads(shadow.state)
    return empty | kept


def figures_of(shadow: PolicyShadow) -> dict[str, Any]:
    """Return how often a draft agreed with what is in force, and where it did not."""
    state = state_of(shadow)
    kinds = [(kind.partition(">"), count) for kind, count in sorted(state["kinds"].items())]
    agreed = sum(count for (live, _, draft), count in kinds if live == draft)
    rules = [(json.loads(named), count) for named, count in state["rules"].items()]
    return {
        "calls": state["calls"],
        "agreed": agreed,
        "disagreed": state["calls"] - agreed,
        "masked": state["masked"],
        "kinds": [
            {"live": live, "draft": draft, "calls": count}
            for (live, _, draft), count in kinds
        ],
        "rules": [
            {
                "rule": rule,
                "live": kind.partition(">")[0],
                "draft": kind.partition(">")[2],
                "calls": count,
            }
            for (rule, kind), count in sorted(rules, key=lambda item: -item[1])
        ],
        "newest": state["newest"],
    }


@lru_cache(maxsize=16)
def _book(text: str) -> Rulebook:
    return Rulebook(read_policy(text))
