"""The dashboard's application: pages for people, and the little that machines ask of it."""

from types import ModuleType

from flask import Flask

from webui.live import socket
from webui.live.sockets import Sockets
from webui.live.tickets import Tickets
from webui.runtime import Runtime
from webui.web import (
    access,
    account,
    agent_changes,
    agents,
    approval,
    assets,
    audit,
    backtests,
    bulk,
    chat_links,
    compression,
    confirm,
    csrf,
    delegations,
    drawn,
    endpoint_changes,
    endpoints,
    errors,
    factors,
    filters,
    grants,
    groups,
    health,
    help,  # noqa: A004 - the page is called that
    history,
    holding,
    hooks,
    insights,
    joining,
    linking,
    live,
    notifications,
    orgs,
    passkeys,
    people,
    people_changes,
    permissions,
    plain,
    policy,
    policy_lab,
    policy_saving,
    policy_versions,
    providers,
    putting,
    questions,
    queue,
    reporting,
    revealing,
    ringing,
    second,
    security,
    session,
    settings_page,
    shadow,
    source_changes,
    sources,
    speaking,
    sso,
    suggestions,
    talk,
    tree_words,
    views,
    work,
    write_gate,
)
from webui.web.context import EXTENSION, Dashboard
from webui.worker import Worker

PAGES: tuple[ModuleType, ...] = (
    queue,
    approval,
    talk,
    revealing,
    holding,
    bulk,
    history,
    grants,
    policy,
    policy_saving,
    policy_versions,
    policy_lab,
    audit,
    insights,
    agents,
    agent_changes,
    sources,
    source_changes,
    endpoints,
    endpoint_changes,
    people,
    people_changes,
    groups,
    permissions,
    work,
    reporting,
    questions,
    joining,
    orgs,
    delegations,
    settings_page,
    backtests,
    shadow,
    suggestions,
    providers,
    account,
    speaking,
    notifications,
    ringing,
    views,
    write_gate,
    second,
    sso,
    linking,
    chat_links,
    confirm,
    factors,
    passkeys,
    help,
    hooks,
    live,
    health,
)
FORM_BYTES = 512 * 1024


def create_app(
    runtime: Runtime,
    sockets: Sockets | None = None,
    tickets: Tickets | None = None,
    worker: Worker | None = None,
) -> Flask:
    """Make the dashboard of a process.

    Args:
        runtime: the process.
        sockets: its live sockets; made here if there are none yet.
        tickets: for opening them.
        worker: whose freshness `/readyz` looks at; none does not count against it.

    """
    app = Flask(
        "webui.web", static_folder=None, template_folder=str(assets.folder("templates"))
    )
    https = runtime.public_url.startswith("https://")
    _configure(app, runtime, https=https)
    if sockets is None:  # not `or`: with nobody connected they are empty, and so false
        feed = live.PeopleFeed(runtime)
        sockets = Sockets(runtime.bus, feed, runtime.settings.max_sockets)
    tickets = tickets or Tickets()
    app.extensions[EXTENSION] = Dashboard(runtime, sockets, tickets, worker)
    compression.register(app)
    security.register(app, https=https)
    errors.register(app)
    filters.register(app)
    speaking.register(app)
    putting.register(app)
    assets.register(app)
    drawn.register(app)
    tree_words.register(app)
    plain.register(app)
    session.register(app)
    ringing.register(app)
    # Who is signed out is told so, before a form of an ended session is called forged.
    access.register(app)
    csrf.register(app)
    for module in PAGES:
        app.register_blueprint(module.blueprint)
    hosts = runtime.bound.dashboard_hosts(runtime.settings)
    origins = runtime.bound.dashboard_origins(runtime.settings)
    socket.register(app, sockets, tickets, hosts, origins)
    return app


def _configure(app: Flask, runtime: Runtime, *, https: bool) -> None:
    mode = runtime.settings.cookie_secure
    secure = mode == "always" or (mode == "auto" and https)
    name = f"countersign-{runtime.keyring.id[:8]}"
    app.config.update(
        SECRET_KEY=runtime.keyring.derive("session"),
        # Cookies know no ports, so each install on a machine has its own name.
        SESSION_COOKIE_NAME=f"__Host-{name}" if secure else name,
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        MAX_CONTENT_LENGTH=FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=FORM_BYTES,
        MAX_FORM_PARTS=128,
        PROVIDE_AUTOMATIC_OPTIONS=False,
    )
