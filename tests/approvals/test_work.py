"""Projects, issues, their protection policies, and agents as an orchestrator knows them."""

from typing import Any

import pytest

from tests.plugins.desk import House
from webui.approvals.agents import agent_sync, issues, projects
from webui.approvals.agents.agent_changes import AgentChange
from webui.approvals.agents.issues import IssueChange
from webui.approvals.agents.protections import protect
from webui.approvals.errors import (
    ConflictError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
)
from webui.approvals.people.standing import By
from webui.store.models import Agent, Issue
from webui.store.queries import events, work
from webui.store.store import Store

APPROVAL = {"protectedAgent": {"requiresApproval": True}}


class Works:
    """The verbs as Ana, the owner, unless somebody else is named."""

    def __init__(self, store: Store, house: House) -> None:
        self.store, self.org_id, self.by = store, house.org_id, By(house.ana.id)

    def project(self, name: str = "Site") -> str:
        return self.store.write(
            lambda tx: projects.create_project(tx, self.org_id, self.by, name)
        )

    def issue(self, by: By | None = None, **said: Any) -> str:
        change = IssueChange(**{"title": "Mend it"} | said)
        who = by or self.by
        return self.store.write(
            lambda tx: issues.create_issue(tx, self.org_id, who, change)
        )

    def change(self, issue_id: str, by: By | None = None, **said: Any) -> bool:
        who = by or self.by
        return self.store.write(
            lambda tx: issues.change_issue(
                tx, self.org_id, who, issue_id, IssueChange(**said)
            )
        )

    def protect(self, kind: str, bearer: str, policy: Any, by: By | None = None) -> bool:
        who = by or self.by
        return self.store.write(
            lambda tx: protect(tx, self.org_id, who, kind, bearer, policy)
        )


@pytest.fixture
def works(store: Store, house: House) -> Works:
    return Works(store, house)


def test_an_issue_is_made_changed_closed_and_told_of(works: Works, house: House) -> None:
    project = works.project()
    issue = works.issue(project=project, agent="ci")
    assert works.change(issue, user=house.rae.email, agent="", status="closed")
    assert not works.change(issue, status="closed")
    with works.store.reading() as session:
        (row,) = work.issues(session, house.org_id, most=9)
        told = events.about(session, house.org_id, f"issue:{issue}")
    assert (row.project, row.agent, row.user) == ("Site", None, "Rae")
    assert row.issue.status == "closed"
    assert [event.action for event in told] == ["issue.created", "issue.changed"]


def test_an_issue_leaves_its_project_and_its_parent(works: Works) -> None:
    top, project = works.issue(), works.project()
    low = works.issue(parent=top, project=project)
    assert works.change(low, parent="", project="")
    with works.store.reading() as session:
        row = session.get_one(Issue, low)
    assert (row.parent_id, row.project_id) == (None, None)


def test_what_is_another_orgs_is_not_there(works: Works, house: House) -> None:
    there = works.store.write(
        lambda tx: issues.create_issue(
            tx, house.other_org_id, By(), IssueChange(title="Theirs")
        )
    )
    with pytest.raises(NotFoundError):
        works.change(there, title="Ours")
    with pytest.raises(NotFoundError):
        works.protect("issue", there, {})
    long = {"protectedAgent": {"requiresApproval": True, "approvalReason": "x" * 8_192}}
    with pytest.raises(InvalidError, match="at most 8192 characters"):
        works.protect("issue", works.issue(), long)


def test_no_issue_is_above_itself(works: Works) -> None:
    top = works.issue()
    middle = works.issue(parent=top)
    low = works.issue(parent=middle)
    for parent in (top, middle, low):
        with pytest.raises(InvalidError, match="above itself"):
            works.change(top, parent=parent)
    assert works.change(low, parent=top)


def test_fifty_levels_of_issues_and_no_more(works: Works) -> None:
    above = works.issue()
    for _ in range(issues.LEVELS):
        above = works.issue(parent=above)
    with pytest.raises(InvalidError, match="more than 50"):
        works.issue(parent=above)


def test_what_an_issue_names_is_of_this_org(
    works: Works, house: House, store: Store
) -> None:
    by = By(house.zoe.id)
    foreign = store.write(
        lambda tx: projects.create_project(tx, house.other_org_id, by, "Theirs")
    )
    wrong: tuple[dict[str, Any], ...] = (
        {"project": foreign},
        {"project": "prj_nothing"},
        {"parent": "iss_nothing"},
        {"agent": house.stranger.id},
        {"user": house.zoe.email},
        {"title": " "},
        {"status": "x" * 41},
    )
    for said in wrong:
        with pytest.raises(InvalidError):
            works.issue(**said)
    with pytest.raises(NotFoundError):
        store.write(
            lambda tx: projects.rename_project(tx, house.org_id, works.by, foreign, "Ours")
        )


