"""What an org decides about itself."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from sqlalchemy import func, select, update

from webui.approvals.authorization import MEMBERS
from webui.approvals.desk import set_for_what_waits
from webui.approvals.errors import ConflictError, Fault, InvalidError
from webui.approvals.people.standing import By, require_in
from webui.approvals.states import OPEN
from webui.preview import visible
from webui.sentences import sentence
from webui.store.models import Approval, Membership, Org
from webui.store.queries.factors import held
from webui.store.transaction import Transaction

LONGEST_GRANT = 744
"""Hours in a month: what stands longer than that belongs into the policy."""
LONGEST_UNDO = 30
"""Seconds."""
MOST_REASONS = 12
LONGEST_REASON = 200
MOST_DOMAINS = 40
_DOMAIN = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Flags:
    """The switches of an org."""

    require_second_factor: bool
    solo_operator: bool
    write_gate: bool
    grant_hours: int = 24
    """The longest that a standing grant lasts; 0 allows none."""
    undo_seconds: int = 0
    """How long a verdict can be undone before it settles; 0: it settles at once."""
    reasons: str = ""
    """Reasons that reviewers can choose from, one a line."""
    own_domains: str = ""
    """One a line: a recipient of e-mail elsewhere is pointed out; none: nobody is."""


def flags_of(org: Org) -> Flags:
    """Return how an org's switches stand."""
    return Flags(
        org.require_second_factor,
        org.solo_operator,
        org.write_gate,
        org.grant_hours,
        org.undo_seconds,
        org.reasons,
        org.own_domains,
    )


def _check_grant(hours: int) -> None:
    if not 0 <= hours <= LONGEST_GRANT:
        raise InvalidError(
            sentence(
                "The longest standing grant is 0 (none) to %(longest)s hours.",
                longest=LONGEST_GRANT,
            ),
            [Fault("/grant_hours", sentence("must be 0 to %(most)s", most=LONGEST_GRANT))],
        )


def change_flags(tx: Transaction, org_id: str, flags: Flags, *, user_id: str) -> bool:
    """Set an org's switches; return whether anything changed.

    Raises:
        InvalidError: the longest grant is negative or longer than a month, or the time to
            undo a verdict longer than 30 seconds; or there are too many reasons, or
            something is no domain.
        NotAllowedError: they do not manage members, or not any more.
        ConflictError: whoever asks for a second factor has none, or an org that works alone
            has several people.

    """
    require_in(tx, org_id, By(user_id), MEMBERS)
    _check_grant(flags.grant_hours)
    _check_undo(flags.undo_seconds)
    _check_reasons(flags.reasons)
    _check_domains(flags.own_domains.splitlines())
    org = _whole(tx, org_id)
    before = flags_of(org)
    if flags == before:
        return False
    asks_anew = flags.require_second_factor and not before.require_second_factor
    if asks_anew and held(tx.session, user_id).count == 0:
        raise ConflictError(
            "no_factor",
            sentence(
                "Set up a second factor of your own first; then ask everybody for one."
            ),
        )
    if flags.solo_operator and not before.solo_operator and _people(tx, org_id) > 1:
        raise ConflictError(
            "not_alone",
            sentence(
                "Only an organization of one person can do without a second pair of eyes; "
                "this one has several."
            ),
        )
    for name, value in asdict(flags).items():
        setattr(org, name, value)
    tx.session.flush()
    if flags.undo_seconds != before.undo_seconds:
        set_for_what_waits(tx, org_id, undo_window=flags.undo_seconds * 1_000)
    if flags.own_domains != before.own_domains:
        set_for_what_waits(tx, org_id, own_domains=flags.own_domains, read_by=None)
    changed = {
        name: value
        for name, value in asdict(flags).items()
        if value != getattr(before, name)
    }
    tx.record(org_id, f"user:{user_id}", "settings.changed", f"org:{org_id}", changed)
    return True


def _whole(tx: Transaction, org_id: str) -> Org:
    """Return an org as it is now, locked against filings too: they copy some of it.

    `lock_org` lets them pass. This waits for those that have read it, so that what is changed
    for all that waits reaches their calls, and lets no other one read until it is committed.
    """
    return tx.session.get_one(Org, org_id, with_for_update=True, populate_existing=True)


