"""Verbs of the policy lab: backtests, suggestions, and the draft that runs beside the policy."""

import json
from collections.abc import Callable
from typing import TypeVar

from webui.approvals import jobs
from webui.approvals.errors import DeskError, NotFoundError
from webui.approvals.people import accounts
from webui.approvals.people.standing import By
from webui.approvals.ruling import shadows
from webui.approvals.ruling.policies import Accepted, PolicyRefusedError
from webui.audit.chain import rfc3339
from webui.control.verbs import Office, Plain, org_id_of, verb
from webui.policyfile import require_no_file
from webui.replays.backtest import KIND, ask_for_backtest
from webui.replays.following import figures_of
from webui.replays.suggestions import KIND as SUGGESTIONS
from webui.replays.suggestions import ask_for_suggestions
from webui.store.models import Job, PolicyShadow
from webui.store.queries import jobs as queries
from webui.store.transaction import Transaction

_HERE = By()
Result = TypeVar("Result")
MOST = 100


@verb("backtest.start")
def start_backtest(
    office: Office, *, text: str, days: int | None, org: str | None = None
) -> Plain:
    """Put a backtest into the queue; none for `days` goes over all recorded calls."""

    def unit(tx: Transaction, org_id: str) -> str:
        return ask_for_backtest(tx, org_id, text, days, _HERE)

    return _asked(office, org, KIND, unit)


@verb("suggestions.start")
def start_suggestions(
    office: Office, *, approvals: int, people: int, days: int, org: str | None = None
) -> Plain:
    """Put a search for suggestions into the queue."""

    def unit(tx: Transaction, org_id: str) -> str:
        return ask_for_suggestions(tx, org_id, approvals, people, days, _HERE)

    return _asked(office, org, SUGGESTIONS, unit)


@verb("job.show")
def show_job(office: Office, *, kind: str, job: str, org: str | None = None) -> Plain:
    """Return how far a job is, and its result once it is done."""
    org_id = org_id_of(office, org)
    with office.store.reading() as session:
        found = queries.one(session, org_id, kind, job)
        if found is None:
            raise NotFoundError(kind)
        return _plain(found) | {
            "result": None if found.result is None else json.loads(found.result)
        }


@verb("job.list")
def list_jobs(office: Office, *, kind: str, org: str | None = None) -> list[Plain]:
    """Return the newest 100 jobs of a kind."""
    org_id = org_id_of(office, org)
    with office.store.reading() as session:
        return [_plain(job) for job in queries.newest(session, org_id, kind, MOST)]


@verb("job.cancel")
def cancel_job(office: Office, *, kind: str, job: str, org: str | None = None) -> Plain:
    """End a job that waits or runs."""
    org_id = org_id_of(office, org)
    ended = office.store.write(lambda tx: jobs.cancel(tx, org_id, kind, job))
    return {"id": job, "cancelled": ended}


@verb("shadow.start")
def start_shadow(office: Office, *, text: str, org: str | None = None) -> Plain:
    """Let a draft run beside the policy."""
    org_id = org_id_of(office, org)
    shadow = _told(office, lambda tx: shadows.start_shadow(tx, org_id, text, _HERE))
    return {"running": True, "revision": shadow.revision, "made_from": shadow.made_from}


@verb("shadow.show")
def show_shadow(office: Office, *, org: str | None = None) -> Plain:
    """Return the draft that runs, with its figures."""
    org_id = org_id_of(office, org)
    with office.store.reading() as session:
        shadow = session.get(PolicyShadow, org_id)
        if shadow is None:
            return {"running": False}
        began = {"revision": shadow.revision, "made_from": shadow.made_from}
        return (
            {"running": shadow.error is None, "error": shadow.error}
            | began
            | {"started_at": rfc3339(shadow.started_at)}
            | figures_of(shadow)
        )


@verb("shadow.stop")
def stop_shadow(office: Office, *, org: str | None = None) -> Plain:
    """Let it run no more."""
    org_id = org_id_of(office, org)
    office.store.write(lambda tx: shadows.stop_shadow(tx, org_id, _HERE))
    return {"running": False}


@verb("shadow.take_over")
def take_over(
    office: Office, *, expected: int, note: str = "", org: str | None = None
) -> Plain:
    """Put the draft in force as a new version."""
    org_id = org_id_of(office, org)

    def unit(tx: Transaction) -> Accepted:
        require_no_file(tx, office.settings, org_id)
        return shadows.take_over(tx, org_id, _HERE, expected=expected, note=note)

    accepted = _told(office, unit)
    return {"number": accepted.version.number, "revision": accepted.version.revision}


def _asked(
    office: Office, org: str | None, kind: str, unit: Callable[[Transaction, str], str]
) -> Plain:
    job_id = _told(office, lambda tx: unit(tx, accounts.find_org(tx, org)))
    return {"id": job_id, "kind": kind}


def _told(office: Office, unit: Callable[[Transaction], Result]) -> Result:
    """Run a unit; everything that is wrong with a policy is told, not only the first."""
    try:
        return office.store.write(unit)
    except PolicyRefusedError as error:
        raise DeskError(error.code, "\n".join(map(str, error.wrong))) from error


def _plain(job: Job) -> Plain:
    return {
        "id": job.id,
        "state": job.state,
        "share": job.done * 100 // job.total if job.total else 0,
        "attempts": job.attempts,
        "made_by": job.made_by,
        "created_at": rfc3339(job.created_at),
        "ended_at": None if job.ended_at is None else rfc3339(job.ended_at),
        "error": job.error,
    }
