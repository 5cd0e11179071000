"""A source with its secrets opened: what a delivery is checked with, and for whom it files."""

import json
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.approvals.asking.ask import UPSTREAM_REF, Ask, Filer
from webui.approvals.call.strict_json import Document
from webui.approvals.senders.sources import ACTIVE, secrets_of, token_of
from webui.asks import YES_OR_NO, AskBody, check_body, prepare
from webui.receivers.kind import Inbound, Kind, Refused, SourceSecrets, Submission
from webui.receivers.reading import read_body
from webui.receivers.registry import KINDS, WAYS_BACK
from webui.sentences import sentence
from webui.store.keyring import Keyring
from webui.store.models import Agent, Org, Source


@dataclass(frozen=True, slots=True)
class OpenSource:
    """A source as one delivery needs it."""

    id: str
    kind: Kind
    secrets: SourceSecrets
    filer: Filer
    data_key: bytes
    active: bool
    """Neither the source nor its agent is switched off."""


def open_source(
    session: Session, keyring: Keyring, source_id: str, now: int
) -> OpenSource | None:
    """Return a source by its id, or None if there is none of a known kind."""
    row = session.execute(
        select(Source, Agent.owner_id, Agent.project_id, Agent.status, Org.data_key)
        .join(Agent, Agent.id == Source.agent_id)
        .join(Org, Org.id == Source.org_id)
        .where(Source.id == source_id)
    ).one_or_none()
    if row is None or row.Source.kind not in KINDS:
        return None
    source = row.Source
    secrets = secrets_of(keyring, row.data_key, source, now)
    return OpenSource(
        source.id,
        KINDS[source.kind],
        SourceSecrets(
            secrets, json.loads(source.config), token_of(keyring, row.data_key, source)
        ),
        Filer(source.agent_id, source.org_id, row.owner_id, source.id, row.project_id),
        row.data_key,
        active=source.status == ACTIVE and row.status == "active",
    )


def read_asks(source: OpenSource, inbound: Inbound) -> list[Ask]:
    """Read what a verified delivery asks for: all of it can be filed, or nothing is.

    Raises:
        Refused: the body cannot be read or translated.
        Ignored: it asks for no approval.
        InvalidError: what it says is no body of `POST /api/v1/approvals`.

    """
    document: Document = read_body(inbound)
    submissions = source.kind.to_submissions(
        document, inbound.headers, source.secrets.config
    )
    return [prepared(source, submission) for submission in submissions]


def prepared(source: OpenSource, submission: Submission) -> Ask:
    """Check and prepare one submission of a source.

    Raises:
        Refused: it is to be answered, and names nothing that an answer could be about.
        InvalidError: what it says is no body of `POST /api/v1/approvals`.

    """
    received = submission.pop("arguments_text", "")  # without arguments the check fails
    reply_to = submission.pop("reply_to", None)
    if reply_to is not None and source.kind.name in WAYS_BACK:
        ref = submission.get("source_ref")
        if not ref:
            raise Refused(
                422,
                "source_ref_missing",
                sentence("It does not say which question it is."),
            )
        submission["ctx"] = {**submission.get("ctx", {}), UPSTREAM_REF: ref}
    body = check_body(AskBody, submission)
    ask = prepare(
        body,
        received,
        org_id=source.filer.org_id,
        agent_id=source.filer.agent_id,
        # What sent it was built to be told yes or no; if it takes more, it says so.
        otherwise=YES_OR_NO,
    )
    return replace(ask, reply_to=reply_to)
