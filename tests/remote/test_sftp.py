"""Exports by SFTP, from a real server on loopback."""

from __future__ import annotations

import os
import sys

import paramiko
import pytest

from reconciler.config import load_school
from reconciler.errors import InputError
from reconciler.sources import open_source
from tests.support.oneroster import bundle, user, write_folder
from tests.support.sftp_server import PASSWORD


@pytest.fixture
def address(sftp):
    return f"sftp://{sftp.where}/out"


def test_a_file_is_as_old_as_it_is_there(sftp, maple_grove, address):
    os.utime(sftp.root / "out" / "students.txt", (1_700_000_000, 1_700_000_000))
    info = open_source(maple_grove(address)).read().info
    assert info["students"].modified == "2023-11-14T22:13:20+00:00"
    assert info["students"].file == "students.txt"


def test_a_server_need_not_say_how_old_a_file_is(sftp, maple_grove, address):
    sftp.untold = ("st_atime", "st_mtime")
    tables = open_source(maple_grove(address)).read()
    assert tables.frames["students"].height > 50
    assert tables.info["students"].modified == ""


def test_a_file_of_unknown_length_may_not_be_whole(sftp, maple_grove, address, failure):
    sftp.untold = ("st_size",)
    assert f"{address}/students.txt: the server does not say how long it is" in failure(maple_grove(address))


def test_digests_leave_out_what_cannot_be_had(sftp, maple_grove, address):
    (sftp.root / "out" / "users.csv").unlink()
    assert "students" not in open_source(maple_grove(address)).digests()


def test_an_archive_is_copied_once(sftp, maple_grove):
    open_source(maple_grove(f"sftp://{sftp.where}/sent.zip")).read()
    assert sftp.read == ["/sent.zip"]


def test_user_in_the_address_and_key_in_a_file(sftp, maple_grove, tmp_path, monkeypatch, failure):
    sftp.client_key.write_private_key_file(str(tmp_path / "id"), password=PASSWORD)
    monkeypatch.delenv("MAPLE_USER")
    monkeypatch.delenv("MAPLE_PASSWORD")
    school = maple_grove(f"sftp://exports@{sftp.where}/out")
    assert "it is not said who reads it; set MAPLE_USER, unless the address names" in failure(school)
    monkeypatch.setenv("MAPLE_KEY_FILE", str(tmp_path / "id"))
    assert f"{tmp_path}/id: the key has a passphrase; set MAPLE_KEY_PASSPHRASE" in failure(school)
    monkeypatch.setenv("MAPLE_KEY_PASSPHRASE", "another")
    assert f"{tmp_path}/id: this is no private key that can be read" in failure(school)
    monkeypatch.setenv("MAPLE_KEY_PASSPHRASE", PASSWORD)
    assert open_source(school).read().frames["students"].height > 50
    monkeypatch.setenv("MAPLE_KEY_FILE", str(tmp_path / "none"))
    assert f"{tmp_path}/none: the key cannot be read: No such file or directory" in failure(school)
    (tmp_path / "none").write_text("x")
    assert f"{tmp_path}/none: this is no private key that can be read" in failure(school)


def test_a_wrong_password_is_told_as_such(maple_grove, address, monkeypatch, failure):
    monkeypatch.setenv("MAPLE_PASSWORD", "another")
    assert failure(maple_grove(address)).endswith("it takes neither this account nor its key or password")


def test_a_host_of_unknown_key_is_not_talked_to(sftp, maple_grove, address, tmp_path, monkeypatch, failure):
    school, hosts = maple_grove(address), tmp_path / "hosts"
    monkeypatch.setenv("MAPLE_KNOWN_HOSTS", str(hosts))
    unknown = f"sftp://{sftp.where}: its key is not in {hosts}; have who runs it tell you the key"
    assert failure(school) == f"{unknown}, and write it there"
    hosts.write_text("")
    assert failure(school) == f"{unknown}, and write it there"
    assert hosts.read_text() == ""
    sftp.known_hosts(hosts, paramiko.RSAKey.generate(2048))
    assert f"its key is another than {hosts} has: perhaps somebody is in between" in failure(school)
    assert sftp.read == []


def test_known_hosts_are_the_user_s_by_default(sftp, maple_grove, address, tmp_path, monkeypatch, failure):
    monkeypatch.delenv("MAPLE_KNOWN_HOSTS")
    assert f"its key is not in {tmp_path}/.ssh/known_hosts" in failure(maple_grove(address))
    (tmp_path / ".ssh").mkdir()
    sftp.known_hosts(tmp_path / ".ssh" / "known_hosts")
    assert open_source(maple_grove(address)).read().frames["students"].height > 50


