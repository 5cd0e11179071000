"""What an agent is: its owner, manager, project, role and status."""

import threading
from typing import Any

import pytest

from tests.plugins.desk import House, Program
from tests.plugins.rules import Desk
from webui.approvals.agents import agents
from webui.approvals.agents.agent_changes import LEVELS, AgentChange, change_agent
from webui.approvals.agents.keys import read_key
from webui.approvals.errors import (
    ConflictError,
    DeskError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
)
from webui.approvals.people import members
from webui.approvals.people.standing import By
from webui.store.models import Agent, Project
from webui.store.queries import events, identity
from webui.store.store import Store
from webui.store.transaction import Transaction

ROOT = By()


def change(store: Store, org_id: str, agent_id: str, by: By = ROOT, **what: Any) -> None:
    store.write(lambda tx: change_agent(tx, org_id, by, agent_id, AgentChange(**what)))


def row(store: Store, agent_id: str) -> Agent:
    with store.reading() as session:
        return session.get_one(Agent, agent_id)


def works(store: Store, agent: Program) -> bool:
    key = read_key(agent.key)
    assert key is not None
    with store.reading() as session:
        holder = identity.key_holder(session, key.id)
    assert holder is not None
    return holder.works(store.now())


def add_project(store: Store, org_id: str, project_id: str, name: str) -> None:
    def add(tx: Transaction) -> None:
        project = Project(id=project_id, org_id=org_id, name=name, created_at=tx.now)
        tx.session.add(project)
        tx.session.flush()

    store.write(add)


def test_everything_about_an_agent_is_set_and_taken_away(
    store: Store, house: House
) -> None:
    org, ci = house.org_id, house.ci.id
    add_project(store, org, "prj_1", "Shop")
    ana = By(house.ana.id)
    for _ in range(2):
        change(
            store,
            org,
            ci,
            ana,
            owner="RAE@example.org",
            manager="helper",
            project="Shop",
            role="ceo",
            can_create_agents=True,
        )
    found = row(store, ci)
    assert (found.owner_id, found.reports_to) == (house.rae.id, house.helper.id)
    assert (found.project_id, found.role) == ("prj_1", "ceo")
    assert found.can_create_agents
    nothing = {"owner": "", "manager": "", "project": "", "role": ""}
    change(store, org, ci, ana, **nothing, can_create_agents=False)
    found = row(store, ci)
    assert (found.owner_id, found.reports_to, found.project_id, found.role) == (None,) * 4
    with store.reading() as session:
        told = [event.action for event in events.about(session, org, f"agent:{ci}")]
    assert told.count("agent.changed") == 2


def test_a_paused_agents_keys_stop_and_work_again(
    store: Store, house: House, desk: Desk
) -> None:
    waiting = desk.submit().approval.id
    change(store, house.org_id, house.ci.id, status="paused")
    assert not works(store, house.ci)
    change(store, house.org_id, house.ci.id, status="active")
    assert works(store, house.ci)
    assert desk.row(waiting).status == "pending"


