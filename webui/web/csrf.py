"""Forged forms: a token in every form, or in a header for requests made by scripts.

Beside it the guard in front of the application checks where the request comes from.
"""

from flask import Flask
from flask_wtf.csrf import CSRFProtect

protection = CSRFProtect()


def register(app: Flask) -> None:
    """Check the token of every request that may change something."""
    # It ends with the session. A check of Referer would refuse ourselves: we send none.
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    app.config["WTF_CSRF_SSL_STRICT"] = False
    app.config["WTF_CSRF_METHODS"] = {"POST", "PUT", "PATCH", "DELETE"}
    protection.init_app(app)
