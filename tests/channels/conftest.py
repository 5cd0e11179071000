"""Servers on loopback that behave well or badly, and a canary that must stay silent."""

import contextlib
import datetime as dt
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Server:
    """A listener that hands each connection to `behave`, with `reads` after the request."""

    def __init__(
        self,
        behave: Callable[..., None],
        tls: ssl.SSLContext | None = None,
        address: str = "127.0.0.1",
        *,
        reads: bool = True,
    ) -> None:
        self.requests: list[bytes] = []
        self.names: list[str | None] = []
        self.connections = 0
        self.gone = threading.Event()
        """Set when a client hung up on a server that was still talking."""
        self._behave, self._tls, self._reads = behave, tls, reads
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, 0), family=family)
        self.port = self._listener.getsockname()[1]
        if tls is not None:
            tls.sni_callback = lambda _sock, name, _context: self.names.append(name)
        threading.Thread(target=self._run, daemon=True).start()

    def close(self) -> None:
        # close alone would leave the blocked accept() in place
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            with sock:
                if self._tls is not None:
                    sock = self._tls.wrap_socket(sock, server_side=True)
                with sock:
                    if self._reads:
                        self.requests.append(_request(sock))
                    self._behave(sock)
        except OSError:
            self.gone.set()


def _request(sock: socket.socket) -> bytes:
    with sock.makefile("rb") as stream:
        head = b"".join(iter(stream.readline, b"\r\n"))
        length = re.search(rb"content-length: (\d+)", head.lower())
        return head + b"\r\n" + (stream.read(int(length[1])) if length else b"")


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Return a function that starts a server; all end with the test."""
    with contextlib.ExitStack() as stack:

        def start(behave: Any, **options: Any) -> Server:
            server = Server(behave, **options)
            stack.callback(server.close)
            return server

        yield start


@pytest.fixture
def says() -> Callable[..., Callable[[socket.socket], None]]:
    """Return a maker of behaviours that say one answer and close."""

    def maker(status: str = "200 OK", *headers: str, body: bytes = b"ok") -> Any:
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n"
        text = head + "".join(f"{header}\r\n" for header in headers) + "\r\n"
        return lambda sock: sock.sendall(text.encode() + body)

    return maker


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with key and self-signed certificate of hooks.example.com."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example.com")])
    now = dt.datetime.now(dt.UTC)
    names = [
        x509.DNSName("hooks.example.com"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    cert = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "hooks.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(private + cert.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def server_tls(certificate: Path) -> ssl.SSLContext:
    """Return the server's side of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def client_tls(certificate: Path) -> ssl.SSLContext:
    """Return the client's side of TLS, which trusts that certificate alone."""
    return ssl.create_default_context(cafile=certificate)
