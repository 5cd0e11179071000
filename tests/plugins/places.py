"""Every address of the dashboard, one of each thing an org has, and every row of the store."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask
from sqlalchemy import func, select

from tests.plugins.desk import FileCall, Program
from webui.approvals import jobs
from webui.approvals.agents import issues, projects, tokens
from webui.approvals.gate import write_grants
from webui.approvals.gate.write_gate import write_of
from webui.approvals.grants import permission_grants
from webui.approvals.grants.granting import (
    GrantWish,
    keep_standing_grant,
    standing_grant_of,
)
from webui.approvals.people import (
    accounts,
    chat_identities,
    delegations,
    groups,
    invitations,
    sessions,
    views,
)
from webui.approvals.people.standing import By
from webui.approvals.policy import policy_revision
from webui.approvals.senders import endpoints, sources
from webui.channels.addresses import AllowList
from webui.notices import destinations
from webui.oidc import providers
from webui.oidc.providers import Wanted
from webui.store.ids import new_id
from webui.store.models import (
    Approval,
    ChatIdentity,
    Delivery,
    Event,
    Model,
    Org,
    Passkey,
    Policy,
    SourceDelivery,
)
from webui.store.store import Store
from webui.store.transaction import Transaction

MAY_BE_RECORDED = {
    "approval.viewed",
    "approval.opened_full",
    "audit.exported",
    "access.refused",
    "agent_cannot_decide",
}
"""What was shown, or refused, is recorded; it changes nothing else."""


@dataclass(frozen=True)
class Route:
    endpoint: str
    method: str
    path: str
    has_id: bool


def routes(app: Flask, method: str, **ids: str) -> Iterator[Route]:
    for rule in app.url_map.iter_rules():
        if method in (rule.methods or set()) and rule.endpoint not in {"static", "live"}:
            path = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: ids[match[1]], rule.rule)
            yield Route(rule.endpoint, method, path, bool(rule.arguments))


def things(
    agent: Program, file_call: FileCall, store: Store, org_id: str, user_id: str
) -> dict[str, str]:
    token = store.write(lambda tx: tokens.create_token(tx, org_id, user_id, label="t"))
    with store.reading() as session:
        slug = session.get_one(Org, org_id).slug
    source = store.write(
        lambda tx: sources.create_source(tx, org_id, kind="standard", name="In")
    )
    approval_id = file_call(agent)
    people = store.write(lambda tx: _people(tx, org_id))
    maker = people["user_id"]
    return {
        "session_id": store.write(lambda tx: _session(tx, user_id)),
        "passkey_id": store.write(lambda tx: _passkey(tx, user_id)),
        "approval_id": approval_id,
        "standing_id": store.write(lambda tx: _standing(tx, org_id, approval_id, maker)),
        "key_id": agent.key.split("_")[1],
        "token_id": token.split("_")[1],
        "source_id": source.source_id,
        "agent_id": agent.id,
        "org_slug": slug,
        "provider_id": store.write(lambda tx: _provider(tx, org_id)),
        **store.write(lambda tx: _deliveries(tx, org_id, source.source_id)),
        "destination_id": store.write(lambda tx: _place(tx, org_id, user_id)),
        **people,
        **store.write(lambda tx: _work(tx, org_id, agent.id)),
        "org": org_id,
        "version": "nothing",
        "code": "de",
        "number": store.write(lambda tx: _version(tx, org_id)),
        **store.write(lambda tx: _jobs(tx, org_id)),
        "nonce": store.write(lambda tx: _write_in_the_name_of(tx, agent, user_id)),
        "identity_id": store.write(lambda tx: _chat_identity(tx, org_id, maker)),
        "view_id": store.write(lambda tx: _view(tx, org_id, maker)),
    }


def _version(tx: Transaction, org_id: str) -> str:
    """Make a version of the policy that is not in force: no call is ruled on by it."""
    text = 'version: "1"\n'
    made = {"revision": policy_revision(text), "text": text, "author": "local_implicit"}
    tx.session.add(Policy(org_id=org_id, number=1, at=tx.now, note="", **made))
    tx.session.flush()
    return "1"


def _jobs(tx: Transaction, org_id: str) -> dict[str, str]:
    """Put one job of each kind into the queue; nobody works here."""
    wanted = {"text": "", "days": 1, "revision": "", "approvals": 10, "people": 2}
    kinds = {"backtest_id": "backtest", "search_id": "suggestions"}
    return {
        name: jobs.ask_for(tx, org_id, kind, wanted, By()) for name, kind in kinds.items()
    }


def _standing(tx: Transaction, org_id: str, approval_id: str, user_id: str) -> str:
    """Make a grant of somebody else's: its maker may revoke it whatever their role is now."""
    approval = tx.session.get_one(Approval, approval_id)
    assert approval.org_id == org_id
    wish = GrantWish(uses=3)
    grant = standing_grant_of(tx, approval, wish, user_id)
    keep_standing_grant(tx, grant, wish)
    return grant.id


