"""Calls as they are read on a page."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from webui.preview import Profile, card
from webui.preview.renderers import Rendering

Read = Callable[[str, Mapping[str, Any]], Rendering]


@pytest.fixture
def read(profile: Profile) -> Read:
    """Return the rendering of a call; there must be one."""

    def rendering(tool: str, arguments: Mapping[str, Any]) -> Rendering:
        found = card(tool, arguments, profile).rendering
        assert found is not None, f"{tool} has no rendering"
        return found

    return rendering


@pytest.fixture
def dangers(read: Read) -> Callable[[str, Mapping[str, Any]], list[str]]:
    """Return the sentences of danger that are said of a call."""
    return lambda tool, arguments: [
        finding.words
        for finding in read(tool, arguments).findings
        if finding.severity == "danger"
    ]


@pytest.fixture
def facts(read: Read) -> Callable[[str, Mapping[str, Any]], dict[str, str]]:
    """Return the facts of a call as texts."""
    return lambda tool, arguments: {
        fact.label: "".join(piece.text for piece in fact.pieces)
        for fact in read(tool, arguments).facts
    }
