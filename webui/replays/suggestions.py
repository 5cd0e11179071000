"""The job that finds suggestions, and the rule that each of them is."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import select

from webui.approvals import jobs
from webui.approvals.authorization import ASSIGN, ASSIGN_SCOPE
from webui.approvals.errors import InvalidError
from webui.approvals.jobs import Claimed
from webui.approvals.people.standing import By
from webui.approvals.policy import check_policy
from webui.background import Step, Work
from webui.replays.backtest import DAY, check_may_replay
from webui.replays.reading import Breath, Masks, opened, slices
from webui.replays.suggesting import VALUES_MAX, WHO_MAX, Gatherer, Group, values_of
from webui.sentences import sentence
from webui.store.ids import first_id
from webui.store.models import Org
from webui.store.queries.persons import roots_of
from webui.store.store import Store
from webui.store.transaction import Transaction

KIND: Final = "suggestions"
APPROVALS, PEOPLE, DAYS = 10, 2, 30
APPROVALS_MAX, PEOPLE_MAX, DAYS_MAX = 1_000, 20, 90
APPROVALS_MIN: Final = 3
SUGGESTED: Final = 50
_FOR_PEOPLE: Final = frozenset({ASSIGN, ASSIGN_SCOPE})
_WRONG: Final = sentence(
    "Suggestions look for %(least)s to %(most)s approvals by 1 to %(people)s people in 1 to "
    "%(days)s days; give numbers within these.",
    least=APPROVALS_MIN,
    most=APPROVALS_MAX,
    people=PEOPLE_MAX,
    days=DAYS_MAX,
)


def ask_for_suggestions(
    tx: Transaction, org_id: str, approvals: int, people: int, days: int, by: By
) -> str:
    """Put a search for suggestions into the queue and return its id.

    Raises:
        NotAllowedError: they may not read the policy, or not see all calls.
        InvalidError: a number is out of its bounds.
        ConflictError: so many jobs wait already.

    """
    check_may_replay(tx, org_id, by)
    fits = APPROVALS_MIN <= approvals <= APPROVALS_MAX and 1 <= people <= PEOPLE_MAX
    if not fits or not 1 <= days <= DAYS_MAX:
        raise InvalidError(_WRONG)
    wanted = {"approvals": approvals, "people": people, "days": days}
    return jobs.ask_for(tx, org_id, KIND, wanted, by)


def run_suggestions(store: Store, job: Claimed) -> Work:
    """Go through the recorded calls of the period; return what may be suggested."""
    until = job.created_at + 1
    since = until - job.input["days"] * DAY
    gatherer = Gatherer()
    for at in _gathered(store, job.org_id, since, until, gatherer):
        yield Step(at - since, until - since)
    found = []
    for tool, group in gatherer.found(job.input["approvals"]):
        with store.reading() as session:
            persons = set(roots_of(session, group.people).values())
        text = rule_text(tool, group)
        if len(persons) >= job.input["people"] and check_policy(_file(text))[0]:
            found.append(_document(tool, group, len(persons), text))
        yield Step(until - since, until - since)
    found.sort(key=lambda each: (-each["approvals"], each["tool"]))
    return {
        "since": since,
        "until": until,
        "suggestions": found[:SUGGESTED],
        "left_out": gatherer.left_out or len(found) > SUGGESTED,
    }


def _gathered(
    store: Store, org_id: str, since: int, until: int, gatherer: Gatherer
) -> Iterator[int]:
    with store.reading() as session:
        wrapped = session.scalars(select(Org.data_key).where(Org.id == org_id)).one()
    opening = store.keyring.opener(wrapped, org_id)
    masks = Masks(store.keyring, org_id)
    breath, at = Breath(), since
    for connection, found in slices(
        store, org_id, first_id("apr", since), first_id("apr", until)
    ):
        for call in found.calls:
            at = call.created_at
            if call.tool not in _FOR_PEOPLE and gatherer.wants(call):
                asked = opened(opening, call)
                fits = values_of(asked) is not None  # a mask makes no call fit
                if fits:
                    hider = masks.hider(connection, call, ((),))
                    asked = dict(hider.hide(asked))
                gatherer.add(call, asked)
            if breath.over:
                yield at
                breath.draw()
        if breath.over:
            yield at
            breath.draw()


def rule_text(tool: str, group: Group) -> str:
    """Return the rule as it is pasted below `tools:`."""
    agents, names = sorted(group.agents), sorted(group.seen)
    conditions: list[Mapping[str, Any]] = [
        {"path": "agent.id", "op": "in", "value": agents},
        {
            "path": "call.argument_names",
            "op": "all",
            "value": {"op": "in", "value": names},
        },
    ]
    for name in names:
        conditions += _bounds(name, group)
    lines = [
        f"  {json.dumps(tool)}:",
        "    rules:",
        f"      - name: approved {group.approvals} times",
        "        action: allow",
        "        conditions:",
        *(f"          - {json.dumps(each)}" for each in conditions),
    ]
    return "\n".join(lines) + "\n"


def _bounds(name: str, group: Group) -> Iterator[Mapping[str, Any]]:
    path, values = f"args.{name}", list(group.seen[name].values())
    if len(values) == 1:
        yield {"path": path, "op": "eq", "value": values[0]}
    elif len(values) <= VALUES_MAX:
        yield {"path": path, "op": "in", "value": sorted(values, key=str)}
    else:
        yield {"path": path, "op": "gte", "value": group.least[name]}
        yield {"path": path, "op": "lte", "value": group.most[name]}


def _file(rule: str) -> str:
    return f'version: "1"\ntools:\n{rule}'


def _document(tool: str, group: Group, people: int, text: str) -> dict[str, Any]:
    return {
        "tool": tool,
        "text": text,
        "approvals": group.approvals,
        "people": people,
        "people_ids": [name for name, _ in group.people.most_common(WHO_MAX)],
        "agents": len(group.agents),
        "agent_ids": [name for name, _ in group.agents.most_common(WHO_MAX)],
        "first": group.first,
        "last": group.last,
        "same": not any(len(values) > 1 for values in group.seen.values()),
        "asked_by": sorted(name for name, _ in group.asked_by.most_common(5) if name),
        "newest": group.newest,
    }
