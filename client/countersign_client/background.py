"""The blocking desk from asyncio: each call in a thread of its own."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextvars import copy_context
from typing import TypeVar

from countersign_client.errors import NotSent
from countersign_client.lease import Lease

T = TypeVar("T")
THREAD = "countersign-call"


async def in_thread(
    call: Callable[[], T], *, abandoned: Callable[[T], object] | None = None
) -> T:
    """Await `call()` run in a daemon thread.

    Not `asyncio.to_thread`: waiting for a person takes minutes, a handful of such waits would
    fill the program's shared thread pool, and the pool's threads hold up the program's exit.

    abandoned: given the result if the awaiting task was cancelled, in the thread that produced
    it, for a result that must not be lost (a consumed yes).
    """
    done: Future[T] = Future()
    done.set_running_or_notify_cancel()
    context = copy_context()
    threading.Thread(
        target=context.run, args=(_settle, done, call), name=THREAD, daemon=True
    ).start()
    try:
        return await asyncio.wrap_future(done)
    except asyncio.CancelledError:
        if abandoned is not None:
            threading.Thread(target=_hand_over, args=(done, abandoned), daemon=True).start()
        raise


async def consume_in_thread(consume: Callable[[], Lease]) -> Lease:
    """Consume; a yes consumed for a task that was cancelled meanwhile goes back: nothing ran."""
    return await in_thread(consume, abandoned=_give_back)


async def run_leased(lease: Lease, run: Callable[[], Awaitable[T]]) -> T:
    """Await `run()` under the lease: what `with lease:` is for a blocking call."""
    lease.keep_alive()
    try:
        result = await run()
    except BaseException as error:
        failure = error  # the name `error` is gone once this block ends
        await in_thread(lambda: lease.settle(failure))
        raise
    await in_thread(lambda: lease.settle(None))
    return result


def _give_back(lease: Lease) -> None:
    lease.settle(NotSent("cancelled before it ran"))


def _settle(done: "Future[T]", call: Callable[[], T]) -> None:
    try:
        done.set_result(call())
    except BaseException as error:  # noqa: BLE001  # handed to the awaiting task, whatever it is
        done.set_exception(error)


def _hand_over(done: "Future[T]", abandoned: Callable[[T], object]) -> None:
    if done.exception() is None:
        abandoned(done.result())
