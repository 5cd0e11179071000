"""The demo's scripted agent: asks believable things, waits, runs nothing, says how it went.

Run as a program; `COUNTERSIGN_DEMO_KEYS` names the file with the address and the keys.
"""

import itertools
import json
import os
import random
import threading
import time
from pathlib import Path
from typing import Any

from countersign_client import Client, CountersignError

from webui.demo.stories import STORIES, Story

AT_MOST = 7
"""Calls that wait at once; a queue that only grows is no pleasure to look at."""
_room = threading.BoundedSemaphore(AT_MOST)


def main() -> None:
    """Ask one thing after another until the demo ends."""
    document = json.loads(Path(os.environ["COUNTERSIGN_DEMO_KEYS"]).read_text("utf-8"))
    clients = {name: Client(document["url"], key) for name, key in document["keys"].items()}
    dice = random.Random()  # noqa: S311 - for believable pauses, nothing else
    for number, story in zip(itertools.count(1), itertools.cycle(STORIES), strict=False):
        _room.acquire()
        asking = threading.Thread(
            target=_ask, args=(clients[story.agent], story, number), daemon=True
        )
        asking.start()
        time.sleep(dice.uniform(2, 4) if number <= 5 else dice.uniform(10, 30))  # noqa: PLR2004 - a lively start


def _ask(client: Client, story: Story, number: int) -> None:
    arguments = story.arguments | {
        "request": f"NW-{9000 + number}-{int(time.time()) % 10000}"
    }
    more: dict[str, Any] = {"reason": story.reason} if story.reason else {}
    if story.risk is not None:
        more["risk"] = story.risk
    try:
        asked = client.ask(
            story.tool, arguments, summary=story.summary, session=story.session, **more
        )
        lease = asked.wait().consume()
        time.sleep(3)  # as if the tool ran
        lease.ok("done")
    except CountersignError:
        pass  # denied, expired, or the desk restarts: the next story goes on
    finally:
        _room.release()


if __name__ == "__main__":
    main()
