"""Log lines on standard error, for people or for machines; never arguments, never secrets."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gunicorn.glogging import Logger

if TYPE_CHECKING:
    from webui.settings import Settings


class LineFormatter(logging.Formatter):
    """One line a record: JSON with fixed names, or the same in words."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self._json = form == "json"

    def format(self, record: logging.LogRecord) -> str:
        """Render the record; a traceback follows the console line, or is a field of the JSON."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        level, text = record.levelname.lower(), record.getMessage()
        trace = self.formatException(record.exc_info) if record.exc_info else ""
        if self._json:
            fields = {"timestamp": at, "level": level, "logger": record.name, "event": text}
            return json.dumps(fields | ({"exception": trace} if trace else {}))
        return f"{at} [{level}] {record.name}: {text}" + (f"\n{trace}" if trace else "")


class GunicornLog(Logger):  # type: ignore[misc] # gunicorn ships no types
    """gunicorn's own lines, in our form; its greetings are kept for debugging."""

    def setup(self, cfg: Any) -> None:
        """Leave handlers and levels to `configure`, called before and after the fork."""
        self.loglevel = logging.getLogger().level
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        self.access_log.handlers.clear()
        self.cfg = cfg

    def info(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Which process was forked when is of no use to an operator."""
        self.error_log.debug(msg, *args, **kwargs)


def configure(settings: Settings) -> None:
    """Send the standard library's log to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(settings.log_format))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    # Alembic tells of every plugin it looks at; what it does, `schema` says.
    logging.getLogger("alembic").setLevel(max(root.level, logging.WARNING))


def configure_structlog(settings: Settings) -> None:
    """Give structlog the same stream, form and level; call it in the serving process."""
    import structlog  # noqa: PLC0415 - it imports asyncio, which must come after gevent's patch

    renderer: Any = structlog.processors.JSONRenderer()
    if settings.log_format == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings.log_level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
