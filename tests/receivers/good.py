"""One good delivery of each kind of source, for the rigs that break it.

The rigs over the registry (`test_bad_input.py`, `tests/web/test_bad_hooks.py`) take every kind in
`registry.KINDS` and ask `GOOD[kind]` for a delivery that is good, then break it. A new kind adds
one function here and one line in `GOOD`; a kind that takes nothing at `/hooks/` says why in
`WITHOUT`. The function returns a `Good`:

- `source`: secrets and settings the deliveries are good for (the first secret is the newest; the
  rigs make the source with it), and the token, where the kind needs one.
- `delivery(now, number)`: a good delivery signed at `now` (ms), header names in lower case. Other
  numbers are other messages that ask for other calls; the same number is the same message, byte
  for byte if `now` is the same too.
- `signature`: the header that carries the proof.
- `timestamp`: the header with the signed time alone in it, if there is one.
- `proven`: further headers that the proof covers, so that no bit of them may be changed.
- `covers_body`: False where the proof is a bearer's and says nothing about the body.
- `files`: False where the kind answers in its own words and so does not tell known messages.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.plugins.upstream import APP_KEY
from tests.receivers import test_ctrlrun, test_github, test_helio
from webui.receivers import hmac_kind, standard
from webui.receivers.kind import Inbound, SourceSecrets
from webui.signatures import stamped
from webui.signatures.hmac_header import Scheme, sign, timestamped
from webui.signatures.standard import sign as sign_standard

ADDRESS = "192.0.2.1"


@dataclass(frozen=True)
class Good:
    """How to make good deliveries of a kind; see above."""

    source: SourceSecrets
    delivery: Callable[[int, int], Inbound]
    signature: str
    timestamp: str | None = None
    proven: tuple[str, ...] = ()
    covers_body: bool = True
    files: bool = True


def good_standard() -> Good:
    """Signed as Standard Webhooks says."""
    secret = standard.new_secret()

    def delivery(now: int, number: int) -> Inbound:
        body = b'{"tool":"bank.transfer","arguments":{"cents":%d}}' % number
        signed = sign_standard([secret], f"msg_{number}", now=now, body=body)
        return Inbound({"content-type": "application/json", **signed}, body, ADDRESS)

    return Good(
        SourceSecrets((secret,), {}),
        delivery,
        signature="webhook-signature",
        timestamp="webhook-timestamp",
        proven=("webhook-id",),
    )


def good_hmac() -> Good:
    """Signed by a digest of `timestamp.body`, with an id inside the body."""
    secret = hmac_kind.new_secret()
    config = {
        "signature_header": "x-gateway-signature",
        "prefix": "sha256=",
        "timestamp_header": "x-gateway-timestamp",
        "message_id_path": "/id",
        "fields": {"tool": "/tool", "arguments": "/args"},
    }

    def delivery(now: int, number: int) -> Inbound:
        body = b'{"id":"d-%d","tool":"db.drop","args":{"n":%d}}' % (number, number)
        seconds = str(now // 1000)
        headers = {
            "content-type": "application/json",
            "x-gateway-timestamp": seconds,
            "x-gateway-signature": sign(
                Scheme("sha256="), secret, timestamped(seconds, body)
            ),
        }
        return Inbound(headers, body, ADDRESS)

    return Good(
        SourceSecrets((secret,), config),
        delivery,
        signature="x-gateway-signature",
        timestamp="x-gateway-timestamp",
    )


def _body_signed(header: str, config: dict[str, Any], make: Callable[[int], Any]) -> Good:
    """Return the deliveries of a kind that signs the body alone, as hex after `sha256=`."""
    secret = secrets.token_urlsafe(32)

    def delivery(_now: int, number: int) -> Inbound:
        document, more = make(number)
        body = json.dumps(document).encode()
        signed = {header: sign(Scheme("sha256="), secret, body)}
        return Inbound(
            {"content-type": "application/json", **signed, **more}, body, ADDRESS
        )

    token = config.pop("token")
    return Good(SourceSecrets((secret,), config, token), delivery, signature=header)


def good_helio() -> Good:
    """A ticket of Helio."""

    def make(number: int) -> Any:
        arguments = {"tool_input": {"id": number}, "session_id": f"s-{number}"}
        ticket = test_helio.TICKET | {"id": f"tk-{number}"} | arguments
        ticket |= {"timeout_at": "2099-01-01T00:00:00.000Z"}
        return {"event": "approval_requested", "ticket": ticket}, {}

    config = {"api_url": "http://127.0.0.1:3100/", "token": "api-secret"}
    return _body_signed("x-helio-signature", config, make)


def good_github() -> Good:
    """A deployment protection rule of GitHub."""

    def make(number: int) -> Any:
        event = test_github.EVENT | {
            "deployment": {"id": number, "sha": f"{number:08x}", "ref": "main"}
        }
        return event, {"x-github-event": "deployment_protection_rule"}

    return _body_signed("x-hub-signature-256", {"app_id": 7, "token": APP_KEY}, make)


def good_ctrlrun() -> Good:
    """A request of CTRLRun's official provider, signed at the time that is asked for."""
    secret = secrets.token_urlsafe(32)
    posted = json.loads(test_ctrlrun.Run().inbound.body)

    def delivery(now: int, number: int) -> Inbound:
        action = posted["action"] | {"arguments": {"amount": number}}
        document = posted | {"request_id": f"req-{number}", "action": action}
        document |= {"expires_at": "2099-01-01T00:00:00+00:00"}
        body = json.dumps(document).encode()
        headers = {
            "content-type": "application/json",
            "ctrlrun-signature": stamped.sign(secret, body, now=now),
        }
        return Inbound(headers, body, ADDRESS)

    return Good(SourceSecrets((secret,), {}), delivery, signature="ctrlrun-signature")


GOOD: Mapping[str, Callable[[], Good]] = {
    "standard": good_standard,
    "hmac": good_hmac,
    "helio": good_helio,
    "github": good_github,
    "ctrlrun": good_ctrlrun,
}
WITHOUT: Mapping[str, str] = {}
"""Kinds that take nothing at `/hooks/`, and why."""
