"""What one process of the product is made of, put together once at its start."""

import secrets
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.orm import Session

from webui.approvals.asking.ask import Limits
from webui.approvals.desk import approval_of
from webui.approvals.gate.write_grants import GateLimits
from webui.approvals.ruling.rulebooks import redacted_names
from webui.approvals.use.leases import Lease
from webui.audit.journal import flush
from webui.listeners import Bound
from webui.live import bus as live
from webui.masking import fitted, profile_with
from webui.preview import Profile
from webui.settings import Settings
from webui.store import schema
from webui.store.clock import Clock
from webui.store.engines import sqlite_url
from webui.store.keyring import Keyring, create_keyring, load_keyring
from webui.store.models import Approval
from webui.store.store import Store, run_here
from webui.store.transaction import Wake
from webui.store.writer import Native

DATABASE = "countersign.db"
KEYS = "keys.json"


@dataclass
class Runtime:
    """Settings, store and bus of one process, and what follows from them."""

    settings: Settings
    store: Store
    bus: live.Bus
    bound: Bound
    keys_used: dict[str, int] = field(default_factory=dict)
    """Agent keys used since they were last written down, with when (ms)."""
    held_hooks: Counter[str] = field(default_factory=Counter)
    """By source, how many of its requests are held until people answer."""
    node: str = field(default_factory=lambda: secrets.token_hex(8))
    """This process among those that share the database."""
    _redacted: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _policy_changes: int = 0

    @property
    def keyring(self) -> Keyring:
        """Return the instance's secrets."""
        return self.store.keyring

    @cached_property
    def public_url(self) -> str:
        """Return the origin people use."""
        return self.bound.public_url(self.settings)

    @cached_property
    def limits(self) -> Limits:
        """Return what the settings say about intake, in ms."""
        settings = self.settings
        return Limits(
            ttl=settings.approval_ttl * 1000,
            ttl_max=settings.approval_ttl_max * 1000,
            denial_memory=settings.denial_memory * 1000,
            max_pending=settings.max_pending,
            rate=settings.rate_limit,
            max_attempts=settings.max_attempts,
        )

    @cached_property
    def lease(self) -> Lease:
        """Return how long a use may take, in ms."""
        return Lease(self.settings.lease * 1000, self.settings.lease_max * 1000)

    @cached_property
    def gate_limits(self) -> GateLimits:
        """Return what the settings say about write grants, in ms."""
        settings = self.settings
        return GateLimits(
            ttl=settings.write_grant_ttl * 1000,
            uses=settings.write_grant_uses,
            pending=settings.write_grants_pending,
            rate=settings.rate_limit,
        )

    def ring(self, wakes: Sequence[Wake]) -> None:
        """Tell the bus what was committed, org by org, in the order of the log."""
        ordered = sorted(wakes, key=lambda wake: (wake.org_id, wake.seq))
        for org_id, group in groupby(ordered, key=lambda wake: wake.org_id):
            told = [
                live.Wake(wake.org_id, wake.seq, wake.action, approval_of(wake.subject))
                for wake in group
            ]
            self.bus.publish(org_id, told[-1].seq, told)

    def profile(
        self, org_id: str, revision: str | None = None, session: Session | None = None
    ) -> Profile:
        """Return how an org's previews mask; `revision` as `masking.profile_of` takes it.

        `session` is to read with, where one is open already.

        What the policy in force masks is kept until a commit changes a policy, since every
        filing asks. On PostgreSQL another node may change it: there it is read each time.
        """
        known = self._redacted.get(org_id) if revision is None else None
        if known is None:
            changes = self._policy_changes
            opened = self.store.reading() if session is None else nullcontext(session)
            with opened as reading:
                known = redacted_names(reading.connection(), org_id, revision)
            if (
                revision is None
                and self.store.on_sqlite
                and changes == self._policy_changes
            ):
                self._redacted[org_id] = known
        return profile_with(self.keyring, org_id, known)

    def profile_for(self, approval: Approval) -> Profile:
        """Return how an approval is masked, as `masking.profile_for` does."""
        return fitted(self.profile(approval.org_id, approval.policy_revision), approval)

    def __post_init__(self) -> None:
        """Hear of new policies."""
        self.store.listen(self._forget_redacted)

    def _forget_redacted(self, wakes: Sequence[Wake]) -> None:
        if any(wake.action == "policy.changed" for wake in wakes):
            self._policy_changes += 1
            self._redacted.clear()


def database_url(settings: Settings) -> URL:
    """Return where the rows are: PostgreSQL if it is set, else a file in the instance."""
    if settings.database_url is not None:
        return make_url(settings.database_url.get_secret_value())
    return sqlite_url(settings.instance.resolve() / DATABASE)


def keys_path(settings: Settings) -> Path:
    """Return where the key file is."""
    return settings.keys_file or settings.instance / KEYS


def prepare_instance(settings: Settings) -> None:
    """Make the instance directory, its key file and the newest schema, where they are missing.

    The directory is readable by its owner only: it holds the keys.
    """
    settings.instance.mkdir(parents=True, exist_ok=True)
    settings.instance.chmod(0o700)
    if not keys_path(settings).exists():
        create_keyring(keys_path(settings))
    schema.upgrade(database_url(settings))


def open_store(
    settings: Settings, *, native: Native = run_here, clock: Clock | None = None
) -> Store:
    """Open the database of these settings.

    Raises:
        KeyringError: the key file is missing or wrong.
        SchemaError: the database speaks another schema.

    """
    store = Store(
        database_url(settings),
        load_keyring(keys_path(settings)),
        flush,
        native=native,
        clock=clock,
    )
    with store.reading() as session:
        schema.check(session.connection())
    return store


def assemble(settings: Settings, bound: Bound, *, native: Native = run_here) -> Runtime:
    """Put one process together; its commits ring the bus."""
    store = open_store(settings, native=native)
    runtime = Runtime(settings, store, live.Bus(), bound)
    if store.on_sqlite:  # on PostgreSQL `live.follow` rings, for other nodes' commits too
        store.listen(runtime.ring)
    return runtime
