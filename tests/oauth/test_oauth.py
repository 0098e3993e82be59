"""Sign-ins by code, and refresh tokens that rotate, against a server that takes each of them once."""

from __future__ import annotations

import json
import multiprocessing
import socket
import threading
from http.client import HTTPConnection
from urllib.parse import parse_qs, urlsplit

import pytest

from reconciler import http
from reconciler.errors import ReconcileError
from reconciler.http import Credentials, Token
from reconciler.oauth import (
    Application,
    Consent,
    ForeignRedirectError,
    KeptToken,
    RotatingToken,
    kept,
    wait_for_redirect,
)
from tests.support.sky_api import CLIENT, REDIRECT, SECRET, serving


@pytest.fixture(autouse=True)
def _loopback(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def server():
    with serving([]) as running:
        yield running


@pytest.fixture
def application(server, tmp_path):
    token = KeptToken(tmp_path / "kept" / "oak.token", "reconcile sign-in oak")
    return Application(
        "https://sky.example.org/authorize", f"{server.host}/token", Credentials(CLIENT, SECRET), token
    )


def sign_in(server, application):
    consent = Consent(application, REDIRECT)
    consent.redeem(consent.read_code(server.consent(consent.address)))


def kept_in(application):
    return json.loads(application.kept.path.read_bytes())["refresh_token"]


# Consent


def test_a_sign_in_keeps_the_refresh_token_for_its_owner_alone(server, application):
    sign_in(server, application)
    path = application.kept.path
    assert kept_in(application) == server.refresh_token
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert (path.parent / ".gitignore").read_text() == "*\n"
    assert {one.name for one in path.parent.iterdir()} <= {".gitignore", "oak.token", "oak.token.lock"}


def test_signing_in_again_takes_the_place_of_what_was_kept(server, application):
    sign_in(server, application)
    sign_in(server, application)
    assert kept_in(application) == "refresh-2"


def test_the_address_holds_no_secret_and_a_challenge_of_its_own(application):
    first, second = (Consent(application, REDIRECT).address for _ in range(2))
    assert SECRET not in first
    one, two = (parse_qs(urlsplit(address).query) for address in (first, second))
    assert one["redirect_uri"] == [REDIRECT]
    assert one["state"] != two["state"]
    assert one["code_challenge"] != two["code_challenge"]


def test_the_address_of_another_sign_in_is_turned_away(server, application):
    mine, other = Consent(application, REDIRECT), Consent(application, REDIRECT)
    redirected = server.consent(other.address)
    for text in (redirected, REDIRECT, "not an address", "http://[", f"{REDIRECT}?code=x&state=é"):
        with pytest.raises(ForeignRedirectError, match="its state is another"):
            mine.read_code(text)


def test_a_refusal_is_told_in_our_words(application):
    consent = Consent(application, REDIRECT)
    state = parse_qs(urlsplit(consent.address).query)["state"][0]
    with pytest.raises(ReconcileError) as raised:
        consent.read_code(f"{REDIRECT}?error=access_denied&error_description=%1b[2J&state={state}")
    assert str(raised.value) == "consent was not given; sign in again, as somebody who may give it"


def test_a_code_is_good_once_and_for_whoever_asked_for_it(server, application):
    consent, other = Consent(application, REDIRECT), Consent(application, REDIRECT)
    code = consent.read_code(server.consent(consent.address))
    with pytest.raises(ReconcileError, match="the code has expired or was used before; sign in again"):
        other.redeem(code)
    assert not application.kept.path.exists()


# The redirect


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def visit(address):
    parts = urlsplit(address)
    connection = HTTPConnection(parts.hostname, parts.port, timeout=10)
    connection.request("GET", f"{parts.path}?{parts.query}")
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def test_the_browser_brings_the_code_and_nobody_else_does(server, application, port):
    consent = Consent(application, f"http://127.0.0.1:{port}/callback")
    other = Consent(application, consent.redirect_uri)
    seen = []

    def browse():
        seen.append(visit(f"http://127.0.0.1:{port}/favicon.ico"))
        seen.append(visit(server.consent(other.address)))
        seen.append(visit(server.consent(consent.address)))

    browser = threading.Thread(target=browse)
    code = wait_for_redirect(consent.redirect_uri, consent.read_code, browser.start, patience=30)
    browser.join()
    assert [status for status, _ in seen] == [404, 400, 200]
    assert seen[-1][1] == "Signed in: go on in the terminal. This window can be closed.\n"
    assert code not in str(seen)
    consent.redeem(code)


def test_a_refusal_ends_the_wait(application, port):
    consent = Consent(application, f"http://127.0.0.1:{port}/")
    state = parse_qs(urlsplit(consent.address).query)["state"][0]
    browser = threading.Thread(
        target=visit, args=(f"{consent.redirect_uri}?error=access_denied&state={state}",)
    )
    with pytest.raises(ReconcileError, match="consent was not given"):
        wait_for_redirect(consent.redirect_uri, consent.read_code, browser.start, patience=30)
    browser.join()


def test_nobody_comes(application, port):
    consent = Consent(application, f"http://127.0.0.1:{port}/")
    with pytest.raises(ReconcileError, match="nobody has signed in yet; run it again, or use --paste"):
        wait_for_redirect(consent.redirect_uri, consent.read_code, lambda: None, patience=0.05)


def test_the_port_is_taken(application):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        consent = Consent(application, f"http://127.0.0.1:{taken.getsockname()[1]}/")
        with pytest.raises(ReconcileError, match="Address already in use; name another port, or use --paste"):
            wait_for_redirect(consent.redirect_uri, consent.read_code, lambda: None, patience=1)


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:99999/x",
        "http://127.0.0.1:x/x",
        "http://[127/x",
        "https://localhost",
        "http://sis.example.org:8400/",
        "http://127.0.0.1/",
        "http://0.0.0.0:8400/",
    ],
)
def test_only_this_machine_is_listened_on(application, uri):
    with pytest.raises(ReconcileError, match="nobody can be waited for there"):
        wait_for_redirect(uri, Consent(application, uri).read_code, lambda: None, patience=1)


