"""A source keeps the secret and the token that its sender's side made."""

from pathlib import Path
from typing import Any

from webui.inbox.opening import open_source
from webui.runtime import open_store
from webui.settings import Settings

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


def test_a_chat_is_added_with_the_apps_own_secret_and_token(
    told: Any, run: Any, instance: Path, tmp_path: Path
) -> None:
    for name, text in (("secret", SECRET), ("token", "xoxb-1-2-three")):
        (tmp_path / name).write_text(text + "\n", "utf-8")
    given = [f"--{name}-from={tmp_path / name}" for name in ("secret", "token")]
    words = ("sources", "add", "Ops", "--kind", "slack", "--set", "channel=C0123456789")
    made = told(*words, *given)
    assert made["secret"] == SECRET
    store = open_store(Settings(instance=instance))
    try:
        with store.reading() as session:
            source = open_source(session, store.keyring, made["id"], store.now())
    finally:
        store.close()
    assert source is not None
    assert source.secrets.secrets == (SECRET,)
    assert source.secrets.token == "xoxb-1-2-three"
    refused = run(*words[:-1], "channel=#ops", *given)
    assert refused.exit_code != 0
    assert "/channel" in refused.output


def test_what_only_the_platform_can_make_is_asked_for_by_its_name_and_option(
    told: Any, run: Any, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET, "utf-8")
    (tmp_path / "token").write_text("MTk4.Cl2FMQ.ZnCj", "utf-8")
    words = ("sources", "add", "Ops", "--kind", "slack", "--set", "channel=C0123456789")
    assert "Signing Secret is needed: write it to a file" in run(*words).output
    assert "--token-from FILE" in run(*words, f"--secret-from={secret}").output
    helio = (
        "sources",
        "add",
        "H",
        "--kind",
        "helio",
        "--set",
        "api_url=http://127.0.0.1:1",
    )
    assert "dashboard.api_secret of Helio is needed" in run(*helio).output
    secret.write_text(
        "55f668b58862bf5eec60ef5c03f058158c5659c29c8abce845793a6a9719869f", "utf-8"
    )
    given = (f"--secret-from={secret}", f"--token-from={tmp_path / 'token'}")
    # an id of so many digits is no number, whether it is quoted or not
    channel = ("--set", "channel=1102312312312312312")
    made = told("sources", "add", "D", "--kind", "discord", *channel, *given)
    assert "--secret-from FILE" in run("sources", "rotate", made["id"]).output
    assert told("sources", "rotate", made["id"], given[0])["secret"] == secret.read_text()
