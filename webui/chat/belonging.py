"""Which channel an approval belongs to: there it is posted, and from there alone one decides."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from webui.receivers.chat_config import ChatConfig
from webui.store.models import Approval


def belongs(
    approval: Approval, config: ChatConfig, others: Iterable[ChatConfig] = ()
) -> bool:
    """Say whether a channel is told of an approval.

    A channel that names scopes is for those alone, and what one names is for no channel that
    names none.
    """
    scope = approval.scope
    if config.scopes:
        fits = scope is not None and _among(scope, config.scopes)
    else:
        fits = scope is None or not any(_among(scope, each.scopes) for each in others)
    return (
        fits
        and (not config.tools or _among(approval.tool, config.tools))
        and (not config.risks or approval.handled_as in config.risks)
    )


def _among(text: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(text, glob) for glob in globs)
