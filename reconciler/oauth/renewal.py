"""Requests signed in by a refresh token that rotates."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from reconciler.errors import ReconcileError
from reconciler.http import TokenRefusedError, ask_for_token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.http import Clock, Token
    from reconciler.oauth.consent import Application


class RotatingToken:
    """One access token for all threads, renewed by the refresh token that is kept (RFC 6749, 6)."""

    def __init__(self, application: Application, clock: Clock, more: Mapping[str, str]) -> None:
        """`more` are headers that go with the token."""
        self._application, self._clock, self._more = application, clock, dict(more)
        self._lock = threading.Lock()
        self._token = ""
        self._ends = 0.0
        self._uses = 0

    def headers(self) -> dict[str, str]:
        """Of a request that is signed in."""
        with self._lock:
            if not self._token or self._clock.now() >= self._ends:
                self._renew()
            self._uses += 1
            return {"Authorization": f"Bearer {self._token}", **self._more}

    def refused(self, headers: Mapping[str, str]) -> bool:
        """The server did not take these headers.

        A token that was refused at its first use is as good as any: it is something else that lacks.
        """
        with self._lock:
            if headers.get("Authorization") != f"Bearer {self._token}":
                return True
            self._token = ""
            return self._uses > 1

    def _renew(self) -> None:
        found = self._application.kept.exchange(self._ask)
        self._token, self._ends, self._uses = found.access, self._clock.now() + found.lasts, 0

    def _ask(self, refresh_token: str) -> Token:
        of = self._application
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        try:
            return ask_for_token(of.token_url, of.credentials, form)
        except TokenRefusedError as error:
            if error.code != "invalid_grant":
                raise
            raise ReconcileError(
                f"{of.kept.path}: the sign-in has expired or was revoked; run '{of.kept.again}'"
            ) from None
