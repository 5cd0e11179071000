"""`countersign`: the one command.

Groups are imported when they are used, so that `serve` starts fast.
"""

import os
import sys
from importlib import import_module

import click

# pydantic would look through every installed package for plugins; there are none for this, and
# what happens to be installed must not change what is read.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
PRIVATE = 0o077
"""What commands make (the database, backups, exports) is for its owner alone."""
COMMANDS = {
    "init": ("webui.commands.setup:init", "Make the first org, admin and agent key."),
    "serve": ("webui.commands.serving:serve", "Serve the dashboard and the agents' API."),
    "demo": (
        "webui.commands.serving:demo",
        "Serve a desk that is alive, for a look around.",
    ),
    "approvals": (
        "webui.commands.approvals:approvals",
        "List, show, approve, deny, expire.",
    ),
    "users": ("webui.commands.people:users", "People and their roles."),
    "sessions": ("webui.commands.people:sessions", "Where people are signed in."),
    "providers": (
        "webui.commands.providers:providers",
        "Single sign-on by OpenID Connect.",
    ),
    "groups": ("webui.commands.groups:groups", "People under one name."),
    "orgs": ("webui.commands.orgs:orgs", "Organizations of this instance."),
    "agents": ("webui.commands.programs:agents", "Programs that ask."),
    "grants": ("webui.commands.permissions:grants", "Permissions beyond a role."),
    "policy": ("webui.commands.policy:policy", "What passes, and what people see."),
    "projects": ("webui.commands.work:projects", "What agents and issues belong to."),
    "issues": ("webui.commands.work:issues", "Units of work that are assigned."),
    "keys": ("webui.commands.programs:keys", "The agents' keys."),
    "sources": ("webui.commands.sources:sources", "Upstreams that file by webhook."),
    "endpoints": (
        "webui.commands.endpoints:endpoints",
        "Programs told by webhook what happens.",
    ),
    "notifications": (
        "webui.commands.notifications:notifications",
        "Where people are told, and of what.",
    ),
    "audit": ("webui.commands.audit:audit", "Verify, export and sign the log."),
    "db": ("webui.commands.database:db", "Migrate and back up."),
    "doctor": ("webui.commands.doctor:doctor", "Check everything, and say how to mend it."),
}
CLIENTS = {
    "ask": "File an approval from the shell and wait for the verdict.",
    "hook": "Ask before a tool of Claude Code runs.",
}
"""What agents run: their own client, with exit codes of its own."""


class LazyCommands(click.Group):
    """Imports a command when it is called, not before."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return all names."""
        return [*COMMANDS, *CLIENTS]

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name in CLIENTS:
            return click.Command(cmd_name, help=CLIENTS[cmd_name])
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        rows = [(name, about) for name, (_, about) in COMMANDS.items()]
        rows += CLIENTS.items()
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="countersign")
def countersign() -> None:
    """Countersign: the review desk for what AI agents want to do."""
    os.umask(PRIVATE)


def main() -> None:
    """Run the command line."""
    if sys.argv[1:2] == ["ask"]:
        from countersign_client.command import main as ask

        sys.exit(ask(sys.argv[1:]))
    if sys.argv[1:2] == ["hook"]:
        from countersign_client.hook import main as hook

        sys.exit(hook(sys.argv[2:]))
    countersign()


if __name__ == "__main__":
    main()
