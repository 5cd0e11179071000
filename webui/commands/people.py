"""`countersign users`."""

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


@users.command("factors")
@click.argument("email")
@click.option(
    "--reset",
    is_flag=True,
    help="Remove every second factor of somebody who lost them; their sessions end.",
)
@org_option
@json_option
def show_factors(email: str, reset: bool, org: str | None, as_json: bool) -> None:
    """Show a person's second factors, or remove them."""
    show(run("users.factors", email=email, reset=reset, org=org), as_json)


@users.command("restore")
@click.argument("email")
@org_option
@json_option
def restore_user(email: str, org: str | None, as_json: bool) -> None:
    """Bring a suspended person back."""
    show(run("users.restore", email=email, org=org), as_json)


@users.command("remove")
@click.argument("email")
@org_option
@json_option
def remove_user(email: str, org: str | None, as_json: bool) -> None:
    """End a membership, with its tokens, groups and delegations; the account stays."""
    show(run("users.remove", email=email, org=org), as_json)


@users.command("same-person")
@click.argument("email")
@click.argument("other")
@org_option
@json_option
def same_person(email: str, other: str, org: str | None, as_json: bool) -> None:
    """Note that EMAIL and OTHER are two accounts of one person."""
    show(run("users.same_person", email=email, other=other, org=org), as_json)


@users.command("apart")
@click.argument("email")
@org_option
@json_option
def apart(email: str, org: str | None, as_json: bool) -> None:
    """Take such a note back."""
    show(run("users.apart", email=email, org=org), as_json)


@users.command("invite")
@click.argument("email")
@click.option("--role", required=True, help="As for `users add`.")
@org_option
@json_option
def invite(email: str, role: str, org: str | None, as_json: bool) -> None:
    """Make an invitation; prints its link, once. It works for a week."""
    show(run("users.invite", email=email, role=role, org=org), as_json)


@users.command("invitations")
@org_option
@json_option
def list_invitations(org: str | None, as_json: bool) -> None:
    """List open invitations."""
    show(run("users.invitations", org=org), as_json)


@users.command("uninvite")
@click.argument("invitation")
@org_option
@json_option
def uninvite(invitation: str, org: str | None, as_json: bool) -> None:
    """Make an invitation (by id) stop working."""
    show(run("users.uninvite", invitation=invitation, org=org), as_json)


@click.group()
def sessions() -> None:
    """Browsers in which people are signed in."""


@sessions.command("list")
@click.argument("email")
@org_option
@json_option
def list_sessions(email: str, org: str | None, as_json: bool) -> None:
    """List where a person is signed in."""
    show(run("sessions.list", email=email, org=org), as_json)


@sessions.command("end")
@click.argument("email")
@click.option("--session", help="Only this one, as `sessions list` names it; else all.")
@org_option
@json_option
def end_sessions(email: str, session: str | None, org: str | None, as_json: bool) -> None:
    """End a person's sessions at once."""
    show(run("sessions.end", email=email, session=session, org=org), as_json)
