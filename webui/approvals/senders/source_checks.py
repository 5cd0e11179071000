"""What a source may be made of: its kind, name, token and settings, checked before they are kept."""

import json
from collections.abc import Mapping
from typing import Any

from webui.approvals.agents.agents import LENGTH, NAME_MAX
from webui.approvals.call.canonical import canonical
from webui.approvals.call.json_faults import Unreadable
from webui.approvals.errors import Fault, InvalidError
from webui.receivers.kind import Kind
from webui.receivers.registry import KINDS
from webui.sentences import sentence

TOKEN_MAX = 4_096


def kind_of(name: str) -> Kind:
    """Return a kind of source by name; raises InvalidError if there is none."""
    if name not in KINDS:
        raise InvalidError(
            sentence(
                "There is no such kind of source; there are %(kinds)s.",
                kinds=", ".join(sorted(KINDS)),
            ),
            [
                Fault(
                    "/kind",
                    sentence("must be one of %(known)s", known=", ".join(sorted(KINDS))),
                )
            ],
        )
    return KINDS[name]


def checked_name(name: str) -> str:
    """Return a name as it is kept; raises InvalidError where it will not do."""
    name = name.strip()
    if not 0 < len(name) <= NAME_MAX or not name.isprintable():
        raise InvalidError(
            sentence("The source cannot be added: name %(detail)s.", detail=LENGTH),
            [Fault("/name", LENGTH)],
        )
    return name


def checked_token(module: Kind, token: str | None) -> str | None:
    """Return a token as it is kept; raises InvalidError where it will not do."""
    if token and module.token is None:
        detail = sentence(
            "The kind %(kind)s signs in nowhere; leave the token out.", kind=module.label
        )
        raise InvalidError(detail, [Fault("/token", sentence("is not used by this kind"))])
    lines = (token or "").replace("\r", "").replace("\n", "")  # a key in PEM has several
    if lines and (not lines.isascii() or not lines.isprintable() or len(lines) > TOKEN_MAX):
        fault = Fault(
            "/token",
            sentence(
                "must be 1 to %(token_max)s printable ASCII characters", token_max=TOKEN_MAX
            ),
        )
        raise InvalidError(
            sentence(
                "The source cannot be kept: the token %(detail)s.", detail=fault.detail
            ),
            [fault],
        )
    return token or None


def checked_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings that the log can hold, and so every constant in them a call."""
    try:
        return dict(json.loads(canonical(dict(config))))
    except Unreadable as error:
        fault = Fault("/config" + error.pointer, error.detail)
        raise InvalidError(
            sentence("The settings cannot be kept. %(detail)s", detail=error.detail),
            [fault],
        ) from None
