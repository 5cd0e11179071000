"""What a held request has to look at again when it is woken."""

from flask import request

from webui.api.keys import runtime
from webui.approvals.errors import NotAllowedError
from webui.approvals.keys import read_key
from webui.store.queries.identity import key_holder


def still_known() -> None:
    """Go on only while the key that this request came with still works.

    Raises:
        NotAllowedError: it was revoked or has expired meanwhile.

    """
    presented = read_key(request.headers["Authorization"].partition(" ")[2].strip())
    with runtime().store.reading() as session:
        holder = None if presented is None else key_holder(session, presented.id)
    if holder is None or not holder.works(runtime().store.now()):
        raise NotAllowedError(
            "key_revoked", "This key was revoked while the request waited."
        )
