"""Who am I, and what does this API look like."""

from flask import Response, g

from webui.api.answers import answer_json
from webui.api.documents import time_or_none
from webui.api.keys import agent_with, runtime
from webui.api.operations import OPERATIONS, operation
from webui.outbox.secrets import callback_secret
from webui.store.queries.identity import KeyHolder


@operation("GET", "/api/v1/me", "Who am I", answers={200: "Me"})
@agent_with("")
def who_am_i() -> Response:
    """Return the agent and key behind the request, and what its callbacks are signed with."""
    holder: KeyHolder = g.agent
    return answer_json(
        {
            "agent": {
                "id": holder.agent_id,
                "name": holder.agent_name,
                "owner": holder.owner_id,
            },
            "org": {"id": holder.org_id, "name": holder.org_name, "slug": holder.org_slug},
            "key": {
                "id": holder.key_id,
                "scopes": holder.scopes.split(),
                "expires_at": time_or_none(holder.expires_at),
            },
            "callback_secret": callback_secret(runtime().keyring, holder.agent_id),
        }
    )


@operation("GET", "/api/v1/openapi.json", "This document", answers={200: "OpenAPI"})
def show_openapi() -> Response:
    """Return the OpenAPI 3.1 document, made from the schemas that validate."""
    from webui.api.openapi import document_for  # noqa: PLC0415 - built only when asked for

    return answer_json(document_for(OPERATIONS, runtime().settings.admin_api))
