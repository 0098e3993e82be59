"""A proxy on loopback that a network, and a busy server, are like: it loses answers, and refuses requests.

What it loses has been carried out. Chance is seeded, so that a run can be had again, as far as threads allow.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.support.loopback import JsonHandler, Loopback, running

if TYPE_CHECKING:
    from collections.abc import Iterator


BURST = 3
"""Requests that it takes at once, however slow the rate: fewer than a client has threads."""
LOST, BUSY = 0.03, 0.02
"""Shares of the requests whose answer is lost, and that are refused."""


@contextmanager
def between(url: str, *, seed: int, rate: int = 150) -> Iterator[Chaos]:
    """The proxy before the server at `url`, while it runs; `rate` is what it lets through a second."""
    with running(Chaos(url, random.Random(seed), rate)) as proxy:
        yield proxy


class Chaos(Loopback):
    """What it does, and has done."""

    def __init__(self, url: str, chance: random.Random, rate: int) -> None:
        super().__init__(_Handler)
        parts = urlsplit(url)
        self.to, self.path = (parts.hostname or "", parts.port or 80), parts.path
        self.done: Counter[str] = Counter()
        self._chance, self._rate = chance, rate
        self._lock = threading.Lock()
        self._tokens, self._filled = float(BURST), time.monotonic()
        self.calm = False
        """Whether it does nothing but pass requests on."""

    @property
    def url(self) -> str:
        """What takes the place of the server's address."""
        return f"{self.host}{self.path}"

    def handle_error(self, *_: object) -> None:
        """Whoever asked may be dead by now."""

    def fate(self) -> str:
        """What becomes of the next request: '', lost, busy or throttled."""
        with self._lock:
            if self.calm:
                return ""
            now = time.monotonic()
            self._tokens = min(self._tokens + (now - self._filled) * self._rate, BURST)
            self._filled = now
            number = self._chance.random()
            fate = "lost" if number < LOST else "busy" if number < LOST + BUSY else ""
            if self._tokens < 1:
                fate = "throttled"
            else:
                self._tokens -= 1
            self.done[fate] += 1
            return fate


class _Handler(JsonHandler):
    server: Chaos

    def pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fate = self.server.fate()
        if fate in ("busy", "throttled"):
            self.send(503 if fate == "busy" else 429, {"status": "busy"}, {"Retry-After": "0.2"})
            return
        connection = HTTPConnection(*self.server.to, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        connection.request(self.command, self.path, body or None, headers)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        if fate == "lost":
            self.drop()
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/scim+json")
        if answer.status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = pass_on  # noqa: N815 - as http.server calls them
