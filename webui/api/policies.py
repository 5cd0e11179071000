"""The reviewers' API on the policy: what is in force, what was, checking a text, setting one."""

from typing import Any

from flask import Response, request

from webui.api.answers import answer_json, answer_page
from webui.api.keys import runtime
from webui.api.operations import Query, operation
from webui.api.paging import page_of, whole_number
from webui.api.permitted import person_with
from webui.api.reading import read_body
from webui.api.schemas import PolicyBody, PolicyRevert, PolicyText
from webui.approvals.authorization import POLICY_READ, POLICY_WRITE
from webui.approvals.errors import Fault, InvalidError
from webui.approvals.people.standing import By
from webui.approvals.ruling import policies
from webui.approvals.ruling.drafts import check_draft
from webui.approvals.ruling.policies import Accepted
from webui.audit.chain import rfc3339
from webui.policyfile import require_no_file
from webui.store.models import Policy
from webui.store.queries.identity import TokenHolder
from webui.store.transaction import Transaction

_HERE = "/api/v1/review/policy"


@operation(
    "GET",
    _HERE,
    "The policy in force; its number is 0 where there is none",
    reviewer=True,
    answers={200: "Policy"},
)
def read_policy() -> Response:
    """Return the policy in force with its text."""
    holder = person_with(POLICY_READ)
    with runtime().store.reading() as session:
        live = policies.in_force(session, holder.person.org_id)
    return answer_json(
        policy_document(live) | {"text": None if live is None else live.text}
    )


@operation(
    "GET",
    f"{_HERE}/versions",
    "The versions of the policy, newest first",
    reviewer=True,
    queries=(
        Query("limit", {"type": "integer", "minimum": 1, "maximum": 200}, "Page size."),
        Query("cursor", {"type": "string"}, "`next_cursor` of the page before."),
    ),
    answers={200: "PolicyList"},
)
def list_policies() -> Response:
    """Return a page of versions, without their texts."""
    holder, page = person_with(POLICY_READ), page_of(request.args)
    before = whole_number(page.cursor) if page.cursor else None
    if page.cursor and before is None:
        raise InvalidError(
            "This page cannot be given.",
            [Fault("/cursor", "must be the next_cursor of the page before")],
        )
    with runtime().store.reading() as session:
        found = policies.versions(session, holder.person.org_id, before, page.limit)
    full = len(found) == page.limit
    cursor = str(found[-1].number) if full else None
    return answer_page([policy_document(each) for each in found], page, cursor)


@operation(
    "POST",
    f"{_HERE}/check",
    "What is wrong with a text, what looks wrong, and what comes of its tests",
    body=PolicyText,
    reviewer=True,
    answers={200: "PolicyChecked"},
)
def check_text() -> Response:
    """Look at a text as `set` would; nothing changes."""
    holder, house = person_with(POLICY_READ), runtime()
    text = read_body(PolicyText).text
    with house.store.reading() as session:
        found = check_draft(session, holder.person.org_id, text, house.store.now())
    return answer_json(
        {
            "faults": [fault.as_document() for fault in found.faults],
            "warnings": [fault.as_document() for fault in found.warnings],
            "tests": [result.as_document() for result in found.tests],
        }
    )


@operation(
    "POST",
    _HERE,
    "Put a policy in force; one that is wrong anywhere changes nothing",
    body=PolicyBody,
    reviewer=True,
    answers={200: "Policy"},
)
def set_policy() -> Response:
    """Put a text in force as a new version, if it is made from the one that is."""
    holder = person_with(POLICY_WRITE)
    body, org_id, by = read_body(PolicyBody), holder.person.org_id, _by(holder)
    settings = runtime().settings

    def unit(tx: Transaction) -> Accepted:
        require_no_file(tx, settings, org_id)
        return policies.accept(
            tx, org_id, body.text, by, expected=body.expected, note=body.note
        )

    return _accepted(runtime().store.write(unit))


@operation(
    "POST",
    f"{_HERE}/revert",
    "Put the text of an older version in force again, as a new version",
    body=PolicyRevert,
    reviewer=True,
    answers={200: "Policy"},
)
def revert_policy() -> Response:
    """Put an older text in force, if the version that it replaces is the expected one."""
    holder = person_with(POLICY_WRITE)
    body, org_id, by = read_body(PolicyRevert), holder.person.org_id, _by(holder)
    settings = runtime().settings

    def unit(tx: Transaction) -> Accepted:
        require_no_file(tx, settings, org_id)
        return policies.revert(tx, org_id, body.number, by, expected=body.expected)

    return _accepted(runtime().store.write(unit))


def _by(holder: TokenHolder) -> By:
    return By(holder.person.user_id)


def _accepted(accepted: Accepted) -> Response:
    warnings = [fault.as_document() for fault in accepted.warnings]
    more = {"changed": accepted.changed, "warnings": warnings}
    return answer_json(policy_document(accepted.version) | more)


def policy_document(version: Policy | None) -> dict[str, Any]:
    """Return a version without its text; number 0 where there is none."""
    if version is None:
        return {
            "number": 0,
            "revision": None,
            "author": None,
            "note": None,
            "at": None,
        }
    return {
        "number": version.number,
        "revision": version.revision,
        "author": version.author,
        "note": version.note,
        "at": rfc3339(version.at),
    }
