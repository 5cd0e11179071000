"""Every bridge there is, by the name of its kind. A new one is its module and a line here."""

from collections.abc import Mapping

from webui.bridges import opencode
from webui.bridges.link import Listen

BRIDGES: Mapping[str, Listen] = {"opencode": opencode.listen}
