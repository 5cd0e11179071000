"""`countersign ask`: any script can ask, and its exit code is the answer."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from countersign_client.ask import Approved
from countersign_client.client import Client
from countersign_client.errors import (
    AlreadyConsumed,
    CountersignError,
    Denied,
    Ended,
    Expired,
    NeedsRevision,
    StillPending,
)
from countersign_client.fields import FIELDS, WITHOUT_REVISION
from countersign_client.json_only import load_object

APPROVED, DENIED, EXPIRED, ERROR, ENDED = range(5)


class Parser(argparse.ArgumentParser):
    """argparse, but a mistake on the command line is 3: its usual 2 would say "expired"."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and exit 3."""
        self.print_usage(sys.stderr)
        self.exit(ERROR, f"{self.prog}: {message}\n")


def main(argv: Sequence[str]) -> int:
    """Run `ask ...`; returns the exit code: 0 approved, 1 denied, 2 expired, 3 error, 4 other end."""
    options = _parser().parse_args(argv)
    try:
        _print_approved(options, _ask(options))
    except (Ended, NeedsRevision, StillPending) as stopped:
        if options.json and stopped.approval is not None:
            tell(_dumped(stopped.approval.body))
        say(str(stopped))
        return _exit_code(stopped)
    except AlreadyConsumed as used:
        say(str(used))
        return ENDED
    except (CountersignError, ValueError, TypeError, OSError) as error:
        say(f"error: {error}")
        return ERROR
    except KeyboardInterrupt:
        say("stopped waiting; the approval still stands")
        return ERROR
    return APPROVED


def _exit_code(stopped: Exception) -> int:
    codes = {Denied: DENIED, Expired: EXPIRED, StillPending: ERROR}
    return codes.get(type(stopped), ENDED)


def _parser() -> Parser:
    parser = Parser(prog="countersign", description="Ask a person before something runs.")
    verbs = parser.add_subparsers(required=True, metavar="ask")
    ask = verbs.add_parser(
        "ask",
        help="file an approval and wait for the verdict",
        description="Exit code: 0 approved, 1 denied, 2 expired, 3 error, 4 ended otherwise.",
    )
    ask.add_argument(
        "--tool", required=True, help="name of the tool, shell.run for example"
    )
    ask.add_argument(
        "--args", default="{}", help="arguments: a JSON object, @FILE, or - for stdin"
    )
    ask.add_argument("--summary", help="one line for the reviewer")
    ask.add_argument("--reason", help="why this is needed")
    ask.add_argument("--risk", choices=["low", "medium", "high", "critical"])
    ask.add_argument("--session", help="the agent's conversation")
    ask.add_argument("--run", help="the agent's execution")
    ask.add_argument(
        "--timeout", type=float, help="seconds to wait (default: until it ends)"
    )
    ask.add_argument(
        "--consume", action="store_true", help="use the yes, print what to run"
    )
    ask.add_argument("--json", action="store_true", help="print JSON")
    ask.add_argument(
        "--url", help="the desk (default: COUNTERSIGN_URL, http://127.0.0.1:9111)"
    )
    ask.add_argument(
        "--key", help="agent key; COUNTERSIGN_KEY keeps it out of the process list"
    )
    return parser


def _ask(options: argparse.Namespace) -> Approved:
    desk = Client(options.url, options.key)
    fields: dict[str, Any] = {n: v for n, v in vars(options).items() if n in FIELDS and v}
    # Only --consume prints what a reviewer made of the arguments: without it the script would
    # run what it asked for. And no script answers a question.
    fields["allowed_decisions"] = [
        verdict for verdict in WITHOUT_REVISION if verdict != "edit" or options.consume
    ]
    ask = desk.ask(options.tool, _arguments(options.args), **fields)
    if ask.review_url:
        say(f"review: {ask.review_url}")
    return ask.wait(options.timeout)


def _arguments(text: str) -> dict[str, Any]:
    if text == "-":
        data = sys.stdin.buffer.read()
    elif text.startswith("@"):
        data = Path(text[1:]).read_bytes()
    else:
        data = text.encode()
    try:
        return load_object(data)
    except CountersignError as error:
        raise ValueError(
            f"--args must be one JSON object ({error.__cause__ or 'it is not'})"
        ) from None


def _print_approved(options: argparse.Namespace, approved: Approved) -> None:
    if options.consume:
        lease = approved.consume()
        told = {
            "approval": approved.approval.body,
            "arguments": lease.arguments,
            "consumption": lease.consumption,
            "lease_token": lease.lease_token,
            "lease_expires_at": lease.lease_expires_at.isoformat(timespec="milliseconds"),
            "receipt": lease.receipt,
        }
        tell(_dumped(told if options.json else lease.arguments))
    elif options.json:
        tell(_dumped(approved.approval.body))
    else:
        tell(f"approved: {approved.approval.id}")


def _dumped(value: object) -> str:
    # ASCII only, so that no character of the arguments can act on a terminal
    return json.dumps(value, allow_nan=False)


def tell(text: str) -> None:
    """One line to stdout: the answer."""
    sys.stdout.write(plain(text) + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """One line to stderr: what goes on."""
    sys.stderr.write(plain(text) + "\n")


def plain(text: str) -> str:
    """Control, format and other invisible characters as escapes."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in text
    )
