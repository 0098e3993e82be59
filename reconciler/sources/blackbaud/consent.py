"""The application that a school has let in, and its sign-in.

SKY knows no client credentials: somebody consents once, and the refresh token rotates from then on.
(https://developer.blackbaud.com/skyapi/docs/authorization)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.environment import credentials, token_file

if TYPE_CHECKING:
    from reconciler.model import School
    from reconciler.oauth import Application, Consent

AUTHORIZE = "https://app.blackbaud.com/oauth/authorize"
TOKEN = "https://oauth2.sky.blackbaud.com/token"  # noqa: S105 - where one is asked for


def application(school: School) -> Application:
    """The application whose id and secret the environment has; its token is kept for this school alone."""
    from reconciler.http import Credentials  # noqa: PLC0415 - slow
    from reconciler.oauth import Application, KeptToken  # noqa: PLC0415 - slow

    return Application(
        AUTHORIZE,
        school.source.token_url or TOKEN,
        Credentials(*credentials(school.source.credentials)),
        KeptToken(token_file(school), f"reconcile sign-in {school.id}"),
    )


def open_consent(school: School, redirect_uri: str) -> Consent:
    """A sign-in to this school's Blackbaud."""
    from reconciler.oauth import Consent  # noqa: PLC0415 - slow

    return Consent(application(school), redirect_uri)
