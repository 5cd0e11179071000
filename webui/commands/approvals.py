"""`countersign approvals`."""

import click

from webui.commands.office import json_option, org_option, run, show

_reason = click.option("--reason", default="", help="Why; it goes back to the agent.")
_actor = click.option("--actor", help="E-mail of a member, on the desk's own machine.")
_token = click.option(
    "--token", envvar="COUNTERSIGN_TOKEN", help="A personal token (csp_...)."
)

_seal = click.option(
    "--seal", help="What `show` said; refused if the call has changed since."
)


@click.group()
def approvals() -> None:
    """List, show, approve, deny, expire."""


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
    """Show one approval with its arguments, secrets masked."""
    answer = run("approvals.show", approval=approval, org=org)
    show(answer, as_json, safe=("line", "arguments", "runs"))


def _decide(
    verdict: str, approval: str, options: dict[str, str | None], as_json: bool
) -> None:
    show(run("approvals.decide", approval=approval, verdict=verdict, **options), as_json)


@approvals.command("approve")
@click.argument("approval")
@_reason
@_seal
@_actor
@_token
@org_option
@json_option
def approve(
    approval: str,
    reason: str,
    seal: str | None,
    actor: str | None,
    token: str | None,
    org: str | None,
    as_json: bool,
) -> None:
    """Approve a call of low or medium risk that can be seen at once."""
    options = {"reason": reason, "seal": seal, "actor": actor, "token": token, "org": org}
    _decide("approve", approval, options, as_json)


@approvals.command("deny")
@click.argument("approval")
@_reason
@_seal
@_actor
@_token
@org_option
@json_option
def deny(
    approval: str,
    reason: str,
    seal: str | None,
    actor: str | None,
    token: str | None,
    org: str | None,
    as_json: bool,
) -> None:
    """Deny a call."""
    options = {"reason": reason, "seal": seal, "actor": actor, "token": token, "org": org}
    _decide("deny", approval, options, as_json)


@approvals.command("expire")
@click.option(
    "--all-stale", is_flag=True, required=True, help="Everything that is overdue."
)
@json_option
def expire(all_stale: bool, as_json: bool) -> None:
    """Settle what is overdue now, without waiting for the sweeper."""
    del all_stale
    show(run("approvals.expire"), as_json)
