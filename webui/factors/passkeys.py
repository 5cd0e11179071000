"""Passkeys (WebAuthn): the questions a browser is asked, and whether its answers are right.

The cryptography and the formats are py_webauthn's. Hostile bytes may fail anywhere in them, so
whatever is raised while an answer is read means that it is not right. The library is imported
when the first passkey is asked for: it costs a tenth of a start, and many desks have none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

_LOCAL = "localhost"
ISSUER = "Countersign"


@dataclass(frozen=True, slots=True)
class Site:
    """Where passkeys are good: this origin, byte for byte."""

    rp_id: str
    origin: str


class NewPasskey(NamedTuple):
    """What is kept of a passkey that was just made."""

    id: str
    public_key: bytes
    sign_count: int


class Answer(NamedTuple):
    """Who a browser says it answers for, before anything is checked."""

    passkey_id: str
    user_id: str
    """As the authenticator remembers; empty if it does not say."""


def site_of(public_url: str) -> Site | None:
    """Return where passkeys are good; none where browsers have none: plain http or an address.

    A passkey belongs to a name (WebAuthn, 5.1.2), and browsers offer them over https, or http
    on localhost, only.
    """
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    if parts.scheme != "https" and host != _LOCAL:
        return None
    try:
        ip_address(host)
    except ValueError:
        return Site(host, public_url) if host else None
    return None


def options_to_add(
    site: Site, challenge: bytes, user_id: str, email: str, name: str, known: Iterable[str]
) -> dict[str, Any]:
    """Return what `navigator.credentials.create` is asked: a key that finds its owner."""
    from webauthn import generate_registration_options
    from webauthn.helpers import options_to_json_dict
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    return options_to_json_dict(
        generate_registration_options(
            rp_id=site.rp_id,
            rp_name=ISSUER,
            user_id=user_id.encode(),
            user_name=email,
            user_display_name=name,
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=_described(known),
        )
    )


def options_to_prove(
    site: Site, challenge: bytes, known: Iterable[str] = ()
) -> dict[str, Any]:
    """Return what `navigator.credentials.get` is asked; with none `known`, any key of this site."""
    from webauthn import generate_authentication_options
    from webauthn.helpers import options_to_json_dict
    from webauthn.helpers.structs import UserVerificationRequirement

    return options_to_json_dict(
        generate_authentication_options(
            rp_id=site.rp_id,
            challenge=challenge,
            allow_credentials=_described(known),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


def _described(known: Iterable[str]) -> list[PublicKeyCredentialDescriptor]:
    from webauthn import base64url_to_bytes
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(each)) for each in known]


def made(site: Site, challenge: bytes, credential: str) -> NewPasskey | None:
    """Return the passkey that a browser made for this challenge; none if anything is wrong."""
    from webauthn import verify_registration_response
    from webauthn.helpers import bytes_to_base64url

    try:
        found = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except Exception:  # noqa: BLE001 - hostile bytes: see above
        return None
    return NewPasskey(
        bytes_to_base64url(found.credential_id),
        found.credential_public_key,
        found.sign_count,
    )


def answer_of(credential: str) -> Answer | None:
    """Return who an answer is for; none if it is not one."""
    from webauthn.helpers import parse_authentication_credential_json

    try:
        parsed = parse_authentication_credential_json(json.loads(credential))
        return Answer(parsed.id, (parsed.response.user_handle or b"").decode())
    except Exception:  # noqa: BLE001 - hostile bytes: see above
        return None


def proved(site: Site, challenge: bytes, credential: str, public_key: bytes) -> int | None:
    """Return the sign count of a right answer to this challenge; none if anything is wrong.

    The count is compared by the caller, who knows and records a copied key.
    """
    from webauthn import verify_authentication_response

    try:
        found = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except Exception:  # noqa: BLE001 - hostile bytes: see above
        return None
    return found.new_sign_count
