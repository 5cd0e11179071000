"""Building a process: the runtime, both applications, the sockets and the worker."""

import atexit
from collections.abc import Callable, Sequence
from contextlib import suppress
from wsgiref.types import WSGIApplication

import gevent.monkey
import structlog
from gevent.threadpool import ThreadPool

from webui.api import app as api
from webui.approvals.agents import agents, tokens
from webui.approvals.agents.keys import AGENT, PresentedKey, read_key
from webui.approvals.desk import SYSTEM
from webui.audit import actions
from webui.audit.checkpoints import sign_due
from webui.background import Runner
from webui.bridges.supervisor import Supervisor
from webui.configuration import load_settings
from webui.control.line import ControlSocket
from webui.control.verbs import Office
from webui.dispatch import dispatch
from webui.listeners import Bound, Endpoint
from webui.live.follow import Follower
from webui.live.sockets import Sockets
from webui.live.tickets import Tickets
from webui.outbox.replier import Replier
from webui.replays.kinds import KINDS
from webui.runtime import Runtime, assemble
from webui.serve import CannotStartError, Desk
from webui.settings import Settings, split_address
from webui.store.errors import StoreUnavailableError
from webui.store.keyring import KeyringError
from webui.store.owner import hold
from webui.store.queries.identity import key_holder, token_holder
from webui.store.schema import SchemaError
from webui.store.transaction import Wake
from webui.store.writer import Native
from webui.web import app as web
from webui.web.live import PeopleFeed
from webui.worker import Worker, chores_of, note_node, sender_of

log = structlog.get_logger()
STANDING = {
    actions.USER_SUSPENDED,
    actions.USER_PASSWORD_CHANGED,
    actions.MEMBERSHIP_CHANGED,
    actions.MEMBERSHIP_SUSPENDED,
    actions.MEMBERSHIP_REMOVED,
    actions.USER_SWITCHED_ORG,
}
"""Events that end a person's sockets; those who may, come back."""
ENDINGS = {actions.USER_SIGNED_OUT, actions.USER_FACTOR_ADDED, actions.USER_FACTOR_REMOVED}
"""Events that end some of a person's sessions: those sockets go, the others stay."""
REACH = ("grant.", "group.", "delegation.")
"""Events that change who may see what in an org, without naming everybody whom."""


def build(settings: Settings, bound: Bound) -> Desk:
    """Put a process together after the fork.

    Raises:
        CannotStartError: the keys or the schema do not fit; says how to mend it.

    """
    try:
        runtime = assemble(settings, bound, native=_native())
    except (KeyringError, SchemaError) as error:
        raise CannotStartError(str(error)) from error
    sockets = Sockets(runtime.bus, PeopleFeed(runtime), settings.max_sockets)
    replier = Replier(runtime)
    worker, sender = Worker(runtime, chores_of(runtime)), sender_of(runtime, replier)
    runtime.store.listen(sender.hear)
    runner, bridges = Runner(runtime.store, KINDS), Supervisor(runtime)
    control = ControlSocket(Office(runtime.store, settings, runtime.public_url, runtime))

    def tell(wakes: Sequence[Wake]) -> None:
        runtime.ring(wakes)
        end_sockets(sockets, wakes)

    if runtime.store.on_sqlite:
        runtime.store.listen(lambda wakes: end_sockets(sockets, wakes))
    follower = Follower(runtime.store, tell)

    def started() -> None:
        _introduce(runtime)
        for each in (follower, worker, sender, runner, bridges):
            each.start()
        if runtime.store.on_sqlite:
            control.start()

    def close() -> None:
        control.stop()
        for each in (bridges, runner, sender, worker):
            each.stop()
        replier.close()
        follower.stop()
        _sign_the_rest(runtime)
        runtime.store.close()

    wsgi = dispatch(
        settings,
        bound,
        runtime.bus,
        dashboard=web.create_app(runtime, sockets, Tickets(), worker),
        agents=api.create_app(runtime),
        on_leaked_key=lambda text: revoke_leaked(runtime, text),
    )
    return Desk(wsgi, runtime.bus, sockets, started, close)


def _introduce(runtime: Runtime) -> None:
    """Tell the other nodes before any bridge is taken: who stops now is not the last one."""
    with suppress(StoreUnavailableError):  # the worker says it again
        note_node(runtime)


def end_sockets(sockets: Sockets, wakes: Sequence[Wake]) -> None:
    """End the live sockets of whoever's standing has just changed, wherever it was done."""
    for wake in wakes:
        if wake.action in STANDING:
            sockets.drop(user_id=wake.subject.removeprefix("user:"))
        elif wake.action in ENDINGS:
            sockets.recheck(user_id=wake.subject.removeprefix("user:"))
        elif wake.action == actions.SETTINGS_CHANGED or wake.action.startswith(REACH):
            sockets.recheck(org_id=wake.org_id)


def _sign_the_rest(runtime: Runtime) -> None:
    """Sign what no checkpoint covers yet; an end must not fail for it."""
    try:
        sign_due(runtime.store, runtime.settings.instance / "checkpoints", every_ms=0)
    except (StoreUnavailableError, OSError):
        log.exception("the last checkpoint was not signed")


def _native() -> Native:
    """Return how the writer leaves the event loop: one native thread for its one connection."""
    pool = ThreadPool(1)

    def run(work: Callable[[], None]) -> None:
        pool.apply(work)

    if not gevent.monkey.is_module_patched("threading"):
        return lambda work: work()
    return run


def revoke_leaked(runtime: Runtime, text: str) -> None:
    """Revoke a key or token that came in a query string: by now it stands in logs."""
    presented = read_key(text)
    if presented is None:
        return
    if presented.prefix == AGENT:
        _revoke_leaked_key(runtime, presented)
    else:
        _revoke_leaked_token(runtime, presented)


def _revoke_leaked_key(runtime: Runtime, presented: PresentedKey) -> None:
    with runtime.store.reading() as session:
        holder = key_holder(session, presented.id)
    if holder is not None and holder.secret_hash == presented.secret_hash:
        runtime.store.write(
            lambda tx: agents.revoke_key(tx, holder.org_id, holder.key_id, actor=SYSTEM)
        )


def _revoke_leaked_token(runtime: Runtime, presented: PresentedKey) -> None:
    with runtime.store.reading() as session:
        holder = token_holder(session, presented.id)
    if holder is not None and holder.secret_hash == presented.secret_hash:
        who = holder.person
        runtime.store.write(
            lambda tx: tokens.revoke_token(
                tx, who.org_id, who.user_id, presented.id, actor=SYSTEM
            )
        )


def create_app() -> WSGIApplication:
    """Build a process for any gunicorn with one gevent worker: `gunicorn -k gevent app:app`.

    Both addresses of the settings must be bound by that server, with fixed ports.
    `countersign serve` does all this itself, and announces, drains and stops as promised.
    """
    settings = load_settings()
    bound = Bound(
        Endpoint(*split_address(settings.bind)),
        Endpoint(*split_address(settings.agent_bind)),
    )
    if settings.database_url is None:
        hold(settings.instance)
    desk = build(settings, bound)
    desk.started()
    atexit.register(desk.close)
    return desk.wsgi
