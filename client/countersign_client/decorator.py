"""`@requires_approval`: a function that runs only what a person approved, and only once."""

import functools
import inspect
import threading
from asyncio import CancelledError
from collections.abc import Callable, Collection, Coroutine
from typing import Any, ParamSpec, TypedDict, TypeVar, Unpack, cast

from countersign_client.ask import Ask
from countersign_client.background import consume_in_thread, in_thread, run_leased
from countersign_client.call import Call, Signature
from countersign_client.client import Client
from countersign_client.fields import PLAIN, WITHOUT_REVISION, Plain, known
from countersign_client.lease import Lease

P = ParamSpec("P")
R = TypeVar("R")
Summary = str | Callable[[dict[str, Any]], str]


class _Asking(TypedDict):
    """What is asked about every call: shared by the sync and the async form."""

    tool: str
    client: Client | None
    summary: Summary | None
    fields: Plain
    signature: Signature


def requires_approval(
    tool: str | None = None,
    *,
    client: Client | None = None,
    summary: Summary | None = None,
    timeout: float | None = None,
    redact: Collection[str] = (),
    **fields: Unpack[Plain],
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Gate a function, sync or async: ask, wait, consume, run with the effective arguments, report.

    tool: its name on the desk (the function's own by default). client: else one from the
    environment at the first call. summary: one line, or a function of the arguments that makes
    one. timeout: seconds to wait for a person, None for as long as the approval lives. redact:
    parameters whose values the desk must not see; they are shown as a keyed hash and still bound.
    fields: as for `Client.ask`; reviewers are not offered to ask for changes unless
    `allowed_decisions` says so, since a function has nobody to answer them: NeedsRevision is raised.

    The arguments are the call's own, defaults included, JSON values only (else TypeError says
    which); a leading self or cls is not among them. Denial raises Denied; every failure of the
    desk raises, and the function is not run. Inside the function raise NotSent when the call is
    known not to have taken effect.

    >>> @requires_approval(client=approving_desk, summary=lambda a: f"Greet {a['name']}")
    ... def greet(name: str) -> str:
    ...     return f"Hello {name}"
    >>> greet("Ana")
    'Hello Ana'
    """
    known(fields, PLAIN)
    asked = Plain(**{"allowed_decisions": list(WITHOUT_REVISION), **fields})

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(
                "a generator runs after its call returned; gate the function around it"
            )
        asking = _Asking(
            tool=tool or function.__name__,
            client=client,
            summary=summary,
            fields=asked,
            signature=Signature(function, redact),
        )
        if inspect.iscoroutinefunction(function):
            return cast("Callable[P, R]", _gated_async(function, asking, timeout))
        return _gated(function, asking, timeout)

    return decorate


def _gated(
    function: Callable[P, R], asking: _Asking, timeout: float | None
) -> Callable[P, R]:
    @functools.wraps(function)
    def gated(*args: P.args, **kwargs: P.kwargs) -> R:
        desk = _desk(asking)
        call = asking["signature"].read(args, kwargs, desk.tag_secret)
        with _ask(desk, asking, call).wait(timeout).consume() as lease:
            run_args, run_kwargs = asking["signature"].bind(call, lease.arguments)
            return function(*run_args, **run_kwargs)

    return gated


def _gated_async(
    function: Callable[P, Coroutine[Any, Any, R]], asking: _Asking, timeout: float | None
) -> Callable[P, Coroutine[Any, Any, R]]:
    @functools.wraps(function)
    async def gated(*args: P.args, **kwargs: P.kwargs) -> R:
        desk = _desk(asking)
        call = asking["signature"].read(args, kwargs, desk.tag_secret)
        ask = await in_thread(lambda: _ask(desk, asking, call))
        lease = await _consumed(ask, timeout)

        async def run() -> R:
            run_args, run_kwargs = asking["signature"].bind(call, lease.arguments)
            return await function(*run_args, **run_kwargs)

        return await run_leased(lease, run)

    return gated


async def _consumed(ask: Ask, within: float | None) -> Lease:
    stop = threading.Event()
    try:
        approved = await in_thread(lambda: ask.wait(within, stop=stop))
    except CancelledError:
        stop.set()
        raise
    return await consume_in_thread(approved.consume)


def _desk(asking: _Asking) -> Client:
    return asking["client"] or Client()


def _ask(desk: Client, asking: _Asking, call: Call) -> Ask:
    tool, shown, fields = asking["tool"], call.arguments, asking["fields"]
    summary = asking["summary"]
    if summary is None:
        return desk.ask(tool, shown, **fields)
    line = summary if isinstance(summary, str) else summary(shown)
    return desk.ask(tool, shown, summary=line, **fields)
