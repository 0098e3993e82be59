"""`reconcile sign-in`, with a browser that is none."""

from __future__ import annotations

import io
import json
import socket
import sys
import threading
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.support.sky_api import CLIENT, SECRET, serving

SCHOOL = """\
name: Rowan Bay
extends: [blackbaud, vidigami-v3]
school_year: 2025-26
source: {kind: blackbaud, url: '%s', token_url: '%s/token', credentials: ROWAN}
target: {kind: embedded, path: rowan.db}
"""


@pytest.fixture
def sky(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("ROWAN_ID", CLIENT)
    monkeypatch.setenv("ROWAN_SECRET", SECRET)
    monkeypatch.delenv("RECONCILE_STATE", raising=False)
    monkeypatch.chdir(tmp_path)
    with serving([]) as server:
        (tmp_path / "rowan.yaml").write_text(SCHOOL % (server.url, server.host))
        yield server


def address_in(text):
    return next(line for line in text.splitlines() if line.startswith("https://"))


def test_the_browser_comes_back_to_this_machine(sky, reconcile, tmp_path, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{free.getsockname()[1]}/callback"
    browsers = []

    def open_browser(text):
        parts = urlsplit(sky.consent(address_in(text)))
        connection = HTTPConnection(parts.hostname, parts.port, timeout=10)
        connection.request("GET", f"{parts.path}?{parts.query}")
        connection.getresponse().read()
        connection.close()

    def write(text):
        sys.stdout.write(text)
        if "https://" in text:
            browsers.append(threading.Thread(target=open_browser, args=(text,)))
            browsers[-1].start()

    monkeypatch.setattr("reconciler.cli.sign_in.write", write)
    code, out, err = reconcile("sign-in", "rowan.yaml", "--redirect-uri", uri)
    browsers[0].join()
    assert (code, err) == (0, "")
    assert out == (
        "Open this address, and sign in as somebody who may read Rowan Bay:\n\n"
        f"{address_in(out)}\n\n"
        "rowan: signed in. 'reconcile sources rowan' shows what can be read.\n"
    )
    assert address_in(out).startswith("https://app.blackbaud.com/oauth/authorize?response_type=code&")
    kept = tmp_path / ".reconcile" / "rowan.token"
    assert json.loads(kept.read_bytes()) == {"refresh_token": sky.refresh_token}


def test_a_machine_without_a_browser_is_told_the_address(sky, reconcile, tmp_path, monkeypatch):
    class Terminal(io.StringIO):
        def readline(self, *_):
            return sky.consent(address_in(shown[0])) + "\n"

    shown: list[str] = []
    monkeypatch.setattr("reconciler.cli.sign_in.write", shown.append)
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setenv("ROWAN_TOKEN_FILE", str(tmp_path / "elsewhere" / "token"))
    code, _, err = reconcile("sign-in", "rowan.yaml", "--redirect-uri", "https://localhost", "--paste")
    assert code == 0, err
    assert (tmp_path / "elsewhere" / "token").exists()
    assert not (tmp_path / ".reconcile").exists()


def test_what_was_pasted_belongs_to_another_sign_in(sky, reconcile, monkeypatch):
    assert sky.renewals == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("https://localhost/?code=c0de&state=x\n"))
    code, _, err = reconcile("sign-in", "rowan.yaml", "--redirect-uri", "https://localhost", "--paste")
    assert code == 1
    assert err.endswith(
        "this address is not what this sign-in leads to (its state is another); sign in again\n"
    )


def test_other_schools_take_no_sign_in(reconcile, demo):
    assert demo.exists()
    assert reconcile("sign-in", "maple-grove") == (
        1,
        "",
        "schools/maple-grove.yaml: a source of the kind files takes no sign-in; only blackbaud does\n",
    )
