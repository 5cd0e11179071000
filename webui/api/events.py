"""The agents' event stream: Server-Sent Events that a lost connection resumes."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import NamedTuple, cast

from flask import Response, current_app, g, request

from webui.api.approvals import READ
from webui.api.keys import agent_with, runtime
from webui.api.operations import Query, operation
from webui.api.paging import whole_number
from webui.approvals.errors import Fault, InvalidError, TooManyError
from webui.live.streams import STREAMS_EACH, Streams
from webui.runtime import Runtime
from webui.store.queries import own
from webui.store.queries.identity import KeyHolder, key_holder

HEARTBEAT = 15.0
"""Seconds in which something is sent, so that a dead connection is noticed."""
_HELLO = b"retry: 2000\n: connected\n\n"


class _Listener(NamedTuple):
    """Whose stream it is, kept apart from the request, which is over by then."""

    house: Runtime
    streams: Streams
    key: KeyHolder


@operation(
    "GET",
    "/api/v1/events",
    "What happens to the agent's approvals, and to those of the agents it manages",
    queries=(
        Query(
            "after",
            {"type": "integer", "minimum": 0},
            "Resume after this event; `Last-Event-ID` does the same and goes first.",
        ),
    ),
    stream=True,
)
@agent_with(READ)
def stream_events() -> Response:
    """Tell each event once, as `text/event-stream`; without `after` from now on."""
    after = _after()
    streams = cast("Streams", current_app.extensions["countersign.streams"])
    listener = _Listener(runtime(), streams, g.agent)
    with ExitStack() as stack:
        if not stack.enter_context(streams.place(listener.key.agent_id)):
            raise TooManyError(
                f"This agent has {STREAMS_EACH} open streams; close one first.",
                retry_after=5,
                code="too_many_streams",
            )
        told = _tell(listener, after, stack.pop_all())
    response = Response(told, content_type="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _after() -> int | None:
    text = request.headers.get("Last-Event-ID") or request.args.get("after")
    if text is None:
        return None
    found = whole_number(text)
    if found is None:
        raise InvalidError(
            "`after` must be the number of an event.",
            [Fault("/after", "must be a whole number")],
        )
    return found


def _tell(listener: _Listener, after: int | None, place: ExitStack) -> Iterator[bytes]:
    """Yield what is sent until the process stops, the key is over, or nobody reads."""
    house, streams, key = listener
    org_id = key.org_id
    with place, house.bus.watch(org_id) as watch:
        position, missed = streams.start(org_id, after)
        yield _HELLO
        if missed:
            yield _resync(position)
        doubts, agents = -1, frozenset[str]()
        while not house.bus.stopping:
            doubted = streams.doubts(org_id)
            if doubted != doubts:
                doubts, agents = doubted, _heard_by(listener)
            if not agents or not _in_time(listener):
                return
            before = position
            frames, position = streams.after(org_id, position, agents)
            if frames:
                yield b"".join(frames)
            elif position == before and not watch.wait(HEARTBEAT):
                doubts = -1  # another node may have changed what this one did not hear of
                yield f": still here\nid: {position}\n\n".encode()


def _heard_by(listener: _Listener) -> frozenset[str]:
    """Return whose events this stream tells: none once its key works no more."""
    house, key = listener.house, listener.key
    with house.store.reading() as session:
        holder = key_holder(session, key.key_id)
        if holder is None or not holder.works(house.store.now()):
            return frozenset()
        managed = own.managed_by(session, key.org_id, key.agent_id)
    return frozenset({key.agent_id, *managed})


def _in_time(listener: _Listener) -> bool:
    until = listener.key.expires_at
    return until is None or until > listener.house.store.now()


def _resync(head: int) -> bytes:
    data = json.dumps({"head": head})
    return f"id: {head}\nevent: resync\ndata: {data}\n\n".encode()
