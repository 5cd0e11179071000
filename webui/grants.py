"""Standing grants and what may be seen of a call: masks hold in what is granted and listed."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from webui.approvals.call.arguments import effective_arguments
from webui.approvals.errors import Fault, InvalidError
from webui.approvals.grants.covering import opened
from webui.approvals.grants.granting import GrantWish
from webui.masking import profile_for
from webui.preview import Profile, in_order, masked_arguments, plain_arguments
from webui.sentences import sentence
from webui.store.keyring import Keyring
from webui.store.models import Approval, StandingGrant


def check_wish(wish: GrantWish, arguments: Mapping[str, Any], profile: Profile) -> None:
    """Refuse a condition that measures what is masked: its answer would tell the secret.

    Such an argument stays exactly as it is, or is freed altogether (`exists`).

    Raises:
        InvalidError: `grant_conditions`.

    """
    masked = masked_arguments(arguments, profile)
    hidden = {
        name
        for name, shown in zip(in_order(arguments), masked, strict=True)
        if masked[shown] != plain_arguments(arguments[name])
    }
    faults = [
        Fault(
            f"/grant/conditions/{at}/path",
            sentence("is of a masked argument; leave it as it is"),
        )
        for at, condition in enumerate(wish.conditions)
        if condition.get("op") != "exists" and _argument(condition) in hidden
    ]
    if faults:
        raise InvalidError(
            sentence(
                "What is masked cannot be measured: grant it exactly as it is, or with any "
                "value."
            ),
            faults,
            code="grant_conditions",
        )


def pinned_masked(
    session: Session, keyring: Keyring, grant: StandingGrant, made_from: Approval
) -> dict[str, Any]:
    """Return what a covered call must repeat, masked as it was beside all other arguments.

    A mask may hang on a neighbour ({"name": "TOKEN", "value": ...}) that the grant frees, so
    the whole call is masked first.
    """
    whole = effective_arguments(session, keyring, made_from).value
    _, conditions = opened(session, keyring, grant)
    freed = {_argument(condition) for condition in conditions}
    masked = masked_arguments(whole, profile_for(session, keyring, made_from))
    return {
        shown: masked[shown]
        for name, shown in zip(in_order(whole), masked, strict=True)
        if name not in freed
    }


def _argument(condition: Mapping[str, Any]) -> str:
    return str(condition.get("path")).partition(".")[2]
