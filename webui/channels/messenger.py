"""One message to one person, through Apprise: it words the request, and we carry it.

Apprise is imported with the first message, as it takes most of a second and 12 MiB. Of its
180 plugins only those in `services.py` are ever imported. Its HTTP goes through our own
guarded `Sender`, so a host that a person names is checked and pinned like a webhook's, no
redirect is followed and no proxy setting read. Its mail goes to the operator's server alone.
"""

import logging
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import SimpleNamespace
from typing import Any, Final

from webui.channels.addresses import Undeliverable
from webui.channels.http import Sender
from webui.channels.services import SERVICES, schema_of
from webui.sentences import sentence

MAIL_TIMEOUT_S: Final = 15.0
_WHY_MAX: Final = 300
_NOT_FOR_GOOD: Final = frozenset({408, 425, 429})
_PERMANENT: Final = range(400, 500)


@dataclass
class _Carried:
    """What became of one message below Apprise, which itself says only yes or no."""

    sender: Sender
    failure: Undeliverable | None = None
    retry_after: str | None = None


_carrying: ContextVar[_Carried] = ContextVar("carrying")


@dataclass(frozen=True)
class Messenger:
    """Sends messages; holds no connection, so threads share it."""

    sender: Sender
    mail_url: str | None = None
    """The operator's mail server."""

    def send(self, url: str, title: str, body: str) -> None:
        """Send to a service; the URL was checked by `check_service_url`.

        Raises:
            Undeliverable: nothing arrived, as far as we know.

        """
        service = SERVICES[schema_of(url)]
        module = import_module(f"apprise.plugins.{service.module}")
        module.requests = _requests()  # type: ignore[attr-defined]
        self._notify(getattr(module, service.plugin), url, title, body)

    def mail(self, address: str, title: str, body: str) -> None:
        """Send to an address, by the operator's mail server.

        Raises:
            Undeliverable: nothing arrived, or no server is set.

        """
        if self.mail_url is None:
            raise Undeliverable(sentence("This desk has no mail server."), permanent=True)
        self._notify(_mailer(), self.mail_url, title, body, address)

    def _notify(
        self, plugin: Any, url: str, title: str, body: str, address: str | None = None
    ) -> None:
        with _on_behalf(_Carried(self.sender)) as carried:
            made = _made(plugin, url, address)
            try:
                arrived = made.notify(title=title, body=body, body_format="text")
            except Exception as error:  # noqa: BLE001 - a plugin's own fault, whatever it is
                # its text might hold a secret
                name = type(error).__name__
                raise Undeliverable(
                    sentence("The service could not be used (%(name)s).", name=name),
                    permanent=True,
                ) from None
        if carried.failure is not None:
            raise carried.failure
        if not arrived:
            raise Undeliverable(
                sentence("The service did not take the message."), permanent=False
            )


@contextmanager
def _on_behalf(carried: _Carried) -> Iterator[_Carried]:
    token = _carrying.set(carried)
    try:
        yield carried
    finally:
        _carrying.reset(token)


def _made(plugin: Any, url: str, address: str | None) -> Any:
    """Return the plugin's object for a URL: plain text, nothing on disk, no templates."""
    quiet()
    from apprise import AppriseAsset  # noqa: PLC0415 - see above
    from apprise.common import PersistentStoreMode  # noqa: PLC0415

    try:
        given = plugin.parse_url(url) | {"format": "text"}
        if address is not None:
            given |= {"targets": [address], "cc": None, "bcc": None}
        asset = AppriseAsset(
            app_id="Countersign",
            app_desc="Countersign",
            app_url="",
            image_url_mask="",  # pictures of Apprise's, on somebody else's server
            image_url_logo="",
            storage_mode=PersistentStoreMode.MEMORY,
            allow_templates=False,
        )
        made = plugin(asset=asset, **given)
    except Exception:  # noqa: BLE001 - its texts may hold the URL, and all mean the same
        raise Undeliverable(
            sentence("The service's URL is not complete."), permanent=True
        ) from None
    if address is not None and [each[1] for each in made.targets] != [address]:
        raise Undeliverable(sentence("This address cannot be written to."), permanent=True)
    return made