def test_a_project_with_something_in_it_stays(works: Works, house: House) -> None:
    project = works.project()
    issue = works.issue(project=project)

    def delete() -> None:
        works.store.write(
            lambda tx: projects.delete_project(tx, house.org_id, works.by, project)
        )

    with pytest.raises(ConflictError, match="An issue is in this project"):
        delete()
    works.store.write(lambda tx: issues.delete_issue(tx, house.org_id, works.by, issue))
    delete()
    with works.store.reading() as session:
        assert not work.projects(session, house.org_id, 9)
        assert session.get(Issue, issue) is None


def test_a_parent_stays_while_it_has_sub_issues(works: Works, house: House) -> None:
    top = works.issue()
    works.issue(parent=top)
    with pytest.raises(ConflictError, match="parent of others"):
        works.store.write(lambda tx: issues.delete_issue(tx, house.org_id, works.by, top))


def test_who_does_not_manage_agents_changes_no_work(works: Works, house: House) -> None:
    issue = works.issue()
    for person in (house.rae, house.vi, house.ed, house.max, house.zoe):
        by = By(person.id)
        with pytest.raises(NotAllowedError):
            works.issue(by)
        with pytest.raises(NotAllowedError):
            works.change(issue, by, status="closed")
        with pytest.raises(NotAllowedError):
            works.protect("issue", issue, {}, by)


def test_a_policy_is_kept_as_given_and_told_once(works: Works, house: House) -> None:
    policy = APPROVAL | {"managedBy": "the orchestrator"}
    assert works.protect("agent", house.ci.id, policy)
    assert not works.protect("agent", house.ci.id, dict(policy))
    with works.store.reading() as session:
        told = events.about(session, house.org_id, f"agent:{house.ci.id}")
        (row,) = work.protected(session, house.org_id, most=9)
    assert told[-1].action == "protection.changed"
    assert (row.kind, row.name) == ("agent", "ci")
    assert works.protect("agent", house.ci.id, {})


@pytest.mark.parametrize(
    "policy",
    [
        None,
        [],
        "private",
        {"managedBy": "x"},
        {"agentVisibility": {"mode": "secret"}},
        {"assignmentPolicy": {"mode": 1}},
        {"protectedAgent": True},
        {"protectedAgents": {"requiresApproval": True}},
    ],
)
def test_a_policy_that_is_not_understood_is_not_kept(
    works: Works, house: House, policy: Any
) -> None:
    with pytest.raises(InvalidError):
        works.protect("agent", house.ci.id, policy)
    with works.store.reading() as session:
        assert session.get_one(Agent, house.ci.id).protection == "{}"


def test_assigning_here_asks_the_policies_and_a_sync_does_not(
    works: Works, house: House
) -> None:
    works.protect("agent", house.ci.id, APPROVAL)
    with pytest.raises(NotAllowedError, match="requires approval before task assignment"):
        works.issue(agent="ci")
    issue = works.issue()
    with pytest.raises(NotAllowedError):
        works.change(issue, agent="ci")
    works.store.write(
        lambda tx: issues.put_issue(
            tx, house.org_id, works.by, "i-1", IssueChange(title="Elsewhere", agent="ci")
        )
    )


def test_a_sync_of_agents_can_be_repeated(works: Works, house: House) -> None:
    def put(external_id: str, name: str | None = None, **said: Any) -> tuple[str, bool]:
        return works.store.write(
            lambda tx: agent_sync.put_agent(
                tx, house.org_id, works.by, external_id, name, AgentChange(**said)
            )
        )

    boss, changed = put("a-1", "boss", role="ceo")
    assert changed
    project = works.store.write(
        lambda tx: projects.put_project(tx, house.org_id, works.by, "p-1", "Site")
    ).id
    worker, _ = put("a-2", "worker", manager="a-1", owner=house.rae.email, project="p-1")
    with works.store.reading() as session:
        assert session.get_one(Agent, worker).project_id == project
    assert put("a-2", "worker", manager="a-1", owner=house.rae.id) == (worker, False)
    assert put("a-2", "toiler") == (worker, True)
    with pytest.raises(InvalidError, match="no other agent"):
        put("a-2", "ci")
    with pytest.raises(InvalidError, match="report to itself"):
        put("a-1", manager="a-2")
    with pytest.raises(InvalidError, match="agent of this organization"):
        put("a-2", manager="a-9")
    assert put("a-1", status="terminated") == (boss, True)
    assert put("a-1", status="terminated") == (boss, False)
    with pytest.raises(ConflictError, match="terminated for good"):
        put("a-1", status="active")
    with works.store.reading() as session:
        assert session.get_one(Agent, worker).reports_to == boss
