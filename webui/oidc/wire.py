"""Speaking with a provider: JSON over the guarded connections of `channels/http.py`.

An org's admin names the issuer, and the issuer's own document names the rest, so every address
passes the same guard. Plain http is for hosts that the operator opened by name, and no other.
"""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from webui.channels.addresses import AllowList, Undeliverable, parse_url
from webui.channels.http import MAX_ANSWER, Answer, Sender
from webui.sentences import sentence

_OK = 200


class ProviderError(Exception):
    """The provider cannot be used now, or its answer does not hold; `why` is a sentence."""

    def __init__(self, why: str, cause: str = "provider") -> None:
        super().__init__(why)
        self.why = why
        self.cause = cause
        """For the log, one word."""


def check_url(url: str, allowed: AllowList) -> None:
    """Refuse an address that is not https, unless its host was opened by the operator.

    Raises:
        ProviderError: not an address to call.

    """
    try:
        target = parse_url(url)
    except Undeliverable as error:
        raise ProviderError(error.why) from None
    if target.scheme != "https" and not _is_opened(target.host, allowed):
        raise ProviderError(
            sentence(
                "A provider is spoken to over https. Whoever runs this desk can open a host on "
                "their own network with COUNTERSIGN_SSO_ALLOW."
            )
        )


def _is_opened(host: str, allowed: AllowList) -> bool:
    if host in allowed.hosts:
        return True
    try:
        return allowed.has_address(ipaddress.ip_address(host))
    except ValueError:
        return False


@dataclass(frozen=True)
class Wire:
    """Sends requests to providers; holds nothing, so threads share it."""

    sender: Sender

    def get(self, url: str, bearer: str = "") -> dict[str, Any]:
        """Return the JSON object at an address.

        Raises:
            ProviderError: no answer, not in time, too long, or not an object.

        """
        headers = {"Accept": "application/json"}
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        return self._object(self._send("GET", url, headers, None))

    def post(
        self, url: str, fields: Mapping[str, str], headers: Mapping[str, str]
    ) -> dict[str, Any]:
        """Send a form and return the JSON object that answers it.

        Raises:
            ProviderError: refused, no answer, not in time, too long, or not an object.

        """
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        sent = {"Accept": "application/json", **form, **headers}
        return self._object(self._send("POST", url, sent, urlencode(fields).encode()))

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        check_url(url, self.sender.allowed)
        try:
            return self.sender.send(method, url, headers, body)
        except Undeliverable as error:
            raise ProviderError(
                sentence("The provider cannot be reached. %(why)s", why=error.why),
                "unreachable",
            ) from error

    @staticmethod
    def _object(answer: Answer) -> dict[str, Any]:
        if answer.status != _OK:
            raise ProviderError(
                sentence(
                    "The provider answered with status %(status)s.", status=answer.status
                ),
                "refused",
            )
        if len(answer.body_excerpt) >= MAX_ANSWER:
            raise ProviderError(sentence("The provider's answer is too long to be one."))
        try:
            found = json.loads(answer.body_excerpt)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise ProviderError(sentence("The provider's answer is not a JSON object."))
        return found