def quiet() -> None:
    """Keep Apprise's own log lines to itself: some hold tokens."""
    log = logging.getLogger("apprise")
    log.propagate = False
    if not log.handlers:
        log.addHandler(logging.NullHandler())


def _requests() -> Any:
    """Return what a plugin finds in place of `requests`: the same call, our own road."""
    import requests  # noqa: PLC0415 - with Apprise

    def request(method: str, url: str, **given: Any) -> requests.Response:
        # looking things up would tell a server more than a message needs
        if method.upper() not in {"POST", "PUT"}:
            raise requests.RequestException
        named = ("params", "data", "json", "headers", "auth", "files")
        wanted = {name: given[name] for name in named if given.get(name) is not None}
        prepared = requests.Request(method, url, **wanted).prepare()
        answer = requests.Response()
        answer.status_code, answer._content = _carry(prepared)  # noqa: SLF001
        return answer

    return SimpleNamespace(
        request=request,
        post=lambda url, *args, **given: request(
            "POST", url, **dict(zip(("data", "json"), args, strict=False)), **given
        ),
        get=lambda url, **given: request("GET", url, **given),
        codes=requests.codes,
        RequestException=requests.RequestException,
        exceptions=requests.exceptions,
    )


def _carry(prepared: Any) -> tuple[int, bytes]:
    """Send a prepared request; what comes of it is kept for `_notify` to tell."""
    import requests  # noqa: PLC0415

    carried = _carrying.get()
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
    try:
        answer = carried.sender.send(
            prepared.method, prepared.url, dict(prepared.headers), body
        )
    except Undeliverable as failure:
        carried.failure = failure
        raise requests.ConnectionError from None
    carried.failure = None
    if not 200 <= answer.status < 300:  # noqa: PLR2004 - success, as HTTP has it
        for_good = answer.status in _PERMANENT and answer.status not in _NOT_FOR_GOOD
        said = sentence("The service answered %(status)s.", status=answer.status)
        if 300 <= answer.status < 400:  # noqa: PLR2004 - redirects
            said = sentence(
                "The service answered %(status)s; redirects are not followed.",
                status=answer.status,
            )
        carried.failure = Undeliverable(said, permanent=for_good)
    return answer.status, answer.body_excerpt


@cache
def _mailer() -> Any:
    """Return Apprise's mail plugin, which keeps for us what the server said."""
    quiet()
    base: Any = import_module("apprise.plugins.email.base")
    usual = base.AppriseSMTPController

    class Controller(usual):  # type: ignore[misc, valid-type]
        def __enter__(self) -> Any:
            try:
                return super().__enter__()
            except (OSError, smtplib.SMTPException) as error:
                _carrying.get().failure = _mail_failure(error)
                raise

        def sendmail(self, from_addr: str, to_addrs: list[str], message: str) -> bool:
            try:
                self._socket.sendmail(from_addr, to_addrs, message)
            except (OSError, smtplib.SMTPException) as error:
                _carrying.get().failure = _mail_failure(error)
                return False
            return True

    base.AppriseSMTPController = Controller
    base.NotifyEmail.socket_connect_timeout = MAIL_TIMEOUT_S
    return base.NotifyEmail


def _mail_failure(error: Exception) -> Undeliverable:
    """Say what a mail server answered; only what it says of an address is for good."""
    code, text = 0, b""
    refused = isinstance(error, smtplib.SMTPRecipientsRefused)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code = error.smtp_code
        text = (
            str(error.smtp_error).encode()
            if isinstance(error.smtp_error, str)
            else error.smtp_error
        )
    if code:
        said = " ".join(text.decode("utf-8", "replace").split())[:_WHY_MAX]
        return Undeliverable(
            sentence(
                "The mail server answered %(answer)s.", answer=f"{code} {said}".rstrip(".")
            ),
            permanent=refused and code >= 500,  # noqa: PLR2004 - as SMTP has it
        )
    if isinstance(error, TimeoutError):
        return Undeliverable(
            sentence("The mail server did not answer in time."), permanent=False
        )
    return Undeliverable(sentence("The mail server cannot be reached."), permanent=False)
