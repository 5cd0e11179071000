"""A yes to a held question: it counts for that question, once, however many ask at a time."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.plugins.desk import NO_LIMITS, House, Program
from tests.plugins.rules import LEASE, Desk
from webui.approvals.agents import one_use, questions
from webui.approvals.agents.agent_changes import AgentChange, change_agent
from webui.approvals.agents.issues import IssueChange, change_issue, create_issue
from webui.approvals.agents.one_use import Outcome
from webui.approvals.agents.projects import create_project
from webui.approvals.agents.protections import protect
from webui.approvals.agents.questions import Asked
from webui.approvals.asking.ask import Ask
from webui.approvals.asking.idempotency import Key
from webui.approvals.authorization.facts import Kind
from webui.approvals.call.canonical import canonical
from webui.approvals.errors import ConflictError
from webui.approvals.grants import permission_grants
from webui.approvals.people.standing import By
from webui.asks import AskBody, check_body, prepare
from webui.store.models import PermissionGrant
from webui.store.queries.grants import standing_grants
from webui.store.store import Store
from webui.store.transaction import Transaction


class Orchestrator:
    """Asks whether `helper` may be given to somebody, as the agent `ci`."""

    def __init__(self, desk: Desk, asked: Asked) -> None:
        self.desk, self.asked, self.store = desk, asked, desk.store

    def ask(
        self,
        agent: Program | None = None,
        *,
        file: bool = False,
        key: Key | None = None,
        prepared: Ask | None = None,
    ) -> Outcome:
        filer = (agent or self.desk.house.ci).filer
        ask = prepared or self.prepared(filer.agent_id)
        answer = self.store.write(
            lambda tx: one_use.ask_anew(
                tx, filer, self.asked, ask, NO_LIMITS, LEASE, key, file=file
            )
        )
        assert not isinstance(answer, ConflictError)
        return answer

    def prepared(self, agent_id: str) -> Ask:
        org_id = self.desk.house.org_id
        with self.store.reading() as session:
            found = questions.answer(session, org_id, self.asked, self.store.now())
            body = one_use.body_of(session, found, self.asked)
        return prepare(
            check_body(AskBody, body),
            canonical(body["arguments"]).decode(),
            org_id=org_id,
            agent_id=agent_id,
            report=False,
        )

    def approved(self) -> str:
        filed = self.ask(file=True).filed
        assert filed is not None
        assert self.desk.decide(self.desk.house.rae, filed.id).applied
        return filed.id


@pytest.fixture
def held(desk: Desk, store: Store, house: House) -> Orchestrator:
    policy = {"protectedAgent": {"requiresApproval": True}}
    store.write(
        lambda tx: protect(
            tx, house.org_id, By(house.ana.id), "agent", house.helper.id, policy
        )
    )
    asked = Asked("user", house.max.id, "tasks:assign", "agent", house.helper.id)
    return Orchestrator(desk, asked)


def test_a_yes_makes_one_grant_that_one_answer_spends(
    held: Orchestrator, house: House
) -> None:
    approval_id = held.approved()
    with held.store.reading() as session:
        (row,) = standing_grants(session, house.org_id, held.store.now(), most=9)
    assert (row.approval_id, row.principal_id) == (approval_id, house.max.id)
    first = held.ask()
    assert first.answer.access.allowed
    assert first.answer.access.grant is not None
    assert first.answer.access.grant.id == row.id
    assert not held.ask().answer.access.allowed
    with held.store.reading() as session:
        assert session.get_one(PermissionGrant, row.id).revoked_at is not None


def test_of_many_who_ask_at_once_one_is_told_yes(held: Orchestrator) -> None:
    held.approved()
    with ThreadPoolExecutor(6) as pool:
        answers = [each.result() for each in [pool.submit(held.ask) for _ in range(6)]]
    assert [each.answer.access.allowed for each in answers].count(True) == 1


def test_another_agents_yes_is_not_ones_own(held: Orchestrator, house: House) -> None:
    held.approved()
    assert not held.ask(house.deploy_bot).answer.access.allowed
    assert held.ask().answer.access.allowed


def test_a_one_use_grant_is_no_standing_elsewhere(held: Orchestrator, house: House) -> None:
    held.approved()
    with held.store.reading() as session:
        found = questions.answer(session, house.org_id, held.asked, held.store.now())
    assert not found.access.allowed


def test_a_yes_ends_with_the_approval(held: Orchestrator) -> None:
    held.approved()
    held.desk.clock.advance(86_400_000)
    assert not held.ask().answer.access.allowed


def test_a_revoked_yes_is_none(held: Orchestrator, house: House) -> None:
    held.approved()
    with held.store.reading() as session:
        (row,) = standing_grants(session, house.org_id, held.store.now(), most=9)
    held.store.write(
        lambda tx: permission_grants.revoke(tx, house.org_id, By(house.ana.id), row.id)
    )
    assert not held.ask().answer.access.allowed


REPEATED = Key("again", b"the same")


def test_what_nothing_holds_any_more_is_answered_without_asking_anybody(
    held: Orchestrator, house: House
) -> None:
    prepared = held.prepared(house.ci.id)
    held.store.write(
        lambda tx: protect(tx, house.org_id, By(), "agent", house.helper.id, {})
    )
    answer = held.ask(file=True, prepared=prepared)
    assert (answer.answer.access.allowed, answer.filed) == (True, None)


def test_a_repeat_is_told_yes_for_as_long_as_its_use_and_then_no_more(
    held: Orchestrator,
) -> None:
    held.approved()
    assert held.ask(key=REPEATED).answer.access.allowed
    assert held.ask(key=REPEATED).answer.access.allowed
    held.desk.clock.advance(LEASE.length)
    assert not held.ask(key=REPEATED).answer.access.allowed


def test_a_repeat_about_what_was_moved_elsewhere_is_not_told_the_old_yes(
    held: Orchestrator, desk: Desk, house: House
) -> None:
    org, by = house.org_id, By()

    def furnish(tx: Transaction) -> tuple[str, str]:
        site, shop = (create_project(tx, org, by, name) for name in ("Site", "Shop"))
        for each in (site, shop):
            policy = {"protectedAgent": {"requiresApproval": True}}
            protect(tx, org, by, "project", each, policy)
        issue = IssueChange(title="Mend it", project=site)
        return shop, create_issue(tx, org, by, issue)

    shop, issue_id = desk.store.write(furnish)
    about = Asked("user", house.max.id, "tasks:assign", "issue", issue_id)
    moved = Orchestrator(desk, about)
    moved.approved()
    assert moved.ask(key=REPEATED).answer.access.allowed
    change = IssueChange(project=shop)
    desk.store.write(lambda tx: change_issue(tx, org, by, issue_id, change))
    assert not moved.ask(key=REPEATED).answer.access.allowed


@pytest.mark.parametrize("agent", ["deploy_bot", "ci"])
def test_an_agents_yes_is_for_the_owner_it_had_and_a_question_alone_files_nothing(
    held: Orchestrator, desk: Desk, house: House, agent: str
) -> None:
    actor: Program = getattr(house, agent)  # Bo's, and nobody's
    about = Asked("agent", actor.id, "tasks:assign", "agent", house.helper.id)
    asking = Orchestrator(desk, about)
    approval_id = asking.approved()
    change = AgentChange(owner=house.max.email)
    desk.store.write(lambda tx: change_agent(tx, house.org_id, By(), actor.id, change))
    assert not asking.ask().answer.access.allowed
    assert desk.status(approval_id) == "approved"
    change = AgentChange(owner="" if actor.owner_id is None else house.bo.email)
    desk.store.write(lambda tx: change_agent(tx, house.org_id, By(), actor.id, change))
    assert asking.ask().answer.access.allowed


def test_a_call_that_only_looks_like_a_question_gives_no_permission(
    desk: Desk, house: House
) -> None:
    approval_id = desk.submit(tool="tasks:assign", arguments={"scope": "all"}).approval.id
    assert desk.decide(house.rae, approval_id).applied
    with desk.store.reading() as session:
        assert session.query(PermissionGrant).all() == []


def test_a_question_may_be_about_an_approval_or_a_project(desk: Desk, house: House) -> None:
    approval_id = desk.submit().approval.id
    project = desk.store.write(lambda tx: create_project(tx, house.org_id, By(), "Site"))

    def allowed(who: str, kind: Kind, thing: str) -> bool:
        asked = Asked("user", who, "approvals:view", kind, thing)
        with desk.store.reading() as session:
            found = questions.answer(session, house.org_id, asked, desk.store.now())
        return found.access.allowed

    things: dict[Kind, str] = {"approval": approval_id, "project": project}
    for kind, thing in things.items():
        assert allowed(house.vi.id, kind, thing)
        assert not allowed(house.zoe.id, kind, thing)
