"""Every setting of the product, typed, frozen, and read in one place (spec, operations.md).

A value comes from the environment (`COUNTERSIGN_NAME`), else from the TOML file, else from the
default below. Reading is strict: an unknown name or a wrong value stops the start, and all
problems are told at once (`webui.configuration`).
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from webui.channels.addresses import AllowList
from webui.channels.services import SERVICES, check_mail_url

if TYPE_CHECKING:
    from collections.abc import Iterator

Network = IPv4Network | IPv6Network
MAX_PORT = 65_535
DAY_SECONDS = 86_400


def split_address(value: str) -> tuple[str, int]:
    """`host:port` or `[v6]:port` as (host without brackets, port); ValueError says what is wrong."""
    host, _, port = value.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > MAX_PORT:
        message = (
            "must be host:port, for example 127.0.0.1:8080 or [::1]:8080 (port 0 picks one)"
        )
        raise ValueError(message)
    if host == "localhost":
        return "127.0.0.1", int(port)
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if (":" in bare) != (bare != host):
        message = "must have IPv6 addresses, and only those, in brackets: [::1]:8080"
        raise ValueError(message)
    try:
        ip_address(bare)
    except ValueError:
        message = f"{host!r} must be an IP address, with IPv6 in brackets, or localhost"
        raise ValueError(message) from None
    return bare, int(port)


def is_loopback(address: str) -> bool:
    """Whether `host:port` names this machine alone."""
    return ip_address(split_address(address)[0]).is_loopback


def _checked_address(value: str) -> str:
    split_address(value)
    return value


def _comma_list(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(value) if isinstance(value, list) else value


def _network(value: object) -> object:
    """Networks are written strictly: `10.1.2.3/8` is a typing error, not a wish for 10.0.0.0/8."""
    return ip_network(value) if isinstance(value, str) else value


Address = Annotated[str, BeforeValidator(_checked_address)]
Names = Annotated[tuple[str, ...], BeforeValidator(_comma_list)]
Networks = Annotated[
    tuple[Annotated[Network, BeforeValidator(_network)], ...], BeforeValidator(_comma_list)
]


def _unit(unit: str, **limits: Any) -> Any:
    """Limits of a number plus the unit that the generated reference shows."""
    return Field(json_schema_extra={"unit": unit}, **limits)


class Settings(BaseModel):
    """The configuration of one process; field docs become `docs/settings.md`."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )

    instance: Path = Path("instance")
    """Directory of the database, keys and lock file."""
    keys_file: Path | None = None
    """File with the session, envelope, receipt and checkpoint keys; the same on every node."""
    database_url: SecretStr | None = None
    """`postgresql+psycopg://...`, also read from `DATABASE_URL`; unset means SQLite in the instance directory."""

    bind: Address = "127.0.0.1:8080"
    """Where the dashboard listens; port 0 picks a free one."""
    public_url: str | None = None
    """How people reach the dashboard; unset means `http://localhost:<bound port>`."""
    allow_plain_http: bool = False
    """Allow a `bind` beyond this machine without an https `public_url`."""
    trusted_proxies: Networks = ()
    """Networks whose forwarding headers are believed."""
    cookie_secure: Literal["auto", "always", "never"] = "auto"
    """Whether cookies carry `Secure`; `auto` follows `public_url`."""

    agent_bind: Address = "127.0.0.1:9111"
    """Where the agents' API listens; port 0 picks a free one."""
    agent_allow_remote: bool = False
    """Allow an `agent_bind` beyond this machine."""
    agent_peers: Networks = ()
    """With `agent_allow_remote`: networks agents may call from; empty means any."""
    agent_hosts: Names = ()
    """With `agent_allow_remote`: further Host header values that are answered, each with its port."""
    admin_api: bool = False
    """Serve the small admin API (`/api/pending`, `/api/approve/{id}`, ...) on the agents' listener."""

    claim: int = _unit("seconds", default=300, ge=10, le=3_600)
    """How long a claim on a call says who looks into it; then it ends by itself."""

    rate_limit: int = _unit("requests a minute and agent", default=60, ge=0)
    """Requests of one agent; a burst may be twice that; 0 turns both limits off."""
    max_pending: int = _unit("approvals an agent", default=200, ge=0)
    """Approvals one agent may have waiting at once; 0 turns the limit off."""
    body_bytes: int = _unit("bytes", default=262_144, ge=1024, le=9_999_999)
    """Largest body the agents' API reads."""
    max_sockets: int = _unit("sockets", default=12_000, ge=1)
    """WebSockets one process holds; beyond it browsers poll."""

    approval_ttl: int = _unit("seconds", default=900, ge=1)
    """How long an approval waits for a decision."""
    approval_ttl_max: int = _unit("seconds", default=DAY_SECONDS, ge=1)
    """The longest wait an agent may ask for."""
    lease: int = _unit("seconds", default=120, ge=1)
    """How long a consumed approval may run before its outcome counts as unknown."""
    lease_max: int = _unit("seconds", default=900, ge=1)
    """The longest a lease may be renewed to."""
    max_attempts: int = _unit("attempts", default=3, ge=1)
    """How often one approval may be consumed when the call provably did not take effect."""
    denial_memory: int = _unit("seconds", default=600, ge=0)
    """How long a denied call is answered with the same denial."""
    dedupe_window: int | None = _unit("seconds", default=None, ge=1)
    """How long a pending approval absorbs its duplicates; unset means as long as it is pending."""

    write_grant_ttl: int = _unit("seconds", default=600, ge=1)
    """How long an agent's write in a person's name waits for that person, and a yes for its use."""
    write_grant_uses: int = _unit("uses", default=1, ge=1, le=1_000)
    """How often one yes to such a write lets the same request through."""
    write_grants_pending: int = _unit("requests a person", default=20, ge=0)
    """Such writes that may wait for one person at once; 0 turns the limit off."""

    session_idle: int = _unit("seconds", default=8 * 3600, ge=60)
    """A person is signed out after this long without a request."""
    session_max: int = _unit("seconds", default=7 * DAY_SECONDS, ge=60)
    """A person is signed out after this long in any case."""
    callback_allow: Names = ()
    """Hosts and networks that outgoing webhooks may reach although they are private."""
    slack_api: str = "https://slack.com/api"
    """Where Slack's Web API is; another address for a stand-in."""
    discord_api: str = "https://discord.com/api/v10"
    """Where Discord's API is; another address for a stand-in."""
    sso_allow: Names = ()
    """Hosts and networks of identity providers that may be reached although they are private."""

    notify_mail: SecretStr | None = None
    """Mail server by which people are told, as a URL of Apprise: `mailtos://user:password@smtp.example.com?from=desk@example.com`; unset means no mail."""
    notify_services: Names = ()
    """Services by which people may be told besides, by the schemas of their URLs: `ntfys, tgram`; empty means none."""

    policy_file: Path | None = None
    """A YAML file that is the policy of one organization; it is taken in at the start and whenever it changes, and nothing else sets that policy."""
    policy_org: str | None = None
    """Id, slug or name of the organization that `policy_file` rules; needed where there are several."""

    log_format: Literal["console", "json"] = "console"
    """How log lines on standard error look."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severe log lines that are written."""

    @field_validator("callback_allow", "sso_allow")
    @classmethod
    def _names_hosts_or_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        AllowList.of(value)
        return value

    @field_validator("notify_mail")
    @classmethod
    def _is_a_mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            check_mail_url(value.get_secret_value())
        return value

    @field_validator("notify_services")
    @classmethod
    def _are_known_services(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(value) - set(SERVICES))
        if unknown:
            message = f"has no such service as {', '.join(unknown)}; there are {', '.join(SERVICES)}"
            raise ValueError(message)
        return value

    @field_validator("public_url")
    @classmethod
    def _is_an_origin(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if (
            parts.scheme not in {"http", "https"}
            or not parts.hostname
            or parts.path not in {"", "/"}
            or parts.query
            or parts.fragment
            or parts.username is not None
        ):
            message = "must be http(s)://host or http(s)://host:port with no path"
            raise ValueError(message)
        return f"{parts.scheme}://{parts.netloc}".lower()

    @field_validator("database_url")
    @classmethod
    def _names_a_known_engine(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        scheme, _, rest = value.get_secret_value().partition("://")
        if scheme not in {"postgresql", "postgresql+psycopg"} or not rest:
            message = "must begin with postgresql+psycopg://; leave it out for SQLite"
            raise ValueError(message)
        return SecretStr(f"postgresql+psycopg://{rest}")

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        wrong = list(self._misfits())
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def _misfits(self) -> Iterator[str]:
        """What is wrong between settings that are each right alone, with the mend."""
        for short, long in (
            ("approval_ttl", "approval_ttl_max"),
            ("lease", "lease_max"),
            ("session_idle", "session_max"),
        ):
            if getattr(self, short) > getattr(self, long):
                yield f"{short} must not be larger than {long}"
        https = (self.public_url or "").startswith("https://")
        if not (is_loopback(self.bind) or https or self.allow_plain_http):
            yield (
                f"bind {self.bind} can be reached by others: set public_url to the https address "
                "people use, or allow_plain_http=1 if the network is trusted"
            )
        if not (is_loopback(self.agent_bind) or self.agent_allow_remote):
            yield (
                f"agent_bind {self.agent_bind} can be reached by others: use 127.0.0.1, or set "
                "agent_allow_remote=1 and name the callers in agent_peers and agent_hosts"
            )
