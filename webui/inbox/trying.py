"""Trying a source: the desk makes a signed delivery of its kind and takes it as any other."""

from webui.approvals.errors import ConflictError, NotFoundError
from webui.approvals.senders import sources
from webui.inbox.opening import OpenSource, open_source
from webui.inbox.taking import Taken, take
from webui.receivers.samples import SAMPLES
from webui.runtime import Runtime
from webui.sentences import sentence
from webui.store.ids import new_id


def send_test(runtime: Runtime, org_id: str, source_id: str, *, actor: str) -> Taken:
    """Send a source a test event; it files a call of no consequence, which waits for a verdict.

    Raises:
        NotFoundError: no such source in this org.
        ConflictError: it is paused, or its kind can only be tried from its upstream.
        Refused, DeskError: not taken, as any other delivery; kept with the reason.

    """
    source = _open(runtime, org_id, source_id)
    make = SAMPLES.get(source.kind.name)
    if make is None:
        raise ConflictError(
            "no_test_event",
            sentence(
                "The desk cannot make an event of the kind %(label)s; send one from there.",
                label=source.kind.label,
            ),
        )
    if not source.active:
        raise ConflictError(
            "source_off", sentence("This source takes nothing now; resume it first.")
        )
    now = runtime.store.now()
    event_id = new_id("evt", now)
    runtime.store.write(
        lambda tx: sources.note(
            tx, org_id, source_id, {"test_event": event_id}, actor=actor
        )
    )
    return take(runtime, source_id, make(source.secrets, now, event_id))


def _open(runtime: Runtime, org_id: str, source_id: str) -> OpenSource:
    with runtime.store.reading() as session:
        source = open_source(session, runtime.keyring, source_id, runtime.store.now())
    if source is None or source.filer.org_id != org_id:
        raise NotFoundError("source")
    return source
