"""Which person has already been recorded as having seen which version of an approval."""

from collections import OrderedDict

MOST = 50_000
Look = tuple[str, str, int, str]


class Looks:
    """A bounded memory; what falls out of it is recorded once more."""

    def __init__(self) -> None:
        self._seen: OrderedDict[Look, None] = OrderedDict()

    def is_first(self, session: str, approval_id: str, version: int, view: str) -> bool:
        """Say whether this session sees this version in this view for the first time."""
        look = (session, approval_id, version, view)
        if look in self._seen:
            return False
        self._seen[look] = None
        if len(self._seen) > MOST:
            self._seen.popitem(last=False)
        return True
