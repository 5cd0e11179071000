"""`python -m countersign_client permission-prompt`: Claude Code's permission-prompt tool.

An MCP server on stdin and stdout with one tool, `approve`. Needs the extra `mcp`. Whatever goes
wrong is a denial: Claude Code takes an error of the tool for one as well.
"""

import json
from typing import Any

import anyio.to_thread
from mcp.server.mcpserver import MCPServer

from countersign_client.claude_code import Verdict, behaviour, decide
from countersign_client.client import Client
from countersign_client.errors import CountersignError

SECONDS = 600.0

server = MCPServer("countersign")


@server.tool(structured_output=False)  # its reader takes text alone
async def approve(tool_name: str, input: dict[str, Any], tool_use_id: str) -> str:  # noqa: A002 - Claude Code's name
    """Ask a person at the desk whether a tool may be used."""
    verdict = await anyio.to_thread.run_sync(_verdict, tool_name, input, tool_use_id)
    told = behaviour(verdict)
    if verdict.allowed:  # this form wants the input in any case
        told.setdefault("updatedInput", input)
    return json.dumps(told)


def _verdict(tool: str, tool_input: dict[str, Any], tool_use_id: str) -> Verdict:
    try:
        return decide(
            Client(),
            tool,
            tool_input,
            {"source_ref": tool_use_id, "ctx": {"tool_use_id": tool_use_id}},
            SECONDS,
        )
    except (CountersignError, ValueError, TypeError, OSError) as error:
        return Verdict(False, f"Countersign blocked this tool: {error}")


def main() -> None:
    """Serve the tool until Claude Code closes stdin."""
    server.run("stdio")
