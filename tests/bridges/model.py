"""A model of the openai-compatible kind that asks for the calls it is told to ask for."""

import json
from http.server import BaseHTTPRequestHandler
from typing import Any

BEGIN, END = "CALLS", "END"


def prompt_for(calls: list[tuple[str, dict[str, Any]]]) -> str:
    """Return a prompt to which the model answers with these calls."""
    return BEGIN + json.dumps(calls) + END


class Model(BaseHTTPRequestHandler):
    """Streams one answer: the calls of the prompt, or the word `done`."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        last = body["messages"][-1]
        said = _text(last["content"])
        asks = bool(body.get("tools")) and last["role"] == "user" and BEGIN in said
        delta: dict[str, Any] = {"role": "assistant", "content": "done"}
        if asks:
            calls = json.loads(said[said.index(BEGIN) + len(BEGIN) : said.rindex(END)])
            delta = {"role": "assistant", "content": None, "tool_calls": _calls(calls)}
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self._say(delta, None)
        self._say({}, "tool_calls" if asks else "stop")
        self.wfile.write(b"data: [DONE]\n\n")

    def _say(self, delta: dict[str, Any], reason: str | None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        event = json.dumps(head | {"choices": [choice], "usage": usage})
        self.wfile.write(f"data: {event}\n\n".encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _text(content: object) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content)
    return str(content)


def _calls(calls: list[Any]) -> list[dict[str, Any]]:
    return [
        {
            "index": at,
            "id": f"call_{at}",
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(given)},
        }
        for at, (name, given) in enumerate(calls)
    ]
