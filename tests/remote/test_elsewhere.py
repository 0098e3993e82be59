"""What every place for exports promises: the school is the one that it is here, or there is none."""

from __future__ import annotations

import os

import pytest

from reconciler.cli.main import main
from reconciler.pipeline import plan_school
from reconciler.sources import open_source
from tests.support.https_server import MOMENT


@pytest.fixture(params=["sftp", "https"])
def place(request):
    """The address of a server, of either kind."""
    server = request.getfixturevalue(request.param)
    return f"sftp://{server.where}" if request.param == "sftp" else server.host


@pytest.mark.parametrize("path", ["out", "out/", "sent.zip"])
def test_exports_elsewhere_give_the_plan_that_they_give_here(place, maple_grove, path):
    """Compared whole."""
    expected, plan = plan_school(maple_grove()), plan_school(maple_grove(f"{place}/{path}"))
    assert expected.changes.users.height > 100
    for kind, frame in plan.changes.frames().items():
        assert frame.equals(expected.changes.frames()[kind]), kind
    assert plan.findings.equals(expected.findings)


def test_digests_are_those_of_the_files(place, maple_grove):
    here, there = open_source(maple_grove()), open_source(maple_grove(f"{place}/out"))
    assert there.digests() == here.digests()
    assert set(there.digests()) >= {"students", "staff", "parents", "contacts", "emails"}


def test_tables_name_files_as_the_school_does(place, maple_grove):
    info = open_source(maple_grove(f"{place}/out")).read().info
    assert (info["students"].file, info["staff"].file) == ("students.txt", "users.csv")


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    monkeypatch.delenv("RECONCILE_STATE", raising=False)
    monkeypatch.setenv("DIRECTORY", str(tmp_path / "directory.db"))

    def invoke(*args):
        with pytest.raises(SystemExit) as leaving:
            main(args)
        captured = capsys.readouterr()
        return int(leaving.value.code or 0), captured.out + captured.err

    return invoke


def test_a_school_elsewhere_is_planned_applied_and_held_where_an_export_is_older(
    place, request, maple_grove, tmp_path, run
):
    school = maple_grove(f"{place}/out")
    assert run("apply", school.file, "--auto-approve")[0] == 0
    assert run("plan", school.file)[1].startswith("No changes.")
    assert run("status", school.file)[0] == 0
    if place.startswith("sftp"):
        students = tmp_path / "server" / "out" / "students.txt"
        students.write_bytes(students.read_bytes().replace(b"Grove", b"Groove") + b"\n")
        os.utime(students, (1_600_000_000, 1_600_000_000))
    else:
        server = request.getfixturevalue("https")
        server.files["/out/students.txt"] += b"\n"
        server.headers["Last-Modified"] = "Sun, 13 Sep 2020 12:26:40 GMT"
        assert MOMENT > 1_600_000_000
    code, told = run("plan", school.file)
    assert code == 3
    assert "older-export" in told
    assert "the students table is of 2020-09-13 12:26" in told
