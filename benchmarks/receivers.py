"""Receivers of deliveries: one that is healthy, and all the ways in which others are not.

    python -m benchmarks.receivers    prints its port, then a line of JSON for each arrival

The path says how a request is treated: `/healthy`, or one of `BAD`. Each process stands alone,
so that a bad receiver takes nothing from a healthy one but what the desk takes.
"""

import asyncio
import contextlib
import json
import re
import socket
import struct
import sys
import time
from asyncio import StreamReader, StreamWriter

ANSWERS = {
    "/healthy": "200 OK",
    "/redirects": "302 Found\r\nLocation: /healthy",
    "/breaks": "500 Internal Server Error",
    "/gone": "410 Gone",
    "/later": "429 Too Many Requests\r\nRetry-After: 1",
}
BAD = (
    "/silent",
    "/drips",
    "/resets",
    "/redirects",
    "/breaks",
    "/gone",
    "/later",
    "/floods",
)
FLOOD = 100 * 1024 * 1024
_CHUNK = b"x" * 65_536
_NOT_LINGERING = struct.pack("ii", 1, 0)


async def serve() -> None:
    """Receive until the process is ended."""
    server = await asyncio.start_server(_receive, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def _receive(reader: StreamReader, writer: StreamWriter) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = re.search(r"(?im)^content-length: *(\d+)", head)
        body = await reader.readexactly(int(length[1]) if length else 0)
        path = head.split()[1]
        _note(path, body)
        await _behave(path, writer)
    writer.close()


def _note(path: str, body: bytes) -> None:
    arrived = time.monotonic()  # the same clock in all processes of one machine
    event = json.loads(body)
    about = event["data"].get("id")  # a checkpoint of the record is about no approval
    line = {"path": path, "type": event["type"], "id": about, "at": arrived}
    print(json.dumps(line), flush=True)


async def _behave(path: str, writer: StreamWriter) -> None:
    if path == "/silent":
        await asyncio.sleep(3_600)
    elif path == "/drips":
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n":
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(1)
    elif path == "/resets":
        sock: socket.socket = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NOT_LINGERING)
    elif path == "/floods":
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % FLOOD)
        for _ in range(FLOOD // len(_CHUNK)):
            writer.write(_CHUNK)
            await writer.drain()
    else:
        writer.write(f"HTTP/1.1 {ANSWERS[path]}\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve())
    sys.exit(0)
