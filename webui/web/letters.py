"""What the list of deliveries is narrowed to, as its address and its form have it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from flask import request

from webui.approvals.senders.letters import TEST
from webui.approvals.senders.outbound import EVENT_OF, OLDER_NAMES
from webui.preview import visible
from webui.sentences import sentence
from webui.store.queries.letters import Wanted
from webui.store.queries.traffic import EndpointRow

CALLBACKS: Final = "callbacks"
"""Stands in the address for what goes to no endpoint."""
EVENTS: Final = tuple(dict.fromkeys([*EVENT_OF.values(), TEST, *OLDER_NAMES]))
_LONGEST: Final = 200


class State(NamedTuple):
    """One state to narrow to."""

    word: str
    statuses: tuple[str, ...]
    failed: bool = False


_UNDER_WAY: Final = ("waiting", "sending")
STATES: Final[Mapping[str, State]] = {
    "waiting": State(sentence("Waiting"), _UNDER_WAY),
    "failing": State(sentence("Failing: waits after a failed attempt"), _UNDER_WAY, True),
    "delivered": State(sentence("Delivered"), ("delivered",)),
    "dead": State(sentence("Given up"), ("dead",)),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for."""

    state: str
    event: str
    endpoint: str
    """An id, or `CALLBACKS`, or empty for all."""
    before: str

    @classmethod
    def read(cls) -> "Asked":
        """Read it from the address; a state that there is not is none."""
        state, event, endpoint, before = (
            request.args.get(name, "").strip()[:_LONGEST]
            for name in ("state", "event", "to", "before")
        )
        return cls(state if state in STATES else "", event, endpoint, before)

    @property
    def given(self) -> dict[str, str]:
        """Return the filters as an address has them, without the page."""
        every = {"state": self.state, "to": self.endpoint, "event": self.event}
        return {name: text for name, text in every.items() if text}

    def wanted(self, endpoint_id: str | None) -> Wanted:
        """Return what is looked for; on an endpoint's own page only what is its."""
        state = STATES.get(self.state, State("", ()))
        if endpoint_id is not None:
            return Wanted(endpoint_id, False, state.statuses, state.failed, self.event)
        callbacks = self.endpoint == CALLBACKS
        of = None if callbacks or not self.endpoint else self.endpoint
        return Wanted(of, callbacks, state.statuses, state.failed, self.event)


class Choice(NamedTuple):
    """One entry of a list to choose from."""

    value: str
    word: str


class FilterView(NamedTuple):
    """The form that narrows the list."""

    asked: Asked
    states: Sequence[Choice]
    endpoints: Sequence[Choice]
    """None at all on an endpoint's own page."""
    events: Sequence[Choice]
    action: str
    narrowed: bool


def filter_view(
    asked: Asked, known: Sequence[EndpointRow], action: str, *, alone: bool
) -> FilterView:
    """Return the form, with what was chosen in it, even where no such thing is known."""
    ends = [Choice(row.endpoint.id, visible(row.endpoint.url)) for row in known]
    ends.append(Choice(CALLBACKS, sentence("Callbacks of single approvals")))
    if asked.endpoint and asked.endpoint not in {each.value for each in ends}:
        ends.append(Choice(asked.endpoint, visible(asked.endpoint)))
    events = [*EVENTS, *([asked.event] if asked.event not in {"", *EVENTS} else ())]
    return FilterView(
        asked,
        [Choice(value, state.word) for value, state in STATES.items()],
        [] if alone else ends,
        [Choice(event, visible(event)) for event in events],
        action,
        narrowed=bool(asked.given),
    )