def test_a_terminated_agent_takes_what_it_waits_for_with_it(
    store: Store, house: House, desk: Desk
) -> None:
    mine = desk.submit().approval.id
    others = desk.submit(house.helper).approval.id
    change(store, house.org_id, house.ci.id, By(house.ana.id), status="terminated")
    assert not works(store, house.ci)
    assert (desk.row(mine).status, desk.row(mine).resolution) == (
        "cancelled",
        "agent_terminated",
    )
    assert desk.row(others).status == "pending"
    with pytest.raises(ConflictError, match="for good"):
        change(store, house.org_id, house.ci.id, status="active")


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({"owner": "zoe@example.org"}, "active member"),
        ({"owner": "cy@example.org"}, "active member"),
        ({"owner": "nobody"}, "active member"),
        ({"manager": "stranger"}, "an agent of this organization"),
        ({"manager": "nobody"}, "an agent of this organization"),
        ({"manager": "ci"}, "ci → ci"),
        ({"project": "nothing"}, "no such project"),
        ({"project": "Twice"}, "several projects"),
        ({"project": "Foreign"}, "no such project"),
        ({"role": "x" * 41}, "at most 40"),
        ({"role": "a\x1bb"}, "printable"),
        ({"status": "gone"}, "must be one of"),
        ({"status": "pending_approval"}, "must be one of"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_change_that_cannot_be_says_why(
    store: Store, house: House, what: dict[str, Any], said: str
) -> None:
    add_project(store, house.org_id, "prj_1", "Twice")
    add_project(store, house.org_id, "prj_2", "Twice")
    add_project(store, house.other_org_id, "prj_3", "Foreign")
    with pytest.raises(InvalidError, match=said):
        change(store, house.org_id, house.ci.id, **what)
    assert row(store, house.ci.id).role is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_stands_may_be_sent_again_though_it_could_not_be_chosen_now(
    store: Store, house: House
) -> None:
    org, bot = house.org_id, house.deploy_bot.id
    add_project(store, org, "prj_1", "Twice")
    change(store, org, bot, project="Twice")
    add_project(store, org, "prj_2", "Twice")
    store.write(lambda tx: members.suspend(tx, org, ROOT, house.bo.id))
    change(store, org, bot, owner=house.bo.email, project="Twice", role="x")
    found = row(store, bot)
    assert (found.owner_id, found.project_id, found.role) == (house.bo.id, "prj_1", "x")


def test_only_who_manages_agents_of_the_org_changes_them(
    store: Store, house: House
) -> None:
    for member in (house.rae, house.vi, house.max, house.zoe):
        with pytest.raises(NotAllowedError):
            change(store, house.org_id, house.ci.id, By(member.id), role="x")
    for unknown in (house.stranger.id, "agt_nothing"):
        with pytest.raises(NotFoundError):
            change(store, house.org_id, unknown, By(house.ana.id), role="x")


def chain(store: Store, org_id: str, length: int) -> list[str]:
    """Agents one below the other, the topmost first."""

    def make(tx: Any) -> list[str]:
        ids: list[str] = []
        for number in range(length):
            ids.append(agents.create_agent(tx, org_id, f"level {number + 1}"))
            below = tx.session.get_one(Agent, ids[-1])
            below.reports_to = ids[-2] if number else None
        tx.session.flush()
        return ids

    return store.write(make)


def test_a_circle_of_managers_is_refused_with_its_names(store: Store, house: House) -> None:
    top, _, bottom = chain(store, house.org_id, 3)
    with pytest.raises(InvalidError, match="level 1 → level 3 → level 2 → level 1"):
        change(store, house.org_id, top, manager=bottom)


def test_a_circle_that_stands_already_is_walked_once(store: Store, house: House) -> None:
    top, *_, bottom = chain(store, house.org_id, 3)

    def close(tx: Transaction) -> None:
        tx.session.get_one(Agent, top).reports_to = bottom
        tx.session.flush()

    store.write(close)
    change(store, house.org_id, house.ci.id, manager=bottom)
    assert row(store, house.ci.id).reports_to == bottom


def test_fifty_levels_are_the_most(store: Store, house: House) -> None:
    org = house.org_id
    ids = chain(store, org, LEVELS - 1)
    change(store, org, house.ci.id, manager=ids[-1])  # the fiftieth
    with pytest.raises(InvalidError, match="more than 50"):
        change(store, org, house.helper.id, manager=house.ci.id)
    with pytest.raises(InvalidError, match="more than 50"):  # from above as well
        change(store, org, ids[0], manager=house.helper.id)
    change(store, org, house.helper.id, manager=ids[0])


def test_two_who_become_each_others_manager_at_once_do_not_both(
    store: Store, house: House
) -> None:
    org, one, two = house.org_id, house.ci.id, house.helper.id
    ready, said = threading.Barrier(2), []

    def work(agent_id: str, manager: str) -> None:
        ready.wait()
        try:
            change(store, org, agent_id, manager=manager)
            said.append("done")
        except DeskError as error:
            said.append(error.code)

    hands = [threading.Thread(target=work, args=pair) for pair in ((one, two), (two, one))]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert sorted(said) == ["done", "invalid"]


def test_neither_the_owner_at_filing_nor_the_present_one_decides(
    store: Store, house: House, desk: Desk
) -> None:
    waiting = desk.submit(house.deploy_bot).approval.id
    change(store, house.org_id, house.deploy_bot.id, owner=house.rae.email)
    for who in (house.bo, house.rae):
        with pytest.raises(NotAllowedError, match="You own the agent"):
            desk.decide(who, waiting)
    assert desk.decide(house.ana, waiting).applied
