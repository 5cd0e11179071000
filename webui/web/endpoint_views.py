"""Endpoints and what goes to them, as pages show them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32

from flask import url_for

from webui.approvals.senders.endpoints import ACTIVE, DISABLED
from webui.approvals.senders.outbound import ALL_ON, OLDER_NAMES
from webui.preview import visible
from webui.sentences import kept, plural, sentence
from webui.store.models import Delivery, Endpoint
from webui.store.queries.traffic import EndpointRow
from webui.web.source_views import counted

_NOT_KEPT: Final = sentence("What happens meanwhile is not kept for it.")
STATES: Final[Mapping[str, str]] = {
    "waiting": sentence("Waiting"),
    "failing": sentence("Failing"),
    "delivered": sentence("Delivered"),
    "dead": sentence("Given up"),
}
ABOUT: Final[Mapping[str, str]] = {
    "approval.created": sentence("A call waits for a verdict"),
    "approval.reused": sentence(
        "The same call was asked for again, and nothing was filed; often"
    ),
    "approval.claimed": sentence("Somebody looks after it"),
    "approval.changes_requested": sentence("A reviewer wants it asked for in another way"),
    "approval.message": sentence("A line between reviewers and the agent"),
    "approval.resumed": sentence("It waits for a verdict again"),
    "approval.decided": sentence("A verdict was given"),
    "approval.break_glass": sentence("Somebody decided alone, in an emergency"),
    "approval.revoked": sentence("A yes was taken back"),
    "approval.expired": sentence("Nobody decided in time"),
    "approval.cancelled": sentence("Its agent wants it no more"),
    "approval.superseded": sentence("A newer call took its place"),
    "approval.consumed": sentence("The agent used the yes"),
    "approval.rolled_back": sentence("The use was given back: it did not run"),
    "approval.outcome": sentence(
        "The agent said how it ended, or its time to say so ran out"
    ),
    "grant.created": sentence("Calls of one shape pass without asking"),
    "grant.revoked": sentence("They have to ask again"),
    "policy.changed": sentence("Another policy is in force"),
    "audit.checkpoint": sentence("The log up to here is signed"),
    "source.failing": sentence(
        "A proven sender's delivery could not be filed, a source is not heard, or not told"
    ),
}
"""What each event tells; in the order in which a form shows them."""


@dataclass(frozen=True, slots=True)
class EndpointView:
    """One endpoint."""

    id: str
    url: str
    page_url: str
    state: str
    """In words: whether it works, and if not, why."""
    ok: bool
    enabled: bool
    events: tuple[str, ...]
    ways: tuple[str, ...]
    """What is special about how it is told."""
    by_policy: bool
    can_pause: bool
    can_resume: bool
    can_remove: bool
    can_change: bool
    delivered: "TallyView"
    waiting: "TallyView"
    dead: "TallyView"
    has_dead: bool
    old_until: int | None
    """Until when the secret before signs too."""


@dataclass(frozen=True, slots=True)
class TallyView:
    """How many deliveries of an endpoint are in one state."""

    words: str
    list_url: str | None
    """Where they are listed; none where there are none."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One event in a form."""

    name: str
    about: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class WishesView:
    """What a form has in its boxes."""

    all_on: bool
    events: Sequence[Choice]
    older: Sequence[Choice]
    plain: bool
    with_arguments: bool


