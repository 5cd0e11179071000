"""A ruling as it is kept on its approval: the terms it sets, and why it is so."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.approvals.answering.quorum import Quorum
from webui.approvals.asking.ask import Ask, Filer
from webui.approvals.policy import Asking, Ruling, Verdict
from webui.approvals.policy.facts import Missing
from webui.approvals.policy.paths import read_steps, walk
from webui.approvals.policy.saying import nobody_in, said_again
from webui.approvals.ruling.rulings import hinted
from webui.approvals.states import Resolution, Risk, Status
from webui.approvals.words import WHY_ASKED
from webui.store.models import Approval, Group
from webui.store.transaction import Transaction

LONGEST: Final = 16_384
"""Characters of a ruling as it is kept."""
USE_WINDOW: Final = 300_000
"""ms in which an allowed call can be used, if that is later than `expires_at`."""
NOBODY: Final = "?"
"""In the place of a group that is not there any more: nobody is in it."""


def terms_of(tx: Transaction, filer: Filer, ask: Ask, expires_at: int) -> dict[str, Any]:
    """Return the columns that a ruling sets on the approval of its call; none without one."""
    ruling = ask.ruling
    if ruling is None:
        return {}
    columns = {
        "rule_name": ruling.rule.name,
        "rule_hash": ruling.rule.hash,
        "rule_line": ruling.rule.line,
        "policy_revision": ruling.policy_revision,
        "risk_asked": hinted(ask.risk),
        "irreversible": ruling.irreversible,
        "idempotent": ruling.idempotent,
        "reserved": ask.reserved,
    }
    if ruling.asking is None:
        kept = {"ruling": _kept(ruling, ())}
        return columns | kept | _settled(tx, ruling, expires_at)
    return columns | _asking(tx, filer.org_id, ruling, ruling.asking, expires_at)


def _settled(tx: Transaction, ruling: Ruling, expires_at: int) -> dict[str, Any]:
    allowed = ruling.verdict is Verdict.ALLOW
    return {
        "status": Status.APPROVED if allowed else Status.DENIED,
        "resolution": Resolution.POLICY,
        "decided_by": f"policy:{ruling.rule.name}",
        "decided_at": tx.now,
        "settled_at": tx.now,
        "usable_until": max(expires_at, tx.now + USE_WINDOW) if allowed else None,
        "by_person": False,
    }


def _asking(
    tx: Transaction, org_id: str, ruling: Ruling, asking: Asking, expires_at: int
) -> dict[str, Any]:
    wanted = {*asking.approvers, *asking.veto_groups, asking.escalate_to or ""} - {""}
    ids = group_ids(tx.session, org_id, wanted)
    gone = sorted(wanted - ids.keys())
    approvers = [ids.get(name, NOBODY) for name in asking.approvers]
    if not set(asking.veto_groups) <= ids.keys():
        approvers = [NOBODY]  # who could say no is not known, so nobody says yes
    at = None if asking.escalate_after is None else tx.now + asking.escalate_after
    return {
        "approvals_required": asking.approvals_required,
        "denials_required": asking.denials_required,
        "require_reason": asking.require_reason,
        "distinct_groups": asking.distinct_groups,
        "approvers": " ".join(dict.fromkeys(approvers)),
        "veto_groups": " ".join(ids.get(name, NOBODY) for name in asking.veto_groups),
        "escalate_at": at if at is not None and at < expires_at else None,
        "escalate_to": ids.get(asking.escalate_to or ""),
        "max_grant": asking.max_grant,
        "ruling": _kept(ruling, gone),
    }


def group_ids(session: Session, org_id: str, names: Iterable[str]) -> dict[str, str]:
    """Return the ids of an org's groups by what a policy calls them: their names or ids."""
    wanted = sorted(names)
    if not wanted:
        return {}
    rows = session.execute(
        select(Group.id, Group.name).where(
            Group.org_id == org_id, Group.id.in_(wanted) | Group.name.in_(wanted)
        )
    ).all()
    found = {row.name: row.id for row in rows} | {row.id: row.id for row in rows}
    return {name: found[name] for name in wanted if name in found}


