"""The code by which somebody takes their chat identity to their signed-in browser.

It is shown to the clicker alone and says who clicked, signed by us: nothing is kept for it.
"""

import base64
import binascii
import hmac
import json
from typing import Final, NamedTuple

from webui.approvals.errors import InvalidError
from webui.store.keyring import Keyring

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
