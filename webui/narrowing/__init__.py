"""The one line that narrows the queue: `tool:github.* risk:>=high is:unclaimed`; pure."""

from webui.narrowing.fields import EVERYBODYS, FIELDS, GROUPS, SORTS, Field
from webui.narrowing.language import Fault, Query, Term, read
from webui.narrowing.offering import Offer, offers

__all__ = [
    "EVERYBODYS",
    "FIELDS",
    "GROUPS",
    "SORTS",
    "Fault",
    "Field",
    "Offer",
    "Query",
    "Term",
    "offers",
    "read",
]
