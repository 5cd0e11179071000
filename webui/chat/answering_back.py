"""What a clicker hears after their click was acknowledged; tried again if it fails, and logged."""

import time
from dataclasses import dataclass
from typing import Final

import structlog

from webui.channels.chat import Click, Dialog, Request, Told
from webui.channels.http import Sender
from webui.channels.schedule import retry_after_ms
from webui.chat.cards import card_of
from webui.chat.platforms import PLATFORMS, Platform
from webui.chat.poster import say
from webui.inbox.opening import OpenSource
from webui.receivers.chat_config import chat_config
from webui.runtime import Runtime
from webui.store.models import Approval

log = structlog.get_logger()
PAUSES: Final = (0.3, 2.0)
"""Seconds before the second and third attempt."""
_LONGEST = 5.0


@dataclass(frozen=True, slots=True)
class Back:
    """The way back to one clicker."""

    runtime: Runtime
    source: OpenSource
    click: Click
    sender: Sender

    @property
    def _platform(self) -> Platform:
        return PLATFORMS[self.source.kind.name]

    def tell(self, text: str, *, asks_code: bool = False) -> None:
        """Say something to the clicker alone."""
        place = self._platform.place(self.runtime.settings, self.source, self.click.channel)
        request = self._platform.wire.tell(place, self.click, text, asks_code=asks_code)
        if request is not None:
            self._send(request)

    def done(self, text: str) -> None:
        """Say that it was done, where the platform waits for such a word."""
        if self._platform.wants_word:
            self.tell(text)

    def open_dialog(self, asked: Dialog) -> None:
        """Ask the clicker for something in words."""
        place = self._platform.place(self.runtime.settings, self.source, self.click.channel)
        request = self._platform.dialog(place, self.click, asked)
        if request is not None and not self._send(request):
            self.tell("The dialog did not open; click again, or open the call.")

    def edit_copy(self, approval_id: str) -> None:
        """Make a second message about an approval, of a post that was repeated, show how it stands."""
        runtime = self.runtime
        config = chat_config(self.source.kind.name, self.source.secrets.config)
        with runtime.store.reading() as session:
            card = card_of(
                session,
                runtime.keyring,
                session.get_one(Approval, approval_id),
                runtime.store.now(),
                runtime.public_url,
                show_arguments=config.show_arguments,
            )
        place = self._platform.place(runtime.settings, self.source, self.click.channel)
        self._send(self._platform.wire.edit(place, self.click.message_id, card))

    def _send(self, request: Request) -> bool:
        """Make a call, up to three times; return whether it went well."""
        told = say(self.sender, self.source.kind.name, request)
        for pause in PAUSES:
            if told.good or told.gone:
                break
            time.sleep(self._pause(told, pause))
            told = say(self.sender, self.source.kind.name, request)
        if not told.good:
            log.warning("a clicker was not told", source=self.source.id, why=told.why)
        return told.good

    def _pause(self, told: Told, usual: float) -> float:
        asked = retry_after_ms(told.wait, now=self.runtime.store.now())
        return usual if asked is None else min(asked / 1000, _LONGEST)
