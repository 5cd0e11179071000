"""The reference for pushing: an epoll loop that sends one message to every connection.

python -m benchmarks.echo    prints its port; a byte on any connection starts a broadcast
"""

import select
import socket
from contextlib import suppress

SIZE = 128
"""Bytes of a message, about what a live event takes on the wire."""


def main() -> None:
    """Accept, and broadcast for each byte that comes in; ends with its clients."""
    server = socket.create_server(("127.0.0.1", 0), backlog=4096)
    print(server.getsockname()[1], flush=True)
    poll = select.epoll()
    poll.register(server, select.EPOLLIN)
    socks: dict[int, socket.socket] = {}
    number = 0
    while True:
        for ready, _ in poll.poll():
            if ready == server.fileno():
                sock, _ = server.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.setblocking(False)
                socks[sock.fileno()] = sock
                poll.register(sock, select.EPOLLIN)
                continue
            if not socks[ready].recv(4096):
                socks.pop(ready).close()
                continue
            number += 1
            message = f"event {number:06d} ".encode().ljust(SIZE, b".")
            for sock in socks.values():
                sock.send(message)


if __name__ == "__main__":
    with suppress(ConnectionError):  # the clients are gone: the run is over
        main()
