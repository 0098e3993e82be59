"""A server, asked by several threads at once: what does no harm twice is asked again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests

from reconciler.errors import ReconcileError
from reconciler.http.errors import TIMEOUT, LostAnswerError, RefusedError, host_of
from reconciler.http.gate import Clock, Gate

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
            raise ReconcileError(
                f"{host_of(self.base)}: too many requests have failed; nothing more is asked"
            )
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
        return f"{host_of(self.base)}{path.partition('?')[0]}"


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
