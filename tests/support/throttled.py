"""A server that takes so many requests a second, and answers the others with 429."""

from __future__ import annotations

import threading
import time
from collections import Counter

from tests.support.loopback import JsonHandler, Loopback

BURST = 5
"""Requests that it takes at once: fewer than a client has threads."""


class Throttled(Loopback):
    """Counts what it took and what it refused."""

    def __init__(self, rate: float) -> None:
        super().__init__(_Handler)
        self.done: Counter[str] = Counter()
        self._rate, self._lock = rate, threading.Lock()
        self._tokens, self._filled = float(BURST), time.monotonic()

    def takes(self) -> bool:
        """Whether it takes one more request now."""
        with self._lock:
            now = time.monotonic()
            self._tokens = min(self._tokens + (now - self._filled) * self._rate, BURST)
            self._filled = now
            taken = self._tokens >= 1
            self._tokens -= taken
            self.done["taken" if taken else "refused"] += 1
            return taken


class _Handler(JsonHandler):
    server: Throttled

    def do_GET(self) -> None:  # noqa: N802 - as http.server calls it
        taken = self.server.takes()
        self.send(200 if taken else 429, {}, {} if taken else {"Retry-After": "0.2"})
