"""`countersign agents|keys`."""

import click

from webui.commands.office import json_option, org_option, run, show


@click.group()
def agents() -> None:
    """Programs that ask."""


@agents.command("add")
@click.argument("name")
@click.option("--owner", help="E-mail of a member; they never decide this agent's calls.")
@org_option
@json_option
def add_agent(name: str, owner: str | None, org: str | None, as_json: bool) -> None:
    """Add an agent; prints its key, once."""
    show(run("agents.add", name=name, owner=owner, org=org), as_json)


@agents.command("list")
@org_option
@json_option
def list_agents(org: str | None, as_json: bool) -> None:
    """List the agents of an org."""
    show(run("agents.list", org=org), as_json)


@agents.command("set")
@click.argument("name")
@click.option("--owner", help="E-mail of a member; empty for nobody.")
@click.option("--manager", help="Agent it reports to, by name or id; empty for none.")
@click.option("--project", help="By name or id; empty for none.")
@click.option("--role", help="An orchestrator's word; empty for none.")
@click.option("--status", help="active, paused or terminated (for good).")
@click.option("--can-create-agents/--cannot-create-agents", default=None)
@org_option
@json_option
def set_agent(
    name: str, org: str | None, as_json: bool, **changes: str | bool | None
) -> None:
    """Change an agent (id or name); what is not given stays."""
    show(run("agents.set", name=name, org=org, **changes), as_json)


@click.group()
def keys() -> None:
    """The agents' keys."""


@keys.command("add")
@click.argument("agent")
@click.option(
    "--scope", "scopes", multiple=True, help="Instead of the usual three; repeatable."
)
@click.option("--expires-in", type=int, help="Seconds.")
@org_option
@json_option
def add_key(
    agent: str,
    scopes: tuple[str, ...],
    expires_in: int | None,
    org: str | None,
    as_json: bool,
) -> None:
    """Give an agent (id or name) another key; prints it once."""
    answer = run(
        "keys.add", agent=agent, scopes=list(scopes) or None, expires_in=expires_in, org=org
    )
    show(answer, as_json)


@keys.command("list")
@org_option
@json_option
def list_keys(org: str | None, as_json: bool) -> None:
    """List the keys of an org; never a secret."""
    show(run("keys.list", org=org), as_json)


@keys.command("rotate")
@click.argument("key")
@org_option
@json_option
def rotate_key(key: str, org: str | None, as_json: bool) -> None:
    """Make a successor of a key (by id); the old one works for another day."""
    show(run("keys.rotate", key=key, org=org), as_json)


@keys.command("revoke")
@click.argument("key")
@org_option
@json_option
def revoke_key(key: str, org: str | None, as_json: bool) -> None:
    """Revoke a key (by id) at once."""
    show(run("keys.revoke", key=key, org=org), as_json)