@dataclass(frozen=True, slots=True)
class TryView:
    """One attempt."""

    number: int
    at: int
    status_code: int | None
    words: str
    ok: bool


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One event on its way."""

    id: str
    event: str
    target: str
    state: str
    """waiting, failing, delivered or dead."""
    state_word: str
    attempts: int
    status_code: int | None
    words: str
    at: int
    next_at: int | None
    page_url: str
    resend_url: str | None
    """Where a dead letter is sent again."""


def endpoint_view(row: EndpointRow, now: int) -> EndpointView:
    """Return an endpoint as pages show it."""
    endpoint = row.endpoint
    by_hand, enabled = not endpoint.by_policy, endpoint.status == ACTIVE
    # the policy pauses its own when it names them no more
    named = endpoint.status != "paused"
    until = endpoint.old_secret_until
    return EndpointView(
        endpoint.id,
        visible(endpoint.url),
        url_for("endpoints.one", endpoint_id=endpoint.id),
        _state(endpoint, now),
        ok=enabled and not endpoint.failures,
        enabled=enabled,
        events=tuple(endpoint.events.split()),
        ways=_ways(endpoint),
        by_policy=endpoint.by_policy,
        can_pause=by_hand and enabled,
        can_resume=not enabled and (by_hand or named),
        can_remove=by_hand or not named,
        can_change=by_hand,
        delivered=_tally(row, row.delivered, "delivered"),
        waiting=_tally(row, row.waiting, "waiting"),
        dead=_tally(row, row.dead, "dead"),
        has_dead=row.dead > 0,
        old_until=until if endpoint.old_secret and until and until > now else None,
    )


def _tally(row: EndpointRow, count: int, state: str) -> TallyView:
    page = url_for("endpoints.one", endpoint_id=row.endpoint.id, state=state)
    return TallyView(counted(count), page if count else None)


def _state(endpoint: Endpoint, now: int) -> str:
    why = kept(visible(endpoint.why or ""))
    if endpoint.status == DISABLED:
        return sentence("Switched off. %(why)s", why=why)
    if endpoint.status != ACTIVE:
        return sentence("Paused. %(why)s", why=why or _NOT_KEPT)
    if not endpoint.failures:
        return sentence("Works")
    if endpoint.open_until is None:
        return plural(
            "Works, but the last attempt failed.",
            "Works, but the last %(number)s attempts failed.",
            endpoint.failures,
        )
    if endpoint.open_until > now:
        return plural(
            "The last attempt failed; it is left alone for a while, then tried once.",
            "The last %(number)s attempts failed; it is left alone for a while, then tried once.",
            endpoint.failures,
        )
    return plural(
        "The last attempt failed; it is tried once now.",
        "The last %(number)s attempts failed; it is tried once now.",
        endpoint.failures,
    )


def _ways(endpoint: Endpoint) -> tuple[str, ...]:
    asked = (
        (sentence("plain signature"), endpoint.plain),
        (sentence("with arguments"), endpoint.with_arguments),
    )
    return tuple(word for word, wanted in asked if wanted)


def wishes_view(events: Sequence[str], *, plain: bool, with_arguments: bool) -> WishesView:
    """Return what a form shows for these choices."""
    chosen = set(events)
    return WishesView(
        ALL_ON in chosen,
        [Choice(name, about, name in chosen) for name, about in ABOUT.items()],
        [Choice(name, new, name in chosen) for name, new in OLDER_NAMES.items()],
        plain,
        with_arguments,
    )


def delivery_view(delivery: Delivery, urls: Mapping[str, str]) -> DeliveryView:
    """Return a delivery as pages show it; `urls` has the address of each endpoint."""
    url = visible(delivery.url)
    target = (
        urls.get(delivery.endpoint_id, url)
        if delivery.endpoint_id
        else sentence("callback %(url)s", url=url)
    )
    waits, state = delivery.status == "waiting", state_of_delivery(delivery)
    return DeliveryView(
        delivery.id,
        delivery.event,
        target,
        state,
        STATES[state],
        delivery.attempts,
        delivery.last_status,
        kept(visible(delivery.last_error or "")),
        delivery.created_at,
        delivery.next_at if waits and delivery.attempts else None,
        url_for("endpoints.delivery", delivery_id=delivery.id),
        url_for("endpoint_changes.resend", delivery_id=delivery.id)
        if delivery.status == "dead"
        else None,
    )


def state_of_delivery(delivery: Delivery) -> str:
    """Return the state of a delivery, as people tell them apart."""
    if delivery.status in {"delivered", "dead"}:
        return delivery.status
    return "failing" if delivery.last_error else "waiting"


def tries_of(delivery: Delivery) -> list[TryView]:
    """Return the attempts of a delivery that are kept, the newest first."""
    noted: list[list[Any]] = json.loads(delivery.tries)
    return [
        TryView(
            number,
            at,
            status,
            kept(visible(why)) if why else sentence("Taken."),
            ok=why is None,
        )
        for number, (at, status, why) in reversed(list(enumerate(noted, 1)))
    ]


def state_of_ends(rows: Sequence[EndpointRow], now: int) -> str:
    """Return a word that is the same as long as the endpoints are told the same of."""
    return _digest(
        f"{row.endpoint.id}{row.endpoint.status}{row.endpoint.failures}"
        f"{row.delivered}.{row.waiting}.{row.dead}{(row.endpoint.open_until or 0) > now}"
        for row in rows
    )


def state_of_letters(shown: Sequence[Delivery]) -> str:
    """Return a word that is the same as long as a list shows the same."""
    return _digest(f"{one.id}{one.status}{one.attempts}{one.last_error}" for one in shown)


def _digest(parts: Iterable[str]) -> str:
    return str(crc32(" ".join(parts).encode()))
