"""Help: the keys, the words, and how an agent asks."""

from flask import Blueprint

from webui.web.context import house
from webui.web.render import page as whole_page

blueprint = Blueprint("help", __name__, url_prefix="/help")


@blueprint.get("")
def page() -> str:
    """Explain deciding."""
    return whole_page("help/page.html")


@blueprint.get("/api")
def api() -> str:
    """Explain asking."""
    url = house().bound.agents.url
    return whole_page(
        "help/api.html", api_url=url, openapi_url=f"{url}/api/v1/openapi.json"
    )
