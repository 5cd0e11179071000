"""`countersign policy`."""

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import click

from webui.commands.lab import COMMANDS, text_of
from webui.commands.office import json_option, org_option, read_settings, run, show

if TYPE_CHECKING:
    from webui.approvals.policy import Policy

WRONG = 1
_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_note = click.option("--note", default="", help="Why, for whoever reads the versions.")


@click.group()
def policy() -> None:
    """What may pass, what is refused, and what a person must see."""


@policy.command("show")
@org_option
@json_option
def show_policy(org: str | None, as_json: bool) -> None:
    """Print the policy in force."""
    answer = run("policy.show", org=org)
    if as_json or answer["text"] is None:
        show(answer, as_json)
    else:
        click.echo(answer["text"], nl=False)


@policy.command("versions")
@org_option
@json_option
def list_versions(org: str | None, as_json: bool) -> None:
    """List the versions, newest first."""
    show(run("policy.versions", org=org), as_json)


@policy.command("diff")
@click.argument("old", type=click.IntRange(1))
@click.argument("new", type=click.IntRange(1))
@org_option
def diff_versions(old: int, new: int, org: str | None) -> None:
    """Print what changed from version OLD to version NEW."""
    from webui.preview import visible

    for line in run("policy.diff", old=old, new=new, org=org):
        click.echo(visible(line))


@policy.command("validate")
@_file
@org_option
def validate(file: Path, org: str | None) -> None:
    """Say everything that is wrong with FILE, each with its line.

    Where there is a desk, its groups and people are looked at too: could anybody approve?
    """
    from webui.approvals.policy import warnings_of

    policy = _read(file)
    if _has_desk():
        found = run("policy.check", text=text_of(file), org=org)
        if found["faults"]:
            raise click.ClickException("\n".join(found["faults"]))
        warnings = found["warnings"]
    else:
        warnings = [str(each) for each in warnings_of(policy)]
    for warning in warnings:
        click.echo(f"warning: {warning}")
    click.echo("The file is a policy.")


def _has_desk() -> bool:
    from webui.runtime import DATABASE

    settings = read_settings()
    on_postgresql = settings.database_url is not None
    return on_postgresql or (settings.instance / DATABASE).exists()


@policy.command("test")
@_file
def test(file: Path) -> None:
    """Run the tests that FILE holds."""
    from webui.approvals.policy import run_tests

    results = run_tests(_read(file))
    for result in results:
        click.echo(f"{'ok' if result.passed else 'FAILED'}: {result.sentence()}")
    failed = sum(not result.passed for result in results)
    click.echo(f"{len(results)} tests, {failed} failed.")
    if failed:
        raise SystemExit(WRONG)


@policy.command("set")
@_file
@_note
@click.option("--expect", type=int, help="The version it was made from; 0 for none.")
@org_option
@json_option
def set_policy(
    file: Path, note: str, expect: int | None, org: str | None, as_json: bool
) -> None:
    """Put FILE in force; if anything is wrong with it, nothing changes."""
    _set(text_of(file), note, expect, org, as_json)


@policy.command("revert")
@click.argument("number", type=click.IntRange(1))
@click.option("--expect", type=int, help="The version that is in force now.")
@org_option
@json_option
def revert(number: int, expect: int | None, org: str | None, as_json: bool) -> None:
    """Put version NUMBER in force again, as a new version."""
    show(run("policy.revert", number=number, expected=expect, org=org), as_json)


@policy.command("import")
@_file
@_note
@click.option("--print", "only_print", is_flag=True, help="Print it and change nothing.")
@org_option
@json_option
def import_file(
    file: Path, note: str, only_print: bool, org: str | None, as_json: bool
) -> None:
    """Bring in FILE of a policy gateway: only what it leaves implied is written out."""
    from webui.approvals.policy import PolicyError, import_policy

    try:
        imported = import_policy(text_of(file))
    except PolicyError as error:
        raise click.ClickException(str(error)) from error
    if only_print:
        click.echo(imported.text, nl=False)
        return
    _set(imported.text, note, None, org, as_json)


@policy.command("shelf")
@click.argument("name", required=False)
def shelf(name: str | None) -> None:
    """List the policies to begin with, or print the one called NAME."""
    folder = files("webui.approvals.policy") / "shelf"
    names = sorted(each.name.removesuffix(".yaml") for each in folder.iterdir())
    if name is None:
        click.echo("\n".join(names))
    elif name in names:
        click.echo((folder / f"{name}.yaml").read_text(encoding="utf-8"), nl=False)
    else:
        raise click.ClickException(f"There is no {name} on the shelf: {', '.join(names)}.")


def _set(text: str, note: str, expect: int | None, org: str | None, as_json: bool) -> None:
    show(run("policy.set", text=text, note=note, expected=expect, org=org), as_json)


def _read(file: Path) -> "Policy":
    from webui.approvals.policy import check_policy

    found, faults = check_policy(text_of(file))
    if found is None:
        raise click.ClickException("\n".join(map(str, faults)))
    return found


for command in COMMANDS:
    policy.add_command(command)