def _kept(ruling: Ruling, gone: Iterable[str]) -> str:
    """Return a ruling as JSON, without the values of arguments: those are kept encrypted."""
    document = ruling.as_document()
    del document["trace"]
    for condition in document["conditions"]:
        if condition["path"].startswith("args."):
            condition["seen"] = None
    for name in gone:
        document["sentence"] += f" {nobody_in(name)}"
    text = json.dumps(document, ensure_ascii=False)
    while len(text) > LONGEST and document["conditions"]:
        document["conditions"] = document["conditions"][: len(document["conditions"]) // 2]
        text = json.dumps(document, ensure_ascii=False)
    return text


def tightened(tx: Transaction, approval: Approval, ruling: Ruling) -> dict[str, Any]:
    """Return what changes of an approval's terms when an edit puts its call under a ruling.

    Each term is as strict as the stricter of both; groups that share none approve apart.
    """
    changes: dict[str, Any] = {"edited_rule_hash": ruling.rule.hash}
    risks = (Risk(approval.risk), ruling.risk)
    changes["risk"] = max(risks, key=lambda risk: risk.level)
    changes["irreversible"] = approval.irreversible or ruling.irreversible
    if ruling.asking is None:
        return changes
    new = _asking(tx, approval.org_id, ruling, ruling.asking, approval.expires_at)
    old_groups, new_groups = approval.approvers.split(), new["approvers"].split()
    shared = [group for group in old_groups if group in new_groups]
    apart = bool(old_groups and new_groups and not shared)
    lasts = [each for each in (approval.max_grant, new["max_grant"]) if each is not None]
    vetoes = [*approval.veto_groups.split(), *new["veto_groups"].split()]
    return changes | {
        "approvals_required": max(
            approval.approvals_required, new["approvals_required"], 2 if apart else 1
        ),
        "denials_required": min(approval.denials_required, new["denials_required"]),
        "require_reason": approval.require_reason or new["require_reason"],
        "distinct_groups": approval.distinct_groups or new["distinct_groups"] or apart,
        "approvers": " ".join(shared or dict.fromkeys([*old_groups, *new_groups])),
        "veto_groups": " ".join(dict.fromkeys(vetoes)),
        "max_grant": min(lasts, default=None),
    }


def quorum_of(approval: Approval) -> Quorum:
    """Return what it takes to settle an approval."""
    return Quorum(
        required=approval.approvals_required,
        denials=approval.denials_required,
        approvers=frozenset(approval.approvers.split()),
        distinct=approval.distinct_groups,
        veto=frozenset(approval.veto_groups.split()),
    )


def ruling_of(approval: Approval) -> Mapping[str, Any] | None:
    """Return what the policy said of a call; none if there was no policy."""
    if approval.ruling is None:
        return None
    document: dict[str, Any] = json.loads(approval.ruling)
    return document


def ruling_shown(approval: Approval, masked: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return a ruling with what its conditions saw, as the masked arguments of the call show it."""
    document = ruling_of(approval)
    for condition in () if document is None else document["conditions"]:
        if condition["path"].startswith("args."):
            seen = walk(masked, read_steps(condition["path"])[1:])
            condition["seen"] = None if isinstance(seen, Missing) else seen
    return document


def why_asked(approval: Approval) -> str:
    """Return why somebody is asked, or why nobody was."""
    ruling = ruling_of(approval)
    return WHY_ASKED if ruling is None else said_again(ruling, approval.tool)


def refused_because(approval: Approval) -> str | None:
    """Return what the agent is told of a call that the policy denied; none for all others."""
    ruling = ruling_of(approval)
    if ruling is None or ruling["verdict"] != Verdict.DENY:
        return None
    return str(ruling["message"] or ruling["sentence"])
