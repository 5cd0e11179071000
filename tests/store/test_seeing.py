"""What a person may see: the conditions of a select against `authorize`, row by row."""

import itertools
import json
from typing import Any

import pytest
from sqlalchemy import select

from tests.plugins.rules import Desk
from webui.approvals.answering.reviewing import resource_of
from webui.approvals.authorization import VIEW, authorize
from webui.store.ids import new_id
from webui.store.models import Agent, Approval, GroupMember, PermissionGrant
from webui.store.models.group import Group
from webui.store.queries.seeing import any_of, seen_by
from webui.store.queries.standing import OrgDirectory, person_in
from webui.store.transaction import Transaction

SCOPES: list[dict[str, Any]] = [
    {},
    {"note": "for the audit"},
    {"projectId": "prj_one"},
    {"project": ["prj_one", "prj_two"], "max_risk": "medium"},
    {"agentId": "AGENT"},
    {"subtree": "MANAGER"},
    {"managerAgentId": "MANAGER", "tool": "shell.*"},
    {"tool": "Shell.*"},
    {"tool": ["mail.?end", "100%_off"]},
    {"tool": "[ms]*"},
    {"max_risk": "low"},
    {"channel": "page"},
    {"channel": "chat"},
    {"allow": ["project:prj_two"]},
    {"allow": ["people:everyone"]},
    {"projectId": " "},
]


def filed(desk: Desk) -> None:
    """Put calls of every kind into both queue and history."""
    tools = ("shell.run", "Shell.run", "mail.send", "100%_off", "100xyoff")
    agents = (desk.house.ci, desk.house.deploy_bot, desk.house.helper)
    for number, (agent, tool) in enumerate(itertools.product(agents, tools)):
        risk = ("low", "medium", "high", "critical")[number % 4]
        desk.submit(agent, tool=tool, risk=risk)
    desk.approved(desk.house.helper, arguments={"n": 2})
    ids = iter(itertools.cycle((None, "prj_one", "prj_two")))
    odd = iter(itertools.cycle((True, False, False, None, False)))

    def place(tx: Transaction) -> None:
        boss = tx.session.get(Agent, desk.house.ci.id)
        below = tx.session.get(Agent, desk.house.deploy_bot.id)
        assert boss is not None
        assert below is not None
        below.reports_to = boss.id
        for approval in tx.session.scalars(select(Approval).order_by(Approval.id)):
            approval.project_id = next(ids)
            approval.misleads = next(odd)
        tx.session.flush()

    desk.store.write(place)


def given(desk: Desk, scope: dict[str, Any], principal: str, kind: str) -> None:
    names = {"AGENT": desk.house.helper.id, "MANAGER": desk.house.ci.id}
    text = json.dumps({key: names.get(str(each), each) for key, each in scope.items()})

    def grant(tx: Transaction) -> None:
        tx.session.add(
            PermissionGrant(
                id=new_id("pgr", tx.now),
                org_id=desk.house.org_id,
                principal_type=kind,
                principal_id=principal,
                permission=VIEW,
                scope=text,
                created_by="system",
                created_at=tx.now,
            )
        )
        tx.session.flush()

    desk.store.write(grant)


def seen_both_ways(desk: Desk, user_id: str) -> tuple[set[str], set[str]]:
    """Return the ids that the conditions select, and those that `authorize` allows."""
    store, org = desk.store, desk.house.org_id
    now = store.now()
    with store.reading() as session:
        actor = person_in(session, org, user_id, now, source="session")
        seen = seen_by(session, actor)
        directory = OrgDirectory(store.reading, org, now)
        everything = session.scalars(select(Approval).where(Approval.org_id == org)).all()
        allowed = {
            each.id
            for each in everything
            if authorize(actor, VIEW, resource_of(each), None, directory).allowed
        }
        selected = set(
            session.scalars(
                select(Approval.id).where(Approval.org_id == org, *any_of(seen))
            )
        )
    return selected, allowed


@pytest.mark.parametrize("scope", SCOPES, ids=str)
def test_a_grant_to_see_selects_what_authorize_allows(
    desk: Desk, scope: dict[str, Any]
) -> None:
    filed(desk)
    given(desk, scope, desk.house.max.id, "user")
    selected, allowed = seen_both_ways(desk, desk.house.max.id)
    if scope == {"tool": "[ms]*"}:  # a class of characters: the list shows less, never more
        assert selected <= allowed
    else:
        assert selected == allowed
    own = len([each for each in allowed if desk.row(each).agent_owner == desk.house.max.id])
    assert own == 6, "a member always sees the calls of their own agents"


def test_a_group_lends_its_sight_and_takes_it_back(desk: Desk) -> None:
    filed(desk)
    house = desk.house

    def join(tx: Transaction) -> None:
        tx.session.add(
            Group(id="grp_1", org_id=house.org_id, name="Payments", created_at=tx.now)
        )
        tx.session.flush()
        tx.session.add(
            GroupMember(
                group_id="grp_1",
                user_id=house.max.id,
                org_id=house.org_id,
                created_at=tx.now,
            )
        )
        tx.session.flush()

    desk.store.write(join)
    before, _ = seen_both_ways(desk, house.max.id)
    given(desk, {"tool": "mail.send"}, "grp_1", "group")
    selected, allowed = seen_both_ways(desk, house.max.id)
    assert selected == allowed > before

    def leave(tx: Transaction) -> None:
        tx.session.delete(tx.session.get(GroupMember, ("grp_1", house.max.id)))
        tx.session.flush()

    desk.store.write(leave)
    assert seen_both_ways(desk, house.max.id) == (before, before)


def test_a_stranger_and_a_suspended_member_see_nothing(desk: Desk) -> None:
    filed(desk)
    for nobody in (desk.house.zoe, desk.house.cy):
        assert seen_both_ways(desk, nobody.id) == (set(), set())
