"""How messages to an approval's own `callback_url` are signed."""

import base64

from webui.store.keyring import Keyring


def callback_secret(keyring: Keyring, agent_id: str) -> str:
    """Return the `whsec_...` secret of one agent's callbacks.

    One for each agent, so that no agent can sign for another. It is derived, not kept: it
    can be shown whenever the agent's operator needs it, and a backup does not hold it.
    """
    return "whsec_" + base64.b64encode(keyring.derive(f"callback:{agent_id}")).decode()
