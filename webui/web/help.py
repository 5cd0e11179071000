"""Help: the keys, the words, and how an agent asks."""

from flask import Blueprint

from webui.preview.telling import mark_told
from webui.web.context import house
from webui.web.render import page as whole_page

blueprint = Blueprint("help", __name__, url_prefix="/help")
MARKS = {
    "blank": mark_told("⟦1394 spaces⟧"),
    "gap": mark_told("⟦… 1120 of 3020 chars hidden …⟧"),
    "mask": mark_told("⟦redacted 27 chars tag d2ad3059⟧"),
}
"""One of each kind, as pages show them."""


@blueprint.get("")
def page() -> str:
    """Explain deciding."""
    return whole_page("help/page.html", marks=MARKS)


@blueprint.get("/api")
def api() -> str:
    """Explain asking."""
    url = house().bound.agents.url
    return whole_page(
        "help/api.html", api_url=url, openapi_url=f"{url}/api/v1/openapi.json"
    )
