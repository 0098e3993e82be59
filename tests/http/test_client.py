"""Requests are paced, tried again by meaning, and never sent twice where twice is too often."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest
import requests

from reconciler.errors import ReconcileError
from reconciler.http import (
    Client,
    ClientCredentials,
    Credentials,
    Fixed,
    LostAnswerError,
    RefusedError,
    ask_for_token,
    client,
)
from tests.support.clock import HeldClock
from tests.support.loopback import JsonHandler, Loopback, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.http import SignIn

SECRET = "s3cret-of-nothing"  # noqa: S105 - of nothing


class Scripted(Loopback):
    """Answers as it is told, one answer after the other, then well."""

    def __init__(self, *script: tuple[int, dict[str, str]] | str) -> None:
        super().__init__(_Handler)
        self.script, self.asked = list(script), list[tuple[str, str]]()
        self.tokens, self.valid = 0, ""
        self.tunnels = list[str]()
        self.of_tokens = list[int]()
        """Statuses with which no token is given, 0 for no answer at all."""
        self.lock = threading.Lock()


class _Handler(JsonHandler):
    server: Scripted

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.server.lock:
            if self.path == "/token" and self.server.of_tokens:
                fault = self.server.of_tokens.pop(0)
                return self.send(fault, {}) if fault else self.drop()
            if self.path == "/token":
                self.server.tokens += 1
                self.server.valid = f"t{self.server.tokens}"
                return self.send(200, {"access_token": self.server.valid, "expires_in": 3600})
            self.server.asked.append((self.command, self.path))
            if self.server.valid and self.headers["Authorization"] != f"Bearer {self.server.valid}":
                return self.send(401, {})
            step = self.server.script.pop(0) if self.server.script else (200, {})
        if isinstance(step, str):
            return self.drop() if step == "lost" else self.send(200, step * 2**10)
        return self.send(step[0], {"you sent": body.decode()}, step[1])

    def do_CONNECT(self) -> None:  # noqa: N802 - as http.server calls it
        self.server.tunnels.append(self.path)
        self.send(502, {})

    do_GET = do_POST = do_PATCH = answer  # noqa: N815 - as http.server calls them


@contextmanager
def asking(
    *script: tuple[int, dict[str, str]] | str, sign_in: SignIn | None = None
) -> Iterator[tuple[Scripted, Client, HeldClock]]:
    clock = HeldClock()
    with running(Scripted(*script)) as server:
        yield server, Client(server.host, sign_in or Fixed({}), clock), clock


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_says_when_to_come_again_is_asked_again_then(method: str, status: int) -> None:
    with asking((status, {"Retry-After": "3"})) as (server, one, clock):
        one.ask(method, "/x", body={})
    assert server.asked == [(method, "/x")] * 2
    assert sum(clock.waited) >= 3


def test_when_to_come_again_may_be_a_date_by_the_servers_own_clock() -> None:
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(minutes=1), usegmt=True)
    with asking((429, {"Retry-After": in_a_minute}), (429, {"Retry-After": "soon"})) as (server, one, clock):
        one.ask("GET", "/x")
    assert len(server.asked) == 3
    assert 40 < sum(clock.waited) < 65


@pytest.mark.parametrize("fault", ["lost", (500, {}), (502, {}), (503, {}), (504, {})])
def test_what_may_have_been_done_is_not_done_again(fault: Any) -> None:
    with asking(fault) as (server, one, _):
        with pytest.raises(LostAnswerError, match=r"run it again$"):
            one.ask("POST", "/x", body={})
        one.ask("PATCH", "/x", body={}, once=True)
    assert server.asked == [("POST", "/x"), ("PATCH", "/x")]


@pytest.mark.parametrize("fault", ["lost", (500, {}), (502, {}), (503, {}), (504, {})])
def test_a_question_is_asked_again(fault: Any) -> None:
    with asking(fault) as (server, one, _):
        one.get("/x")
    assert server.asked == [("GET", "/x")] * 2


def test_a_blank_in_a_query_is_no_plus() -> None:
    with asking() as (server, one, _):
        one.get("/x", {"filter": 'externalId eq "S 1\\\\"'})
    assert server.asked == [("GET", "/x?filter=externalId%20eq%20%22S%201%5C%5C%22")]


def test_a_server_that_is_out_of_order_is_left_alone() -> None:
    with asking(*[(403, {})] * 50) as (server, one, _):
        said = []
        for _number in range(12):
            with pytest.raises(ReconcileError) as caught:
                one.get("/x")
            said.append(str(caught.value))
    assert len(server.asked) == 8
    assert said[7].startswith("127.0.0.1/x: GET was answered with 403;")
    assert (
        said[8:]
        == ["127.0.0.1: too many requests have failed one after the other; nothing more is asked"] * 4
    )


def test_a_server_that_refuses_single_requests_is_not_out_of_order() -> None:
    with asking(*[(409, {})] * 20) as (server, one, _):
        for _number in range(20):
            with pytest.raises(RefusedError, match="answered with 409"):
                one.ask("POST", "/x", body={"name": "Zoë"})
        one.get("/x")
    assert len(server.asked) == 21


def test_what_a_server_says_of_us_is_in_no_message() -> None:
    with asking((400, {})) as (_, one, _clock), pytest.raises(RefusedError) as caught:
        one.ask("POST", "/x", {"who": "Zoë"}, body={"name": "Zoë"})
    assert str(caught.value) == "127.0.0.1/x: POST was answered with 400; it does not understand the request"


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (405, "it does not offer this: see with its vendor"),
        (409, "something else there has this already"),
        (428, "it refuses this: see with its vendor"),
        (501, "it does not offer this: see with its vendor"),
    ],
)
def test_what_a_server_refuses_is_not_to_be_tried_later(status: int, meaning: str) -> None:
    with asking((status, {})) as (_, one, _clock), pytest.raises(RefusedError) as caught:
        one.ask("PATCH", "/x", body={})
    assert str(caught.value) == f"127.0.0.1/x: PATCH was answered with {status}; {meaning}"


def test_a_redirect_is_not_followed() -> None:
    with asking() as (elsewhere, *_), asking((302, {"Location": f"{elsewhere.host}/y"})) as (_, one, _clock):
        with pytest.raises(RefusedError, match=r"answered with 302; it redirects: see the address$"):
            one.get("/x")
        assert elsewhere.asked == []


def test_a_redirect_to_no_address_is_an_error_like_others() -> None:
    """Requests looks where it leads, though it is not to follow it."""
    told = r"answered with 302; it redirects: see the address$"
    with asking((302, {"Location": "https://[x"})) as (_, one, _), pytest.raises(RefusedError, match=told):
        one.get("/x")


def test_an_answer_without_end_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "LARGEST", 2**12)
    with asking("long " * 8) as (_, one, _clock), pytest.raises(ReconcileError, match="larger than any page"):
        one.get("/x")


def test_what_was_sent_once_may_have_been_done_though_its_answer_is_not_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "LARGEST", 2**12)
    with asking("long " * 8) as (server, one, _clock):
        with pytest.raises(LostAnswerError, match="larger than any page"):
            one.ask("POST", "/x", body={})
        assert len(server.asked) == 1


@pytest.fixture
def _own_passwords(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("default login alice password her-own\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


@pytest.fixture(params=["http://127.0.0.1", "https://owl.example.org"])
def base(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def prepared(monkeypatch: pytest.MonkeyPatch, do: Callable[[], object]) -> requests.PreparedRequest:
    """The request as it would have been sent."""
    sent: list[requests.PreparedRequest] = []

    def send(_: requests.Session, request: requests.PreparedRequest, **_options: object) -> None:
        sent.append(request)
        raise requests.ConnectionError

    monkeypatch.setattr(requests.Session, "send", send)
    with pytest.raises(ReconcileError):
        do()
    return sent[0]


@pytest.mark.usefixtures("_own_passwords")
@pytest.mark.parametrize("token", ["Bearer ours", None])
def test_passwords_of_the_user_are_not_sent(
    monkeypatch: pytest.MonkeyPatch, base: str, token: str | None
) -> None:
    sign_in = Fixed({"Authorization": token} if token else {})
    one = Client(base, sign_in, HeldClock())
    assert prepared(monkeypatch, lambda: one.get("/x")).headers.get("Authorization") == token


@pytest.mark.usefixtures("_own_passwords")
@pytest.mark.parametrize(("in_body", "told"), [(True, None), (False, "Basic b3dsOnMzY3JldC1vZi1ub3RoaW5n")])
def test_passwords_of_the_user_ask_for_no_token(
    monkeypatch: pytest.MonkeyPatch, base: str, told: str | None, *, in_body: bool
) -> None:
    keys = Credentials("owl", SECRET)
    sent = prepared(monkeypatch, lambda: ask_for_token(f"{base}/token", keys, {}, in_body=in_body))
    assert sent.headers.get("Authorization") == told


def test_what_is_not_encrypted_stays_on_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy")
    with asking() as (proxy, *_), asking() as (server, one, clock):
        monkeypatch.setenv("http_proxy", proxy.host)
        monkeypatch.setenv("https_proxy", proxy.host)
        one.get("/x")
        ask_for_token(f"{server.host}/token", Credentials("owl", SECRET), {})
        assert (proxy.asked, proxy.tokens) == ([], 0)
        assert (server.asked, server.tokens) == ([("GET", "/x")], 1)
        with pytest.raises(ReconcileError, match="cannot be reached"):
            Client("https://owl.example.org", Fixed({}), clock).get("/x")
        assert proxy.tunnels == ["owl.example.org:443"] * client.TRIES


def test_all_threads_share_one_token_and_one_renewal() -> None:
    clock = HeldClock()
    with running(Scripted()) as server:
        keys = Credentials("owl", SECRET)
        one = Client(server.host, ClientCredentials(f"{server.host}/token", keys, clock), clock)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(one.get, ["/x"] * 40))
            server.valid = "revoked"
            list(pool.map(one.get, ["/x"] * 40))
    assert server.tokens == 2
    assert SECRET not in json.dumps([repr(keys), repr(one), str(vars(one))])


def asked_for_token(*faults: int) -> tuple[int, list[float]]:
    clock = HeldClock()
    with running(Scripted()) as server:
        server.of_tokens[:] = faults
        keys = Credentials("owl", SECRET)
        one = Client(server.host, ClientCredentials(f"{server.host}/token", keys, clock), clock)
        one.get("/x")
    return server.tokens, clock.waited


def test_a_busy_server_is_asked_again_for_a_token() -> None:
    assert asked_for_token(503, 0, 429) == (1, [1.0, 2.0, 4.0])


@pytest.mark.parametrize(
    ("faults", "told"),
    [
        ((401,), "127.0.0.1: no token was given (401); see client id and secret"),
        ((503,) * 4, "127.0.0.1: no token was given (503); try again later"),
        ((0,) * 4, "127.0.0.1: no token could be asked for (ConnectionError); check the address"),
    ],
)
def test_a_server_that_gives_no_token_is_left(faults: tuple[int, ...], told: str) -> None:
    with pytest.raises(ReconcileError) as raised:
        asked_for_token(*faults)
    assert str(raised.value) == told


def test_an_address_with_an_impossible_port_is_a_message() -> None:
    with pytest.raises(ReconcileError, match=r"^localhost/x: cannot be reached; check the address"):
        Client("http://localhost:99999", Fixed({}), HeldClock()).get("/x")
