"""What may become of a request, and how a server is called in messages."""

from __future__ import annotations

from urllib.parse import urlsplit

from reconciler.errors import ReconcileError

TIMEOUT = (10.0, 60.0)
"""Seconds to connect, and between two parts of an answer."""


class LostAnswerError(ReconcileError):
    """Nobody knows whether the request was carried out."""


class UnreachableError(ReconcileError):
    """No token could be asked for: its endpoint cannot be reached, or its answer got lost."""


class RefusedError(ReconcileError):
    """The server refuses what was asked of it."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


class TokenRefusedError(RefusedError):
    """A token endpoint gives no token; `code` is the reason, as RFC 6749 (5.2) names it, or ''."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.code = code
        super().__init__(status, message)


def host_of(url: str) -> str:
    """The name of the server of an address."""
    parts = urlsplit(url)
    return parts.hostname or "the server"
