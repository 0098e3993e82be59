"""HTTP for sources and targets: signed in, paced, tried again by meaning, and bounded.

What does no harm twice is asked again; of a POST that may have been carried out, the caller is told. No
secret is in any message: neither headers, nor queries, nor what a server answered.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests

from reconciler.errors import ReconcileError

TIMEOUT = (10.0, 60.0)
"""Seconds to connect, and between two parts of an answer."""
TRIES = 5
WORKERS = 6
LARGEST = 256 * 2**20
"""Bytes of an answer: more is taken for a fault."""
LONGEST_PAUSE = 120.0
"""Seconds that a server may ask us to wait."""
_BUSY = (429, 503)
_UNSURE = (500, 502, 504)
_CHUNK = 2**16
_MANY_FAILURES = 8
"""Requests that fail one after the other, after which no other is begun."""


class LostAnswerError(ReconcileError):
    """Nobody knows whether the request was carried out."""


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


class Clock(Protocol):
    """The time, and how to wait; a test has its own."""

    def now(self) -> float:
        """Seconds, from anywhere."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's."""

    def now(self) -> float:
        """Seconds since the machine started."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class Gate:
    """Lets requests through one after the other, no faster than the server takes them.

    A server that says that it is busy makes all threads wait, and the gate slower; each answer makes it a
    little faster again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._next = 0.0
        self._interval = 0.0

    def wait(self) -> None:
        """Return once the next request may be made."""
        with self._lock:
            now = self._clock.now()
            turn = max(now, self._next)
            self._next = turn + self._interval
        if turn > now:
            self._clock.sleep(turn - now)

    def busy(self, seconds: float) -> None:
        """The server is busy, for so long at least."""
        with self._lock:
            self._interval = min(max(self._interval * 2, 0.05), 2.0)
            self._next = max(self._next, self._clock.now() + seconds)

    def answered(self) -> None:
        """The server has answered."""
        with self._lock:
            self._interval = self._interval * 0.9 if self._interval > 0.01 else 0.0


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
        self._token = ""
        found = ask_for_token(self._url, self._credentials, self._form, in_body=self._in_body)
        self._token, self._ends = found.access, self._clock.now() + found.lasts


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
        ReconcileError: it cannot be reached.
    """
    form, headers = dict(form), {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
    if in_body:
        form |= {"client_id": credentials.client_id, "client_secret": credentials.secret}
    else:
        pair = base64.b64encode(f"{credentials.client_id}:{credentials.secret}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    try:
        answer = requests.post(url, data=form, headers=headers, timeout=TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        raise ReconcileError(
            f"{_host(url)}: no token could be asked for ({type(error).__name__}); check the address"
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
        f"{_host(url)}: no token was given ({answer.status_code}); see client id and secret",
    )


class Client:
    """A server at `base`, asked by several threads at once."""

    def __init__(self, base: str, sign_in: SignIn, clock: Clock) -> None:
        self.base = base.rstrip("/")
        self._sign_in, self._clock = sign_in, clock
        self._gate = Gate(clock)
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

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer to a request, tried again while the server is busy; `body` is sent as JSON.

        A POST that may have been carried out is not sent again.

        Raises:
            LostAnswerError: nobody knows what became of a POST.
            RefusedError: the server says no.
            ReconcileError: it cannot be reached, or stays busy.
        """
        if self._failures >= _MANY_FAILURES:
            raise ReconcileError(f"{_host(self.base)}: too many requests have failed; nothing more is asked")
        for last in (number == TRIES for number in range(1, TRIES + 1)):
            self._gate.wait()
            signed = self._sign_in.headers()
            try:
                answer = self._once(method, path, query or {}, body, {**(headers or {}), **signed})
            except requests.RequestException as error:
                self._see_what_a_fault_means(method, path, error, last=last)
                continue
            if answer.status < 300:
                self._failures = 0
                self._gate.answered()
                return answer
            if not self._is_worth_another_try(method, answer, signed, last=last):
                self._failures += 1
                where = self._name(path)
                told = f"{where}: {method} was answered with {answer.status}; {_meaning(answer.status)}"
                raise RefusedError(answer.status, told)
        raise AssertionError("the last try returns or raises")

    def _see_what_a_fault_means(
        self, method: str, path: str, error: requests.RequestException, *, last: bool
    ) -> None:
        """Wait before another try, if there is to be one."""
        if method == "POST" and not isinstance(error, requests.exceptions.ConnectTimeout):
            raise LostAnswerError(f"{self._name(path)}: an answer got lost; run it again") from None
        if last:
            self._failures += 1
            raise ReconcileError(
                f"{self._name(path)}: cannot be reached; check the address and the network, and run it again"
            ) from None
        self._clock.sleep(1.0)

    def _is_worth_another_try(
        self, method: str, answer: Answer, headers: Mapping[str, str], *, last: bool
    ) -> bool:
        if method == "POST" and answer.status in _UNSURE:
            raise LostAnswerError(f"{answer.where}: POST was answered with {answer.status}; run it again")
        if last:
            return False
        if answer.status == 401:
            return self._sign_in.refused(headers)
        if answer.status in (*_BUSY, *_UNSURE):
            self._gate.busy(_wait(answer.headers.get("Retry-After")))
            return True
        return False

    def _once(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int],
        body: object,
        headers: Mapping[str, str],
    ) -> Answer:
        """The answer to one request, no longer than it may be."""
        with self._session().request(
            method,
            self.base + path,
            params=dict(query),
            json=body,
            headers={"Accept": "application/json", **headers},
            timeout=TIMEOUT,
            allow_redirects=False,  # which could carry the token to another host
            stream=True,
        ) as answer:
            parts, size = [], 0
            for part in answer.iter_content(_CHUNK):
                size += len(part)
                if size > LARGEST:
                    raise ReconcileError(f"{self._name(path)}: the answer is larger than any page of a table")
                parts.append(part)
            return Answer(answer.status_code, answer.headers, b"".join(parts), self._name(path))

    def _session(self) -> requests.Session:
        if not hasattr(self._of_thread, "session"):
            self._of_thread.session = requests.Session()
        session: requests.Session = self._of_thread.session
        return session

    def _name(self, path: str) -> str:
        return f"{_host(self.base)}{path.partition('?')[0]}"


def _wait(asked: str | None) -> float:
    try:
        return min(max(float(asked or 1.0), 0.1), LONGEST_PAUSE)
    except ValueError:
        return 1.0


def _meaning(status: int) -> str:
    known = {
        400: "it does not understand the request",
        401: "the token is wrong or has expired",
        403: "the token may not do this: see what it, or its plugin, is allowed",
        404: "there is no such thing, or the token may not see it",
        422: "it does not take this",
        429: "it stays busy: try again later",
    }
    return known.get(status, "it redirects: see the address" if 300 <= status < 400 else "try again later")


def _host(url: str) -> str:
    parts = urlsplit(url)
    return parts.hostname or "the server"
