"""Verbs on sources: who may file by signed webhook."""

from collections.abc import Callable
from typing import Any

from webui.approvals.errors import ConflictError, InvalidError
from webui.approvals.people import accounts
from webui.approvals.senders import sources
from webui.audit.chain import rfc3339
from webui.bridges.registry import BRIDGES
from webui.control.verbs import LOCAL, Office, Plain, org_id_of, verb
from webui.inbox import trying
from webui.receivers.chat_config import OWN_SECRETS
from webui.receivers.kind import Refused
from webui.receivers.registry import KINDS
from webui.store.queries import traffic
from webui.store.transaction import Transaction

_SECRET_FROM, _TOKEN_FROM = "--secret-from FILE", "--token-from FILE"


@verb("sources.add")
def add_source(
    office: Office,
    *,
    name: str,
    kind: str,
    agent: str | None = None,
    config: dict[str, Any] | None = None,
    secret: str | None = None,
    token: str | None = None,
    org: str | None = None,
) -> Plain:
    """Make a source; its secret is shown once, whether the sender or the desk made it."""
    _check_given(kind, secret)
    wanted = KINDS[kind].token if kind in KINDS else None
    if wanted is not None and token is None and kind not in BRIDGES:
        raise InvalidError(
            f"{wanted} is needed: write it to a file, and add {_TOKEN_FROM}."
        )

    def unit(tx: Transaction) -> Plain:
        made = sources.create_source(
            tx,
            accounts.find_org(tx, org),
            kind=kind,
            name=name,
            agent=agent,
            config=config,
            secret=secret,
            token=token,
            actor=LOCAL,
        )
        return {
            "id": made.source_id,
            "kind": kind,
            "secret": made.secret,
            "url": _address(office, made.source_id),
        }

    return office.store.write(unit)


def _check_given(kind: str, secret: str | None) -> None:
    """Refuse to make up a secret that only the platform can make."""
    if secret is None and kind in OWN_SECRETS:
        what = OWN_SECRETS[kind]
        raise InvalidError(f"{what} is needed: write it to a file, and add {_SECRET_FROM}.")


def _address(office: Office, source_id: str) -> str:
    return f"{office.public_url}/hooks/{source_id}"


@verb("sources.list")
def list_sources(office: Office, *, org: str | None = None) -> list[Plain]:
    """Return the sources of an org; never a secret."""
    org_id = org_id_of(office, org)
    with office.store.reading() as session:
        return [
            {
                "id": row.source.id,
                "name": row.source.name,
                "kind": row.source.kind,
                "status": row.source.status,
                "agent": row.source.agent_id,
                "last_at": None if row.last_at is None else rfc3339(row.last_at),
                "url": _address(office, row.source.id),
            }
            for row in traffic.sources(session, org_id)
        ]


@verb("sources.rotate")
def rotate_secret(
    office: Office, *, source: str, secret: str | None = None, org: str | None = None
) -> Plain:
    """Give a source a new secret, shown once; the old one works on for a day."""

    def unit(tx: Transaction) -> Plain:
        org_id = accounts.find_org(tx, org)
        _check_given(sources.load(tx, org_id, source).kind, secret)
        made = sources.rotate_secret(tx, org_id, source, secret=secret, actor=LOCAL)
        return {"id": source, "secret": made}

    return office.store.write(unit)


@verb("sources.pause")
def pause(office: Office, *, source: str, org: str | None = None) -> Plain:
    """Take nothing from a source until it is resumed."""
    return _switch(office, sources.pause, source, org)


@verb("sources.resume")
def resume(office: Office, *, source: str, org: str | None = None) -> Plain:
    """Take deliveries again."""
    return _switch(office, sources.resume, source, org)


def _switch(
    office: Office, verb: Callable[..., None], source: str, org: str | None
) -> Plain:
    def unit(tx: Transaction) -> Plain:
        org_id = accounts.find_org(tx, org)
        verb(tx, org_id, source, actor=LOCAL)
        return {"id": source, "status": sources.load(tx, org_id, source).status}

    return office.store.write(unit)


@verb("sources.test")
def send_test(office: Office, *, source: str, org: str | None = None) -> Plain:
    """Send a source a test event; says which approval it filed."""
    if office.runtime is None:
        raise ConflictError(
            "not_served",
            "Start the desk first: deliveries are taken by the running server.",
        )
    try:
        taken = trying.send_test(
            office.runtime, org_id_of(office, org), source, actor=LOCAL
        )
    except Refused as refused:
        raise InvalidError(refused.detail, code=refused.code) from None
    return {"id": source, "answer": taken.status_code, "approvals": taken.ids}
