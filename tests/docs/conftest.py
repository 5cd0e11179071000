"""One desk for all who follow the pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from nacl.signing import SigningKey

from tests.docs.reader import Reader
from tests.docs.world import World
from tests.notices.mail_server import MailServer
from tests.plugins import chats as platforms
from tests.plugins.chats import DiscordService, SlackService
from tests.plugins.served import StartDesk


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """Start what the desk speaks with."""
    there = World(SlackService(), DiscordService(), MailServer(), SigningKey.generate())
    with platforms.running(there.slack), platforms.running(there.discord):
        yield there
    there.mail.close()


@pytest.fixture(scope="session")
def reader(
    start_lasting_desk: StartDesk, world: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Reader]:
    """Start a desk whose admin is signed in."""
    mail = f"mailto://127.0.0.1:{world.mail.port}?from=desk@example.com"
    desk = start_lasting_desk(
        COUNTERSIGN_CALLBACK_ALLOW="127.0.0.1",
        COUNTERSIGN_SLACK_API=world.slack.url,
        COUNTERSIGN_DISCORD_API=world.discord.url,
        COUNTERSIGN_NOTIFY_MAIL=mail,
    )
    made = Reader(desk, tmp_path_factory.mktemp("reader"))
    made.sign_in()
    yield made
    made.browser.close()
