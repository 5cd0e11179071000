"""The services by which people are told: which there are, and which URLs name one.

Nothing here opens a connection or imports Apprise; `messenger.py` does, for a message.
"""

import re
from collections.abc import Collection
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from webui.channels.addresses import Undeliverable
from webui.sentences import sentence


class Service(NamedTuple):
    """One of Apprise's plugins that people may use."""

    label: str
    """What people call it."""
    module: str
    plugin: str
    example: str
    hosted: bool = False
    """Its URL begins with the name of a server, and not with a secret."""


SERVICES: Final = {
    "discord": Service("Discord", "discord", "NotifyDiscord", "discord://ID/TOKEN"),
    "gotify": Service("Gotify", "gotify", "NotifyGotify", "gotify://HOST/TOKEN", True),
    "gotifys": Service("Gotify", "gotify", "NotifyGotify", "gotifys://HOST/TOKEN", True),
    "json": Service("JSON", "custom_json", "NotifyJSON", "json://HOST/PATH", True),
    "jsons": Service("JSON", "custom_json", "NotifyJSON", "jsons://HOST/PATH", True),
    "mmost": Service(
        "Mattermost", "mattermost", "NotifyMattermost", "mmost://HOST/TOKEN", True
    ),
    "mmosts": Service(
        "Mattermost", "mattermost", "NotifyMattermost", "mmosts://HOST/TOKEN", True
    ),
    "ntfy": Service("ntfy", "ntfy", "NotifyNtfy", "ntfy://HOST/TOPIC"),
    "ntfys": Service("ntfy", "ntfy", "NotifyNtfy", "ntfys://HOST/TOPIC"),
    "pover": Service("Pushover", "pushover", "NotifyPushover", "pover://USER@TOKEN"),
    "slack": Service("Slack", "slack", "NotifySlack", "slack://TOKEN_A/TOKEN_B/TOKEN_C"),
    "tgram": Service("Telegram", "telegram", "NotifyTelegram", "tgram://BOT_TOKEN/CHAT_ID"),
}
"""By the schema of their URLs. What is not here cannot be reached, whatever Apprise knows: no
plugin of these runs a program, reads a file, or speaks anything but HTTP."""

MAIL_SCHEMAS: Final = ("mailto", "mailtos")
MAX_URL: Final = 2_048
_VISIBLE: Final = re.compile(r"[!-~]+", re.ASCII)
_PARAMETERS: Final = frozenset({"channel", "priority", "sound", "tags", "thread", "to"})
"""Others would name files, slow a sending down, or loosen what Apprise checks."""


def check_service_url(url: str, offered: Collection[str]) -> Service:
    """Return the service that a person's URL names, of those the operator offers.

    Raises:
        Undeliverable: it cannot be used; permanent, with a sentence that holds none of it.

    """
    if len(url) > MAX_URL or not _VISIBLE.fullmatch(url):
        raise _unusable(
            sentence(
                "it must be 1 to %(max_url)s visible ASCII characters without blanks",
                max_url=MAX_URL,
            )
        )
    schema = schema_of(url)
    if schema not in offered or schema not in SERVICES:
        known = ", ".join(sorted(set(offered) & set(SERVICES))) or "none"
        raise _unusable(
            sentence("of the services, this desk offers: %(known)s", known=known)
        )
    try:
        given = [name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)]
    except ValueError:
        raise _unusable(sentence("its host or parameters cannot be read")) from None
    for name in given:
        if name not in _PARAMETERS and not (
            schema.startswith("json") and name[:1] in "+-:"
        ):
            raise _unusable(
                "of parameters after ? there are " + ", ".join(sorted(_PARAMETERS))
            )
    return SERVICES[schema]


def masked(url: str) -> str:
    """Return what pages show of a service's URL: its server at most, and never a token."""
    schema = schema_of(url)
    service, parts = SERVICES[schema], urlsplit(url)
    named = service.hosted or (service.label == "ntfy" and parts.path.strip("/"))
    return f"{schema}://{parts.hostname}/…" if named and parts.hostname else f"{schema}://…"


def check_mail_url(url: str) -> None:
    """Refuse a URL of the operator's mail server that cannot work; raises ValueError."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        parts = urlsplit("")
    if (
        parts.scheme not in MAIL_SCHEMAS
        or not parts.hostname
        or not _VISIBLE.fullmatch(url)
    ):
        message = (
            "must be like mailtos://user:password@smtp.example.com?from=desk@example.com "
            "(mailto:// without TLS)"
        )
        raise ValueError(message)


def schema_of(url: str) -> str:
    """Return what stands before `://`, in lower case; empty if nothing does."""
    schema, mark, _ = url.partition("://")
    return schema.lower() if mark else ""


def _unusable(how: str) -> Undeliverable:
    return Undeliverable(
        sentence("This URL cannot be used: %(how)s.", how=how), permanent=True
    )
