"""A server, asked by several threads at once: what does no harm twice is asked again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import requests

from reconciler.errors import ReconcileError
from reconciler.http.errors import TIMEOUT, LostAnswerError, RefusedError, host_of
from reconciler.http.gate import Clock, gate_of
from reconciler.http.session import Signed, session_for

if TYPE_CHECKING:
    from reconciler.http.signin import SignIn

TRIES = 5
WORKERS = 6
LARGEST = 256 * 2**20
"""Bytes of an answer: more is taken for a fault."""
LONGEST_PAUSE = 120.0
"""Seconds that a server may ask us to wait."""
_BUSY = (429, 503)
_UNSURE = (500, 502, 504)
_OUT_OF_ORDER = (401, 403, *_BUSY, *_UNSURE)
"""What says of the server, or of us, that the next request will fare no better."""
_CHUNK = 2**16
_MANY_FAILURES = 8
"""Requests that fail one after the other, after which no other is begun."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered, all of it."""

    status: int
    headers: Mapping[str, str]
    """Their names in any case."""
    text: bytes = field(repr=False)
    where: str = ""

    def json(self) -> Any:  # noqa: ANN401 - JSON
        """The answer as JSON.

        Raises:
            ReconcileError: it is none.
        """
        try:
            return json.loads(self.text)
        except ValueError:
            raise ReconcileError(f"{self.where}: the answer is not JSON; see the address") from None


class _TooLargeError(ReconcileError):
    """An answer that was not read to its end."""


