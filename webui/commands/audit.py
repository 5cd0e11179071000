"""`countersign audit`."""

import sys
from typing import Any, TextIO

import click

from webui.commands.office import json_option, org_option, read_settings, run, show


@click.group()
def audit() -> None:
    """Verify, export and sign the log."""


@audit.command("checkpoint")
@org_option
@json_option
def checkpoint(org: str | None, as_json: bool) -> None:
    """Sign the log as it stands now; keep the note somewhere else."""
    answer = run("audit.checkpoint", org=org)
    if as_json:
        show(answer, as_json)
    else:
        click.echo(answer["note"], nl=False)


@audit.command("verify")
@org_option
@click.option(
    "--all", "everything", is_flag=True, help="Every org, and the instance's own log."
)
@click.argument("export_file", metavar="[FILE]", required=False)
@click.option(
    "--vkey", "vkeys", multiple=True, help="With FILE: a key to trust; repeatable."
)
@json_option
def verify(
    org: str | None,
    everything: bool,
    export_file: str | None,
    vkeys: tuple[str, ...],
    as_json: bool,
) -> None:
    """Check the chain, the checkpoints, and that log and tables agree.

    With FILE, an export is checked by itself, as its single-file verifier does; the keys are
    this instance's own unless --vkey says others. Exit 0: all is well; 1: tampered; 2:
    evidence is incomplete.
    """
    if export_file is not None:
        raise SystemExit(_verify_file(export_file, vkeys))
    from webui.commands.evidence import verify_orgs

    settings = read_settings()
    reports = verify_orgs(settings, org, everything, progress=sys.stderr.isatty())
    if as_json:
        show(reports, as_json)
    else:
        for report in reports:
            click.echo(f"{report['org']}: {report['words']}")
    raise SystemExit(max((report["exit"] for report in reports), default=0))


def _verify_file(export_file: str, vkeys: tuple[str, ...]) -> int:
    from webui.audit.verifier import main
    from webui.commands.evidence import own_vkeys

    trusted = vkeys or own_vkeys(read_settings())
    return main([export_file, *(f"--vkey={vkey}" for vkey in trusted)])


@audit.command("export")
@org_option
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl")
@click.option("--output", type=click.File("w", encoding="utf-8"), default="-")
@click.option("--verifier", is_flag=True, help="Print the single-file verifier instead.")
def export(org: str | None, form: str, output: TextIO, verifier: bool) -> None:
    """Write the log as JSON Lines (with checkpoints) or CSV."""
    from webui.commands.evidence import export_lines, verifier_source

    lines: Any = (
        [verifier_source()] if verifier else export_lines(read_settings(), org, form)
    )
    output.writelines(lines)
