"""OAuth 2 by authorization code: somebody signs in once, in a browser, and a refresh token is kept.

A server may give another refresh token at each renewal and refuse the old one: the new one is on disk before
anything is done with what came along with it.
"""

from reconciler.oauth.consent import Application, Consent, ForeignRedirectError
from reconciler.oauth.kept import KeptToken
from reconciler.oauth.redirect import REDIRECT_URI, wait_for_redirect
from reconciler.oauth.renewal import RotatingToken

__all__ = [
    "REDIRECT_URI",
    "Application",
    "Consent",
    "ForeignRedirectError",
    "KeptToken",
    "RotatingToken",
    "wait_for_redirect",
]
