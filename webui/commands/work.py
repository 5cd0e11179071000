"""`countersign projects|issues`."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from webui.commands.office import json_option, org_option, run, show

Function = TypeVar("Function", bound=Callable[..., Any])


@click.group()
def projects() -> None:
    """What agents and issues belong to."""


@projects.command("add")
@click.argument("name")
@org_option
@json_option
def add_project(name: str, org: str | None, as_json: bool) -> None:
    """Make a project."""
    show(run("projects.add", name=name, org=org), as_json)


@projects.command("list")
@org_option
@json_option
def list_projects(org: str | None, as_json: bool) -> None:
    """List the projects of an org."""
    show(run("projects.list", org=org), as_json)


@projects.command("rename")
@click.argument("project")
@click.argument("to")
@org_option
@json_option
def rename_project(project: str, to: str, org: str | None, as_json: bool) -> None:
    """Give a project (by id) another name."""
    show(run("projects.rename", project=project, to=to, org=org), as_json)


@projects.command("protect")
@click.argument("project")
@click.argument("policy")
@org_option
@json_option
def protect_project(project: str, policy: str, org: str | None, as_json: bool) -> None:
    """Put a protection policy (JSON; {} for none) on a project."""
    answer = run("protection.set", kind="project", bearer=project, policy=policy, org=org)
    show(answer, as_json)


@click.group()
def issues() -> None:
    """Units of work that are assigned to agents and people."""


def _fields(function: Function) -> Function:
    for option in (
        click.option("--project", help="Id; empty for none."),
        click.option("--parent", help="Id of the issue above; empty for none."),
        click.option("--agent", help="Assigned to it; name or id; empty for none."),
        click.option("--user", help="Assigned to them; e-mail or id; empty for nobody."),
    ):
        function = option(function)
    return function


@issues.command("add")
@click.argument("title")
@_fields
@org_option
@json_option
def add_issue(title: str, org: str | None, as_json: bool, **said: str | None) -> None:
    """Make an issue."""
    show(run("issues.add", title=title, org=org, **said), as_json)


@issues.command("set")
@click.argument("issue")
@click.option("--title")
@click.option("--status", help="Any word; closed issues are `closed`.")
@_fields
@org_option
@json_option
def set_issue(issue: str, org: str | None, as_json: bool, **said: str | None) -> None:
    """Change an issue (by id); what is not given stays."""
    show(run("issues.set", issue=issue, org=org, **said), as_json)


@issues.command("list")
@org_option
@json_option
def list_issues(org: str | None, as_json: bool) -> None:
    """List the issues of an org, newest first."""
    show(run("issues.list", org=org), as_json)


@issues.command("protect")
@click.argument("issue")
@click.argument("policy")
@org_option
@json_option
def protect_issue(issue: str, policy: str, org: str | None, as_json: bool) -> None:
    """Put a protection policy (JSON; {} for none) on an issue."""
    answer = run("protection.set", kind="issue", bearer=issue, policy=policy, org=org)
    show(answer, as_json)