# Renewal


def test_a_renewal_that_could_not_be_kept_is_not_asked_for(server, application):
    sign_in(server, application)
    folder, begun = application.kept.path.parent, []

    def ask(_old):
        begun.extend(folder.glob(".oak.token.*"))
        raise ReconcileError("gone")

    with pytest.raises(ReconcileError, match="gone"):
        application.kept.exchange(ask)
    assert len(begun) == 1  # the file of the next one is there before it is asked for
    assert not list(folder.glob(".oak.token.*"))
    assert kept_in(application) == "refresh-1"


def test_the_new_token_is_on_disk_when_the_access_token_is_had(server, application):
    sign_in(server, application)
    headers = RotatingToken(application, http.SystemClock(), {"Key": "k"}).headers()
    assert headers == {"Authorization": "Bearer access-2", "Key": "k"}
    assert kept_in(application) == "refresh-2"


def test_an_answer_that_got_lost_leaves_the_old_token_and_says_so(server, application):
    sign_in(server, application)
    server.loses_answers = True
    with pytest.raises(ReconcileError, match="no token could be asked for"):
        RotatingToken(application, http.SystemClock(), {}).headers()
    assert kept_in(application) == "refresh-1"
    server.loses_answers = False
    with pytest.raises(
        ReconcileError, match="has expired or was revoked; run 'reconcile sign-in oak'"
    ) as raised:
        RotatingToken(application, http.SystemClock(), {}).headers()
    assert "refresh-" not in str(raised.value)


def test_a_server_that_does_not_rotate_leaves_the_token_as_it_is(application):
    application.kept.keep(lambda: Token("a", 1.0, "first"))
    application.kept.exchange(lambda _old: Token("b", 1.0, ""))
    assert kept_in(application) == "first"


def test_a_sign_in_without_a_refresh_token_is_none(application):
    with pytest.raises(ReconcileError, match="the server gave no refresh token"):
        application.kept.keep(lambda: Token("a", 1.0, ""))
    assert not application.kept.path.exists()


@pytest.mark.parametrize(
    "text", ['{"refresh_token": null}', '{"refresh_token": ""}', "", "{", "[]", '{"token": "x"}', "\x80"]
)
def test_a_file_that_holds_no_token_is_told_so(application, text):
    path = application.kept.path
    path.parent.mkdir()
    path.touch(mode=0o600)
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ReconcileError, match="this holds no refresh token; run 'reconcile sign-in oak'"):
        application.kept.exchange(lambda _old: Token("a", 1.0))
    assert path.read_text(encoding="latin-1") == text


def test_a_file_that_others_can_read_is_not_used(server, application):
    sign_in(server, application)
    application.kept.path.chmod(0o640)
    with pytest.raises(ReconcileError, match="others can read the refresh token; chmod 600 it"):
        application.kept.exchange(lambda _old: Token("a", 1.0))


def test_one_that_is_held_too_long_is_not_waited_for(application, monkeypatch):
    application.kept.keep(lambda: Token("a", 1.0, "first"))
    monkeypatch.setattr(kept, "PATIENCE", 0.01)
    another = KeptToken(application.kept.path, "")

    def meanwhile(_old):
        with pytest.raises(ReconcileError, match="another process has held it"):
            another.exchange(lambda _other: Token("b", 1.0, "other"))
        return Token("a", 1.0, "second")

    application.kept.exchange(meanwhile)
    assert kept_in(application) == "second"


def _renew_often(path, url, times):
    application = Application("", url, Credentials(CLIENT, SECRET), KeptToken(path, "sign in"))
    for _ in range(times):
        RotatingToken(application, http.SystemClock(), {}).headers()


def test_processes_renew_one_after_the_other(server, application):
    sign_in(server, application)
    context = multiprocessing.get_context("spawn")
    racers = [
        context.Process(target=_renew_often, args=(application.kept.path, application.token_url, 5))
        for _ in range(3)
    ]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert [racer.exitcode for racer in racers] == [0, 0, 0]
    assert server.renewals == 16
    assert kept_in(application) == server.refresh_token


def test_nothing_of_it_is_shown(application):
    for one in (application, Token("access-1", 1.0, "refresh-1"), application.credentials):
        assert not any(secret in repr(one) for secret in (SECRET, "access-1", "refresh-1"))


def test_threads_share_a_token_and_renew_it_once(server, application):
    sign_in(server, application)
    signer = RotatingToken(application, http.SystemClock(), {})
    first = signer.headers()
    signer.headers()
    assert signer.refused(first)
    second = signer.headers()
    assert signer.refused(first)  # of before: another thread has renewed it
    assert signer.headers() == second
    assert server.renewals == 3
    assert signer.refused(second)
    assert not signer.refused(signer.headers())  # refused at its first use: no other would do
