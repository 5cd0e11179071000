"""A ceremony's place in the cookie, and the browser as the rules know it."""

from typing import Any

from flask import jsonify, request, session
from flask.typing import ResponseReturnValue

from webui.approvals.errors import ConflictError
from webui.factors import passkeys
from webui.factors.ceremonies import Purpose
from webui.factors.entering import Door
from webui.factors.passkeys import Site
from webui.sentences import sentence
from webui.web.context import house
from webui.web.sessions import hash_of

CREDENTIAL_MAX = 20_000
"""Characters of a browser's answer; a real one has one or two thousand."""
_NO_SITE = sentence(
    "Browsers offer passkeys only over https, or on localhost. Whoever runs this desk sets "
    "COUNTERSIGN_PUBLIC_URL to its https address."
)


def keep(purpose: Purpose, ceremony_id: str) -> None:
    """Let the cookie carry a ceremony."""
    session[f"ceremony:{purpose}"] = ceremony_id


def current(purpose: Purpose) -> str:
    """Return the id of the ceremony under way; empty if there is none."""
    return str(session.get(f"ceremony:{purpose}", ""))


def door(session_id: str) -> Door:
    """Return this browser and the session it would get."""
    before = session.get("_user_id")
    return Door(
        hash_of(session_id),
        None if before is None else hash_of(str(before)),
        address(),
        request.headers.get("User-Agent", ""),
    )


def address() -> str:
    """Return where this request comes from."""
    return request.remote_addr or "unknown"


def why_no_passkeys() -> str | None:
    """Return why passkeys cannot be used on this page; none if they can."""
    site = passkeys.site_of(house().public_url)
    if site is None:
        return _NO_SITE
    if request.host != site.origin.partition("://")[2]:
        return sentence(
            "Passkeys work at %(place)s only; open the desk there.", place=site.origin
        )
    return None


def site() -> Site:
    """Return where passkeys are good.

    Raises:
        ConflictError: nowhere, for this desk.

    """
    found = passkeys.site_of(house().public_url)
    if found is None:
        raise ConflictError("no_passkeys", _NO_SITE)
    return found


def credential() -> str:
    """Return a browser's answer as it came; what is too long is none."""
    text = request.form.get("credential", "")
    return text if len(text) <= CREDENTIAL_MAX else ""


def ask(options: dict[str, Any]) -> ResponseReturnValue:
    """Answer the page's script with what it asks the browser."""
    return jsonify(options)
