"""`countersign hook claude-code`: a command hook that asks the desk before a tool runs.

Claude Code takes exit 2 for a no and runs the tool after any other failure, so whatever goes
wrong here ends with 2 and a sentence, and never with 1.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import NoReturn

BLOCKED = 2
SECONDS = 600.0
GRACE = 60.0
"""Seconds past the time to wait, after which even a desk that hangs is waited for no more."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        block(f"{self.prog}: {message}")


def main(argv: Sequence[str]) -> int:
    """Run `hook claude-code ...`: 0 after the verdict is printed, else 2. Never returns 1."""
    # Only what follows may end the program, and it ends it with 2.
    try:
        for name in ("SIGTERM", "SIGINT", "SIGHUP"):
            signal.signal(getattr(signal, name), _stopped)
        options = _parser().parse_args(argv)
        watchdog = threading.Timer(options.timeout + GRACE, block, ("the desk hangs",))
        watchdog.daemon = True
        watchdog.start()
        try:
            _say(_verdict(options))
        finally:
            watchdog.cancel()
    except BaseException as error:
        if isinstance(error, SystemExit) and error.code == 0:  # --help
            raise
        block(str(error) or type(error).__name__)
    os._exit(0)  # what could still fail on the way out would change the code


def console() -> NoReturn:
    """Run `countersign-hook claude-code ...`."""
    sys.exit(main(sys.argv[1:]))


def block(why: str) -> NoReturn:
    """Keep the tool from running, and say why."""
    try:
        plain = "".join(c if c.isprintable() else " " for c in why)
        sys.stderr.write(f"Countersign blocked this tool: {plain}\n")
        sys.stderr.flush()
    finally:
        os._exit(BLOCKED)


def _stopped(number: int, _: object) -> NoReturn:
    block(f"stopped by {signal.Signals(number).name} before anybody decided")


def _parser() -> _Parser:
    parser = _Parser(prog="countersign hook")
    verbs = parser.add_subparsers(required=True, metavar="claude-code")
    claude = verbs.add_parser(
        "claude-code",
        help="ask for a tool that Claude Code wants to use; the hook's JSON on stdin",
        description="Exit code 2, which blocks the tool, after every failure.",
    )
    claude.add_argument(
        "--timeout",
        type=_seconds,
        default=SECONDS,
        help=f"seconds to wait for people (default: {SECONDS:.0f}); the hook's own timeout in "
        "Claude Code's settings must be longer",
    )
    claude.add_argument(
        "--url", help="the desk (default: COUNTERSIGN_URL, http://127.0.0.1:9111)"
    )
    return parser


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 1 <= seconds <= 86_400:  # noqa: PLR2004 - a day; NaN fits nothing
        raise argparse.ArgumentTypeError("must be 1 to 86400 seconds")
    return seconds


def _verdict(options: argparse.Namespace) -> str:
    from countersign_client.claude_code import Hook, decide  # noqa: PLC0415 - may fail, with 2
    from countersign_client.client import Client  # noqa: PLC0415 - the same

    hook = Hook.read(sys.stdin.buffer.read())
    desk = Client(options.url)
    return hook.answer(
        decide(desk, hook.tool, hook.tool_input, hook.fields, options.timeout)
    )


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
