"""The loopback address to which a browser brings the code (RFC 8252, 7.3)."""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reconciler.errors import ReconcileError
from reconciler.oauth.consent import ForeignRedirectError

if TYPE_CHECKING:
    from collections.abc import Callable

REDIRECT_URI = "http://127.0.0.1:8400/callback"
PATIENCE = 600.0
"""Seconds that somebody has to sign in."""
_LOOPBACK = ("127.0.0.1", "localhost")
_DONE = "Signed in: go on in the terminal. This window can be closed."
_FAILED = "This did not sign in: see the terminal."


def wait_for_redirect(
    redirect_uri: str, read_code: Callable[[str], str], tell: Callable[[], None], patience: float = PATIENCE
) -> str:
    """The code that a browser brings to `redirect_uri`; `tell` is called once it can.

    Whatever else comes there, and what belongs to another sign-in, is turned away, and waited on.

    Raises:
        ReconcileError: it is no address of this machine, is taken, nobody came, or consent was not given.
    """
    port, path = _place(redirect_uri)
    try:
        server = _Server(port, path, read_code)
    except OSError as error:
        raise ReconcileError(f"{redirect_uri}: {error.strerror}; name another port, or use --paste") from None
    with server:
        tell()
        return server.code_within(patience)


def _place(redirect_uri: str) -> tuple[int, str]:
    """Port and path of an address of this machine."""
    try:
        where = urlsplit(redirect_uri)
        if where.scheme == "http" and where.hostname in _LOOPBACK and where.port:
            return where.port, where.path or "/"
    except ValueError:  # a port that is no number, or too large
        pass
    raise ReconcileError(
        f"{redirect_uri}: nobody can be waited for there; name {REDIRECT_URI} or the like, or use --paste"
    )


class _Server(HTTPServer):
    allow_reuse_address = False  # nobody else is to listen there as well

    def __init__(self, port: int, path: str, read_code: Callable[[str], str]) -> None:
        self.path, self.read_code = path, read_code
        self.code = ""
        self.failure: ReconcileError | None = None
        super().__init__(("127.0.0.1", port), _Handler)

    def code_within(self, seconds: float) -> str:
        ends = time.monotonic() + seconds
        while not self.code and not self.failure:
            self.timeout = ends - time.monotonic()
            if self.timeout <= 0:
                raise ReconcileError("nobody has signed in yet; run it again, or use --paste")
            self.handle_request()
        if self.failure:
            raise self.failure
        return self.code


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10.0  # of a connection on which nothing is said

    def log_message(self, *_: object) -> None:
        """Nothing: what is asked for holds the code."""

    def do_GET(self) -> None:
        """Take the code, if this is it."""
        if self.path.partition("?")[0] != self.server.path:
            return self._answer(404, _FAILED)
        try:
            self.server.code = self.server.read_code(self.path)
        except ForeignRedirectError:
            return self._answer(400, _FAILED)
        except ReconcileError as error:
            self.server.failure = error
            return self._answer(400, _FAILED)
        return self._answer(200, _DONE)

    def _answer(self, status: int, text: str) -> None:
        data = f"{text}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)
