"""What a call has to do with standing grants: the one that covered it, the one made from it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import url_for
from sqlalchemy.orm import Session

from webui.preview import visible
from webui.sentences import number, sentence
from webui.store.models import Approval, StandingGrant
from webui.store.queries import standing_grants
from webui.store.queries.standing_grants import GrantRow
from webui.web.access import may_view, me
from webui.web.timeline import Moment


@dataclass(frozen=True, slots=True)
class Cover:
    """The standing grant that let a call through."""

    words: str
    url: str | None
    """None to whoever may not see the grant."""
    at: int


@dataclass(frozen=True, slots=True)
class Granted:
    """The standing grant that was made with the yes to a call."""

    words: str
    until: int
    url: str
    at: int


@dataclass(frozen=True, slots=True)
class Ties:
    """Both; none where there is nothing to tell."""

    cover: Cover | None = None
    granted: Granted | None = None


NO_TIES = Ties()


def ties_of(session: Session, approvals: Iterable[Approval]) -> dict[str, Ties]:
    """Return what some calls have to do with standing grants, by the call's id."""
    calls, org_id = list(approvals), me().org_id
    covering = standing_grants.by_ids(session, org_id, [each.grant_id for each in calls])
    made = standing_grants.made_from(session, org_id, calls)
    return {
        each.id: Ties(
            _cover(covering.get(each.grant_id or ""), each), _granted(made.get(each.id))
        )
        for each in calls
    }


def told_in(moments: Sequence[Moment], ties: Ties, who: str | None) -> tuple[Moment, ...]:
    """Return a call's timeline with what a grant had to do with it."""
    more = []
    if ties.cover is not None:
        more.append(Moment(ties.cover.words, "", ties.cover.at, ties.cover.url))
    if ties.granted is not None:
        words = sentence("Made a standing grant: %(what)s", what=ties.granted.words)
        more.append(Moment(words, who or "", ties.granted.at, ties.granted.url))
    return tuple(sorted([*moments, *more], key=lambda moment: moment.at))


def url_of(grant_id: str) -> str:
    """Return the address of a grant's page."""
    return url_for("grants.one", standing_id=grant_id)


def _cover(row: GrantRow | None, approval: Approval) -> Cover | None:
    if row is None:
        return None
    at = approval.decided_at or approval.created_at
    if not may_view(row.made_from):
        return Cover(sentence("Covered by a standing grant"), None, at)
    words = sentence("Covered by a standing grant of %(name)s", name=visible(row.maker))
    return Cover(words, url_of(row.grant.id), at)


def _granted(grant: StandingGrant | None) -> Granted | None:
    if grant is None:
        return None
    uses = (
        sentence("one use")
        if grant.uses == 1
        else sentence("%(count)s uses", count=number(grant.uses))
    )
    if grant.session is None:
        words = sentence("calls like this one, %(uses)s", uses=uses)
    else:
        words = sentence("calls like this one, %(uses)s in this session", uses=uses)
    return Granted(words, grant.expires_at, url_of(grant.id), grant.created_at)
