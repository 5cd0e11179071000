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
