"""Failed attempts to sign in, so that a flood of them is one event a minute and address."""

from collections import OrderedDict

EVERY = 60_000
MOST = 10_000


class Failures:
    """How often each address failed since it was last recorded, in this process."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def count(self, address: str, now: int) -> int:
        """Count one failure at `now` (ms); return how many to record, 0 for not now."""
        failed, recorded_at = self._known.pop(address, (0, now - EVERY))
        due = now - recorded_at >= EVERY
        self._known[address] = (0, now) if due else (failed + 1, recorded_at)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        return failed + 1 if due else 0
