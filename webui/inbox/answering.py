"""Kinds that answer a delivery in words of their own instead of filing it and naming the approval.

Such a kind is in the registry like the others, and has a line here besides.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from webui.approvals.errors import NotFoundError
from webui.chat import clicking
from webui.inbox import hooking
from webui.inbox.opening import OpenSource, open_source
from webui.inbox.resuming import resume
from webui.inbox.taking import take
from webui.receivers import claude_code, discord, langgraph, slack
from webui.receivers.kind import Inbound
from webui.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    body: bytes
    content_type: str = "application/json"


Answering = Callable[[Runtime, OpenSource, Inbound], Answer]
"""Verifies the delivery itself; raises Refused and DeskError as `taking.take` does."""


def _acknowledge(runtime: Runtime, source: OpenSource, inbound: Inbound) -> Answer:
    return Answer(200, clicking.acknowledge(runtime, source, inbound))


def _hook(runtime: Runtime, source: OpenSource, inbound: Inbound) -> Answer:
    return Answer(*hooking.answer_hook(runtime, source, inbound))


def _interrupted(runtime: Runtime, source: OpenSource, inbound: Inbound) -> Answer:
    """Name every action's approval; the same message again reads what to resume with."""
    taken = take(runtime, source.id, inbound)
    first, status = taken.approvals[0]
    filer = source.filer
    found = resume(runtime, filer.org_id, filer.agent_id, first)
    document = {
        "id": first,
        "status": status,
        "complete": found.complete,
        "approvals": [{"id": each, "status": now} for each, now in found.approvals],
        "resume": found.value,
    }
    return Answer(taken.status_code, json.dumps(document).encode())


OWN_WORDS: Mapping[str, Answering] = {
    claude_code.name: _hook,
    langgraph.name: _interrupted,
    slack.name: _acknowledge,
    discord.name: _acknowledge,
}
"""By the kind's name."""


def answer(runtime: Runtime, source_id: str, inbound: Inbound) -> Answer | None:
    """Answer a delivery if its source's kind does so itself; None: take it as all others.

    Raises:
        NotFoundError: the source is unknown or switched off.
        Refused, DeskError: as the kind says.

    """
    with runtime.store.reading() as session:
        source = open_source(session, runtime.keyring, source_id, runtime.store.now())
    if source is None or not source.active:
        raise NotFoundError("source")
    answering = OWN_WORDS.get(source.kind.name)
    return None if answering is None else answering(runtime, source, inbound)
