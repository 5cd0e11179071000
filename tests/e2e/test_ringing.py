"""Clients that ask without a pause what they should tell: by real HTTP, against a desk that serves."""

import re
import time
from concurrent.futures import ThreadPoolExecutor

import requests

from tests.plugins.served import TIMEOUT, Reviewer, ServedDesk
from webui.web.rings import LEAST

CLIENTS = 12
ASKED = 2


def window(served: ServedDesk, person: Reviewer) -> requests.Session:
    """Sign in as a browser does."""
    session = requests.Session()
    page = session.get(f"{served.dashboard}/sign-in", timeout=TIMEOUT).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    form = {"email": person.email, "password": person.password, "csrf_token": token[1]}
    headers = {"Origin": served.dashboard}
    entered = session.post(f"{served.dashboard}/sign-in", form, headers=headers, timeout=TIMEOUT)  # fmt: skip
    assert entered.ok
    return session


def test_twelve_clients_that_loop_get_one_look_and_are_told_when_to_come_back(
    served: ServedDesk, ana: Reviewer
) -> None:
    first = window(served, ana)
    ring = f"{served.dashboard}/queue/ring"

    def loop(_: int) -> list[requests.Response]:
        with requests.Session() as client:
            client.cookies.update(first.cookies)
            return [client.get(f"{ring}?since=0", timeout=TIMEOUT) for _ in range(ASKED)]

    began = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = [each for some in pool.map(loop, range(CLIENTS)) for each in some]
    looked = [each for each in answers if each.status_code == 200]
    refused = [each for each in answers if each.status_code == 429]
    assert len(looked) + len(refused) == CLIENTS * ASKED
    seconds = time.monotonic() - began
    assert 1 <= len(looked) <= 1 + seconds / LEAST, "one look in so many seconds"
    assert {each.headers["Retry-After"] for each in refused} <= {"2"}
