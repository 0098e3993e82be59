"""What makes a request one of ours: headers that stay, or a token of OAuth 2. Nothing of it is ever shown."""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import requests

from reconciler.http.errors import TIMEOUT, TokenRefusedError, UnreachableError, host_of
from reconciler.http.session import Signed, session_for

if TYPE_CHECKING:
    from reconciler.http.gate import Clock


_BUSY = (429, 500, 502, 503, 504)
_PAUSES = (1.0, 2.0, 4.0)
"""Seconds before a token is asked for again."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Of an OAuth 2 client; nothing of them is ever shown."""

    client_id: str = field(repr=False)
    secret: str = field(repr=False)


class SignIn(Protocol):
    """What makes a request one of ours."""

    def headers(self) -> dict[str, str]:
        """Of a request that is signed in."""

    def refused(self, headers: Mapping[str, str]) -> bool:
        """The server did not take these headers; gives whether others are worth a try."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """Headers that stay as they are, with a token that nobody can renew."""

    _headers: Mapping[str, str] = field(repr=False)

    def headers(self) -> dict[str, str]:
        """These."""
        return dict(self._headers)

    def refused(self, headers: Mapping[str, str]) -> bool:
        """There are no others."""
        del headers
        return False


class ClientCredentials:
    """OAuth 2 client credentials (RFC 6749, 4.4): one token for all threads, renewed once it has expired."""

    def __init__(
        self, url: str, credentials: Credentials, clock: Clock, *, scope: str = "", in_body: bool = False
    ) -> None:
        """`in_body` says that id and secret are sent as a form, and not by HTTP Basic."""
        self._url, self._credentials, self._clock = url, credentials, clock
        self._form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
        self._in_body = in_body
        self._lock = threading.Lock()
        self._token = ""
        self._ends = 0.0

    def headers(self) -> dict[str, str]:
        """Of a request that is signed in."""
        with self._lock:
            if not self._token or self._clock.now() >= self._ends:
                self._renew()
            return {"Authorization": f"Bearer {self._token}"}

    def refused(self, headers: Mapping[str, str]) -> bool:
        """The server did not take these headers: the token is renewed, unless another thread has done so."""
        with self._lock:
            if headers.get("Authorization") == f"Bearer {self._token}":
                self._token = ""
        return True

    def _renew(self) -> None:
        """Ask again while the server is busy: one token more does no harm, and half a run does."""
        self._token = ""
        for pause in _PAUSES:
            try:
                found = self._ask()
                break
            except (TokenRefusedError, UnreachableError) as error:
                if isinstance(error, TokenRefusedError) and error.status not in _BUSY:
                    raise
            self._clock.sleep(pause)
        else:
            found = self._ask()
        self._token, self._ends = found.access, self._clock.now() + found.lasts

    def _ask(self) -> Token:
        return ask_for_token(self._url, self._credentials, self._form, in_body=self._in_body)


@dataclass(frozen=True, slots=True)
class Token:
    """What a token endpoint gives."""

    access: str = field(repr=False)
    lasts: float
    """Seconds for which it is surely good."""
    refresh: str = field(default="", repr=False)
    """What the next one is asked for with, of a grant that has it."""


def ask_for_token(
    url: str, credentials: Credentials, form: Mapping[str, str], *, in_body: bool = False
) -> Token:
    """The answer of a token endpoint (RFC 6749, 5); `form` holds the grant. It is asked once.

    Raises:
        TokenRefusedError: it gives none.
        UnreachableError: it cannot be reached.
    """
    form, headers = dict(form), {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
    signed: dict[str, str] = {}
    if in_body:
        form |= {"client_id": credentials.client_id, "client_secret": credentials.secret}
    else:
        pair = base64.b64encode(f"{credentials.client_id}:{credentials.secret}".encode()).decode()
        signed["Authorization"] = f"Basic {pair}"
    try:
        with session_for(url) as session:
            answer = session.post(
                url,
                data=form,
                headers=headers,
                auth=Signed(signed),
                timeout=TIMEOUT,
                allow_redirects=False,
            )
    except requests.RequestException as error:
        raise UnreachableError(
            f"{host_of(url)}: no token could be asked for ({type(error).__name__}); check the address"
        ) from None
    try:
        found = answer.json()
        # Some servers write the number as text.
        lasts = max(float(found.get("expires_in", 300)) - 30, 1.0)
        if answer.ok and found.get("access_token"):
            return Token(str(found["access_token"]), lasts, str(found.get("refresh_token") or ""))
        code = str(found.get("error") or "")
    except (ValueError, TypeError, AttributeError):
        code = ""
    raise TokenRefusedError(
        answer.status_code,
        code,
        f"{host_of(url)}: no token was given ({answer.status_code}); "
        + ("try again later" if answer.status_code in _BUSY else "see client id and secret"),
    )
