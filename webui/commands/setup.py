"""`countersign init`."""

import sys

import click

from webui.commands.office import json_option, read_settings, run, show

FIRST_STEPS = """
Countersign is ready. These are shown once; keep them.

  Dashboard    {dashboard} (while `countersign serve` runs)
  Sign in      {email}
  Password     {password}
  Agent key    {key}

The first approval, in three lines of {python}:

  from countersign_client import Client
  desk = Client("{agents}", "{key}")
  desk.ask("shell.run", {{"command": "ls"}}, summary="Look around").wait().run(print)
"""


@click.command()
@click.option("--org", default="Main", show_default=True, help="Name of the first org.")
@click.option(
    "--admin", default="admin@localhost", show_default=True, help="E-mail address."
)
@click.option("--if-needed", is_flag=True, help="Say nothing when it was done before.")
@json_option
def init(org: str, admin: str, if_needed: bool, as_json: bool) -> None:
    """Make the database, the key file, the first org, admin and agent key."""
    from webui.runtime import database_url, prepare_instance
    from webui.store.owner import is_held
    from webui.store.schema import SchemaError

    settings = read_settings()
    held = database_url(settings).get_backend_name() == "sqlite" and is_held(
        settings.instance
    )
    try:
        if not held:
            prepare_instance(settings)
    except (SchemaError, OSError) as error:
        raise click.ClickException(str(error)) from error
    answer = run("init", org=org, admin=admin)
    if answer is None:
        if if_needed:
            return
        raise click.ClickException(
            f"The instance in {settings.instance} has an organization already; "
            "add people with `countersign users add`."
        )
    if as_json:
        show(answer, as_json)
        return
    click.echo(
        FIRST_STEPS.format(
            dashboard=settings.public_url or _where(settings.bind),
            python=sys.executable,
            email=answer["admin"]["email"],
            password=answer["admin"]["password"],
            key=answer["agent"]["key"],
            agents=f"http://{settings.agent_bind}",
        )
    )


def _where(bind: str) -> str:
    """Return where people open the dashboard; review links say localhost as well."""
    return f"http://{bind.replace('127.0.0.1', 'localhost')}"
