"""Permission grants: who may give what to whom, within what, and how they are told of."""

from functools import partial

import pytest

from tests.plugins.desk import House, TestClock
from webui.approvals.agents import projects
from webui.approvals.authorization import VIEW, Resource, authorize
from webui.approvals.errors import (
    ConflictError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
)
from webui.approvals.grants import permission_grants
from webui.approvals.grants.permission_grants import Wanted
from webui.approvals.people import groups
from webui.approvals.people.standing import By
from webui.store.queries import events
from webui.store.queries.grants import standing_grants
from webui.store.queries.standing import person_in
from webui.store.store import Store

MEMBERS = "members:manage"


class Giving:
    """Gives and takes as Ana, the owner, unless somebody else is named."""

    def __init__(self, store: Store, house: House) -> None:
        self.store, self.house = store, house

    def __call__(self, wanted: Wanted, by: By | None = None) -> str:
        who = by or By(self.house.ana.id)
        return self.store.write(
            lambda tx: permission_grants.give(tx, self.house.org_id, who, wanted)
        )

    def revoke(self, grant_id: str, by: By | None = None) -> bool:
        who = by or By(self.house.ana.id)
        return self.store.write(
            lambda tx: permission_grants.revoke(tx, self.house.org_id, who, grant_id)
        )

    def may_view(self) -> bool:
        """Whether Max, who holds nothing by his role, sees all calls."""
        with self.store.reading() as session:
            actor = person_in(
                session, self.house.org_id, self.house.max.id, self.store.now()
            )
        return authorize(actor, VIEW, Resource(self.house.org_id)).allowed


@pytest.fixture
def give(store: Store, house: House) -> Giving:
    return Giving(store, house)


def test_a_grant_counts_at_once_and_its_revocation_too(give: Giving, house: House) -> None:
    assert not give.may_view()
    grant_id = give(Wanted("user", house.max.email, VIEW))
    assert give.may_view()
    assert give.revoke(grant_id)
    assert not give.may_view()
    assert not give.revoke(grant_id)  # asking twice is fine
    with give.store.reading() as session:
        told = events.about(session, house.org_id, f"permission_grant:{grant_id}")
        assert [event.action for event in told] == ["grant.created", "grant.revoked"]
        assert told[0].actor == f"user:{house.ana.id}"


def test_a_grant_ends_with_its_time(give: Giving, house: House, clock: TestClock) -> None:
    give(Wanted("user", house.max.id, VIEW, expires_at=clock.now() + 1_000))
    assert give.may_view()
    clock.advance(1_001)
    assert not give.may_view()
    with give.store.reading() as session:
        assert not standing_grants(session, house.org_id, give.store.now(), most=9)


def test_a_group_lends_what_it_was_given_to_whoever_is_in_it(
    give: Giving, house: House
) -> None:
    by = By(house.ana.id)
    group = give.store.write(
        lambda tx: groups.create_group(tx, house.org_id, by, "On call")
    )
    give(Wanted("group", "On call", VIEW))
    assert not give.may_view()
    give.store.write(
        lambda tx: groups.add_to_group(tx, house.org_id, by, group, house.max.email)
    )
    assert give.may_view()


def test_nobody_gives_what_they_do_not_hold_without_limits(
    give: Giving, house: House
) -> None:
    give(Wanted("user", house.rae.id, MEMBERS))
    rae = By(house.rae.id)
    give(Wanted("user", house.max.id, VIEW), rae)  # a reviewer holds it by role
    with pytest.raises(NotAllowedError, match="audit:read yourself without limits"):
        give(Wanted("user", house.max.id, "audit:read"), rae)
    scoped = Wanted("user", house.rae.id, "audit:read", {"tool": "x"})
    give(scoped)
    with pytest.raises(NotAllowedError):
        give(Wanted("user", house.max.id, "audit:read"), rae)
    give(Wanted("user", house.rae.id, "audit:read"))
    give(Wanted("user", house.max.id, "audit:read"), rae)


def test_who_does_not_manage_members_gives_and_takes_nothing(
    give: Giving, house: House
) -> None:
    grant_id = give(Wanted("user", house.max.id, VIEW))
    for person in (house.rae, house.vi, house.ed, house.max, house.zoe, house.cy):
        with pytest.raises(NotAllowedError):
            give(Wanted("user", house.max.id, VIEW, {"tool": "a"}), By(person.id))
        with pytest.raises(NotAllowedError):
            give.revoke(grant_id, By(person.id))


