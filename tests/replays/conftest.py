"""What the tests of replays share."""

from pathlib import Path

import pytest

ON_BOTH = {"test_jobs.py", "test_shadow.py"}
"""These write beside others; what is asked of a past is read as the pages of history read it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the other modules on PostgreSQL to `make sure`."""
    for item in items:
        here = item.path.is_relative_to(Path(__file__).parent)
        if here and item.path.name not in ON_BOTH and item.get_closest_marker("postgres"):
            item.add_marker("sure")
