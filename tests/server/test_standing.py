"""Whoever loses their standing loses their live sockets, wherever it was taken from them."""

import pytest

from webui.audit import actions
from webui.start import end_sockets
from webui.store.transaction import Wake


class Dropped(list[str]):
    """Stands for the sockets: notes whose were ended."""

    def drop(self, *, user_id: str) -> None:
        self.append(user_id)


@pytest.mark.parametrize(
    "action",
    [
        actions.USER_SUSPENDED,
        actions.USER_PASSWORD_CHANGED,
        actions.USER_SWITCHED_ORG,
        actions.MEMBERSHIP_CHANGED,
        actions.MEMBERSHIP_SUSPENDED,
        actions.MEMBERSHIP_REMOVED,
    ],
)
def test_a_change_of_standing_ends_that_persons_sockets(action: str) -> None:
    dropped = Dropped()
    end_sockets(dropped, [Wake("org_1", 7, action, "user:usr_bo")])  # type: ignore[arg-type]
    assert dropped == ["usr_bo"]


def test_what_others_do_ends_nobodys_sockets() -> None:
    dropped = Dropped()
    wakes = [
        Wake("org_1", 7, actions.APPROVAL_DECIDED, "approval:apr_1"),
        Wake("org_1", 8, actions.USER_SIGNED_IN, "user:usr_bo"),
    ]
    end_sockets(dropped, wakes)  # type: ignore[arg-type]
    assert dropped == []
