"""S2: every role, relation, channel and verb against a table written from the specification.

The table reads like a firewall's: the first line that fits answers. It shares nothing with the
module but the spelling of the verbs, which the specification gives.
"""

from itertools import product

import pytest

from tests.plugins.directory import Book, agents
from webui.approvals.authorization import Actor, Resource, authorize

VERBS = [
    "approvals:view",
    "approvals:decide",
    "approvals:edit_arguments",
    "approvals:break_glass",
    "approvals:reveal_secrets",
    "grants:create",
    "policy:read",
    "policy:write",
    "sources:manage",
    "agents:create",
    "agents:manage",
    "agent_config:read",
    "agent_config:update",
    "members:manage",
    "audit:read",
    "audit:export",
    "tasks:assign",
    "tasks:assign_scope",
    "tasks:manage_active_checkouts",
    "issue:mutate",
]
RELATIONS = [
    "stranger",
    "agent_owner",
    "on_behalf_of",
    "triggered_by",
    "owner_by_alias",
    "behalf_by_alias",
    "agent_owner+solo",
    "on_behalf_of+solo",
    "triggered_by+solo",
    "other_org",
]
WAYS = ("page", "token", "chat", "cli")
WHO = [
    "owner",
    "admin",
    "operator",
    "reviewer",
    "auditor",
    "viewer",
    "member",
    "unheard_of",
    "outsider",
    "invited",
    "suspended",
    "locked_out",
    "instance_admin",
    "admin_and_viewer",
    "owner_with_agent",
    "delegate",
    "delegate_outside",
    "agent",
]
INVOLVED = "agent_owner on_behalf_of triggered_by owner_by_alias behalf_by_alias"
DECIDES = "approvals:decide approvals:edit_arguments approvals:break_glass grants:create"
ANY = "*"

# who | relation | way | verb | answer; "!" before a list: all but these
TABLE = """
!agent | * | cli | !{decides} | allow_local_board
* | other_org | * | * | deny_company_boundary
locked_out | * | * | * | deny_account_suspended
instance_admin admin_and_viewer | * | * | !{decides} | allow_instance_admin
agent | * | * | {decides} | deny_agent_cannot_decide
owner_with_agent | * | * | {decides} | deny_agent_context
* | {involved} | * | {decides} | deny_self_approval

agent | * | * | tasks:assign | allow_simple_company_member
agent | * | * | agents:create agent_config:read agent_config:update | deny_missing_grant
agent | * | * | tasks:assign_scope tasks:manage_active_checkouts | deny_missing_grant
agent | * | * | issue:mutate | deny_missing_grant
agent | * | * | * | deny_unsupported_action

owner admin operator reviewer member owner_with_agent | * | * | tasks:assign | allow_simple_company_member
outsider invited suspended instance_admin delegate_outside | * | * | * | deny_missing_membership
owner owner_with_agent | * | * | * | allow_role
admin | * | * | !approvals:break_glass approvals:reveal_secrets | allow_role
reviewer | * | * | approvals:view approvals:decide approvals:edit_arguments | allow_role
reviewer | * | * | grants:create policy:read | allow_role
operator | * | * | approvals:view policy:read sources:manage | allow_role
operator | * | * | agents:create agents:manage agent_config:read agent_config:update | allow_role
operator | * | * | tasks:assign_scope tasks:manage_active_checkouts | allow_role
auditor | * | * | approvals:view policy:read audit:read audit:export | allow_role
viewer delegate admin_and_viewer | * | * | approvals:view policy:read | allow_role
delegate | * | * | approvals:decide | allow_delegate
member | agent_owner agent_owner+solo owner_by_alias | * | approvals:view | allow_role
* | * | * | issue:mutate | deny_unsupported_action
* | * | * | * | deny_missing_grant
""".format(decides=DECIDES, involved=INVOLVED)  # noqa: UP032 - a table, not a sentence
LINES = [[cell.strip() for cell in line.split("|")] for line in TABLE.splitlines() if line]


def fits(cell: str, word: str) -> bool:
    if cell.startswith("!"):
        return word not in cell[1:].split()
    return cell == ANY or word in cell.split()


def by_the_table(*cell: str) -> str:
    return next(
        line[-1]
        for line in LINES
        if all(fits(pattern, word) for pattern, word in zip(line, cell, strict=False))
    )


def the_one_who_asks(who: str, way: str) -> Actor:
    source = {"page": "session", "cli": "local_implicit"}.get(way, way)
    roles = {
        "outsider": None,
        "instance_admin": None,
        "delegate_outside": None,
        "admin_and_viewer": "viewer",
        "delegate": "viewer",
        "invited": "owner",
        "suspended": "owner",
        "locked_out": "owner",
        "owner_with_agent": "owner",
    }
    if who == "agent":
        return Actor("agent", "me", "org", source="agent_key")
    lender = Actor("user", "lender", "org", role="reviewer")
    return Actor(
        "user",
        "me",
        "org",
        role=roles.get(who, who),
        membership=who if who in {"invited", "suspended"} else "active",
        active=who != "locked_out",
        instance_admin=who in {"instance_admin", "admin_and_viewer"},
        agent_context=who == "owner_with_agent",
        source=source,  # type: ignore[arg-type]  # one of the literal's words
        aliases=frozenset({"person"}),
        acting_for=(lender,) if who.startswith("delegate") else (),
    )


def what_it_is_about(relation: str) -> Resource:
    name, _, solo = relation.partition("+")
    people = {
        "agent_owner": {"agent_owner": "me"},
        "on_behalf_of": {"on_behalf_of": "me"},
        "triggered_by": {"triggered_by": "me"},
        "owner_by_alias": {"agent_owner": "person"},
        "behalf_by_alias": {"on_behalf_of": "person"},
    }
    return Resource(
        "elsewhere" if name == "other_org" else "org",
        kind="approval",
        solo=bool(solo),
        **({"agent_owner": "her", "on_behalf_of": "him"} | people.get(name, {})),  # type: ignore[arg-type]
    )


CELLS = list(product(WHO, RELATIONS, WAYS, VERBS))
BOOK = Book(agents=agents(me=None))


def test_the_matrix_is_as_large_as_promised() -> None:
    assert len(CELLS) >= 1_500
    assert len(set(CELLS)) == len(CELLS)


@pytest.mark.parametrize("who", WHO)
def test_every_cell_answers_as_the_table_says(who: str) -> None:
    wrong = []
    for cell in product([who], RELATIONS, WAYS, VERBS):
        _, relation, way, verb = cell
        access = authorize(
            the_one_who_asks(who, way), verb, what_it_is_about(relation), directory=BOOK
        )
        said = by_the_table(*cell)
        if access.reason != said or access.allowed != said.startswith("allow"):
            wrong.append((cell, said, access.reason))
        assert access.permission == verb
    assert wrong == []


def test_every_line_of_the_table_answers_some_cell() -> None:
    used = {id(next_line(cell)) for cell in CELLS}
    assert [line for line in LINES if id(line) not in used] == []


def next_line(cell: tuple[str, ...]) -> list[str]:
    return next(
        line
        for line in LINES
        if all(fits(pattern, word) for pattern, word in zip(line, cell, strict=False))
    )
