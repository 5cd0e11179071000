"""The code by which somebody takes their chat identity to their signed-in browser.

It is shown to the clicker alone and says who clicked, signed by us: nothing is kept for it until
it is used. From then on it is of no use to anybody who finds it.
"""

import base64
import binascii
import hmac
import json
from typing import Final, NamedTuple

from webui.approvals.errors import InvalidError
from webui.inbox.kept import remember, seen
from webui.store.keyring import Keyring
from webui.store.transaction import Transaction

LASTS_MS: Final = 600_000
LONGEST: Final = 600
_LABEL = "chat-link"
_OVER = "This link is over or incomplete; click in the chat again for a new one."


class Claim(NamedTuple):
    """Who clicked, as the platform says."""

    source_id: str
    team: str
    external_id: str


def code_for(keyring: Keyring, claim: Claim, now: int) -> str:
    """Return a code that holds for ten minutes from `now` (ms)."""
    said = base64.urlsafe_b64encode(json.dumps([*claim, now + LASTS_MS]).encode()).decode()
    return f"{said}.{keyring.tag(_LABEL, said)}"


def read_code(keyring: Keyring, code: str, now: int) -> Claim:
    """Return who clicked.

    Raises:
        InvalidError: it is none of ours, or over.

    """
    said, _, tag = code[:LONGEST].partition(".")
    if not hmac.compare_digest(keyring.tag(_LABEL, said).encode(), tag.encode()):
        raise InvalidError(_OVER)
    try:
        source_id, team, external_id, until = json.loads(base64.urlsafe_b64decode(said))
    except (ValueError, binascii.Error):
        raise InvalidError(_OVER) from None
    if now >= until:
        raise InvalidError(_OVER)
    return Claim(source_id, team, external_id)


def spend_code(tx: Transaction, code: str, claim: Claim) -> None:
    """Let a code, which was read, be used no more.

    Raises:
        InvalidError: it was used before.

    """
    used = [f"{_LABEL}:{code.partition('.')[2]}"]
    if seen(tx.session, claim.source_id, used) is not None:
        raise InvalidError(_OVER)
    remember(tx, claim.source_id, used, [], signed_at=tx.now)
