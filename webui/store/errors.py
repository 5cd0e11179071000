"""What can go wrong below the desk. The web answers each with 503 and Retry-After."""


class StoreUnavailableError(Exception):
    """Nothing was changed; the same request may be sent again."""

    retry_after = 1


class StoreBusyError(StoreUnavailableError):
    """Too many writes wait, or another process holds the database."""


class StoreFullError(StoreUnavailableError):
    """The disk is full. Reading goes on; nothing new is taken."""

    retry_after = 30


class StoreBrokenError(StoreUnavailableError):
    """The database file or its disk failed. The process should be looked at."""

    retry_after = 60
