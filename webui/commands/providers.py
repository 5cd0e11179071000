"""`countersign providers`."""

import click

from webui.commands.office import json_option, org_option, run, show

_roles = click.option(
    "--role",
    "given",
    multiple=True,
    metavar="GROUP=ROLE",
    help="A group of the provider's and its role here; repeatable.",
)


@click.group()
def providers() -> None:
    """Single sign-on by OpenID Connect."""


@providers.command("add")
@click.argument("name")
@click.option("--issuer", required=True, help="Exactly as the provider writes it.")
@click.option("--client-id", required=True)
@click.option(
    "--client-secret",
    envvar="OIDC_CLIENT_SECRET",
    prompt=True,
    hide_input=True,
    help="Asked for if it is left out, so that no process list shows it.",
)
@click.option("--scopes", default="openid email profile", show_default=True)
@click.option("--groups-claim", default="groups", show_default=True)
@_roles
@org_option
@json_option
def add_provider(
    name: str,
    issuer: str,
    client_id: str,
    client_secret: str,
    scopes: str,
    groups_claim: str,
    given: tuple[str, ...],
    org: str | None,
    as_json: bool,
) -> None:
    """Add a provider; prints the address to register there."""
    answer = run(
        "providers.add",
        name=name,
        issuer=issuer,
        client_id=client_id,
        client_secret=client_secret,
        scopes=scopes,
        groups_claim=groups_claim,
        roles=_mapped(given),
        org=org,
    )
    show(answer, as_json)


@providers.command("list")
@org_option
@json_option
def list_providers(org: str | None, as_json: bool) -> None:
    """List the providers of an org; never a secret."""
    show(run("providers.list", org=org), as_json)


@providers.command("change")
@click.argument("provider")
@click.option("--client-id")
@click.option(
    "--new-secret",
    is_flag=True,
    help="Ask for another client secret, or read OIDC_CLIENT_SECRET.",
)
@click.option("--scopes")
@click.option("--groups-claim")
@_roles
@org_option
@json_option
def change_provider(
    provider: str,
    client_id: str | None,
    new_secret: bool,
    scopes: str | None,
    groups_claim: str | None,
    given: tuple[str, ...],
    org: str | None,
    as_json: bool,
) -> None:
    """Change a provider (id or name); roles that are given take the place of all."""
    answer = run(
        "providers.change",
        provider=provider,
        client_id=client_id,
        client_secret=_asked_secret() if new_secret else "",
        scopes=scopes,
        groups_claim=groups_claim,
        roles=_mapped(given) if given else None,
        org=org,
    )
    show(answer, as_json)


@providers.command("off")
@click.argument("provider")
@org_option
@json_option
def switch_off(provider: str, org: str | None, as_json: bool) -> None:
    """Switch a provider off (id or name); sessions by it end."""
    show(run("providers.switch", provider=provider, on=False, org=org), as_json)


@providers.command("on")
@click.argument("provider")
@org_option
@json_option
def switch_on(provider: str, org: str | None, as_json: bool) -> None:
    """Switch a provider on again (id or name)."""
    show(run("providers.switch", provider=provider, on=True, org=org), as_json)


def _asked_secret() -> str:
    import os

    kept = os.environ.get("OIDC_CLIENT_SECRET", "")
    answer: str = kept or click.prompt("Client secret", hide_input=True)
    return answer


def _mapped(given: tuple[str, ...]) -> dict[str, str]:
    """Read GROUP=ROLE, once for each group.

    Raises:
        BadParameter: not of this form.

    """
    roles = {}
    for one in given:
        group, equals, role = one.rpartition("=")
        if not equals or not group.strip():
            raise click.BadParameter(f"{one!r} is not GROUP=ROLE.")
        roles[group.strip()] = role.strip()
    return roles