def set_undo(tx: Transaction, org_id: str, seconds: int, *, actor: str) -> None:
    """Say how long a verdict can be undone, as whoever owns the machine.

    Raises:
        InvalidError: it is negative or longer than 30 seconds.

    """
    _check_undo(seconds)
    org = _whole(tx, org_id)
    if org.undo_seconds == seconds:
        return
    org.undo_seconds = seconds
    tx.session.flush()
    set_for_what_waits(tx, org_id, undo_window=seconds * 1_000)
    note = {"undo_seconds": seconds}
    tx.record(org_id, actor, "settings.changed", f"org:{org_id}", note)


def set_domains(
    tx: Transaction, org_id: str, domains: Iterable[str], *, actor: str
) -> list[str]:
    """Say which domains are the org's own, as whoever owns the machine; return them.

    Raises:
        InvalidError: something is no domain, or there are too many.

    """
    named = domains_in("\n".join(domains))
    _check_domains(named)
    org = _whole(tx, org_id)
    written = "\n".join(named)
    if org.own_domains != written:
        org.own_domains = written
        tx.session.flush()
        set_for_what_waits(tx, org_id, own_domains=written, read_by=None)
        note = {"own_domains": written}
        tx.record(org_id, actor, "settings.changed", f"org:{org_id}", note)
    return named


def domains_in(typed: str) -> list[str]:
    """Return domains as they are kept: in small letters, without a sign around them, each once."""
    bare = (each.strip("@.").lower() for each in typed.replace(",", " ").split())
    return list(dict.fromkeys(filter(None, bare)))


def _check_domains(domains: list[str]) -> None:
    wrong = next((each for each in domains if not _DOMAIN.fullmatch(each)), None)
    if wrong is not None:
        raise InvalidError(
            sentence(
                "“%(domain)s” is no domain; write one as example.com, "
                "in its xn-- form if it has letters outside ASCII.",
                domain=visible(wrong[:LONGEST_REASON]),
            ),
            [Fault("/own_domains", "must be domains such as example.com")],
        )
    if len(domains) > MOST_DOMAINS:
        raise InvalidError(
            sentence(
                "There are at most %(most)s domains of an organization's own.",
                most=MOST_DOMAINS,
            ),
            [Fault("/own_domains", f"must be at most {MOST_DOMAINS}")],
        )


def _check_reasons(reasons: str) -> None:
    lines = reasons.splitlines()
    if len(lines) > MOST_REASONS or any(len(line) > LONGEST_REASON for line in lines):
        raise InvalidError(
            sentence(
                "There are at most %(most_reasons)s reasons to choose from, one a line, each of at "
                "most %(longest_reason)s characters.",
                most_reasons=MOST_REASONS,
                longest_reason=LONGEST_REASON,
            ),
            [Fault("/reasons", f"must be at most {MOST_REASONS} short lines")],
        )


def _check_undo(seconds: int) -> None:
    if not 0 <= seconds <= LONGEST_UNDO:
        raise InvalidError(
            sentence(
                "A verdict can be undone for 0 (not at all) to %(longest)s seconds.",
                longest=LONGEST_UNDO,
            ),
            [Fault("/undo_seconds", f"must be 0 to {LONGEST_UNDO}")],
        )


def end_solo(tx: Transaction, org_id: str, *, actor: str) -> None:
    """End working alone once somebody else is there, for what waits already too.

    The caller holds the org's lock.
    """
    org = tx.session.get_one(Org, org_id, populate_existing=True)
    if not org.solo_operator or _people(tx, org_id) <= 1:
        return
    org = _whole(tx, org_id)
    org.solo_operator = False
    tx.session.flush()
    tx.session.execute(
        update(Approval)
        .where(
            Approval.org_id == org_id, Approval.status.in_(OPEN), Approval.solo.is_(True)
        )
        .values(solo=False),
        execution_options={"synchronize_session": False},
    )
    note = {"solo_operator": False, "cause": "not alone any more"}
    tx.record(org_id, actor, "settings.changed", f"org:{org_id}", note)


def _people(tx: Transaction, org_id: str) -> int:
    return (
        tx.session.scalar(
            select(func.count())
            .select_from(Membership)
            .where(Membership.org_id == org_id, Membership.status == "active")
        )
        or 0
    )
