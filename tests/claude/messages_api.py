"""A stand-in for the Messages API on loopback: it asks for one tool, then says that it is done.

The streaming form is that of https://docs.anthropic.com/en/api/messages-streaming.
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOOL_USE_ID = "toolu_01Stand0In0For0Tests00"


@dataclass
class Model:
    """What the stand-in asks for, and what it was told of the tools it asked for."""

    tool: str
    tool_input: dict[str, Any]
    results: list[dict[str, Any]] = field(default_factory=list)
    """The `tool_result` blocks that came back, in order."""

    def blocks(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the content of the next answer: the tool once, then the end."""
        last = request["messages"][-1]["content"]
        told = [
            block
            for block in (last if isinstance(last, list) else [])
            if block.get("type") == "tool_result"
        ]
        self.results += told
        names = {tool["name"] for tool in request.get("tools", [])}
        if told or self.results or self.tool not in names:
            return [{"type": "text", "text": "Done."}]
        return [
            {
                "type": "tool_use",
                "id": TOOL_USE_ID,
                "name": self.tool,
                "input": self.tool_input,
            }
        ]


def serve(model: Model) -> ThreadingHTTPServer:
    """Serve the stand-in on a free port until it is shut down."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = json.loads(body)
            if "/count_tokens" in self.path:
                self._answer("application/json", b'{"input_tokens":1}')
                return
            blocks = model.blocks(request)
            if request.get("stream"):
                events = b"".join(_event(event) for event in _events(blocks))
                self._answer("text/event-stream", events)
            else:
                self._answer("application/json", json.dumps(_message(blocks)).encode())

        def _answer(self, content_type: str, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _message(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    asks = any(block["type"] == "tool_use" for block in blocks)
    return {
        "id": "msg_01StandIn",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5",
        "content": blocks,
        "stop_reason": "tool_use" if asks else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }


def _events(blocks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    whole = _message(blocks)
    yield {
        "type": "message_start",
        "message": whole | {"content": [], "stop_reason": None},
    }
    for index, block in enumerate(blocks):
        is_tool = block["type"] == "tool_use"
        hollow: dict[str, Any] = {"input": {}} if is_tool else {"text": ""}
        empty = block | hollow
        delta = (
            {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
            if is_tool
            else {"type": "text_delta", "text": block["text"]}
        )
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": whole["stop_reason"], "stop_sequence": None},
        "usage": {"output_tokens": 1},
    }
    yield {"type": "message_stop"}


def _event(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
