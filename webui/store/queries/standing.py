"""Where a person stands in an org, as authorization asks for it: read anew, a few small selects."""

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from webui.approvals.authorization import (
    Actor,
    AgentFacts,
    Grant,
    Policied,
    PrincipalKind,
    Source,
)
from webui.store.models import (
    Agent,
    GroupMember,
    Issue,
    Membership,
    PermissionGrant,
    Project,
    User,
)
from webui.store.queries.delegations import active_delegations
from webui.store.queries.persons import aliases_of

Reading = Callable[[], AbstractContextManager[Session]]

# Built once: every page, every event and every verdict runs these.
_account = select(User.status, User.instance_admin).where(User.id == bindparam("user"))
_place = select(Membership.role, Membership.status).where(
    Membership.org_id == bindparam("org"), Membership.user_id == bindparam("user")
)
_groups = select(GroupMember.group_id).where(
    GroupMember.org_id == bindparam("org"), GroupMember.user_id == bindparam("user")
)
_grants = (
    select(PermissionGrant.id, PermissionGrant.permission, PermissionGrant.scope)
    .where(
        PermissionGrant.org_id == bindparam("org"),
        PermissionGrant.principal_id.in_(bindparam("principals", expanding=True)),
        PermissionGrant.revoked_at.is_(None),
        # What one approval allowed once is no standing: `one_use` looks it up and spends it.
        PermissionGrant.approval_id.is_(None),
        or_(
            PermissionGrant.expires_at.is_(None),
            PermissionGrant.expires_at > bindparam("now"),
        ),
    )
    .order_by(PermissionGrant.id)
)


def person_in(
    session: Session,
    org_id: str,
    user_id: str,
    now: int,
    *,
    source: Source = "none",
    agent_context: bool = False,
    locked: bool = False,
) -> Actor:
    """Return a person as authorization sees them in an org at `now` (ms).

    With `locked` nobody can take away what was read before the transaction ends (PostgreSQL;
    SQLite has one writer anyway): a revocation waits for the verdict, or the verdict sees it.
    """
    own = _alone(session, org_id, user_id, now, locked=locked)
    lent = [
        _alone(session, org_id, each.user_id, now, locked=locked)
        for each in active_delegations(session, org_id, user_id, now, locked=locked)
    ]
    return Actor(
        "user",
        user_id,
        org_id,
        role=own.role,
        membership=own.membership,
        active=own.active,
        instance_admin=own.instance_admin,
        agent_context=agent_context,
        source=source,
        aliases=own.aliases,
        groups=own.groups,
        grants=own.grants,
        acting_for=tuple(lent),
    )


def _alone(session: Session, org_id: str, user_id: str, now: int, *, locked: bool) -> Actor:
    """Return a person's own standing, without what others lend them."""

    def rows(statement: Any, **values: object) -> Sequence[Any]:
        if locked:
            statement = statement.with_for_update(read=True)
        return session.execute(statement, values).all()

    account = rows(_account, user=user_id)
    place = rows(_place, org=org_id, user=user_id)
    groups = [row.group_id for row in rows(_groups, org=org_id, user=user_id)]
    grants = rows(_grants, org=org_id, principals=[user_id, *groups], now=now)
    status, admin = account[0] if account else ("unknown", False)
    role, membership = place[0] if place else (None, "")
    return Actor(
        "user",
        user_id,
        org_id,
        role=role,
        membership=membership,
        active=status == "active",
        instance_admin=admin,
        aliases=aliases_of(session, user_id),
        groups=frozenset(groups),
        grants=tuple(as_grant(row) for row in grants),
    )


def as_grant(row: Any, approval_id: str = "") -> Grant:
    """Return a row as authorization sees it; with the approval whose yes it is, if any."""
    return Grant(row.id, row.permission, json.loads(row.scope), approval_id)


class OrgDirectory:
    """What authorization may have to look up in one org; each thing is looked up once.

    It is as true as the moment it was made: make one for a request or a transaction.
    """

    def __init__(self, reading: Reading, org_id: str, now: int) -> None:
        self._reading = reading
        self._org_id = org_id
        self._now = now
        self._agents: dict[str, AgentFacts | None] = {}

    def agent(self, agent_id: str, /) -> AgentFacts | None:
        """Return an agent of this org; none for another's and for an unknown one."""
        if agent_id not in self._agents:
            self._agents[agent_id] = self._agent(agent_id)
        return self._agents[agent_id]

    def _agent(self, agent_id: str) -> AgentFacts | None:
        found = self._one(Agent, agent_id)
        if found is None:
            return None
        return AgentFacts(
            found.id,
            found.status,
            found.reports_to,
            found.role or "",
            found.can_create_agents,
            json.loads(found.protection),
        )

    def project(self, project_id: str, /) -> Policied | None:
        """Return a project of this org."""
        found = self._one(Project, project_id)
        return None if found is None else Policied(json.loads(found.protection))

    def issue(self, issue_id: str, /) -> Policied | None:
        """Return an issue of this org."""
        found = self._one(Issue, issue_id)
        return None if found is None else Policied(json.loads(found.protection))

    def _one(self, model: Any, row_id: str) -> Any:
        with self._reading() as session:
            return session.scalar(
                select(model).where(model.org_id == self._org_id, model.id == row_id)
            )

    def membership(self, user_id: str, /) -> str | None:
        """Return the status of a user's membership here; a suspended account has none."""
        with self._reading() as session:
            return session.scalar(
                select(Membership.status)
                .join(User, User.id == Membership.user_id)
                .where(
                    Membership.org_id == self._org_id,
                    Membership.user_id == user_id,
                    User.status == "active",
                )
            )

    def grants(self, kind: PrincipalKind, principal_id: str, /) -> Sequence[Grant]:
        """Return what a user, agent or group holds in this org now, oldest first."""
        statement = _grants.where(PermissionGrant.principal_type == kind)
        values = {"org": self._org_id, "principals": [principal_id], "now": self._now}
        with self._reading() as session:
            return [as_grant(row) for row in session.execute(statement, values)]
