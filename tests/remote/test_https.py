"""Exports by HTTPS, from a real server on loopback with a certificate of its own CA."""

from __future__ import annotations

import base64

import pytest

from reconciler.config import load_school
from reconciler.sources import open_source
from tests.support import https_server
from tests.support.https_server import PASSWORD, USER


@pytest.fixture
def address(https):
    return f"{https.host}/out"


def test_one_file_may_be_elsewhere_and_the_others_here(https, maple_grove, tmp_path):
    school = maple_grove()
    file = tmp_path / "maple-grove.yaml"
    text = file.read_text().replace("students: students.txt", f"students: '{https.host}/out/students.txt'")
    file.write_text(text.replace("kind: files", "kind: files\n  credentials: MAPLE"))
    there = open_source(load_school(file, {"DIRECTORY": "x.db"})).read()
    here = open_source(school).read()
    assert there.frames["students"].drop("_file").equals(here.frames["students"].drop("_file"))
    assert there.info["staff"] == here.info["staff"]
    assert [path for path, _ in https.asked] == ["/out/students.txt"] * 2


def test_a_file_is_as_old_as_the_server_says(https, maple_grove, address):
    assert open_source(maple_grove(address)).read().info["students"].modified == "2025-10-09T08:53:20+00:00"
    for said in (None, "yesterday"):
        https.headers["Last-Modified"] = said
        assert open_source(maple_grove(address)).read().info["students"].modified == ""


def test_a_certificate_that_nobody_trusts_is_refused(
    https, maple_grove, address, tmp_path, monkeypatch, failure
):
    with https_server.serving(tmp_path / "other.pem"):
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "other.pem"))
    assert failure(maple_grove(address)) == (
        f"{https.host}: its certificate is not trusted here; REQUESTS_CA_BUNDLE may name its CA"
    )
    assert https.asked == []


def test_a_wrong_password_is_told_as_such(maple_grove, address, monkeypatch, failure):
    monkeypatch.setenv("MAPLE_PASSWORD", "another")
    assert "students.txt: it does not let this account in (401)" in failure(maple_grove(address))


def test_half_of_the_credentials_is_none(https, maple_grove, address, monkeypatch, failure):
    monkeypatch.delenv("MAPLE_PASSWORD")
    assert failure(maple_grove(address)) == (
        f"{https.host}: set both MAPLE_USER and MAPLE_PASSWORD, or neither where it asks for none"
    )


def test_no_credentials_are_sent_where_none_are_set(https, maple_grove, address, tmp_path, monkeypatch):
    monkeypatch.delenv("MAPLE_USER")
    monkeypatch.delenv("MAPLE_PASSWORD")
    (tmp_path / "netrc").write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    https.open_to_all = True
    open_source(maple_grove(address)).read()
    assert {auth for _, auth in https.asked} == {""}


def test_a_redirect_on_the_same_host_is_followed_signed_in(https, maple_grove, address):
    https.files["/moved.txt"] = https.files.pop("/out/students.txt")
    https.redirects["/out/students.txt"] = "/moved.txt"
    assert open_source(maple_grove(address)).read().frames["students"].height > 50


def test_another_host_does_not_learn_who_we_are(https, maple_grove, address, tmp_path, monkeypatch):
    with https_server.serving(tmp_path / "second.pem") as other:
        trusted = tmp_path / "both.pem"
        trusted.write_text((tmp_path / "ca.pem").read_text() + (tmp_path / "second.pem").read_text())
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted))
        other.open_to_all = True
        other.files["/elsewhere.txt"] = https.files["/out/students.txt"]
        https.redirects["/out/students.txt"] = f"{other.host}/elsewhere.txt"
        assert open_source(maple_grove(address)).read().frames["students"].height > 50
        assert other.asked == [("/elsewhere.txt", "")] * 2
    pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    assert {auth for _, auth in https.asked} == {f"Basic {pair}"}


@pytest.mark.parametrize(
    ("to", "told"),
    [
        ("http://127.0.0.1:1/x", "it leads to an address that is not https; ask who runs it"),
        ("https://127.0.0.1:none/x", "it leads to what is no address; ask who runs it"),
        ("https://[127.0.0.1/x", "it leads to what is no address; ask who runs it"),
        ("/out/students.txt", "it leads from one address to the next without an end"),
    ],
)
def test_a_redirect_that_leads_nowhere_good_is_an_error(https, maple_grove, address, to, told, failure):
    https.redirects["/out/students.txt"] = to
    assert failure(maple_grove(address)) == f"{address}/students.txt: {told}"


@pytest.mark.parametrize("length", ["Content-Length", "Content-Encoding"])
def test_a_file_of_unknown_length_may_not_be_whole(https, maple_grove, address, length, failure):
    https.headers[length] = "gzip" if length == "Content-Encoding" else None
    assert "students.txt: the server does not say how long it is, so it may not be whole" in failure(
        maple_grove(address)
    )


@pytest.mark.parametrize("cut", [1, 1000])
def test_a_file_of_which_a_part_came_is_an_error(https, maple_grove, address, cut, failure):
    https.cut = cut
    assert f"{address}/students.txt: cannot be read (" in failure(maple_grove(address))


def test_a_file_that_changes_while_it_is_read_is_an_error(https, maple_grove, address, failure):
    https.grows.add("/out/students.txt")
    assert f"{address}/students.txt: was changed while it was read" in failure(maple_grove(address))


def test_a_page_to_sign_in_on_is_no_file(https, maple_grove, address, failure):
    https.headers["Content-Type"] = "Text/HTML; charset=utf-8"
    assert "students.txt: a web page, not a file; see the address in a browser" in failure(
        maple_grove(address)
    )


def test_what_is_larger_than_any_school_is_not_copied(maple_grove, address, monkeypatch, failure):
    monkeypatch.setattr("reconciler.remote.https.LARGEST", 10)
    assert "students.txt: larger than any school; see what it is" in failure(maple_grove(address))


def test_all_files_that_are_missing_are_told_at_once(https, maple_grove, address, failure):
    del https.files["/out/users.csv"]
    https.statuses["/out/persons.csv"] = 410
    assert failure(maple_grove(address)) == (
        f"{address}/persons.csv: no such file; see where it is put, or correct the address\n"
        f"{address}/users.csv: no such file; see where it is put, or correct the address"
    )


def test_a_server_in_trouble_is_an_error(https, maple_grove, address, failure):
    https.statuses["/out/users.csv"] = 503
    assert failure(maple_grove(address)) == f"{address}/users.csv: it answers with 503; try again later"


def test_a_server_that_is_not_there_is_an_error(maple_grove, https, failure):
    https.shutdown()
    https.socket.close()
    assert "cannot be read (ConnectionError)" in failure(maple_grove(f"{https.host}/out"))