@pytest.mark.parametrize("permission", ["approvals:decide", "grants:create"])
def test_an_agent_is_never_given_what_decides(
    give: Giving, house: House, permission: str
) -> None:
    with pytest.raises(NotAllowedError, match="An agent never decides"):
        give(Wanted("agent", "ci", permission))
    with pytest.raises(NotAllowedError, match="can do nothing with members:manage"):
        give(Wanted("agent", "ci", MEMBERS))
    give(Wanted("agent", "ci", "tasks:assign"))


def test_what_a_grant_names_must_be_of_this_org(give: Giving, house: House) -> None:
    for kind, name in (
        ("user", house.zoe.id),
        ("user", house.zoe.email),
        ("agent", house.stranger.id),
        ("agent", "stranger"),
        ("group", "nothing"),
        ("robot", house.ana.id),
    ):
        with pytest.raises(InvalidError):
            give(Wanted(kind, name, VIEW))
    there = By(house.zoe.id)
    foreign = give.store.write(
        lambda tx: projects.create_project(tx, house.other_org_id, there, "Theirs")
    )
    for scope, pointer in (
        ({"projectIds": [foreign]}, "/scope/projectIds"),
        ({"agent": house.stranger.id}, "/scope/agent"),
        ({"managerAgentId": "agt_nothing"}, "/scope/managerAgentId"),
        ({"allow": [f"agent:{house.ci.id}", f"project:{foreign}"]}, "/scope/allow"),
        ({"project": " "}, "/scope/project"),
        ({"allow": ["team:1"]}, "/scope/allow"),
        ({"max_risk": "huge"}, "/scope/max_risk"),
    ):
        with pytest.raises(InvalidError) as caught:
            give(Wanted("user", house.max.id, VIEW, scope))
        assert [fault.pointer for fault in caught.value.faults] == [pointer], scope


def test_a_scope_is_kept_as_given_with_what_does_not_limit(
    give: Giving, house: House
) -> None:
    scope = {"agent": [house.ci.id], "note": {"from": "the orchestrator"}}
    give(Wanted("user", house.max.id, VIEW, scope))
    give(Wanted("user", house.max.id, "tasks:assign_scope", {}))  # it covers nothing
    with give.store.reading() as session:
        rows = standing_grants(session, house.org_id, give.store.now(), most=9)
    assert '"note": {"from": "the orchestrator"}' in rows[0].scope
    assert not give.may_view()  # its scope never covers what names none


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        (Wanted("user", "max@example.org", "approvals:dance"), "no such permission"),
        (Wanted("user", "max@example.org", VIEW, expires_at=1), "in the future"),
        (Wanted("user", "max@example.org", VIEW, {"x": "\0"}), "U\\+0000"),
        (Wanted("user", "max@example.org", VIEW, {"x": "y" * 9_000}), "8192"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(
    give: Giving, wanted: Wanted, refusal: str
) -> None:
    with pytest.raises(InvalidError, match=refusal):
        give(wanted)


def test_the_same_grant_stands_once(give: Giving, house: House) -> None:
    give(Wanted("user", house.max.id, VIEW))
    with pytest.raises(ConflictError, match="exactly this grant"):
        give(Wanted("user", house.max.email, VIEW))


def test_the_number_of_grants_has_an_end(
    give: Giving, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(permission_grants, "MOST", 2)
    for tool in ("a", "b"):
        give(Wanted("user", house.max.id, VIEW, {"tool": tool}))
    with pytest.raises(InvalidError, match="revoke some"):
        give(Wanted("user", house.max.id, VIEW, {"tool": "c"}))


def test_another_orgs_grant_is_as_unknown_as_one_that_never_was(
    give: Giving, house: House
) -> None:
    grant_id = give(Wanted("user", house.max.id, VIEW))
    zoe = By(house.zoe.id)
    for unknown in (grant_id, "pgr_nothing"):
        revoking = partial(
            permission_grants.revoke,
            org_id=house.other_org_id,
            by=zoe,
            grant_id=unknown,
        )
        with pytest.raises(NotFoundError):
            give.store.write(revoking)
    assert give.may_view()


def test_a_sync_gives_changes_and_gives_anew_after_a_revocation(
    give: Giving, house: House
) -> None:
    by = By(house.ana.id)

    def put(wanted: Wanted) -> tuple[str, bool]:
        return give.store.write(
            lambda tx: permission_grants.put(tx, house.org_id, by, "g-1", wanted)
        )

    first, changed = put(Wanted("user", house.max.id, VIEW))
    assert changed
    assert put(Wanted("user", house.max.email, VIEW)) == (first, False)
    assert put(Wanted("user", house.max.id, VIEW, {"tool": "a"})) == (first, True)
    assert not give.may_view()
    give.revoke(first)
    second, changed = put(Wanted("user", house.max.id, VIEW))
    assert (second != first, changed) == (True, True)
    assert give.may_view()
