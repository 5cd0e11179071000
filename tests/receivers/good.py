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
- `scheme`: a word before the proof in its header that is read in capitals and small letters alike.
- `denial`: what a kind says with a 200 to what it cannot read, once it knows who asks.
- `files`: False where the kind answers in its own words and so does not tell known messages.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from tests.plugins.upstream import APP_KEY
from tests.receivers import (
    test_chat_kinds,
    test_cloudevents,
    test_ctrlrun,
    test_github,
    test_helio,
)
from tests.web.test_claude_code import PRE_TOOL_USE
from webui.receivers import claude_code, hmac_kind, standard
from webui.receivers.kind import Inbound, SourceSecrets
from webui.signatures import stamped
from webui.signatures.hmac_header import Scheme, sign, timestamped
from webui.signatures.standard import sign as sign_standard

ADDRESS = "192.0.2.1"
TIME = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Good:
    """How to make good deliveries of a kind; see above."""

    source: SourceSecrets
    delivery: Callable[[int, int], Inbound]
    signature: str
    timestamp: str | None = None
    proven: tuple[str, ...] = ()
    covers_body: bool = True
    scheme: str = ""
    denial: str = ""
    files: bool = True


def _standard_signed(make: Callable[[int], tuple[str, bytes]]) -> Good:
    """Return the deliveries of a kind that signs as Standard Webhooks says: type and body."""
    secret = standard.new_secret()

    def delivery(now: int, number: int) -> Inbound:
        media_type, body = make(number)
        signed = sign_standard([secret], f"msg_{number}", now=now, body=body)
        return Inbound({"content-type": media_type, **signed}, body, ADDRESS)

    return Good(
        SourceSecrets((secret,), {}),
        delivery,
        signature="webhook-signature",
        timestamp="webhook-timestamp",
        proven=("webhook-id",),
    )


def good_standard() -> Good:
    """Signed as Standard Webhooks says."""
    return _standard_signed(
        lambda number: (
            "application/json",
            b'{"tool":"bank.transfer","arguments":{"cents":%d}}' % number,
        )
    )


def good_cloudevents() -> Good:
    """An event in structured mode, where the signature covers all of it."""

    def make(number: int) -> tuple[str, bytes]:
        call = test_cloudevents.CALL | {"arguments": {"amount": number}}
        headers, body = test_cloudevents.message(
            "structured", call, id=f"e-{number}", time=TIME
        )
        return headers["content-type"], body

    return _standard_signed(make)


def good_langgraph() -> Good:
    """The interrupt of a graph that waits for people, beside where it came from."""

    def make(number: int) -> tuple[str, bytes]:
        review = {"action_name": "pay", "allowed_decisions": ["approve", "reject"]}
        value = {
            "action_requests": [{"name": "pay", "args": {"cents": number}}],
            "review_configs": [review],
        }
        document = {"value": value, "id": f"int-{number}", "thread_id": "t1"}
        return "application/json", json.dumps(document).encode()

    return _standard_signed(make)


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

    source = SourceSecrets((secret,), {"public_url": test_ctrlrun.PUBLIC})
    return Good(source, delivery, signature="ctrlrun-signature")


def good_claude_code() -> Good:
    """A hook that asks before a tool runs; its Bearer token says nothing about the body."""
    secret = claude_code.new_secret()

    def delivery(_now: int, number: int) -> Inbound:
        hook = PRE_TOOL_USE | {"tool_use_id": f"toolu_{number}"}
        headers = {"content-type": "application/json", "authorization": f"Bearer {secret}"}
        return Inbound(headers, json.dumps(hook).encode(), ADDRESS)

    return Good(
        SourceSecrets((secret,), {"wait_seconds": 60}),
        delivery,
        signature="authorization",
        covers_body=False,
        scheme="Bearer",
        denial='"permissionDecision": "deny"',
        files=False,
    )


def _clicked(
    signer: test_chat_kinds.Signer, media_type: str, body: Callable[[int], bytes]
) -> Good:
    """Return the deliveries of a chat, signed by the platform's own package."""

    def delivery(now: int, number: int) -> Inbound:
        signed = signer.headers(body(number), str(now // 1000))
        return Inbound({"content-type": media_type, **signed}, body(number), ADDRESS)

    return Good(
        signer.source,
        delivery,
        signature=signer.header,
        timestamp=signer.time_header,
        files=False,
    )


def good_slack() -> Good:
    """A click in Slack, in the form that Slack posts."""

    def body(number: int) -> bytes:
        click = {"type": "block_actions", "trigger_id": str(number), "actions": []}
        return urlencode({"payload": json.dumps(click)}).encode()

    return _clicked(test_chat_kinds.of_slack(), "application/x-www-form-urlencoded", body)


def good_discord() -> Good:
    """The ping by which Discord tries an address."""
    return _clicked(
        test_chat_kinds.of_discord(),
        "application/json",
        lambda number: b'{"type":1,"id":"%d"}' % number,
    )


GOOD: Mapping[str, Callable[[], Good]] = {
    "standard": good_standard,
    "hmac": good_hmac,
    "cloudevents": good_cloudevents,
    "claude-code": good_claude_code,
    "langgraph": good_langgraph,
    "helio": good_helio,
    "github": good_github,
    "ctrlrun": good_ctrlrun,
    "slack": good_slack,
    "discord": good_discord,
}
WITHOUT: Mapping[str, str] = {
    "opencode": "the desk listens to its server; whatever is sent is refused",
}
"""Kinds that take nothing at `/hooks/`, and why."""
