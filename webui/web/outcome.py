"""What came of the one use of a yes, in words."""

from collections.abc import Sequence

from webui.approvals.words import UNREPORTED
from webui.preview import visible
from webui.sentences import Sentence, joined, sentence
from webui.store.models import Consumption

_NOT_YET = sentence("The agent took its one use; it has not reported yet.")
_OUTCOMES: dict[str, Sentence] = {
    "ok": sentence("The agent reported that it ran."),
    "error": sentence("The agent reported that it failed."),
    "unknown": sentence("The agent reported that it does not know how it ended."),
    "rolled_back": sentence("The agent gave it back: the call did not take effect."),
    **UNREPORTED,
}


def outcome(uses: Sequence[Consumption]) -> str | None:
    """Return what its agent said of the last use; None if there is none."""
    if not uses:
        return None
    last = uses[-1]
    words = _NOT_YET if last.result is None else _OUTCOMES[last.result]
    if not last.detail:
        return words
    said = sentence("It said: %(detail)s", detail=visible(last.detail))
    return joined(" ", [words, said])
