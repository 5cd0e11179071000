"""`countersign groups`."""

import click

from webui.commands.office import json_option, org_option, run, show


@click.group()
def groups() -> None:
    """People under one name."""


@groups.command("add")
@click.argument("name")
@click.argument("email", required=False)
@org_option
@json_option
def add_group(name: str, email: str | None, org: str | None, as_json: bool) -> None:
    """Make a group, and put a member into it if EMAIL is given."""
    show(run("groups.add", name=name, email=email, org=org), as_json)


@groups.command("list")
@org_option
@json_option
def list_groups(org: str | None, as_json: bool) -> None:
    """List the groups of an org."""
    show(run("groups.list", org=org), as_json)


@groups.command("members")
@click.argument("name")
@org_option
@json_option
def list_people(name: str, org: str | None, as_json: bool) -> None:
    """List who is in a group (by name or id)."""
    show(run("groups.members", name=name, org=org), as_json)


@groups.command("rename")
@click.argument("name")
@click.argument("to")
@org_option
@json_option
def rename_group(name: str, to: str, org: str | None, as_json: bool) -> None:
    """Give a group another name."""
    show(run("groups.rename", name=name, to=to, org=org), as_json)


@groups.command("remove")
@click.argument("name")
@click.argument("email", required=False)
@org_option
@json_option
def remove_group(name: str, email: str | None, org: str | None, as_json: bool) -> None:
    """Take EMAIL out of a group; without EMAIL, delete it and revoke what was granted to it."""
    show(run("groups.remove", name=name, email=email, org=org), as_json)
