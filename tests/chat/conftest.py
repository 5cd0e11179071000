"""A desk that speaks with Slack and Discord on loopback, and a channel of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.plugins.chats import settings_with
from webui.store.models import Approval

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plugins.chats import Chat, OpenChannel, Service
    from webui.settings import Settings
    from webui.store.store import Store

ApprovalOf = Callable[[str], Approval]


@pytest.fixture
def settings(instance: Path, database_url: str, services: dict[str, Service]) -> Settings:
    """Settings of a desk that speaks with these two instead of the real ones."""
    return settings_with(instance, database_url, services)


@pytest.fixture
def approval_of(store: Store) -> ApprovalOf:
    """Read an approval."""

    def read(approval_id: str) -> Approval:
        with store.reading() as session:
            return session.get_one(Approval, approval_id)

    return read


@pytest.fixture(params=["slack", "discord"])
def kind(request: pytest.FixtureRequest) -> str:
    """Each platform."""
    return str(request.param)


@pytest.fixture
def chat(open_channel: OpenChannel, kind: str) -> Chat:
    """A channel of the house's org."""
    return open_channel(kind)
