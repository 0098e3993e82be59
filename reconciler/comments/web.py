"""Requests to a comments API that may be busy, and whose answers may get lost."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconciler.errors import ReconcileError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

TIMEOUT = (10.0, 30.0)
"""Seconds to connect, and between two parts of an answer."""
TRIES = 4
LONGEST = 60.0
"""Seconds that are waited at most before another try."""
_BUSY = (429, 503)
"""Nothing was done: try again later."""
_UNKNOWN = (500, 502, 504)
"""Something may have been done, or not."""


class LostAnswerError(ReconcileError):
    """Nobody knows whether the request was carried out."""


class RefusedError(ReconcileError):
    """The API refuses what was asked of it."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Web:
    """An API at `base`; the headers hold the token, which is in no message."""

    base: str
    headers: Mapping[str, str] = field(repr=False)

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> requests.Response:
        """The answer to a request, tried again while the API is busy.

        A POST that may have been carried out is not sent again.

        Raises:
            LostAnswerError: nobody knows what became of a POST.
            RefusedError: the API said no.
            ReconcileError: it cannot be reached, or stays busy.
        """
        url = path if path.startswith(("https://", "http://")) else self.base.rstrip("/") + path
        for _ in range(TRIES - 1):
            answer, seconds = self._try(method, url, body)
            if answer is not None and not seconds:
                return _see_that_it_was_done(answer, method, self.base)
            pause(seconds)
        answer, _ = self._try(method, url, body)
        if answer is None:
            raise ReconcileError(f"{self.base}: cannot be reached; check the network, and run it again")
        return _see_that_it_was_done(answer, method, self.base)

    def _try(
        self, method: str, url: str, body: Mapping[str, Any] | None
    ) -> tuple[requests.Response | None, float]:
        """An answer, if there is one, and how many seconds to wait before it makes sense to ask again."""
        import requests  # noqa: PLC0415 - loads slowly

        try:
            answer = requests.request(
                method,
                url,
                json=body,
                headers=dict(self.headers),
                timeout=TIMEOUT,
                allow_redirects=False,  # which could carry the token to another host
            )
        except requests.RequestException as error:
            if method == "POST" and not isinstance(error, requests.exceptions.ConnectTimeout):
                raise LostAnswerError(f"{self.base}: an answer got lost; run it again") from None
            return None, 1.0
        if method == "POST" and answer.status_code in _UNKNOWN:
            raise LostAnswerError(f"{self.base}: a POST was answered with {answer.status_code}; run it again")
        return answer, _wait(answer) if answer.status_code in (*_BUSY, *_UNKNOWN) else 0.0


def pause(seconds: float) -> None:
    """Wait before another try."""
    time.sleep(seconds)


def _wait(answer: requests.Response) -> float:
    try:
        asked = float(answer.headers.get("Retry-After", "1"))
    except ValueError:
        asked = 1.0
    return min(max(asked, 0.1), LONGEST)


def _see_that_it_was_done(answer: requests.Response, method: str, base: str) -> requests.Response:
    if answer.ok and not answer.is_redirect:
        return answer
    hints = {
        401: "the token is wrong or has expired",
        403: "the token may not write comments: it takes pull-requests: write, and forks do not get it",
        404: "no such repository or pull request, or the token may not see it",
        422: "the API does not take this comment",
    }
    status = answer.status_code
    told = hints.get(status, "try again later")
    raise RefusedError(status, f"{base}: {method} was answered with {status}; {told}")
