"""`countersign users|agents|keys`."""

import click

from webui.commands.office import json_option, org_option, run, show


@click.group()
def users() -> None:
    """People and their roles."""


@users.command("add")
@click.argument("email")
@click.option(
    "--role",
    required=True,
    help="owner, admin, operator, reviewer, auditor, viewer, member",
)
@click.option("--name", default="", help="As colleagues see it.")
@org_option
@json_option
def add_user(email: str, role: str, name: str, org: str | None, as_json: bool) -> None:
    """Add a person; prints a password and a token, once."""
    show(run("users.add", email=email, role=role, name=name, org=org), as_json)


@users.command("list")
@org_option
@json_option
def list_users(org: str | None, as_json: bool) -> None:
    """List the people of an org."""
    show(run("users.list", org=org), as_json)


@users.command("suspend")
@click.argument("email")
@org_option
@json_option
def suspend_user(email: str, org: str | None, as_json: bool) -> None:
    """Suspend a person: their sessions end at once."""
    show(run("users.suspend", email=email, org=org), as_json)


@users.command("role")
@click.argument("email")
@click.argument("role")
@org_option
@json_option
def change_role(email: str, role: str, org: str | None, as_json: bool) -> None:
    """Give a member another role."""
    show(run("users.role", email=email, role=role, org=org), as_json)


@users.command("password")
@click.argument("email")
@org_option
@json_option
def reset_password(email: str, org: str | None, as_json: bool) -> None:
    """Make a new password; prints it once and ends their sessions."""
    show(run("users.password", email=email, org=org), as_json)


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
