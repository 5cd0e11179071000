"""The one use of an approved call: what to run, and how it went."""

import logging
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from countersign_client.errors import BadAnswer, CountersignError, NotSent, Refused
from countersign_client.members import needed, needed_time, optional
from countersign_client.transport import Transport

log = logging.getLogger("countersign_client")

REPORT_PATIENCE = 10.0
LONGEST_DETAIL = 200


class Lease:
    """One consumed yes, held until its outcome is said. As a context manager it says it itself.

    `arguments` are the effective ones, as the desk returned them: run these and no others.
    Leaving the block normally reports ok; NotSent rolls back; a timeout, a broken connection or
    an interruption reports unknown (the call may have happened); any other exception reports
    error with its class name only, since messages may hold secrets. Where the desk's policy calls
    the tool idempotent, a timeout or a broken connection rolls back: running it twice does no harm. Inside the block the lease is
    renewed in the background. A report that fails is logged and never replaces the call's own
    result: the desk will show "unknown", which is the truth.
    """

    def __init__(
        self, transport: Transport, approval_id: str, body: dict[str, Any]
    ) -> None:
        """From the answer of consume or gate; BadAnswer when it is not one."""
        self._transport = transport
        self.approval_id = approval_id
        self.consumption = needed(body, "consumption", str)
        self.lease_token = needed(body, "lease_token", str)
        self.lease_expires_at = needed_time(body, "lease_expires_at")
        self.arguments: dict[str, Any] = needed(body, "arguments", dict)
        self.receipt = optional(body, "receipt", str)
        approval = optional(body, "approval", dict) or {}
        self.idempotent: bool = optional(approval, "idempotent", bool) or False
        self.reported = False
        self._stop = threading.Event()

    def ok(self, detail: str | None = None) -> None:
        """The call took effect."""
        self._outcome("ok", detail)

    def error(self, detail: str | None = None) -> None:
        """The call ran and failed; the yes is used up."""
        self._outcome("error", detail)

    def unknown(self, detail: str | None = None) -> None:
        """Nobody can tell whether the call took effect; the yes is used up."""
        self._outcome("unknown", detail)

    def roll_back(self, error: str) -> None:
        """The call is known not to have taken effect: give the yes back."""
        self._report("rollback", {"error": error[:LONGEST_DETAIL]})

    def heartbeat(self) -> None:
        """Renew the lease; moves `lease_expires_at`."""
        body = {"lease_token": self.lease_token}
        answer = self._transport.post(
            self._path("heartbeat"), body, patience=REPORT_PATIENCE
        )
        self.lease_expires_at = needed_time(answer.body, "lease_expires_at")

    def settle(self, error: BaseException | None) -> None:
        """Report how the block ended, unless that was said already. Never raises a desk's failure."""
        if self.reported:
            return
        try:
            self._report_end(error)
        except CountersignError as failure:
            log.warning(
                "the outcome of %s could not be reported, the desk will show it as unknown: %s",
                self.approval_id,
                failure,
            )

    def keep_alive(self) -> None:
        """Renew the lease in a background thread until the outcome is reported."""
        threading.Thread(
            target=self._beat, name=f"countersign-lease-{self.approval_id}", daemon=True
        ).start()

    def __enter__(self) -> Self:
        self.keep_alive()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.settle(error)

    def _report_end(self, error: BaseException | None) -> None:
        if error is None:
            self.ok()
        elif isinstance(error, NotSent):
            self.roll_back(str(error) or "not sent")
        elif isinstance(error, TimeoutError | ConnectionError):
            self._broke_off(type(error).__name__)
        elif not isinstance(error, Exception):
            self.unknown(type(error).__name__)
        else:
            self.error(type(error).__name__)

    def _broke_off(self, how: str) -> None:
        if self.idempotent:
            self.roll_back(f"{how}, of an idempotent tool")
        else:
            self.unknown(how)

    def _outcome(self, result: str, detail: str | None) -> None:
        told = {} if detail is None else {"detail": detail[:LONGEST_DETAIL]}
        self._report("outcome", {"result": result, **told})

    def _report(self, verb: str, body: dict[str, str]) -> None:
        self.reported = True
        self._stop.set()
        self._transport.post(
            self._path(verb),
            {"lease_token": self.lease_token, **body},
            patience=REPORT_PATIENCE,
        )

    def _path(self, verb: str) -> str:
        return f"/api/v1/approvals/{quote(self.approval_id, safe='')}/{verb}"

    def _beat(self) -> None:
        while not self._stop.wait(self._until_next_beat()):
            try:
                self.heartbeat()
            except (Refused, BadAnswer) as over:
                log.warning("the lease of %s is over: %s", self.approval_id, over)
                return
            except CountersignError as away:
                log.warning("the lease of %s was not renewed: %s", self.approval_id, away)

    def _until_next_beat(self) -> float:
        # A third of what is left, so that two beats may be lost; never a busy loop, and never so
        # long that a wrong clock here could let a default lease of two minutes lapse.
        left = (self.lease_expires_at - datetime.now(UTC)).total_seconds()
        return min(max(left / 3, 0.05), 40.0)
