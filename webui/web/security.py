"""Headers of every answer: what a page may load, who may frame it, and that nobody keeps it."""

from flask import Flask, Response, request

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "manifest-src 'self'; connect-src 'self' {live}; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_TWO_YEARS = 63_072_000


def register(app: Flask, *, https: bool) -> None:
    """Put the headers on every answer, errors included."""

    @app.after_request
    def add(answer: Response) -> Response:
        scheme = "wss" if https else "ws"
        answer.headers["Content-Security-Policy"] = _POLICY.format(
            live=f"{scheme}://{request.host}"
        )
        answer.headers.update(_ALWAYS)
        answer.headers.setdefault("Cache-Control", "no-store")
        if https:
            answer.headers["Strict-Transport-Security"] = f"max-age={_TWO_YEARS}"
        return answer