class Client:
    """A server at `base`, asked by several threads at once."""

    def __init__(
        self, base: str, sign_in: SignIn, clock: Clock, *, headers: Mapping[str, str] | None = None
    ) -> None:
        """`headers` are sent with every request."""
        self.base = base.rstrip("/")
        self._headers = {"Accept": "application/json", **(headers or {})}
        self._sign_in, self._clock = sign_in, clock
        self._gate = gate_of(self.base, clock)
        self._of_thread = threading.local()
        self._failures = 0

    def get(
        self,
        path: str,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:  # noqa: ANN401 - JSON
        """What the server has at a path, as JSON; `headers` are sent besides those that sign in.

        Raises:
            RefusedError: the server says no.
            ReconcileError: it cannot be reached, stays busy, or answers something else than JSON.
        """
        return self.ask("GET", path, query, headers=headers).json()

    def get_all(self, wanted: Iterable[tuple[str, Mapping[str, str | int]]]) -> list[Any]:
        """The same of many paths and queries, in their order, several at once; the first failure ends it."""
        with ThreadPoolExecutor(WORKERS) as pool:
            futures = [pool.submit(self.get, path, query) for path, query in wanted]
            try:
                return [future.result() for future in futures]
            finally:
                for future in futures:
                    future.cancel()

    def ask(  # noqa: PLR0913 - a request has so many parts
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        *,
        once: bool | None = None,
    ) -> Answer:
        """The answer to a request, tried again while the server is busy; `body` is sent as JSON.

        A request that is to be carried out `once`, as every POST is, is not sent again if it may have been.

        Raises:
            LostAnswerError: nobody knows what became of such a request.
            RefusedError: the server says no.
            ReconcileError: it cannot be reached, or stays busy.
        """
        once = method == "POST" if once is None else once
        for last in (number == TRIES for number in range(1, TRIES + 1)):
            if self._failures >= _MANY_FAILURES:
                told = "too many requests have failed one after the other; nothing more is asked"
                raise ReconcileError(f"{host_of(self.base)}: {told}")
            self._gate.wait()
            signed = self._sign_in.headers()
            try:
                answer = self._once(method, path, query or {}, body, headers or {}, signed)
            except _TooLargeError as error:
                if once:
                    raise LostAnswerError(str(error)) from None
                raise
            except requests.RequestException as error:
                self._see_what_a_fault_means(method, path, error, once=once, last=last)
                continue
            if answer.status < 300:
                self._failures = 0
                self._gate.answered()
                return answer
            if not self._is_worth_another_try(method, answer, signed, once=once, last=last):
                # A server that says what is wrong with one request is there, and takes the next one.
                self._failures = self._failures + 1 if answer.status in _OUT_OF_ORDER else 0
                told = f"{answer.where}: {method} was answered with {answer.status}"
                raise RefusedError(answer.status, f"{told}; {_meaning(answer.status)}")
        raise AssertionError("the last try returns or raises")

    def _see_what_a_fault_means(
        self, method: str, path: str, error: requests.RequestException, *, once: bool, last: bool
    ) -> None:
        """Wait before another try, if there is to be one."""
        self._failures += 1
        if once and not isinstance(error, requests.exceptions.ConnectTimeout):
            raise LostAnswerError(
                f"{self._name(path)}: an answer to {method} got lost; run it again"
            ) from None
        if last:
            raise ReconcileError(
                f"{self._name(path)}: cannot be reached; check the address and the network, and run it again"
            ) from None
        self._clock.sleep(1.0)

    def _is_worth_another_try(
        self, method: str, answer: Answer, headers: Mapping[str, str], *, once: bool, last: bool
    ) -> bool:
        asked = answer.headers.get("Retry-After")
        # Who says when to come again has done nothing; any other fault may have come after the deed.
        if once and (answer.status in _UNSURE or (answer.status == 503 and asked is None)):
            self._failures += 1
            raise LostAnswerError(f"{answer.where}: {method} was answered with {answer.status}; run it again")
        if last:
            return False
        if answer.status == 401:
            return self._sign_in.refused(headers)
        if answer.status in (*_BUSY, *_UNSURE):
            self._gate.busy(_wait(asked, answer.headers.get("Date")), too_much=answer.status == 429)
            return True
        return False

    def _once(  # noqa: PLR0913 - a request has so many parts
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int],
        body: object,
        headers: Mapping[str, str],
        signed: Mapping[str, str],
    ) -> Answer:
        """The answer to one request, no longer than it may be."""
        with self._session().request(
            method,
            self.base + path,
            params=urlencode(query, quote_via=quote),  # some servers do not take + for a blank
            json=body,
            headers={**self._headers, **headers},
            auth=Signed(signed),
            timeout=TIMEOUT,
            allow_redirects=False,  # which could carry the token to another host
            stream=True,
        ) as answer:
            parts, size = [], 0
            for part in answer.iter_content(_CHUNK):
                size += len(part)
                if size > LARGEST:
                    raise _TooLargeError(f"{self._name(path)}: the answer is larger than any page of a table")
                parts.append(part)
            return Answer(answer.status_code, answer.headers, b"".join(parts), self._name(path))

    def _session(self) -> requests.Session:
        if not hasattr(self._of_thread, "session"):
            self._of_thread.session = session_for(self.base)
        session: requests.Session = self._of_thread.session
        return session

    def _name(self, path: str) -> str:
        return f"{host_of(self.base)}{path.partition('?')[0]}"


def _wait(asked: str | None, date: str | None = None) -> float:
    """Seconds to wait, of a Retry-After in seconds or as a date (RFC 9110, 10.2.3).

    A date is held against the server's own `date`: its clock need not be ours.
    """
    try:
        seconds = float(asked or 1.0)
    except ValueError:
        try:
            then, now = parsedate_to_datetime(str(asked)), parsedate_to_datetime(str(date))
            seconds = (then - now).total_seconds()
        except (ValueError, TypeError):  # no dates, or one of them without a zone
            seconds = 1.0
    return min(max(seconds, 0.1), LONGEST_PAUSE)


def _meaning(status: int) -> str:
    known = {
        400: "it does not understand the request",
        401: "the token is wrong or has expired",
        403: "the token may not do this: see what it, or its plugin, is allowed",
        404: "there is no such thing, or the token may not see it",
        405: "it does not offer this: see with its vendor",
        409: "something else there has this already",
        413: "it does not take so much at once: see the settings of how much is sent",
        422: "it does not take this",
        429: "it stays busy: try again later",
        501: "it does not offer this: see with its vendor",
    }
    kinds = {3: "it redirects: see the address", 4: "it refuses this: see with its vendor"}
    return known.get(status) or kinds.get(status // 100, "try again later")
