"""Somebody's consent: the address to open, what comes back from it, and the refresh token that it gives.

By RFC 6749 (4.1), with a state that nobody else knows, and with PKCE (RFC 7636).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode

from reconciler.errors import ReconcileError
from reconciler.http import TokenRefusedError, ask_for_token

if TYPE_CHECKING:
    from reconciler.http import Credentials, Token
    from reconciler.oauth.kept import KeptToken


class ForeignRedirectError(ReconcileError):
    """What came back belongs to another sign-in."""


@dataclass(frozen=True, slots=True)
class Application:
    """What a server knows an application by, and where its refresh token is kept."""

    authorize_url: str
    token_url: str
    credentials: Credentials = field(repr=False)
    kept: KeptToken


class Consent:
    """One sign-in, from the address to open to the token that is kept."""

    def __init__(self, application: Application, redirect_uri: str) -> None:
        """`redirect_uri` is one that the application is registered with, to the letter."""
        self._application, self.redirect_uri = application, redirect_uri
        self._state = secrets.token_urlsafe(32)
        self._verifier = secrets.token_urlsafe(64)

    @property
    def address(self) -> str:
        """What somebody who may read the school's people opens in a browser. Nothing in it is secret."""
        digest = hashlib.sha256(self._verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._application.credentials.client_id,
            "redirect_uri": self.redirect_uri,
            "state": self._state,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        return f"{self._application.authorize_url}?{urlencode(query)}"

    def read_code(self, redirected: str) -> str:
        """The code in the address that the browser was sent to.

        Raises:
            ForeignRedirectError: it is not of this sign-in.
            ReconcileError: consent was not given.
        """
        query = parse_qs(redirected.partition("?")[2].partition("#")[0])
        state, code = ("".join(query.get(name, ())) for name in ("state", "code"))
        if not secrets.compare_digest(state.encode(), self._state.encode()):
            raise ForeignRedirectError(
                "this address is not what this sign-in leads to (its state is another); sign in again"
            )
        if not code:
            # The server's own words could be anybody's: the address is only text that came in.
            raise ReconcileError("consent was not given; sign in again, as somebody who may give it")
        return code

    def redeem(self, code: str) -> None:
        """Change a code for a refresh token, and keep that.

        Raises:
            ReconcileError: the server gives none, or it cannot be kept.
        """
        self._application.kept.keep(lambda: self._ask(code))

    def _ask(self, code: str) -> Token:
        of = self._application
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self._verifier,
        }
        try:
            return ask_for_token(of.token_url, of.credentials, form)
        except TokenRefusedError as error:
            if error.code != "invalid_grant":
                raise
            raise ReconcileError("the code has expired or was used before; sign in again") from None
