"""`countersign policy backtest`, `suggest` and `shadow`: trying a policy out."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from webui.commands.office import json_option, office, org_option, read_settings, run, show

LETS_THROUGH: Final = 3
"""Exit status: the draft would let something through that was denied."""
POLL: Final = 0.3
_OPEN: Final = frozenset({"queued", "running"})
_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.command("backtest")
@_file
@click.option("--days", type=int, default=30, show_default=True, help="How far back.")
@click.option("--all", "everything", is_flag=True, help="All recorded calls.")
@org_option
@json_option
def backtest(
    file: Path, days: int, everything: bool, org: str | None, as_json: bool
) -> None:
    """Say what FILE would have said of the recorded calls; nothing changes.

    Ends with 3 if it would let something through that was denied.
    """
    wanted = {"text": text_of(file), "days": None if everything else days}
    result = _worked("backtest.start", wanted, org)
    if as_json:
        show(result, as_json)
    else:
        _print_backtest(result)
    if result["lists"]["let_through"]["count"]:
        raise SystemExit(LETS_THROUGH)


@click.command("suggest")
@click.option("--approvals", type=int, default=10, show_default=True)
@click.option("--people", type=int, default=2, show_default=True)
@click.option("--days", type=int, default=30, show_default=True)
@org_option
@json_option
def suggest(approvals: int, people: int, days: int, org: str | None, as_json: bool) -> None:
    """Print rules for calls that people always approve; nothing changes."""
    wanted = {"approvals": approvals, "people": people, "days": days}
    result = _worked("suggestions.start", wanted, org)
    if as_json:
        show(result, as_json)
        return
    for each in result["suggestions"]:
        by = f"{each['people']} people, newest {each['newest'][0]}"
        click.echo(f"  # approved {each['approvals']} times by {by}")
        click.echo(each["text"], nl=False)
    if not result["suggestions"]:
        click.echo("Nothing was approved so often, by so many people, and never denied.")


@click.group("shadow")
def shadow() -> None:
    """One draft beside the policy: asked about every new call, deciding none."""


@shadow.command("start")
@_file
@org_option
@json_option
def start_shadow(file: Path, org: str | None, as_json: bool) -> None:
    """Let FILE run beside the policy."""
    show(run("shadow.start", text=text_of(file), org=org), as_json)


@shadow.command("show")
@org_option
@json_option
def show_shadow(org: str | None, as_json: bool) -> None:
    """Say how often the draft and the policy agreed."""
    answer = run("shadow.show", org=org)
    if as_json:
        show(answer, as_json)
        return
    lists = {name: answer.pop(name, []) for name in ("kinds", "rules", "newest")}
    show(answer, as_json)
    if lists["rules"]:
        show(lists["rules"], as_json)


@shadow.command("stop")
@org_option
@json_option
def stop_shadow(org: str | None, as_json: bool) -> None:
    """Let the draft run no more."""
    show(run("shadow.stop", org=org), as_json)


@shadow.command("take-over")
@click.option("--expect", type=int, required=True, help="The version in force; 0 for none.")
@click.option("--note", default="", help="Why, for whoever reads the versions.")
@org_option
@json_option
def take_over(expect: int, note: str, org: str | None, as_json: bool) -> None:
    """Put the draft in force as a new version."""
    show(run("shadow.take_over", expected=expect, note=note, org=org), as_json)


COMMANDS: Final = (backtest, suggest, shadow)


def _worked(verb: str, wanted: dict[str, Any], org: str | None) -> Any:
    """Have a job done with a bar on the terminal, and return its result."""
    from webui.runtime import database_url
    from webui.store.owner import is_held

    settings = read_settings()
    on_sqlite = database_url(settings).get_backend_name() == "sqlite"
    with click.progressbar(length=100, label="Replaying", file=sys.stderr) as shown:
        bar: Any = shown

        def told(share: int) -> None:
            bar.update(max(0, share - bar.pos))

        if on_sqlite and is_held(settings.instance):
            job = _by_the_server(verb, wanted, org, told)
        else:
            job = _here(verb, wanted, org, told)
        if job["state"] == "done":
            told(100)
    if job["state"] != "done":
        sentence = job["error"] or f"It was {job['state']}."
        raise click.ClickException(sentence)
    return job["result"] | {"id": job["id"]}


def _by_the_server(
    verb: str, wanted: dict[str, Any], org: str | None, told: Callable[[int], None]
) -> Any:
    asked = run(verb, **wanted, org=org)
    which = {"kind": asked["kind"], "job": asked["id"], "org": org}
    try:
        while True:
            job = run("job.show", **which)
            told(job["share"])
            if job["state"] not in _OPEN:
                return job
            time.sleep(POLL)
    except KeyboardInterrupt:
        run("job.cancel", **which)
        raise


def _here(
    verb: str, wanted: dict[str, Any], org: str | None, told: Callable[[int], None]
) -> Any:
    """Work it off in this process: no server holds the database, or any may take it."""
    from webui.approvals import jobs
    from webui.background import Runner
    from webui.control.line import CommandError, perform
    from webui.replays.kinds import KINDS

    try:
        with office(read_settings()) as here:
            asked = perform(here, verb, {**wanted, "org": org})
            which = {"kind": asked["kind"], "job": asked["id"], "org": org}
            claimed = here.store.write(lambda tx: jobs.claim(tx, only=asked["id"]))
            if claimed is not None:
                runner = Runner(here.store, KINDS)
                runner.work(
                    claimed, lambda step: told(step.done * 100 // max(step.total, 1))
                )
            while True:
                job = perform(here, "job.show", which)
                if job["state"] not in _OPEN:
                    return job
                told(job["share"])
                time.sleep(POLL)
    except CommandError as error:
        raise click.ClickException(str(error)) from error


def _print_backtest(result: dict[str, Any]) -> None:
    counts = {name: each["count"] for name, each in result["lists"].items()}
    click.echo(f"{counts['let_through']:,} that were denied would pass.")
    for call in result["lists"]["let_through"]["newest"]:
        click.echo(f"  {call['approval']}  {_plain(call['rule'])}")
    click.echo(f"{counts['newly_asked']:,} that policy settled would be asked for.")
    click.echo(f"{counts['newly_refused']:,} that were not denied would be refused.")
    click.echo(f"{counts['no_longer_asked']:,} that were asked for would pass unasked.")
    click.echo(
        f"{result['calls']:,} calls in {result['days']} days; interruptions a day for each of "
        f"{result['people']} people: {result['daily_now']}, it was {result['daily_before']}."
    )
    if result["masked"]:
        click.echo(f"Of {result['masked']:,} calls the draft was not told what is masked.")


def _plain(text: str) -> str:
    from webui.preview import inline

    return inline(text)


def text_of(file: Path) -> str:
    """Return a file's text, or end with the sentence what is wrong with it."""
    try:
        return file.read_text(encoding="utf-8")
    except ValueError as error:
        raise click.ClickException(f"{file} is not UTF-8; save it as UTF-8.") from error
