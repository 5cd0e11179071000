"""A source as its page shows it: what it is, what came, what failed and how that is mended."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for

from webui.approvals.errors import Fault
from webui.approvals.upstream.trouble import Trouble
from webui.preview import visible
from webui.receivers.chat_config import CHAT_KINDS
from webui.receivers.registry import KINDS
from webui.receivers.samples import SAMPLES
from webui.sentences import joined, kept, sentence
from webui.store.models import Source
from webui.store.queries import traffic
from webui.store.queries.traffic import Arrival, SourceRow
from webui.web.context import house

_SEAL_BYTES = 28
"""Nonce and tag of a sealed body (AES-256-GCM)."""
VERDICTS: Mapping[str, str] = {
    "accepted": sentence("Accepted"),
    "known": sentence("Known"),
    "ignored": sentence("Ignored"),
    "refused": sentence("Refused"),
}
_FIELDS = ("name", "kind", "agent", "secret", "token")
_TOO_FAST = 429
_MEND_PROVEN_CLICK = sentence(
    "The platform sent it, so nothing is to be mended here; click there again."
)
_MEND_CLICK = sentence(
    "The platform's own clicks fail like this if the secret kept here is not the app's (replace it "
    "above), or if this desk's clock is wrong. Whatever else sends to this address is rightly "
    "refused."
)


@dataclass(frozen=True, slots=True)
class SourceView:
    """One source."""

    id: str
    name: str
    kind: str
    label: str
    about: str
    url: str
    enabled: bool
    last_at: int | None
    accepted: str
    refused: str
    page_url: str
    old_until: int | None
    """Until when the secret before works too."""
    token: str | None
    """What the token is for, where the kind has one."""
    has_token: bool
    can_test: bool
    chat: bool
    """Whether it files nothing, but is where calls are posted and decided."""


@dataclass(frozen=True, slots=True)
class ArrivalView:
    """One delivery and what was made of it."""

    message_id: str
    at: int
    verdict: str
    verdict_word: str
    ok: bool
    words: str
    approval_url: str | None
    bytes: int
    address: str
    replay_url: str | None
    """Where to file it after all: it was well signed, and refused."""


@dataclass(frozen=True, slots=True)
class FailureView:
    """Deliveries that failed for one reason."""

    status_code: int
    why: str
    mend: str
    count: int
    last_at: int
    replay_url: str | None
    """Where to file all of them after all."""


@dataclass(frozen=True, slots=True)
class UntoldView:
    """A verdict that did not get to the source's upstream, and none has since."""

    why: str
    at: int
    approval_url: str


@dataclass(frozen=True, slots=True)
class KindView:
    """One kind of source to choose."""

    value: str
    word: str
    about: str
    new_url: str


def kinds() -> list[KindView]:
    """Return every kind, in the order of the registry."""
    return [
        KindView(name, kind.label, kind.about, url_for("sources.new", kind=name))
        for name, kind in KINDS.items()
    ]


def source_view(row: SourceRow, now: int) -> SourceView:
    """Return a source as pages show it."""
    source = row.source
    kind = KINDS.get(source.kind)
    until = source.old_secret_until
    return SourceView(
        source.id,
        visible(source.name),
        source.kind,
        source.kind if kind is None else kind.label,
        "" if kind is None else kind.about,
        address_of(source),
        source.status == "active",
        row.last_at,
        counted(row.accepted),
        counted(row.refused),
        url_for("sources.deliveries", source_id=source.id),
        until if source.old_secret and until and until > now else None,
        None if kind is None else kind.token,
        source.token is not None,
        source.kind in SAMPLES,
        source.kind in CHAT_KINDS,
    )


def counted(number: int) -> str:
    """Return a count as far as it was counted."""
    return f"{number:,}" if number <= traffic.MOST else f"{traffic.MOST:,}+"


def address_of(source: Source) -> str:
    """Return where the source sends to."""
    return f"{house().public_url}/hooks/{source.id}"


def pretty(config: str | Mapping[str, Any]) -> str:
    """Return settings as people read them; nothing at all if there are none."""
    settings = json.loads(config) if isinstance(config, str) else dict(config)
    return json.dumps(settings, indent=2, ensure_ascii=False) if settings else ""


def arrival_view(arrival: Arrival, *, chat: bool) -> ArrivalView:
    """Return a delivery as pages show it; a click in a chat is never filed."""
    approval_id = arrival.approval_id
    return ArrivalView(
        visible((arrival.message_id or "").split("\n")[0]),
        arrival.received_at,
        arrival.verdict,
        VERDICTS.get(arrival.verdict, arrival.verdict),
        arrival.verdict in traffic.ACCEPTED,
        joined(": ", (arrival.status_code, kept(visible(arrival.why)))),
        url_for("approval.page", approval_id=approval_id) if approval_id else None,
        max(0, arrival.size - _SEAL_BYTES),
        visible(arrival.address),
        url_for("source_changes.replay", arrival_id=arrival.id)
        if arrival.verdict == traffic.REFUSED and arrival.message_id and not chat
        else None,
    )


def failure_views(
    source_id: str, failed: Iterable[Arrival], *, chat: bool
) -> list[FailureView]:
    """Put failures together by what was wrong, what failed last first."""
    groups: dict[tuple[int, str, bool], list[Arrival]] = {}
    for one in failed:
        key = (one.status_code, one.why, bool(one.message_id))
        groups.setdefault(key, []).append(one)
    return [_failure(source_id, group, chat=chat) for group in groups.values()]


def _failure(source_id: str, group: Sequence[Arrival], *, chat: bool) -> FailureView:
    newest = group[0]
    return FailureView(
        newest.status_code,
        kept(visible(newest.why)),
        _mend(newest, chat=chat),
        len(group),
        newest.received_at,
        url_for("source_changes.replay_alike", source_id=source_id, arrival_id=newest.id)
        if newest.message_id and not chat
        else None,
    )


def _mend(failed: Arrival, *, chat: bool) -> str:
    if failed.status_code == _TOO_FAST:
        return sentence("It comes faster than it is taken; its sender will try again.")
    if chat:
        return _MEND_PROVEN_CLICK if failed.message_id else _MEND_CLICK
    if failed.message_id:
        return sentence("Its sender is proven. Mend the settings, then file it here.")
    return sentence(
        "Nobody knows who sent it, so it cannot be filed from here: give the sender this "
        "address and the present secret, set its clock, and let it send again."
    )


def untold_view(trouble: Trouble | None) -> UntoldView | None:
    """Return what keeps verdicts from a source's upstream as pages show it."""
    if trouble is None:
        return None
    where = url_for("approval.page", approval_id=trouble.approval_id)
    return UntoldView(kept(visible(trouble.why)), trouble.at, where)


def told(faults: Sequence[Fault], detail: str) -> dict[str, list[str]]:
    """Return faults by the field of the form they belong to; all else belongs to the settings."""
    found: dict[str, list[str]] = {}
    for pointer, said in faults:
        field = pointer.split("/")[1] if "/" in pointer else ""
        if field in _FIELDS and pointer.count("/") == 1:
            found.setdefault(field, []).append(said)
        else:
            place = pointer.removeprefix("/config")
            found.setdefault("config", []).append(joined(" ", (place or "/", said)))
    return found or {"form": [detail]}
