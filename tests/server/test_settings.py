"""Settings: from environment, file and defaults, and every mistake told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from webui.configuration import ConfigurationError, load_settings, reference
from webui.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture
def instance(tmp_path: Path) -> dict[str, str]:
    return {"COUNTERSIGN_INSTANCE": str(tmp_path)}


def mistakes(environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ)
    return [str(problem) for problem in caught.value.problems]


def test_nothing_set_is_a_desk_for_this_machine_alone() -> None:
    settings = load_settings({})
    assert settings == Settings()
    assert settings.bind == "127.0.0.1:8080"
    assert settings.agent_bind == "127.0.0.1:9111"
    assert settings.database_url is None


def test_the_environment_wins_over_the_file_and_an_option_over_both(
    tmp_path: Path, instance: dict[str, str]
) -> None:
    text = 'rate_limit = 5\nlease = 7\nagent_hosts = ["a:1"]\nadmin_api = true\n'
    (tmp_path / "countersign.toml").write_text(text)
    settings = load_settings(instance | {"COUNTERSIGN_RATE_LIMIT": "6"}, admin_api=False)
    assert (settings.rate_limit, settings.lease, settings.admin_api) == (6, 7, False)
    assert settings.agent_hosts == ("a:1",)


def test_a_named_file_must_exist() -> None:
    (problem,) = mistakes({"COUNTERSIGN_CONFIG": "/no/such/file.toml"})
    assert "there is no such file" in problem


def test_a_broken_file_is_told(tmp_path: Path, instance: dict[str, str]) -> None:
    (tmp_path / "countersign.toml").write_text("rate_limit = = 5")
    (problem,) = mistakes(instance)
    assert "cannot be read as TOML" in problem


def test_every_mistake_is_told_at_once_with_name_value_and_mend(
    tmp_path: Path, instance: dict[str, str]
) -> None:
    (tmp_path / "countersign.toml").write_text('leese = 5\nlog_format = "xml"\n')
    wrong = {
        "COUNTERSIGN_RATELIMIT": "5",
        "COUNTERSIGN_LEASE": "soon",
        "COUNTERSIGN_AGENT_PEERS": "10.0.0.1/8",
        "COUNTERSIGN_PUBLIC_URL": "desk.example/path",
        "COUNTERSIGN_BIND": "0.0.0.0:80",
        "COUNTERSIGN_AGENT_BIND": "0.0.0.0:81",
    }
    told = "\n".join(mistakes(instance | wrong))
    assert (
        "COUNTERSIGN_RATELIMIT = 5: no such setting; did you mean COUNTERSIGN_RATE_LIMIT?"
        in told
    )
    assert "COUNTERSIGN_LEASE = soon: Input should be a valid integer" in told
    assert "COUNTERSIGN_AGENT_PEERS = 10.0.0.1/8: 10.0.0.1/8 has host bits set" in told
    assert "COUNTERSIGN_PUBLIC_URL = desk.example/path: must be http(s)://host" in told
    assert "leese = 5: no such setting; did you mean lease?" in told
    assert "log_format = xml: Input should be 'console' or 'json'" in told
    assert "bind 0.0.0.0:80 can be reached by others" in told
    assert "agent_bind 0.0.0.0:81 can be reached by others" in told


def test_secrets_never_appear_in_a_message() -> None:
    secret = "mysql://user:hunter2@host"
    told = mistakes({"DATABASE_URL": secret, "COUNTERSIGN_DATABAES_URL": secret})
    assert len(told) == 2
    assert "hunter2" not in "".join(told)
    settings = load_settings({"DATABASE_URL": "postgresql://user:hunter2@host/db"})
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_postgresql_is_reached_with_psycopg(scheme: str) -> None:
    settings = load_settings({"DATABASE_URL": f"{scheme}://host/db"})
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql+psycopg://host/db"


def test_what_webhooks_may_reach_is_networks_and_hosts() -> None:
    load_settings({"COUNTERSIGN_CALLBACK_ALLOW": "10.1.0.0/16, ::1, n8n.internal"})
    wrong = mistakes({"COUNTERSIGN_CALLBACK_ALLOW": "10.1.0.0/99"})
    assert "no network" in wrong[0]


def test_our_own_name_wins_over_the_common_one() -> None:
    both = {
        "DATABASE_URL": "postgresql://a/a",
        "COUNTERSIGN_DATABASE_URL": "postgresql://b/b",
    }
    settings = load_settings(both)
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value().endswith("//b/b")


def test_a_secret_may_live_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://host/db\n")
    settings = load_settings({"COUNTERSIGN_DATABASE_URL_FILE": str(tmp_path / "url")})
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql+psycopg://host/db"


def test_a_secret_is_given_once_and_its_file_must_be_readable(tmp_path: Path) -> None:
    twice = {
        "COUNTERSIGN_DATABASE_URL_FILE": str(tmp_path / "url"),
        "COUNTERSIGN_DATABASE_URL": "postgresql://host/db",
    }
    assert "not both" in mistakes(twice)[0]
    del twice["COUNTERSIGN_DATABASE_URL"]
    assert "cannot be read" in mistakes(twice)[0]


def test_only_secrets_are_read_from_files() -> None:
    (problem,) = mistakes({"COUNTERSIGN_BIND_FILE": "/etc/hostname"})
    assert "no such setting" in problem


def test_the_clients_variables_may_stand_beside() -> None:
    beside = {"COUNTERSIGN_URL": "http://127.0.0.1:9111", "COUNTERSIGN_KEY": "csk_x"}
    assert load_settings(beside) == Settings()


@pytest.mark.parametrize(
    "allowed",
    [
        {"COUNTERSIGN_PUBLIC_URL": "https://desk.example"},
        {"COUNTERSIGN_ALLOW_PLAIN_HTTP": "1"},
    ],
)
def test_others_may_reach_the_dashboard_by_https_or_by_saying_so(
    allowed: dict[str, str],
) -> None:
    load_settings({"COUNTERSIGN_BIND": "0.0.0.0:8080"} | allowed)


def test_plain_http_in_the_public_url_is_not_enough() -> None:
    wrong = {
        "COUNTERSIGN_BIND": "0.0.0.0:80",
        "COUNTERSIGN_PUBLIC_URL": "http://desk.example",
    }
    assert "can be reached by others" in mistakes(wrong)[0]


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "localhost:", "desk:80", "::1:80", "[1.2.3.4]:80", "1.2.3.4:99999"],
)
def test_an_address_is_a_number_and_a_port(address: str) -> None:
    (problem,) = mistakes({"COUNTERSIGN_BIND": address})
    assert address in problem
    assert "must " in problem


@pytest.mark.parametrize("address", ["[::1]:80", "localhost:0", "127.0.0.1:8080"])
def test_local_addresses_in_every_spelling(address: str) -> None:
    assert load_settings({"COUNTERSIGN_BIND": address}).bind == address


def test_a_default_is_not_above_its_own_limit() -> None:
    (problem,) = mistakes({"COUNTERSIGN_LEASE": "1000"})
    assert "lease must not be larger than lease_max" in problem


def test_the_published_reference_is_the_current_one() -> None:
    assert (ROOT / "docs" / "settings.md").read_text() == reference()
