"""`countersign orgs`."""

import click

from webui.commands.office import json_option, org_option, run, show


@click.group()
def orgs() -> None:
    """Organizations of this instance."""


@orgs.command("add")
@click.argument("name")
@click.option("--owner", help="E-mail of an account that exists; else add people later.")
@json_option
def add_org(name: str, owner: str | None, as_json: bool) -> None:
    """Add an organization; nothing crosses its border."""
    show(run("orgs.add", name=name, owner=owner), as_json)


@orgs.command("list")
@json_option
def list_orgs(as_json: bool) -> None:
    """List the organizations."""
    show(run("orgs.list"), as_json)


@orgs.command("undo-window")
@click.argument("seconds", type=click.IntRange(0, 30))
@org_option
@json_option
def set_undo(seconds: int, org: str | None, as_json: bool) -> None:
    """Let a verdict be undone for so many seconds before it settles; 0 for none."""
    show(run("orgs.undo", seconds=seconds, org=org), as_json)


@orgs.command("domains")
@click.argument("domains", nargs=-1)
@org_option
@json_option
def set_domains(domains: tuple[str, ...], org: str | None, as_json: bool) -> None:
    """Name the organization's own domains, for e-mail to others to be pointed out; or none."""
    show(run("orgs.domains", domains=list(domains), org=org), as_json)


@orgs.command("write-gate")
@click.argument("switch", type=click.Choice(["on", "off"]))
@org_option
@json_option
def set_write_gate(switch: str, org: str | None, as_json: bool) -> None:
    """Ask people before agents with their identity write in services that are gated."""
    show(run("orgs.write_gate", on=switch == "on", org=org), as_json)
