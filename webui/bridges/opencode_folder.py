"""Whether the folder of a source's settings is one in which OpenCode works.

Its server takes any name for a folder, and its event stream opens for one that it does not have.
What gives a wrong one away, as 1.18.33 was seen to answer: it fails over a file, reads `.` in a
folder that is not there as an empty text, and lists no session there while it has some elsewhere.
(To list a missing folder is no way to ask: that goes on failing once the folder is made.)
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from webui.receivers.opencode_wire import Server, Unknown, read_json
from webui.receivers.way_back import Heard, Outgoing
from webui.sentences import sentence

NOTHING_THERE = {"type": "text", "content": ""}
NAMED = 3
"""Folders that are named at most."""


def folder_fault(ask: Callable[[Outgoing], Heard], server: Server) -> str | None:
    """Return what is wrong with the folder, as a sentence; None if nothing is known to be."""
    if server.directory is None:
        return None
    listed = ask(server.sessions())
    if listed.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        without = ask(server.anywhere().sessions()).status
        return _missing(server.directory) if without == HTTPStatus.OK else None
    begun = _directories(listed)
    if begun is None or begun:
        return None
    if _read(ask(server.folder())) == NOTHING_THERE:
        return _missing(server.directory)
    elsewhere = _directories(ask(server.all_sessions()))
    return _unknown(server.directory, elsewhere) if elsewhere else None


def _directories(heard: Heard) -> list[str] | None:
    """Return the folders of listed sessions, each once; None if that is no list of them."""
    said = _read(heard)
    if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
        return None
    return list(dict.fromkeys(str(one.get("directory", "")) for one in said))


def _read(heard: Heard) -> Any:
    try:
        return read_json(heard.body) if heard.status == HTTPStatus.OK else None
    except Unknown:
        return None


def _missing(directory: str) -> str:
    return sentence(
        "OpenCode cannot open the folder %(directory)s, which is the "
        "`directory` of the settings: it is not there, or is no folder on its "
        "machine, so that nothing is heard. Give the path as OpenCode's "
        "machine has it.",
        directory=f"{directory!r}",
    )


def _unknown(directory: str, elsewhere: list[str]) -> str:
    named = ", ".join(repr(each) for each in elsewhere[:NAMED])
    return sentence(
        "OpenCode has no session in %(directory)s, which is the `directory` of "
        "the settings, so that nothing is heard until one is begun there. Its "
        "latest sessions are in %(named)s.",
        directory=f"{directory!r}",
        named=named,
    )
