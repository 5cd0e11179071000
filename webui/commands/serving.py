"""`countersign serve` and `countersign demo`. Imports little: the worker imports the rest."""

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import click

from webui.commands.office import UNUSABLE, read_settings
from webui.settings import Settings

if TYPE_CHECKING:
    from webui.listeners import Bound
    from webui.serve import Desk


@click.command()
@click.option("--enable-admin-api", is_flag=True, help="Serve the small admin API, too.")
def serve(enable_admin_api: bool) -> None:
    """Serve the dashboard and the agents' API until TERM or INT."""
    settings = read_settings(admin_api=True if enable_admin_api else None)
    raise SystemExit(serve_instance(settings))


def serve_instance(settings: Settings) -> int:
    """Serve one instance, holding its lock; return the exit status."""
    from webui.serve import serve as serve_until_stopped
    from webui.store.owner import OwnedError, hold

    if not (settings.keys_file or settings.instance / "keys.json").exists():
        _first_start()
    if settings.database_url is None:
        try:
            hold(settings.instance)  # for as long as this process and its worker live
        except OwnedError as error:
            click.echo(error, err=True)
            return UNUSABLE
    return serve_until_stopped(settings, _build)


def _first_start() -> None:
    """Make an instance where there is none, in a process of its own: it imports much.

    What it prints goes to standard error, since standard output is promised to `ready`.
    """
    subprocess.run(
        [sys.executable, "-m", "webui.cli", "init", "--if-needed"],
        stdout=sys.stderr,
        check=True,
    )


def _build(settings: Settings, bound: "Bound") -> "Desk":
    from webui.start import build

    return build(settings, bound)


@click.command()
def demo() -> None:
    """Serve a desk that is alive: an org with history, and an agent that keeps asking.

    It lives in `demo` inside the instance; delete that directory to begin anew.
    """
    from webui.demo.history import furnish

    settings = read_settings()
    settings = settings.model_copy(update={"instance": settings.instance / "demo"})
    welcome = furnish(settings)
    click.echo(welcome.text(settings))
    agent = subprocess.Popen(
        [sys.executable, "-m", "webui.demo.agent"],
        env=os.environ
        | {"COUNTERSIGN_DEMO_KEYS": str(settings.instance / "demo-keys.json")},
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # control-C is for the desk, which then ends its agent
    )
    try:
        status = serve_instance(settings)
    finally:
        agent.terminate()
        agent.wait(5)
    raise SystemExit(status)
