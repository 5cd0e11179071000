"""A yes to a held question: it counts for that question, once, however many ask at a time."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.plugins.desk import NO_LIMITS, House, Program
from tests.plugins.rules import LEASE, Desk
from webui.approvals.agents import one_use, questions
from webui.approvals.agents.one_use import Outcome
from webui.approvals.agents.protections import protect
from webui.approvals.agents.questions import Asked
from webui.approvals.asking.ask import Ask
from webui.approvals.call.canonical import canonical
from webui.approvals.errors import ConflictError
from webui.approvals.grants import permission_grants
from webui.approvals.people.standing import By
from webui.asks import AskBody, check_body, prepare
from webui.preview import Profile
from webui.store.models import PermissionGrant
from webui.store.queries.grants import standing_grants
from webui.store.store import Store


class Orchestrator:
    """Asks whether `helper` may be given to somebody, as the agent `ci`."""

    def __init__(self, desk: Desk, asked: Asked) -> None:
        self.desk, self.asked, self.store = desk, asked, desk.store

    def ask(self, agent: Program | None = None, *, file: bool = False) -> Outcome:
        filer = (agent or self.desk.house.ci).filer
        prepared = self._prepared(filer.agent_id)
        answer = self.store.write(
            lambda tx: one_use.ask_anew(
                tx, filer, self.asked, prepared, NO_LIMITS, LEASE, None, file=file
            )
        )
        assert not isinstance(answer, ConflictError)
        return answer

    def _prepared(self, agent_id: str) -> Ask:
        org_id = self.desk.house.org_id
        with self.store.reading() as session:
            found = questions.answer(session, org_id, self.asked, self.store.now())
            body = one_use.body_of(session, found, self.asked)
        return prepare(
            check_body(AskBody, body),
            canonical(body["arguments"]).decode(),
            org_id=org_id,
            agent_id=agent_id,
            profile=Profile(mask_key=bytes(32)),
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
