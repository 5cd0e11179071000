"""Recorded calls as a draft sees them: what it asks for is opened, and nothing else."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Connection, select

from webui.approvals.authorization import ASSIGN, ASSIGN_SCOPE
from webui.approvals.policy import Call, History, Outcome, Replay, Verdict
from webui.approvals.ruling.rulebooks import redacted_names
from webui.approvals.ruling.rulings import hinted
from webui.approvals.states import Risk
from webui.masking import profile_with
from webui.preview import Hider
from webui.replays.was import used
from webui.store.keyring import Keyring
from webui.store.models import Org
from webui.store.queries.recorded import Recorded, Slice, decided_before, recorded
from webui.store.store import Store

SLICE: Final = 100
"""Rows read at once."""
SECONDS: Final = 0.003
"""Of computing before others have their turn."""
Arguments = Mapping[str, Any]
Places = tuple[tuple[str, ...], ...]
_NOTHING: Final[Arguments] = {}
_FOR_PEOPLE: Final = frozenset({ASSIGN, ASSIGN_SCOPE})
"""Questions whose yes is a permission: a person gives it, never a rule."""


class Masks:
    """What is hidden from a draft: what the policy in force masks, and that of each call.

    Read once: a replay that goes on while the policy changes masks as when it began.
    """

    def __init__(self, keyring: Keyring, org_id: str) -> None:
        self._keyring = keyring
        self._org_id = org_id
        self._hiders: dict[tuple[str | None, Places], Hider] = {}

    def hider(self, connection: Connection, call: Recorded, places: Places) -> Hider:
        """Return what hides in a call, as far as places are asked about."""
        revision = call.policy_revision
        known = self._hiders.get((revision, places))
        if known is None:
            named = redacted_names(connection, self._org_id, revision)
            profile = profile_with(self._keyring, self._org_id, named)
            known = self._hiders[revision, places] = Hider(profile, places)
        return known.with_schema(call.schema)


class Reader:
    """Rules on one org's recorded calls, in their order.

    Masks hold: of a value that a page masks a draft is told that it is there, and no more.
    Otherwise whoever may try drafts could read a secret bit by bit.
    """

    def __init__(self, store: Store, org_id: str, replay: Replay) -> None:
        with store.reading() as session:
            wrapped = session.scalars(select(Org.data_key).where(Org.id == org_id)).one()
        self._store = store
        self._org_id = org_id
        self._replay = replay
        self._open = store.keyring.opener(wrapped, org_id)
        self._masks = Masks(store.keyring, org_id)
        self.masked = 0
        """Calls of which something that the draft could ask about is masked."""

    def _arguments(
        self, connection: Connection, call: Recorded, places: Places
    ) -> Arguments:
        """Return the arguments as asked, without what is masked where `places` are looked at."""
        parsed = opened(self._open, call)
        shown = self._masks.hider(connection, call, places).hide(parsed)
        self.masked += shown is not parsed and shown != parsed
        return shown

    def rule_on(self, connection: Connection, call: Recorded) -> Outcome:
        """Return what the draft says of a call."""
        needs = self._replay.needs(call.tool)
        history = None
        if needs.history:
            history = History(*decided_before(connection, call))
        # What the policy was told is kept; without one, the agent's hint is in the risk itself.
        risk = call.risk_asked if call.rule_hash is not None else hinted(call.risk)
        asked = Call(
            call.tool,
            self._arguments(connection, call, needs.places) if needs.places else _NOTHING,
            agent=call.agent_id,
            project=call.project_id,
            owner=call.agent_owner,
            risk=risk or str(Risk.MEDIUM),
            session=call.session,
            scope=call.scope,
        )
        outcome = self._replay.rule_on(asked, call.created_at, history, used=used(call))
        if call.tool in _FOR_PEOPLE and outcome.verdict is Verdict.ALLOW:
            return outcome._replace(verdict=Verdict.REQUIRE_APPROVAL)
        return outcome

    def slices(self, after: str, before: str) -> Iterator[tuple[Connection, Slice]]:
        """Yield the org's calls between two ids, slice by slice."""
        return slices(self._store, self._org_id, after, before)


def slices(
    store: Store, org_id: str, after: str, before: str
) -> Iterator[tuple[Connection, Slice]]:
    """Yield an org's calls between two ids, slice by slice, each on a connection of its own."""
    while True:
        with store.reading() as session:
            connection = session.connection()
            found = recorded(connection, org_id, after, before, SLICE)
            yield connection, found
        if found.looked_to is None:
            return
        after = found.looked_to


def opened(opening: Callable[[str, bytes], bytes], call: Recorded) -> dict[str, Any]:
    """Return the arguments of a call as it was asked."""
    plain = opening(f"{call.org_id}/{call.id}", call.sealed)
    parsed: dict[str, Any] = json.loads(plain.partition(b"\0")[0])
    return parsed


class Breath:
    """Says when enough was computed at a stretch."""

    def __init__(self) -> None:
        self._until = 0.0
        self.draw()

    @property
    def over(self) -> bool:
        """Say whether others should have their turn now."""
        return time.perf_counter() >= self._until

    def draw(self) -> None:
        """Begin the next stretch."""
        self._until = time.perf_counter() + SECONDS
