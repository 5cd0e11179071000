"""`countersign notifications`."""

from typing import Any

import click

from webui.commands.office import json_option, org_option, run, show


@click.group()
def notifications() -> None:
    """Where people are told that something waits, of what, and when."""


@notifications.command("list")
@click.argument("email")
@org_option
@json_option
def list_places(email: str, org: str | None, as_json: bool) -> None:
    """List where a person is told; never a service's URL."""
    show(run("notifications.list", email=email, org=org), as_json)


@notifications.command("add")
@click.argument("email")
@click.argument("kind", type=click.Choice(["mail", "service", "browser"]))
@click.option(
    "--url-from",
    type=click.File(),
    help="File with a service's URL; - for what is typed in.",
)
@org_option
@json_option
def add_place(email: str, kind: str, url_from: Any, org: str | None, as_json: bool) -> None:
    """Have a person told at one more place."""
    url = "" if url_from is None else url_from.read().strip()
    show(run("notifications.add", email=email, kind=kind, url=url, org=org), as_json)


@notifications.command("change")
@click.argument("email")
@click.argument("place")
@click.option("--about", type=click.Choice(["decide", "escalated", "alerts"]))
@click.option("--risk-from", type=click.Choice(["low", "medium", "high", "critical"]))
@click.option("--tool", "tools", multiple=True, help="A pattern like github.*; repeatable.")
@click.option("--all-tools", is_flag=True, help="Of all tools again.")
@click.option("--every", type=int, help="Minutes between messages; 0: at once.")
@click.option("--hour", "hours", type=int, multiple=True, help="Of the day; repeatable.")
@click.option("--quiet", nargs=2, metavar="FROM TO", help="Like 22:00 07:00.")
@click.option("--no-quiet", is_flag=True, help="No quiet hours.")
@click.option("--critical-at-once/--critical-too", default=None)
@click.option("--remind-before", type=int, help="Minutes before the deadline; 0: never.")
@click.option("--sound/--no-sound", default=None, help="In the browser.")
@org_option
@json_option
def change_place(
    email: str,
    place: str,
    sound: bool | None,
    org: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Set what a person wants to hear at a place; what is left out stays as it is."""
    all_tools, no_quiet = given.pop("all_tools"), given.pop("no_quiet")
    wishes = {name: value for name, value in given.items() if value not in {None, ()}}
    wishes |= {"tools": ()} if all_tools else {}
    wishes |= {"quiet": None} if no_quiet else {}
    if wishes.get("every") == 0:
        wishes.setdefault("hours", ())
    asked = {"email": email, "place": place, "wishes": wishes, "sound": sound}
    show(run("notifications.change", **asked, org=org), as_json)


@notifications.command("zone")
@click.argument("email")
@click.argument("zone")
@org_option
@json_option
def set_zone(email: str, zone: str, org: str | None, as_json: bool) -> None:
    """Set the clock by which a person's hours are told, such as Europe/Berlin."""
    show(run("notifications.zone", email=email, zone=zone, org=org), as_json)


def _act(name: str, about: str) -> None:
    """Add a command that does one thing to a place."""

    @notifications.command(name, help=about)
    @click.argument("email")
    @click.argument("place")
    @org_option
    @json_option
    def act(email: str, place: str, org: str | None, as_json: bool) -> None:
        show(run(f"notifications.{name}", email=email, place=place, org=org), as_json)


_act("test", "Send a message to a place (by id) at once.")
_act("pause", "Tell nothing at a place (by id) until it is resumed.")
_act("resume", "Tell at a place (by id) again.")
_act("remove", "Forget a place (by id).")
