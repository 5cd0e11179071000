"""`countersign endpoints`."""

import click

from webui.commands.office import json_option, org_option, run, show


@click.group()
def endpoints() -> None:
    """Programs that are told by webhook what happens."""


@endpoints.command("add")
@click.argument("url")
@click.option(
    "--event", "events", multiple=True, help="One it is told of; repeatable. Else all."
)
@click.option("--plain", is_flag=True, help="Sign by a plain digest as well.")
@click.option("--arguments", is_flag=True, help="Send a call's arguments, secrets masked.")
@org_option
@json_option
def add_endpoint(
    url: str,
    events: tuple[str, ...],
    plain: bool,
    arguments: bool,
    org: str | None,
    as_json: bool,
) -> None:
    """Add an endpoint; prints its signing secret, once."""
    wanted = {"url": url, "events": list(events), "plain": plain, "arguments": arguments}
    show(run("endpoints.add", **wanted, org=org), as_json)


@endpoints.command("list")
@org_option
@json_option
def list_endpoints(org: str | None, as_json: bool) -> None:
    """List the endpoints of an org; never a secret."""
    show(run("endpoints.list", org=org), as_json)


def _change(name: str, about: str) -> None:
    """Add a command that does one thing to an endpoint."""

    @endpoints.command(name, help=about)
    @click.argument("endpoint")
    @org_option
    @json_option
    def change(endpoint: str, org: str | None, as_json: bool) -> None:
        show(run(f"endpoints.{name}", endpoint=endpoint, org=org), as_json)


_change("rotate", "Make a new secret for an endpoint (by id); for a day both sign.")
_change("pause", "Send an endpoint (by id) nothing until it is resumed.")
_change("resume", "Send to an endpoint (by id) again.")
_change("remove", "Forget an endpoint (by id); what waited for it is a dead letter.")
_change("test", "Send an endpoint (by id) a message that tells of nothing.")
_change("resend", "Send the dead letters of an endpoint (by id) again.")
