"""Leaving for a provider of single sign-on."""

from urllib.parse import urlsplit

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webui.approvals.errors import NotFoundError
from webui.oidc import asking, under_way
from webui.oidc.asking import Aim
from webui.oidc.providers import registered
from webui.web import ceremony
from webui.web.context import desk, house


def leave(
    aim: Aim, provider_id: str, target: str, *, user_id: str | None, anew: bool
) -> BaseResponse:
    """Send the browser to a provider.

    Raises:
        NotFoundError: no such provider.
        ProviderError: it cannot be used now.
        TooManyError: too many from this address.

    """
    return redirect(address_of(aim, provider_id, target, user_id=user_id, anew=anew))


def address_of(
    aim: Aim, provider_id: str, target: str, *, user_id: str | None, anew: bool
) -> str:
    """Begin, and return where the browser has to go."""
    store, from_here = house().store, ceremony.address()
    store.write(lambda tx: under_way.spend_attempt(tx, from_here))
    with store.reading() as reading:
        provider = registered(reading, store.keyring, provider_id)
    if provider is None:
        raise NotFoundError("provider")
    metadata = desk().directory.metadata(provider.issuer)
    asked = asking.new(aim, provider_id, target, anew=anew)
    ceremony_id = store.write(lambda tx: under_way.begin(tx, asked, user_id, from_here))
    ceremony.keep("sso", ceremony_id)
    return asking.address(metadata, provider, asked, callback())


def to_our_address() -> BaseResponse | None:
    """Lead to the address that providers know us by: the cookie must be there on the way back."""
    ours = house().public_url
    if request.host == urlsplit(ours).netloc:
        return None
    return redirect(ours + request.full_path.rstrip("?"))


def callback() -> str:
    """Return the address to register at a provider."""
    return house().public_url + url_for("sso.back")
