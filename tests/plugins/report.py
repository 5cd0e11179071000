"""What a rig found, for those who read the output."""

import json
from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Callable[..., None]:
    """Print one line of JSON, also when the test passes."""

    def tell(**facts: Any) -> None:
        with capsys.disabled():
            print("\n" + json.dumps(facts))  # noqa: T201

    return tell
