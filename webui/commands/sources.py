"""`countersign sources`."""

import json
from typing import Any, TextIO

import click

from webui.approvals.call.json_rules import MAX_SAFE
from webui.commands.office import json_option, org_option, run, show
from webui.receivers.registry import KINDS


@click.group()
def sources() -> None:
    """Upstreams that file by webhook."""


@sources.command("add")
@click.argument("name")
@click.option("--kind", required=True, help=f"One of {', '.join(sorted(KINDS))}.")
@click.option(
    "--agent", help="Id or name; made if there is none. Else named as the source."
)
@click.option(
    "--set", "given", multiple=True, metavar="KEY=VALUE", help="A setting; repeatable."
)
@click.option(
    "--secret-from",
    type=click.File(),
    help="A file (- is standard input) with the secret that the sender made; else we make one.",
)
@click.option(
    "--token-from",
    type=click.File(),
    help="A file (- is standard input) with what the desk signs in with at the upstream.",
)
@org_option
@json_option
def add_source(
    name: str,
    kind: str,
    agent: str | None,
    given: tuple[str, ...],
    secret_from: TextIO | None,
    token_from: TextIO | None,
    org: str | None,
    as_json: bool,
) -> None:
    """Add a source; prints its secret, once, and the URL to send to."""
    wanted = {"name": name, "kind": kind, "agent": agent, "config": _settings(given)}
    given_to_us = {
        name: file.read().strip()
        for name, file in (("secret", secret_from), ("token", token_from))
        if file is not None
    }
    show(run("sources.add", **wanted, **given_to_us, org=org), as_json)


def _settings(given: tuple[str, ...]) -> dict[str, Any]:
    """Read KEY=VALUE pairs: `fields.tool` is in the object `fields`; JSON stands for itself."""
    settings: dict[str, Any] = {}
    for pair in given:
        key, found, value = pair.partition("=")
        if not found or not key:
            raise click.BadParameter("must be KEY=VALUE", param_hint="--set")
        group, inside, name = key.partition(".")
        place = settings.setdefault(group, {}) if inside else settings
        if not isinstance(place, dict):
            raise click.BadParameter(
                f"{group} is a value and an object", param_hint="--set"
            )
        place[name if inside else group] = _value(value)
    return settings


def _value(text: str) -> Any:
    try:
        found = json.loads(text)
    except ValueError:
        return text  # no JSON: the plain word that it looks like
    # ids of that many digits are names: as a number, programs would stop agreeing on it
    return text if isinstance(found, int) and abs(found) > MAX_SAFE else found


@sources.command("list")
@org_option
@json_option
def list_sources(org: str | None, as_json: bool) -> None:
    """List the sources of an org; never a secret."""
    show(run("sources.list", org=org), as_json)


@sources.command("rotate")
@click.argument("source")
@click.option(
    "--secret-from",
    type=click.File(),
    help="A file (- is standard input) with the sender's own new secret; else we make one.",
)
@org_option
@json_option
def rotate_secret(
    source: str, secret_from: TextIO | None, org: str | None, as_json: bool
) -> None:
    """Give a source (by id) a new secret; the old one works for another day."""
    secret = None if secret_from is None else secret_from.read().strip()
    show(run("sources.rotate", source=source, secret=secret, org=org), as_json)


@sources.command("pause")
@click.argument("source")
@org_option
@json_option
def pause(source: str, org: str | None, as_json: bool) -> None:
    """Take nothing from a source (by id) until it is resumed."""
    show(run("sources.pause", source=source, org=org), as_json)


@sources.command("resume")
@click.argument("source")
@org_option
@json_option
def resume(source: str, org: str | None, as_json: bool) -> None:
    """Take deliveries of a source (by id) again."""
    show(run("sources.resume", source=source, org=org), as_json)


@sources.command("test")
@click.argument("source")
@org_option
@json_option
def send_test(source: str, org: str | None, as_json: bool) -> None:
    """Send a source (by id) a signed test event, on a desk that is served."""
    show(run("sources.test", source=source, org=org), as_json)
