"""Calls filed as the API files them, with all that is read of them first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.plugins.desk import NO_LIMITS, House, Program
from webui.approvals.asking import intake

if TYPE_CHECKING:
    from webui.runtime import Runtime


class Ask(Protocol):
    """Files a call as the API does, and returns the approval's id."""

    def __call__(self, tool: str, arguments: dict[str, Any], **more: Any) -> str: ...


@pytest.fixture
def ask_desk(runtime: Runtime, house: House) -> Ask:
    """File calls of `house.ci`, read as they come in."""
    from webui.asks import AskBody, prepare  # noqa: PLC0415 - imports the whole preview

    agent: Program = house.ci

    def file(tool: str, arguments: dict[str, Any], **more: Any) -> str:
        ask = prepare(
            AskBody(tool=tool, arguments=arguments, **more),
            json.dumps(arguments),
            org_id=house.org_id,
            agent_id=agent.id,
        )
        filed = runtime.store.write(
            lambda tx: intake.submit(tx, agent.filer, ask, NO_LIMITS)
        )
        return filed.approval.id

    return file
