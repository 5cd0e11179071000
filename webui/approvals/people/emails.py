"""E-mail addresses as the names people sign in with."""

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from webui.store.models import User

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|[^@\s]+@localhost")
EMAIL_MAX = 254


def is_email(text: str) -> bool:
    """Say whether a text, in lower case, can be somebody's address."""
    fits = len(text) <= EMAIL_MAX and text.isprintable()
    return fits and _EMAIL.fullmatch(text) is not None


def user_of(session: Session, email: str) -> str | None:
    """Return the id of the account with this address, in whatever org."""
    return session.scalar(select(User.id).where(User.email == email.strip().lower()))
