"""Addresses in a school file: what is refused, and that no secret is repeated."""

from __future__ import annotations

import pytest

from reconciler.config import load_school
from reconciler.errors import InputError

SCHOOL = """\
name: Oak
extends: [powerschool, vidigami-v2]
school_year: 2025-26
source:
  kind: files
  path: {path}
  files:
    students: {students}
    staff: users.csv
    parents: {{file: persons.csv, delimiter: tab}}
    contacts: contacts.csv
target: {{kind: embedded, path: oak.db}}
"""


@pytest.fixture
def load(tmp_path):
    def written(path="exports", students="students.txt", **env):
        file = tmp_path / "oak.yaml"
        file.write_text(SCHOOL.format(path=path, students=students))
        return load_school(file, env)

    return written


def test_files_stand_in_the_folder_at_an_address(load, tmp_path):
    files = load("sftp://ana@sis.example.org:2222/out/").source.files
    assert files["students"].path == "sftp://ana@sis.example.org:2222/out/students.txt"
    assert files["parents"].path == "sftp://ana@sis.example.org:2222/out/persons.csv"
    assert (files["students"].name, files["parents"].delimiter) == ("students.txt", "\t")
    mixed = load(students="https://sis.example.org/students.txt").source.files
    assert mixed["students"].path == mixed["students"].name == "https://sis.example.org/students.txt"
    assert mixed["staff"].path == str(tmp_path / "exports" / "users.csv")


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("sftp://ana:hunter2@h.example.org/x.csv", "a password does not belong into an address; take it out"),
        ("https://ana:hunter2@h.example.org/x", "a password does not belong into an address; take it out"),
        ("https://hunter2@h.example.org/x.csv", "an address of https names no user; take it out"),
        ("https://h.example.org/x.csv?sig=hunter2", "? or # may begin a secret, and is not taken"),
        ("'https://h.example.org/x.csv#hunter2'", "? or # may begin a secret, and is not taken"),
        ("http://h.example.org/hunter2", "nothing is read from such an address; write sftp://user@host/dir"),
        ("ftp://h.example.org/hunter2", "nothing is read from such an address; write sftp://user@host/dir"),
        ("file:///etc/hunter2", "nothing is read from such an address; write sftp://user@host/dir"),
        ("https:///hunter2", "an address without a host or a path; write sftp://user@host/dir"),
        ("https://hunter2/", "an address without a host or a path; write sftp://user@host/dir"),
        ("https://h.example.org:port/hunter2", "not an address; write sftp://user@host/dir"),
        ("https://[hunter2/x", "not an address; write sftp://user@host/dir"),
        ("sftp://h.example.org/hunter2/../x", "an address with . or .. in it; write the whole path"),
    ],
)
def test_what_is_wrong_with_an_address_is_told_without_it(load, tmp_path, address, told):
    for place, setting in (({"path": address}, "path"), ({"students": address}, "files.students")):
        with pytest.raises(InputError) as raised:
            load(**place)
        assert len(raised.value.mistakes) == 1
        assert f"source.{setting}: {told}" in str(raised.value)
        assert str(raised.value).startswith(f"{tmp_path}/oak.yaml:")
        assert "hunter2" not in str(raised.value)


def test_an_address_from_the_environment_is_held_to_the_same(load):
    with pytest.raises(InputError, match="a password does not belong into an address") as raised:
        load("${WHERE}", WHERE="sftp://ana:hunter2@h.example.org/out")
    assert "hunter2" not in str(raised.value)


def test_a_file_leads_out_of_no_folder(load):
    with pytest.raises(InputError, match=r"source\.files\.students: an address with \. or \.\. in it"):
        load("sftp://h.example.org/out", "../students.txt")
    assert (
        load("exports", "../students.txt").source.files["students"].path.endswith("exports/../students.txt")
    )


def test_credentials_are_for_one_host(load):
    with pytest.raises(InputError) as raised:
        load("https://one.example.org/out", "https://two.example.org/students.txt")
    assert [mistake.message for mistake in raised.value.mistakes] == [
        "source.files.students: on another host than the others, and the credentials are for one"
    ]
    with pytest.raises(InputError, match=r"source\.path: not an address"):
        load("https://[one/out", "https://two.example.org/students.txt")
    same = load("https://one.example.org/out", "https://one.example.org/students.txt")
    assert same.source.files["students"].path == "https://one.example.org/students.txt"