def test_all_files_that_are_missing_are_told_at_once(sftp, maple_grove, address, failure):
    (sftp.root / "out" / "users.csv").unlink()
    (sftp.root / "out" / "persons.csv").unlink()
    (sftp.root / "out" / "persons.csv").mkdir()
    sftp.refused.add("emails.csv")
    assert failure(maple_grove(address)) == (
        f"{address}/emails.csv: may not be read by this account; have the account let in to it\n"
        f"{address}/persons.csv: a folder, not a file; name a file\n"
        f"{address}/users.csv: no such file; see where it is put, or correct the address"
    )


def test_a_file_that_changes_while_it_is_read_is_an_error(sftp, maple_grove, address, failure):
    def grow(path):
        with path.open("ab") as file:
            file.write(b"\n")

    sftp.after_open = grow
    assert f"{address}/students.txt: was changed while it was read; run it again once it is" in failure(
        maple_grove(address)
    )


def test_a_file_that_is_written_anew_while_it_is_read_is_an_error(sftp, maple_grove, address, failure):
    sftp.after_open = lambda path: os.utime(path, (1, 1))
    assert "students.txt: was changed while it was read" in failure(maple_grove(address))


def test_files_of_two_exports_are_no_school(sftp, maple_grove, address, failure):
    """The next export begins after one file was copied, with that one."""

    def export_again(path):
        if path.name != "students.txt":
            os.utime(path.parent / "students.txt", (1, 1))

    sftp.after_open = export_again
    assert f"{address}/students.txt: was changed while it was read" in failure(maple_grove(address))


def test_a_file_of_which_a_part_came_is_an_error(sftp, maple_grove, address, monkeypatch, failure):
    def shorten(path):
        before = path.stat()
        os.truncate(path, before.st_size // 2)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    sftp.after_open = shorten
    monkeypatch.setattr("reconciler.remote.sftp.TIMEOUT", 2.0)  # paramiko waits for what is no more there
    assert failure(maple_grove(address)).startswith(f"{address}/")


def test_a_connection_that_breaks_off_is_an_error(sftp, maple_grove, address, failure):
    sftp.drops = True
    assert f"{address}/students.txt: reading broke off" in failure(maple_grove(address))


def test_a_server_that_is_not_there_is_an_error(sftp, maple_grove, address, failure):
    sftp.stop()
    sftp.stop = lambda: None
    assert f"sftp://{sftp.where}: cannot be reached" in failure(maple_grove(address))


def test_what_is_larger_than_any_school_is_not_copied(sftp, maple_grove, address, monkeypatch, failure):
    monkeypatch.setattr("reconciler.remote.sftp.LARGEST", 10)
    assert "students.txt: larger than any school; see what it is" in failure(maple_grove(address))
    assert sftp.read == []


def test_mistakes_in_a_file_are_told_of_where_it_is(sftp, maple_grove, address, failure):
    (sftp.root / "out" / "users.csv").write_text("Name\nx\n")
    assert f"{address}/users.csv:1" in failure(maple_grove(address))


def test_what_is_missing_in_an_archive_is_told_of_where_that_is(sftp, maple_grove):
    place = f"sftp://{sftp.where}/sent.zip"
    school = maple_grove(place)
    (sftp.root / "sent.zip").write_bytes(b"PK")
    with pytest.raises(InputError, match="not a whole zip archive") as raised:
        open_source(school).read()
    assert {mistake.file for mistake in raised.value.mistakes} == {place}


def test_the_packages_are_an_extra(maple_grove, address, monkeypatch, failure):
    monkeypatch.setitem(sys.modules, "paramiko", None)
    assert failure(maple_grove(address)).endswith(
        "files by SFTP take a package more: pip install 'vidigami-reconciler[remote]'"
    )


def test_a_bundle_in_a_folder_is_read_with_all_its_files(sftp, tmp_path, failure):
    people = [user("007", "student", grades="05", agents="p1"), user("p1", "parent"), user("t1", "teacher")]
    write_folder(sftp.root / "bundle", bundle(people, "1.1"))
    (sftp.root / "bundle" / "notes.txt").write_text("x")
    file = tmp_path / "oak.yaml"
    head = "name: Oak\nextends: [oneroster, vidigami-v2]\nschool_year: 2025-26\n"
    target = "target: {kind: embedded, path: oak.db}\n"
    file.write_text(
        f"{head}source: {{kind: oneroster, path: 'sftp://{sftp.where}/bundle', credentials: MAPLE}}\n{target}"
    )
    tables = open_source(load_school(file, {})).read()
    assert tables.frames["students"]["id"].to_list() == ["007"]
    assert tables.frames["students"]["_file"].to_list() == ["users.csv"]
    assert "/bundle/notes.txt" not in sftp.read
    for path in (sftp.root / "bundle").glob("*.csv"):
        path.unlink()
    assert failure(load_school(file, {})) == (
        f"sftp://{sftp.where}/bundle: no CSV file is in this folder; see where the bundle is put"
    )
