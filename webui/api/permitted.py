"""Whose token this is, once it and its person hold what a call asks for."""

from webui.api.keys import access, person
from webui.api.people import check_carries
from webui.approvals.authorization import Resource
from webui.approvals.errors import NotAllowedError
from webui.store.queries.identity import TokenHolder


def person_with(*permissions: str) -> TokenHolder:
    """Return the person of this request's token, who holds all of these in their org.

    Raises:
        NotAllowedError: they do not, or the token does not carry it.

    """
    holder = person()
    for permission in permissions:
        check_carries(holder, verb=permission)
        answer = access(holder, permission, Resource(holder.person.org_id))
        if not answer.allowed:
            raise NotAllowedError(answer.reason.removeprefix("deny_"), answer.explanation)
    return holder
