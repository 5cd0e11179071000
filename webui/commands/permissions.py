"""`countersign grants`."""

import click

from webui.commands.office import json_option, org_option, run, show


@click.group()
def grants() -> None:
    """Permissions beyond a role."""


@grants.command("add")
@click.argument("kind", type=click.Choice(["user", "agent", "group"]))
@click.argument("principal")
@click.argument("permission")
@click.option("--scope", default="{}", help="JSON; empty is without limits.")
@click.option("--expires-in", type=click.IntRange(1), help="Seconds.")
@org_option
@json_option
def add_grant(
    kind: str,
    principal: str,
    permission: str,
    scope: str,
    expires_in: int | None,
    org: str | None,
    as_json: bool,
) -> None:
    """Give PERMISSION to a user (id, e-mail), an agent or a group (id, name)."""
    answer = run(
        "grants.add",
        kind=kind,
        principal=principal,
        permission=permission,
        scope=scope,
        expires_in=expires_in,
        org=org,
    )
    show(answer, as_json)


@grants.command("list")
@org_option
@json_option
def list_grants(org: str | None, as_json: bool) -> None:
    """List the grants that hold."""
    show(run("grants.list", org=org), as_json)


@grants.command("revoke")
@click.argument("grant")
@org_option
@json_option
def revoke_grant(grant: str, org: str | None, as_json: bool) -> None:
    """Take a grant (by id) back, at once."""
    show(run("grants.revoke", grant=grant, org=org), as_json)
