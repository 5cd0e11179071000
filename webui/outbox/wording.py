"""The last words on a message as it goes out: what is not kept with it; signatures.

Arguments and answers are added here and not before, so that they lie encrypted in the database until then.
"""

import json
from typing import Final

from webui.approvals.call.arguments import open_arguments
from webui.outbox.claiming import Claimed
from webui.outbox.interrupts import with_resume
from webui.preview import masked_arguments
from webui.runtime import Runtime
from webui.signatures import hmac_header, standard
from webui.store.models import Approval

PLAIN: Final = hmac_header.Scheme("sha256=")
PLAIN_SIGNATURE: Final = "X-Countersign-Signature"
PLAIN_TIMESTAMP: Final = "X-Countersign-Timestamp"


def whole(runtime: Runtime, claimed: Claimed) -> bytes:
    """Return the body with all that goes with it; raises Undeliverable if that cannot be had."""
    if claimed.resumes is not None:
        return with_resume(runtime, claimed.resumes, claimed.body)
    return _with_arguments(runtime, claimed)


def _with_arguments(runtime: Runtime, claimed: Claimed) -> bytes:
    """Return the body; with the arguments, their secrets masked, if the endpoint asked for them."""
    if claimed.show is None:
        return claimed.body
    with runtime.store.reading() as session:
        approval = session.get(Approval, claimed.show)
        if approval is None:
            return claimed.body
        asked = open_arguments(session, runtime.keyring, approval).value
    message = json.loads(claimed.body)
    message["data"]["arguments"] = masked_arguments(asked, runtime.profile_for(approval))
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def signed(claimed: Claimed, body: bytes, now: int) -> dict[str, str]:
    """Return the headers: signatures by every secret of the endpoint, the plain one by the newest."""
    keys = [standard.key_of(secret) for secret in claimed.secrets]
    headers = standard.sign_with(keys, claimed.id, now=now, body=body)
    headers["Content-Type"] = "application/json"
    if claimed.plain:
        seconds = headers[standard.TIMESTAMP]
        content = hmac_header.timestamped(seconds, body)
        headers[PLAIN_TIMESTAMP] = seconds
        headers[PLAIN_SIGNATURE] = hmac_header.sign(PLAIN, claimed.secrets[0], content)
    return headers
