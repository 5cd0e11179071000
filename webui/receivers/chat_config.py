"""Settings of a chat channel: which, what is posted in it, and how much is shown there."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from webui.receivers.config import read_config, spelled
from webui.receivers.kind import SourceSecrets
from webui.sentences import sentence

Globs = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=100)
]
MAX_SECONDS = 3600


class ChatConfig(BaseModel):
    """What Slack and Discord have in common."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    channel: str
    """The platform's id of the channel: there it is posted, and from there alone one decides."""
    scopes: Globs = []
    """Scopes of approvals that belong to this channel alone, as globs."""
    tools: Globs = []
    """Globs of the tools whose calls are posted; none: of all."""
    risks: list[Literal["low", "medium", "high", "critical"]] = []
    """Of which risk; none: of any."""
    show_arguments: bool = False
    """Show the masked line of the arguments as well."""
    tolerance_seconds: int = Field(default=300, ge=1, le=MAX_SECONDS)


class SlackConfig(ChatConfig):
    """Of a Slack channel."""

    channel: Annotated[
        str,
        spelled(
            r"[CGD][A-Z0-9]{2,30}",
            sentence(
                "must be the channel's id, such as C0123456789 (at the end of the "
                "channel's details in Slack), not its name"
            ),
        ),
    ]


class DiscordConfig(ChatConfig):
    """Of a Discord channel."""

    channel: Annotated[
        str,
        spelled(
            r"[1-9][0-9]{14,19}",
            sentence(
                "must be the channel's id, 15 to 20 digits (Copy Channel ID in its "
                "menu in Discord), not its name"
            ),
        ),
    ]


_CONFIGS: Mapping[str, type[ChatConfig]] = {"slack": SlackConfig, "discord": DiscordConfig}
CHAT_KINDS = frozenset(_CONFIGS)
OWN_SECRETS: Mapping[str, str] = {
    "slack": sentence("The app's Signing Secret"),
    "discord": sentence("The application's Public Key"),
}
"""What the secret is where the platform makes it, and one of ours would prove nothing."""


def chat_config(kind: str, config: Mapping[str, Any]) -> ChatConfig:
    """Return the settings of a channel of this kind.

    Raises:
        InvalidError: they cannot be used; says all that is wrong.

    """
    return read_config(_CONFIGS[kind], config)


def tolerance_ms(kind: str, source: SourceSecrets) -> int:
    """Return how far the sender's clock may be off; raises InvalidError."""
    return chat_config(kind, source.config).tolerance_seconds * 1000
