"""Sessions that keep to what we tell them, whatever the user's environment has to say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Signed(AuthBase):
    """Signs a request with these headers, and no others.

    As `auth=`, for of a header alone requests thinks nothing: an entry of ~/.netrc would take its place.
    """

    _headers: Mapping[str, str] = field(repr=False)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request, signed."""
        request.headers.update(self._headers)
        return request


def session_for(url: str) -> requests.Session:
    """A session to ask a server with.

    Proxies of the environment are for https alone: plain http stays on this machine, where nobody listens.
    """
    session = _Straight()
    session.trust_env = urlsplit(url).scheme == "https"
    return session


class _Straight(requests.Session):
    """Looks at no redirect: where one leads to no address, requests fails even if it is not to follow it."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere."""
