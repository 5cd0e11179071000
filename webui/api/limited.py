"""Calls that back-pressure refused: told of once a minute and agent, with how many they were."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from flask import current_app, g

from webui.api.keys import KnownKeys, runtime
from webui.approvals.asking.ask import Ask, Filer
from webui.approvals.errors import TooManyError


@contextmanager
def telling_limits(ask: Ask) -> Iterator[None]:
    """Record a refusal by back-pressure, whose own unit was rolled back, and pass it on."""
    try:
        yield
    except TooManyError as refusal:
        known = cast("KnownKeys", current_app.extensions["countersign.keys"])
        filer: Filer = g.filer
        count = known.limited(filer.agent_id, runtime().store.now())
        if count:
            _tell(filer, ask, refusal.code, count)
        raise


def _tell(filer: Filer, ask: Ask, code: str, count: int) -> None:
    note = {
        "agent": filer.agent_id,
        "tool": ask.tool,
        "fingerprint": ask.fingerprint,
        "result": code,
        "count": count,
    }
    runtime().store.write(
        lambda tx: tx.record(filer.org_id, filer.actor, "tool_call", filer.actor, note)
    )
