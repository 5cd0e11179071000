"""The settings of a source as a person types them: one JSON object, or nothing."""

from typing import Any

from webui.approvals.call.json_faults import Unreadable
from webui.approvals.call.strict_json import read_document
from webui.approvals.errors import Fault, InvalidError
from webui.sentences import sentence


def read_config_text(text: str) -> dict[str, Any]:
    """Return the object that a text holds; an empty text is an empty object.

    Raises:
        InvalidError: it is no JSON object; says where.

    """
    if not text.strip():
        return {}
    try:
        return dict(read_document(text.encode()).value)
    except Unreadable as error:
        raise InvalidError(
            sentence("The settings must be one JSON object. %(why)s", why=error.detail),
            [Fault("/config", error.detail)],
        ) from None
