"""Every kind of source there is. A new kind is its module and one line here."""

from webui.receivers import hmac_kind, standard
from webui.receivers.kind import Kind

KINDS: dict[str, Kind] = {kind.name: kind for kind in (standard, hmac_kind)}
