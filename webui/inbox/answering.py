"""Kinds that answer a delivery in words of their own instead of filing it and naming the approval.

Such a kind is in the registry like the others, and has a line here besides.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from webui.approvals.errors import NotFoundError
from webui.chat import clicking
from webui.inbox.opening import OpenSource, open_source
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


OWN_WORDS: Mapping[str, Answering] = {"slack": _acknowledge, "discord": _acknowledge}
"""By the kind's name."""


def answer(runtime: Runtime, source_id: str, inbound: Inbound) -> Answer | None:
    """Answer a delivery if its source's kind does so itself; None: take it as all others.

    Raises:
        NotFoundError: the source is unknown or switched off.
        Refused, DeskError: as the kind says.

    """
    if not OWN_WORDS:
        return None
    with runtime.store.reading() as session:
        source = open_source(session, runtime.keyring, source_id, runtime.store.now())
    if source is None or not source.active:
        raise NotFoundError("source")
    answering = OWN_WORDS.get(source.kind.name)
    return None if answering is None else answering(runtime, source, inbound)
