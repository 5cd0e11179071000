"""`countersign approvals`."""

from collections.abc import Callable
from typing import Any, BinaryIO, TypeVar

import click

from webui.commands.office import json_option, org_option, run, show

Command = TypeVar("Command", bound=Callable[..., None])

_reason = click.option("--reason", default="", help="Why; it goes back to the agent.")
_seal = click.option(
    "--seal", help="What `show` said; refused if the call has changed since."
)
_seen = click.option(
    "--seen", help="What the refusal said that told you the dangers of the call."
)
_option = click.option("--option", help="How it goes back to the source; `show` lists it.")


def _by_a_person(command: Command) -> Command:
    """Add what every command of a person takes: which approval, and who they are."""
    return click.argument("approval")(_as_a_person(command))


def _as_a_person(command: Command) -> Command:
    """Add who they are."""
    options = (
        click.option("--actor", help="E-mail of a member, on the desk's own machine."),
        click.option(
            "--token", envvar="COUNTERSIGN_TOKEN", help="A personal token (csp_...)."
        ),
        org_option,
        json_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def approvals() -> None:
    """List and show what waits, decide it, talk about it."""


@approvals.command("list")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 200))
@org_option
@json_option
def list_approvals(limit: int, org: str | None, as_json: bool) -> None:
    """List what waits, the most urgent first."""
    show(run("approvals.list", org=org, limit=limit), as_json, safe=("line",))


@approvals.command("show")
@click.argument("approval")
@org_option
@json_option
def show_approval(approval: str, org: str | None, as_json: bool) -> None:
    """Show one approval: its arguments with secrets masked, edits, conversation.

    With --json, `masked_arguments` is what `edit` takes once it is changed.
    """
    answer = run("approvals.show", approval=approval, org=org)
    if not as_json:
        del answer["masked_arguments"]
        answer["cautions"] = "".join(f"\n  {each}" for each in answer["cautions"]) or None
        answer["changes"] = _lines(_change(each) for each in answer["changes"])
        answer["messages"] = _lines(
            f"{each['at']} {each['from']}: {each['text']}" for each in answer["messages"]
        )
    safe = ("line", "cautions", "arguments", "runs", "changes", "messages")
    show(answer, as_json, safe=safe)


def _change(found: dict[str, Any]) -> str:
    import json

    before, after = (
        json.dumps(found[side], ensure_ascii=False) for side in ("before", "after")
    )
    if found["change"] == "changed":
        return f"{found['pointer']}: {before} becomes {after}"
    return f"{found['pointer']} {found['change']}: {after if found['change'] == 'added' else before}"


def _lines(texts: Any) -> str | None:
    """Return texts of strangers, each made visible on a line of its own."""
    from webui.preview import inline

    return "".join(f"\n  {inline(text)}" for text in texts) or None


def _decide(verdict: str, as_json: bool, **options: Any) -> None:
    show(run("approvals.decide", verdict=verdict, **options), as_json)


@approvals.command("approve")
@_by_a_person
@_reason
@_seal
@_seen
@_option
def approve(as_json: bool, **options: Any) -> None:
    """Approve a call of low or medium risk that can be seen at once.

    Of a call with dangers you are told these first; --seen says that you were.
    """
    _decide("approve", as_json, **options)


@approvals.command("deny")
@_by_a_person
@_reason
@_seal
@_option
def deny(as_json: bool, **options: Any) -> None:
    """Deny a call."""
    _decide("deny", as_json, **options)


@approvals.command("edit")
@_by_a_person
@click.option(
    "--arguments",
    "source",
    required=True,
    type=click.File("rb"),
    help="A file with all arguments as JSON, as they are to run; - is standard input.",
)
@_reason
@_seal
@_seen
def edit(as_json: bool, source: BinaryIO, **options: Any) -> None:
    """Approve a call with changed arguments; a mask left as it was keeps what it hides."""
    try:
        arguments = source.read().decode()
    except UnicodeDecodeError as error:
        raise click.ClickException("The arguments are not UTF-8.") from error
    _decide("edit", as_json, arguments=arguments, **options)


@approvals.command("respond")
@_by_a_person
@click.option("--answer", required=True, help="What the agent gets in place of a run.")
@_reason
@_seal
def respond(as_json: bool, **options: Any) -> None:
    """Answer in the tool's place; nothing runs."""
    _decide("respond", as_json, **options)


@approvals.command("request-changes")
@_by_a_person
@click.option("--message", "reason", required=True, help="What the agent is to change.")
@_seal
def request_changes(as_json: bool, **options: Any) -> None:
    """Hand a call back to its agent; it waits until the agent answers."""
    _decide("request_changes", as_json, **options)


@approvals.command("message")
@_by_a_person
@click.argument("text")
def message(as_json: bool, **options: Any) -> None:
    """Say something to the agent; it decides nothing."""
    show(run("approvals.say", **options), as_json)


@approvals.command("claim")
@_by_a_person
def claim(as_json: bool, **options: Any) -> None:
    """Say that you look into a call, or take it over."""
    show(run("approvals.claim", **options), as_json)


@approvals.command("release")
@_by_a_person
def release(as_json: bool, **options: Any) -> None:
    """Let go of your own claim."""
    show(run("approvals.release", **options), as_json)


@approvals.command("undo")
@_by_a_person
def undo(as_json: bool, **options: Any) -> None:
    """Undo your own verdict before it settles the call."""
    show(run("approvals.undo", **options), as_json)


@approvals.command("revoke")
@_by_a_person
@_reason
def revoke(as_json: bool, **options: Any) -> None:
    """Take a yes back before it is used."""
    show(run("approvals.revoke", **options), as_json)


@approvals.command("grants")
@click.option("--over", is_flag=True, help="Those that are over, too.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 200))
@org_option
@json_option
def list_grants(over: bool, limit: int, org: str | None, as_json: bool) -> None:
    """List the standing grants: calls that were approved in advance."""
    answer = run("standing_grants.list", over=over, limit=limit, org=org)
    show(answer, as_json, safe=("line",))


@approvals.command("grant-show")
@click.argument("grant")
@org_option
@json_option
def show_grant(grant: str, org: str | None, as_json: bool) -> None:
    """Show a standing grant: what has to be the same, what may differ, what it covered."""
    answer = run("standing_grants.show", grant=grant, org=org)
    if not as_json:
        answer["may_differ"] = "".join(f"\n  {each}" for each in answer["may_differ"])
    show(answer, as_json, safe=("line", "same", "may_differ"))


@approvals.command("grant-revoke")
@click.argument("grant")
@_as_a_person
@_reason
def revoke_grant(as_json: bool, **options: Any) -> None:
    """End a standing grant, and take back what it let through and nobody used."""
    show(run("standing_grants.revoke", **options), as_json)


@approvals.command("expire")
@click.option(
    "--all-stale", is_flag=True, required=True, help="Everything that is overdue."
)
@json_option
def expire(all_stale: bool, as_json: bool) -> None:
    """Settle what is overdue now, without waiting for the sweeper."""
    del all_stale
    show(run("approvals.expire"), as_json)
