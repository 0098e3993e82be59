"""A real HTTPS server on loopback, with a certificate of a CA made for the test: files in memory."""

from __future__ import annotations

import base64
import ssl
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import trustme

from tests.support.loopback import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USER, PASSWORD = "exports", "https-passw0rd"
MOMENT = 1_760_000_000


class FileServer(ThreadingHTTPServer):
    """Its files, and what is wrong with them."""

    daemon_threads = True

    def __init__(self, ca: trustme.CA) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert("127.0.0.1").configure_cert(context)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.files: dict[str, bytes] = {}
        self.headers: dict[str, str | None] = {}
        """In place of those that it would send; None leaves one out."""
        self.redirects: dict[str, str] = {}
        self.statuses: dict[str, int] = {}
        self.grows: set[str] = set()
        """Paths of files that are longer each time they are asked for."""
        self.cut = 0
        """Bytes that are left off at the end of an answer."""
        self.open_to_all = False
        self.asked: list[tuple[str, str]] = []
        """Path, and the credentials that came along."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: a client that does not trust it, or has seen enough, goes without a word."""

    @property
    def host(self) -> str:
        """Its address, without a path."""
        return f"https://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: FileServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        shop, auth = self.server, self.headers.get("Authorization", "")
        shop.asked.append((self.path, auth))
        pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.path in shop.redirects:
            self._begin(302, {"Location": shop.redirects[self.path], "Content-Length": "0"})
        elif self.path in shop.statuses:
            self._begin(shop.statuses[self.path], {"Content-Length": "0"})
        elif not shop.open_to_all and auth != f"Basic {pair}":
            self._begin(401, {"Content-Length": "0"})
        elif self.path not in shop.files:
            self._begin(404, {"Content-Length": "0"})
        else:
            self._send_file(shop.files[self.path])

    def _send_file(self, data: bytes) -> None:
        if self.path in self.server.grows:
            self.server.files[self.path] = data + b"\n"
        told: dict[str, str | None] = {
            "Content-Type": "text/csv",
            "Content-Length": str(len(data)),
            "Last-Modified": formatdate(MOMENT, usegmt=True),
        }
        self._begin(200, told | self.server.headers)
        self.close_connection = True
        self.wfile.write(data[: len(data) - self.server.cut])

    def _begin(self, status: int, headers: dict[str, str | None]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()


@contextmanager
def serving(trusted: Path) -> Iterator[FileServer]:
    """The server, while it runs; the certificate of its CA is in the file `trusted`."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(trusted))
    with running(FileServer(ca)) as server:
        yield server
