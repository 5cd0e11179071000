"""A provider's answer: the code exchanged, the id_token checked, and what it says of a person."""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from webui.approvals.people.emails import is_email
from webui.oidc.asking import Asked
from webui.oidc.directory import Directory, Metadata
from webui.oidc.providers import Registered
from webui.oidc.tokens import Expected, claims_of, number
from webui.oidc.wire import ProviderError
from webui.sentences import sentence

MOST_GROUPS = 2_000
NAME_MAX = 120
CODE_MAX = 4_096
_STRONG = {
    "mfa",
    "http://schemas.openid.net/pape/policies/2007/06/multi-factor",
    "https://refeds.org/profile/mfa",
    "phr",
    "phrh",
}
"""Values of `acr` by which a provider says that it asked for several factors."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a provider says of the person who is in the browser."""

    subject: str
    email: str
    """Lower case, and the provider has made sure that it is theirs; else empty."""
    name: str
    groups: frozenset[str]
    several_factors: bool
    auth_time: int | None
    """When they proved it there, ms; none if it does not say."""


def read(
    directory: Directory,
    provider: Registered,
    asked: Asked,
    answer: Mapping[str, str],
    redirect_uri: str,
    now: int,
) -> Said:
    """Read the parameters with which a browser came back.

    Raises:
        ProviderError: the provider said no, or something of it does not hold.

    """
    metadata = directory.metadata(provider.issuer)
    _check_who_answers(metadata, answer.get("iss"))
    if "error" in answer:
        raise ProviderError(
            sentence(
                "%(name)s did not sign you in; try again, or ask who runs it.",
                name=provider.name,
            ),
            "denied",
        )
    code = answer.get("code", "")
    if not code or len(code) > CODE_MAX:
        raise ProviderError(
            sentence("The provider's answer carries no code; begin again."), "code"
        )
    tokens = _exchange(directory, metadata, provider, asked, code, redirect_uri)
    id_token, access = tokens.get("id_token"), tokens.get("access_token", "")
    if not isinstance(id_token, str) or not isinstance(access, str):
        raise ProviderError(
            sentence("The provider's answer carries no id_token."), "id_token"
        )
    claims = claims_of(
        id_token,
        access,
        lambda anew: directory.keys(provider.issuer, anew=anew),
        Expected(provider.issuer, provider.client_id, asked.nonce, now / 1000),
    )
    return _said(_completed(directory, metadata, provider, claims, access), provider, now)


def _check_who_answers(metadata: Metadata, issuer: str | None) -> None:
    """Refuse an answer of another provider than the one that was asked (RFC 9207)."""
    missing = issuer is None and metadata.names_itself
    if missing or issuer not in {None, metadata.issuer}:
        raise ProviderError(
            sentence("Another provider answered than the one asked."), "mix_up"
        )


def _exchange(
    directory: Directory,
    metadata: Metadata,
    provider: Registered,
    asked: Asked,
    code: str,
    redirect_uri: str,
) -> dict[str, Any]:
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": asked.verifier,
    }
    headers = {}
    if metadata.by_form:
        fields |= {"client_id": provider.client_id, "client_secret": provider.secret}
    else:
        pair = f"{quote_plus(provider.client_id)}:{quote_plus(provider.secret)}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    try:
        return directory.wire.post(metadata.token_endpoint, fields, headers)
    except ProviderError as error:
        if error.cause == "refused":
            raise ProviderError(
                sentence("The provider did not take the code back; begin again."), "code"
            ) from error
        raise


def _completed(
    directory: Directory,
    metadata: Metadata,
    provider: Registered,
    claims: dict[str, Any],
    access_token: str,
) -> dict[str, Any]:
    """Add what only the userinfo endpoint tells; it must speak of the same person."""
    wanted = {"email", *([provider.groups_claim] if provider.has_roles else [])}
    missing = wanted - claims.keys()
    if not missing or metadata.userinfo_endpoint is None or not access_token:
        return claims
    more = directory.wire.get(metadata.userinfo_endpoint, access_token)
    told = more.get("sub")
    same = isinstance(told, str) and hmac.compare_digest(
        told.encode(), str(claims["sub"]).encode()
    )
    if not same:
        raise ProviderError(
            sentence(
                "The provider spoke of two people in one answer, so nobody was signed in."
            ),
            "userinfo",
        )
    if "email" in missing:
        missing |= {"email_verified"}
    return claims | {name: more[name] for name in missing & more.keys()}


def _said(claims: dict[str, Any], provider: Registered, now: int) -> Said:
    time, amr, acr = number(claims.get("auth_time")), claims.get("amr"), claims.get("acr")
    strong = isinstance(amr, list) and "mfa" in amr
    strong = strong or (isinstance(acr, str) and acr in _STRONG)
    return Said(
        claims["sub"],
        _email_of(claims),
        _name_of(claims),
        _groups_of(claims, provider.groups_claim),
        strong,
        None if time is None else min(int(time * 1000), now),
    )


def _email_of(claims: dict[str, Any]) -> str:
    """Return the address if it is verified; some providers write that as a word."""
    email = claims.get("email")
    verified = claims.get("email_verified")
    if (verified is not True and verified != "true") or not isinstance(email, str):
        return ""
    email = email.strip().lower()
    return email if is_email(email) else ""


def _name_of(claims: dict[str, Any]) -> str:
    name = claims.get("name")
    if not isinstance(name, str) or not name.isprintable():
        return ""
    return name.strip()[:NAME_MAX]


def _groups_of(claims: dict[str, Any], claim: str) -> frozenset[str]:
    """Return the groups. A list that was left out for its length is not an empty one."""
    left_out = claims.get("_claim_names")
    if claim not in claims and isinstance(left_out, dict) and claim in left_out:
        raise ProviderError(
            sentence(
                "The provider left the groups out because they are too many; have it send only "
                "those that are meant for this desk."
            ),
            "groups",
        )
    found = claims.get(claim, [])
    listed = found if isinstance(found, list) else [found]
    return frozenset(each for each in listed[:MOST_GROUPS] if isinstance(each, str))
