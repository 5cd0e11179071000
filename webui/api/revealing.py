"""The reviewers' API, showing one masked value to whoever may see it."""

from typing import Any

from flask import Response

from webui.api.answers import answer_json
from webui.api.keys import access, person, reviewer, runtime
from webui.api.operations import operation
from webui.api.people import check_carries, visible
from webui.api.reading import read_body
from webui.api.schemas import RevealBody
from webui.approvals.answering.revealing import reveal
from webui.approvals.answering.reviewing import Look, resource_of
from webui.approvals.authorization import REVEAL
from webui.approvals.call.arguments import effective_arguments
from webui.approvals.errors import Fault, InvalidError, NotAllowedError
from webui.gating import Shown, shown_of
from webui.preview import PREVIEW_VERSION, Profile, place_of, value_at
from webui.store.queries import calls


@operation(
    "POST",
    "/api/v1/review/approvals/<approval_id>/reveal",
    "Show one masked value; that it was shown is recorded first",
    body=RevealBody,
    reviewer=True,
    answers={200: "Revealed"},
)
def reveal_value(approval_id: str) -> Response:
    """Return the value at a path of the arguments, in the clear."""
    holder = person()
    body = read_body(RevealBody)
    house, org_id = runtime(), holder.person.org_id
    with house.store.reading() as session:
        row = visible(holder, calls.one(session, org_id, approval_id))
        check_carries(holder, row, REVEAL)
        shown = shown_of(session, house.keyring, row.approval)
        arguments = effective_arguments(session, house.keyring, row.approval).value
    found: tuple[str | int, Any] = ("", None)
    if access(holder, REVEAL, resource_of(row.approval)).allowed:
        _refuse_severe(shown)
        found = _value_at(arguments, house.profile_for(row.approval), body.path)
    by, look = reviewer(holder), Look(body.seal, PREVIEW_VERSION)
    done = house.store.write(
        lambda tx: reveal(tx, by, org_id, approval_id, look, body.path)
    )
    if done.refusal is not None:
        raise done.refusal
    return answer_json({"path": body.path, "name": found[0], "value": found[1]})


def _refuse_severe(shown: Shown) -> None:
    if shown.is_severe:
        raise NotAllowedError(
            "confirm_first",
            f"What a call of {shown.risk} risk masks is shown on its page only, to who proved "
            "who they are within the last 15 minutes.",
        )


def _value_at(
    arguments: dict[str, Any], profile: Profile, path: str
) -> tuple[str | int, Any]:
    try:
        return value_at(arguments, place_of(arguments, profile, path))
    except LookupError:
        raise InvalidError(
            "Nothing is masked there.",
            [Fault("/path", "must be the JSON pointer of a masked value of the arguments")],
        ) from None
