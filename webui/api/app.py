"""The agents' application: JSON only, on its own loopback listener."""

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from webui import problems
from webui.api import (
    admin,
    admin_grants,
    approvals,
    evaluating,
    events,
    holding,
    humanlayer,
    interrupts,
    lab,
    me,
    notifications,
    policies,
    questions,
    revealing,
    review,
    reviewing,
    shadows,
    standing_grants,
    uses,
    verdicts,
    write_gate,
)
from webui.api.keys import KnownKeys, identify
from webui.api.operations import OPERATIONS
from webui.api.reading import refuse_nul, refuse_unknown_choices
from webui.api.waiting import HeldPolls
from webui.approvals.call.json_faults import Unreadable
from webui.approvals.errors import DeskError
from webui.live.streams import Streams
from webui.runtime import Runtime
from webui.store.errors import StoreUnavailableError

_VIEWS = (
    admin,
    admin_grants,
    approvals,
    evaluating,
    events,
    holding,
    humanlayer,
    interrupts,
    lab,
    me,
    notifications,
    policies,
    questions,
    revealing,
    review,
    reviewing,
    shadows,
    standing_grants,
    uses,
    verdicts,
    write_gate,
)
"""Named so that importing them, which fills the table of calls, is plainly on purpose."""


def create_app(runtime: Runtime) -> Flask:
    """Make the agents' application of a process."""
    app = Flask("webui.api", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = runtime.settings.body_bytes
    app.extensions["countersign"] = runtime
    app.extensions["countersign.keys"] = KnownKeys(runtime)
    app.extensions["countersign.polls"] = HeldPolls(runtime.bus)
    app.extensions["countersign.streams"] = Streams(runtime.bus, runtime.store)
    for operation in OPERATIONS:
        app.add_url_rule(
            operation.path, operation.name, operation.view, methods=[operation.method]
        )
    app.before_request(identify)
    app.before_request(refuse_nul)
    app.before_request(refuse_unknown_choices)
    app.after_request(_never_kept)
    app.register_error_handler(DeskError, problems.of_desk_error)
    app.register_error_handler(Unreadable, problems.of_unreadable)
    app.register_error_handler(StoreUnavailableError, problems.of_store_error)
    app.register_error_handler(HTTPException, problems.of_http_error)
    return app


def _never_kept(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
