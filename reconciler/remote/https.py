"""Files by HTTPS.

By requests, which is here already, and not by fsspec, whose HTTP wants aiohttp and follows redirects by
itself: credentials are for the host of the address alone.
"""

from __future__ import annotations

from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urljoin, urlsplit

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from reconciler.environment import password, user
from reconciler.errors import ReconcileError, one_mistake
from reconciler.http import TIMEOUT
from reconciler.http.session import session_for
from reconciler.remote.interface import CHUNK, LARGEST, Seen

if TYPE_CHECKING:
    from collections.abc import Iterator

_REDIRECTS = 5
_OK = 200


class HttpsPlace:
    """A web server. Its certificate has to be trusted here, be it through `REQUESTS_CA_BUNDLE`."""

    def __init__(self, netloc: str, name: str) -> None:
        """`netloc` is host and port, and `name` how the variables begin that hold the credentials.

        Raises:
            ReconcileError: there is half of them.
        """
        self._where = f"https://{netloc}"
        account, secret = user(name), password(name)
        if bool(account) != bool(secret):
            raise ReconcileError(
                f"{self._where}: set both {name}_USER and {name}_PASSWORD, or neither where it asks for none"
            )
        self._auth: AuthBase = HTTPBasicAuth(account.encode(), secret.encode()) if account else _Nobody()

    def copy(self, path: str, into: BinaryIO) -> Seen:
        """Copy a file; what was said of it before."""
        with self._answering(path) as answer:
            seen = self._seen(path, answer)
            for data in answer.raw.stream(CHUNK, decode_content=False):
                into.write(data)
                if into.tell() > seen.size:
                    break
        return seen

    def look(self, path: str) -> Seen:
        """What is said of a file now: by a GET that is left, for not every server answers a HEAD alike."""
        with self._answering(path) as answer:
            return self._seen(path, answer)

    def names(self, path: str) -> list[str]:
        """None: the web has no folders.

        Raises:
            InputError: always.
        """
        raise one_mistake(self._where + path, "what is there cannot be listed by https", "name a zip archive")

    def close(self) -> None:
        """Leave: nothing is kept open."""

    @contextmanager
    def _answering(self, path: str) -> Iterator[requests.Response]:
        from urllib3.exceptions import HTTPError  # noqa: PLC0415 - requests lets it through where a body is raw

        where = self._where + path
        try:
            with self._get(where) as answer:
                self._see(where, answer.status_code)
                yield answer
        except requests.exceptions.SSLError:
            raise ReconcileError(
                f"{self._where}: its certificate is not trusted here; REQUESTS_CA_BUNDLE may name its CA"
            ) from None
        except (requests.RequestException, HTTPError) as error:
            raise ReconcileError(
                f"{where}: cannot be read ({type(error).__name__}); check the address, and run it again"
            ) from None

    def _get(self, address: str) -> requests.Response:
        """The answer at the end of all redirects; other hosts do not learn who we are."""
        first = address
        for _ in range(_REDIRECTS):
            auth = self._auth if _origin(address) == _origin(first) else _Nobody()
            # Each on a connection of its own: one that is kept may be closed just as it is asked again.
            with session_for(address) as session:
                answer = session.get(
                    address,
                    auth=auth,
                    headers={"Accept-Encoding": "identity"},
                    timeout=TIMEOUT,
                    allow_redirects=False,
                    stream=True,
                )
            if not answer.is_redirect:
                return answer
            answer.close()
            try:
                address = urljoin(address, answer.headers["Location"])
                scheme, *_ = _origin(address)
            except ValueError:  # a port that is no number, say
                raise ReconcileError(f"{first}: it leads to what is no address; ask who runs it") from None
            if scheme != "https":
                raise ReconcileError(f"{first}: it leads to an address that is not https; ask who runs it")
        raise ReconcileError(f"{first}: it leads from one address to the next without an end")

    def _see(self, where: str, status: int) -> None:
        if status in (401, 403):
            raise ReconcileError(f"{where}: it does not let this account in ({status}); see user and secret")
        if status in (404, 410):
            raise one_mistake(where, "no such file", "see where it is put, or correct the address")
        if status != _OK:
            raise ReconcileError(f"{where}: it answers with {status}; try again later")

    def _seen(self, path: str, answer: requests.Response) -> Seen:
        where, said = self._where + path, answer.headers
        if said.get("Content-Type", "").partition(";")[0].strip().lower() == "text/html":
            hint = "see the address in a browser; perhaps one has to sign in there"
            raise one_mistake(where, "a web page, not a file", hint)
        if (
            said.get("Content-Encoding", "identity") != "identity"
            or not said.get("Content-Length", "").isdigit()
        ):
            hint = "have it sent with its length, and as it is"
            raise one_mistake(where, "the server does not say how long it is, so it may not be whole", hint)
        size = int(said["Content-Length"])
        if size > LARGEST:
            raise one_mistake(where, "larger than any school", "see what it is")
        return Seen(size, _moment(said.get("Last-Modified", "")), said.get("ETag", ""))


class _Nobody(AuthBase):
    """No credentials, and none that requests would find in a file of its own."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def _origin(address: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else None)


def _moment(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None
