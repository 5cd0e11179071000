"""What the agent's own schema says of edited arguments."""

from collections.abc import Mapping
from typing import Any

from webui.approvals.errors import Fault


def faults_by_schema(schema: str | None, edited: Mapping[str, Any]) -> list[Fault] | None:
    """Return what is wrong with edited arguments by the agent's schema; none without one."""
    if schema is None:
        return None
    raise NotImplementedError
