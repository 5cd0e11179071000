"""The desk, as an agent sees it."""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Unpack
from urllib.parse import quote

from countersign_client.approval import Approval
from countersign_client.ask import Ask, approval_path, consume, say
from countersign_client.errors import BadAnswer
from countersign_client.events import Event, listen
from countersign_client.fields import BINDING, FIELDS, Binding, Fields, known
from countersign_client.gate import Gate, ask_gate
from countersign_client.json_only import require_json
from countersign_client.lease import Lease
from countersign_client.members import needed, objects
from countersign_client.transport import Address, Transport

DEFAULT_URL = "http://127.0.0.1:9111"
KEY = re.compile(r"[!-~]{1,500}")


class Client:
    """Asks the desk, and refuses whatever the desk does not plainly allow.

    url: the agents' listener (else COUNTERSIGN_URL, else http://127.0.0.1:9111). key: an agent key
    `csk_...` (else COUNTERSIGN_KEY). timeout: seconds for each answer. patience: seconds one call
    keeps trying a desk that is away or busy before it raises. Safe to share between threads.

    Every method may raise DeskUnreachable, BadAnswer and Refused. ValueError: no key, or a URL
    that is not one.

    >>> gate = desk.gate("mail.send", {"to": "ana@example.com"}, summary="Send the invoice")
    >>> gate.proceed
    False
    >>> gate.approval.status.value
    'pending'
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout: float = 10.0,
        patience: float = 30.0,
    ) -> None:
        self.url = url or os.environ.get("COUNTERSIGN_URL") or DEFAULT_URL
        key = key or os.environ.get("COUNTERSIGN_KEY") or ""
        if not KEY.fullmatch(key):
            raise ValueError(
                "no usable agent key: pass key= or set COUNTERSIGN_KEY to the csk_... shown once "
                "when the key was made (`countersign keys` makes another)"
            )
        self._transport = Transport(Address.parse(self.url), key, timeout, patience)
        # Keys the tags of withheld arguments: the same in every process of this agent, and no use
        # for anything else.
        self.tag_secret = hashlib.sha256(
            b"countersign-withheld-v1\x00" + key.encode()
        ).digest()

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def ask(self, tool: str, arguments: Mapping[str, Any], **fields: Unpack[Fields]) -> Ask:
        """File an approval for one call, or find the one that already waits for the same call.

        arguments: JSON values only, else TypeError naming the culprit.

        >>> ask = desk.ask("shell.run", {"command": "make deploy"}, risk="high")
        >>> ask.status.value, ask.approval.risk
        ('pending', 'high')
        """
        body = _call(tool, arguments, fields)
        answer = self._transport.post("/api/v1/approvals", body)
        approval = Approval.parse(answer.body)
        if approval.tool != tool:
            raise BadAnswer(
                f"asked about {tool!r}, the desk answered about {approval.tool!r}"
            )
        call = {
            name: body[name] for name in ("tool", "arguments", *BINDING) if name in body
        }
        return Ask(self._transport, approval, call)

    def gate(
        self,
        tool: str,
        arguments: Mapping[str, Any],
        *,
        report: bool = True,
        **fields: Unpack[Fields],
    ) -> Gate:
        """May this run now? Consumes a yes that is there, else files the question.

        report: False when no outcome will be reported; the yes is then used up at once.
        Raises Denied, Answered and InProgress besides the usual.
        """
        body = _call(tool, arguments, fields)
        return ask_gate(self._transport, body if report else {**body, "report": False})

    def consume(
        self,
        approval_id: str,
        tool: str,
        arguments: Mapping[str, Any],
        **binding: Unpack[Binding],
    ) -> Lease:
        """Use a yes by its id, in another process than the one that asked.

        tool, arguments and binding: exactly what is about to run. Raises AlreadyConsumed,
        NotApproved, FingerprintMismatch, PolicyChanged, Expired, Revoked besides the usual.
        """
        require_json(dict(arguments), "arguments")
        call = {"tool": tool, "arguments": dict(arguments), **known(binding, BINDING)}
        return consume(self._transport, approval_id, call)

    def approval(self, approval_id: str) -> Approval:
        """The approval as it is now."""
        return Approval.parse(self._transport.get(approval_path(approval_id)).body)

    def wait(self, approval_id: str, timeout: float | None = None) -> Approval:
        """Wait for the verdict on an approval; returns for a yes and raises as `Ask.wait` does."""
        approval = self.approval(approval_id)
        return Ask(self._transport, approval, {}).wait(timeout).approval

    def cancel(self, approval_id: str, reason: str | None = None) -> Approval:
        """Withdraw a pending approval."""
        body = {} if reason is None else {"reason": reason}
        return Approval.parse(
            self._transport.post(approval_path(approval_id, "/cancel"), body).body
        )

    def say(self, approval_id: str, text: str) -> Approval:
        """Say something to the reviewers; after a request for changes the call waits again."""
        return say(self._transport, approval_id, text)

    def end_session(self, session: str) -> list[str]:
        """Cancel that session's pending approvals, and no other's; returns their ids."""
        return self._end("sessions", session)

    def end_run(self, run: str) -> list[str]:
        """Cancel that run's pending approvals, and no other's; returns their ids."""
        return self._end("runs", run)

    def write_gate(
        self,
        *,
        user: str,
        org: str,
        method: str,
        path: str,
        required: Sequence[str],
        held: Sequence[str],
        agent_context: bool = True,
        payload_hash: str | None = None,
    ) -> list[str]:
        """The scopes that a request with a person's identity keeps, for the service it came to.

        The key needs the scope `write-gate`. Raises Refused with the code `approval_required`
        while the person has to say yes (`problem["approval_url"]`), `write_refused` when they
        said no. Not tried again when the desk is away: a yes is used by the first answer.
        """
        body = {
            "user": user,
            "org_ref": org,
            "agent_context": agent_context,
            "method": method,
            "path": path,
            "scopes_required": list(required),
            "scopes_held": list(held),
        }
        if payload_hash is not None:
            body["payload_hash"] = payload_hash
        require_json(body, "the request")
        answer = self._transport.post("/api/v1/write-gate", body, patience=0)
        effective = needed(answer.body, "effective_scopes", list)
        # `in` instead of sets: what a stranger sends need not be hashable
        if answer.body.get("allowed") is not True or any(s not in held for s in effective):
            raise BadAnswer("the desk let a write pass with scopes that nobody holds")
        return effective

    def events(self, after: int | None = None) -> Iterator[Event]:
        """What happens to this agent's approvals, and to those of the agents it manages.

        after: the number of the last event that was seen; without it, from now on. Comes back
        by itself after a break and misses nothing; gives up after `patience` seconds without
        the desk. An event of the type `resync` says that too much was missed: look at what waits.
        """
        return listen(self._transport, after)

    def me(self) -> dict[str, Any]:
        """Who the desk takes this key for."""
        return self._transport.get("/api/v1/me").body

    def _end(self, kind: str, name: str) -> list[str]:
        answer = self._transport.post(f"/api/v1/{kind}/{quote(name, safe='')}/end")
        return [needed(item, "id", str) for item in objects(answer.body, "items")]


def _call(
    tool: str, arguments: Mapping[str, Any], fields: Mapping[str, Any]
) -> dict[str, Any]:
    body = {"tool": tool, "arguments": dict(arguments), **known(fields, FIELDS)}
    for name, value in body.items():
        require_json(value, name)
    return body
