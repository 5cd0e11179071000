"""Signing in as a GitHub App: a short-lived JWT by its private key (RS256)."""

import re
import textwrap

from webui.sentences import sentence

MINUTE = 60
_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----(.+?)-----END \1-----", re.DOTALL)
_BAD = sentence("must be the App's private key: the whole text of its .pem file")


def read_key(pem: str) -> str:
    """Return a PEM with its line breaks, which forms and shells take away.

    Raises:
        ValueError: it is no private RSA key.

    """
    # its cryptography costs a tenth of a start, for what many desks have none of
    from joserfc.errors import JoseError  # noqa: PLC0415 - few desks need it
    from joserfc.jwk import RSAKey  # noqa: PLC0415

    found = _PEM.search(pem.strip())
    if found is None:
        raise ValueError(_BAD)
    body = re.sub(r"\\n|\s", "", found[2])
    text = f"-----BEGIN {found[1]}-----\n{_lines(body)}\n-----END {found[1]}-----\n"
    try:
        key = RSAKey.import_key(text)
    except (JoseError, ValueError, TypeError):
        raise ValueError(_BAD) from None
    if not key.is_private:
        raise ValueError(_BAD)
    return text


def app_token(pem: str, app_id: int, now: int) -> str:
    """Return the JWT by which GitHub knows the App, for nine minutes from `now` (ms)."""
    from joserfc import jwt  # noqa: PLC0415 - few desks need it
    from joserfc.jwk import RSAKey  # noqa: PLC0415

    seconds = now // 1000
    # GitHub asks to begin a minute ago, for clocks that differ, and takes ten at most
    claims = {"iat": seconds - MINUTE, "exp": seconds + 9 * MINUTE, "iss": str(app_id)}
    return jwt.encode({"alg": "RS256"}, claims, RSAKey.import_key(read_key(pem)))


def _lines(body: str) -> str:
    return "\n".join(textwrap.wrap(body, 64))