def _people(tx: Transaction, org_id: str) -> dict[str, str]:
    """Make a group with two people in it, a delegation between them, and an invitation."""
    giver, delegate = (
        accounts.create_user(
            tx,
            org_id,
            email=f"{new_id('usr', tx.now).lower()}@example.org",
            role="reviewer",
            password_hash="",
        )
        for _ in range(2)
    )
    by = By()
    group_id = groups.create_group(tx, org_id, by, "On call")
    groups.add_to_group(tx, org_id, by, group_id, giver.email)
    until = tx.now + 86_400_000
    given = delegations.delegate(tx, org_id, giver.id, delegate.email, until=until)
    invited = invitations.invite(tx, org_id, by, "new@example.org", "viewer")
    return {
        "user_id": giver.id,
        "group_id": group_id,
        "delegation_id": given,
        "invitation_id": invited.id,
        "token": invited.token,
    }


def _work(tx: Transaction, org_id: str, agent_id: str) -> dict[str, str]:
    """Make a project, an issue, and a grant to an agent."""
    by = By()
    wanted = permission_grants.Wanted("agent", agent_id, "tasks:assign")
    return {
        "project_id": projects.create_project(tx, org_id, by, "Site"),
        "issue_id": issues.create_issue(tx, org_id, by, issues.IssueChange("Mend it")),
        "grant_id": permission_grants.give(tx, org_id, by, wanted),
        "kind": "agent",
        "bearer_id": agent_id,
    }


def _write_in_the_name_of(tx: Transaction, agent: Program, user_id: str) -> str:
    """Hold an agent's write for a person."""
    service = write_grants.Service(agent.org_id, agent.id, "key")
    write = write_of("PUT", "/a", ["files:write"], None)
    limits = write_grants.GateLimits()
    held = write_grants.ask(tx, service, user_id, write, ["files:write"], limits)
    assert isinstance(held, write_grants.Held)
    return held.nonce


def _view(tx: Transaction, org_id: str, user_id: str) -> str:
    """Save a view for somebody else alone."""
    return views.save_view(tx, org_id, user_id, "Theirs", "risk:high", is_shared=False)


def _chat_identity(tx: Transaction, org_id: str, user_id: str) -> str:
    """Link a chat user to somebody else's account."""
    who = {"kind": "slack", "team": "T1", "external_id": "U1"}
    chat_identities.link(tx, org_id, user_id, **who)
    return tx.session.scalars(
        select(ChatIdentity.id).where(ChatIdentity.user_id == user_id)
    ).one()


def _provider(tx: Transaction, org_id: str) -> str:
    wanted = Wanted("Corp", "https://127.0.0.1", "desk", "a secret")
    return providers.add(tx, org_id, By(), wanted, AllowList())


def _session(tx: Transaction, user_id: str) -> str:
    session_hash = secrets.token_hex(32)
    sessions.sign_in(tx, user_id, session_hash, address="192.0.2.1", user_agent="")
    return session_hash[:12]


def _place(tx: Transaction, org_id: str, user_id: str) -> str:
    """Make a place where a person is told; trying it reaches nothing."""
    owner = destinations.Owner(org_id, user_id)
    url = "jsons://127.0.0.1/hear"
    return destinations.add(tx, owner, "service", url=url, offered=("jsons",))


def _passkey(tx: Transaction, user_id: str) -> str:
    passkey_id = secrets.token_urlsafe(16)
    key = Passkey(id=passkey_id, user_id=user_id, public_key=b"", name="k")
    key.created_at = tx.now
    tx.session.add(key)
    tx.session.flush()
    return passkey_id


def _deliveries(tx: Transaction, org_id: str, source_id: str) -> dict[str, str]:
    """Make an endpoint with a dead letter, and a source's delivery that was refused."""
    made = endpoints.create_endpoint(tx, org_id, "https://hooks.example.com/")
    letter, arrival = new_id("dlv", tx.now), new_id("sdl", tx.now)
    about = {"org_id": org_id, "url": "https://hooks.example.com/", "seq": 1}
    times = {"next_at": tx.now, "created_at": tx.now}
    dead = {"event": "approval.created", "body": "{}", "status": "dead"}
    tx.session.add(
        Delivery(id=letter, endpoint_id=made.endpoint_id, **about, **times, **dead)
    )
    tx.session.add(
        SourceDelivery(
            id=arrival,
            org_id=org_id,
            source_id=source_id,
            received_at=tx.now,
            address="192.0.2.1",
            headers="{}",
            body=b"",
            status_code=401,
            verdict="refused",
            why="The signature does not match this message.",
        )
    )
    tx.session.flush()
    return {
        "endpoint_id": made.endpoint_id,
        "delivery_id": letter,
        "arrival_id": arrival,
    }


def rows(store: Store) -> dict[str, list[str]]:
    """Every row of every table, but for what was merely recorded as shown."""
    kept: dict[str, list[str]] = {}
    with store.reading() as session:
        for table in Model.metadata.sorted_tables:
            if table.name in {"events", "audit_heads", "throttles"}:
                continue
            kept[table.name] = sorted(str(row) for row in session.execute(select(table)))
        changes = select(func.count()).where(Event.action.not_in(MAY_BE_RECORDED))
        kept["events"] = [str(session.scalar(changes))]
    return kept
