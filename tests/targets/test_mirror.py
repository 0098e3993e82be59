"""The mirror of a large directory: equal to it, of one state of it, and never trusted beyond that."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import stat
import zipfile
from contextlib import closing

import polars as pl
import pytest

from reconciler.targets.embedded import mirror
from tests.support.schools import apply_to as carry_out
from tests.support.schools import contact, make_school, make_tables, open_directory, parent, plan_for, student


@pytest.fixture(autouse=True)
def _worth_it(monkeypatch):
    monkeypatch.setattr("reconciler.targets.embedded.WORTH_IT", 1)


@pytest.fixture
def path(tmp_path):
    """A directory that has just been applied to, and so has a mirror."""
    file = tmp_path / "directory.db"
    tables = make_tables(students=[student("1")], parents=[parent("1")], contacts=[contact("1", "1")])
    carry_out(plan_for(make_school(), tables, file), file)
    return file


def without_mirror(path):
    """What the database itself says."""
    return open_directory(path)._read_tables()


def same(one, other):
    return one[0] == other[0] and all(
        getattr(one[1], kind).equals(getattr(other[1], kind))
        for kind in ("users", "groups", "memberships", "relationships")
    )


def edit(path, statement="UPDATE users SET role = 'Administrator'"):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def test_a_mirror_shows_what_the_database_says(path):
    assert same(mirror.load_mirror(path), without_mirror(path))


def members_of(path):
    with zipfile.ZipFile(mirror.mirror_of(path)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def put(path, members):
    with zipfile.ZipFile(mirror.mirror_of(path), "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def test_a_column_of_one_value_is_kept_once(path):
    members = members_of(path)
    same = json.loads(members["mirror.json"])["same"]
    assert (same["users"]["origin"], same["users"]["active"]) == ("sync", True)
    assert "origin" not in pl.read_parquet(io.BytesIO(members["users"])).columns
    assert open_directory(path).read().users["origin"].to_list() == ["sync", "sync"]


@pytest.mark.parametrize(
    ("name", "value"), [("origin", None), ("origin", 1), ("active", "true"), ("active", 1), ("colour", "red")]
)
def test_a_mirror_with_a_value_that_does_not_belong_there_is_ignored(path, name, value):
    members = members_of(path)
    about = json.loads(members["mirror.json"])
    about["same"]["users"][name] = value
    put(path, members | {"mirror.json": json.dumps(about)})
    assert mirror.load_mirror(path) is None


@pytest.mark.parametrize("same", [None, {}, [], {"users": ["origin"]}])
def test_a_mirror_that_lacks_its_values_is_ignored(path, same):
    members = members_of(path)
    about = json.loads(members["mirror.json"]) | {"same": same}
    put(path, members | {"mirror.json": json.dumps(about)})
    assert mirror.load_mirror(path) is None


def test_a_mirror_of_another_format_is_ignored(path):
    members = members_of(path)
    about = json.loads(members["mirror.json"]) | {"format": 1}
    put(path, members | {"mirror.json": json.dumps(about)})
    assert mirror.load_mirror(path) is None


def test_a_mirror_is_its_owner_s_alone(path):
    assert stat.S_IMODE(mirror.mirror_of(path).stat().st_mode) == 0o600


def test_an_edit_by_hand_ends_the_mirror(path):
    edit(path)
    assert mirror.load_mirror(path) is None
    assert set(open_directory(path).read().users["role"]) == {"Administrator"}


def test_an_edit_that_is_under_way_is_not_looked_past(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE users SET role = 'Administrator'")
        assert mirror.load_mirror(path) is None
        connection.rollback()


def test_a_backup_that_was_put_back_and_edited_as_often_has_no_mirror(path, tmp_path):
    backup = tmp_path / "backup.db"
    shutil.copy2(path, backup)
    edit(path)
    open_directory(path).finish()
    assert mirror.load_mirror(path) is not None
    shutil.copy2(backup, path)
    edit(path, "UPDATE users SET role = 'Spectator'")
    assert mirror.load_mirror(path) is None


def test_a_directory_with_a_write_ahead_log_has_no_mirror(path):
    edit(path, "PRAGMA journal_mode = WAL")
    assert mirror.state_of(path) == ""


@pytest.mark.parametrize("keep", [0, 50, -20])
def test_a_mirror_that_is_not_whole_is_ignored(path, keep):
    file = mirror.mirror_of(path)
    file.write_bytes(file.read_bytes()[:keep])
    assert mirror.load_mirror(path) is None
    assert open_directory(path).read().users.height == 2


def test_a_folder_that_cannot_be_written_has_no_mirror(path):
    mirror.mirror_of(path).unlink()
    mirror.mirror_of(path).mkdir()  # nothing can be put in its place
    open_directory(path).finish()
    assert not [file for file in path.parent.iterdir() if file.name.startswith(".")]
    assert open_directory(path).read().users.height == 2


def test_what_a_killed_run_has_left_of_a_mirror_goes_with_the_next(path):
    (path.parent / f".{path.name}.mirror.abc123").write_text("half a mirror")
    (path.parent / f".{path.name}.swp").write_text("somebody's own")
    open_directory(path).finish()
    names = {file.name for file in path.parent.iterdir()}
    assert names == {path.name, mirror.mirror_of(path).name, f".{path.name}.swp"}


def test_a_disk_that_takes_no_mirror_does_without(path, monkeypatch):
    def full(**_):
        raise OSError(28, "No space left on device")

    mirror.mirror_of(path).unlink()
    monkeypatch.setattr("tempfile.mkstemp", full)
    open_directory(path).finish()
    assert not mirror.mirror_of(path).exists()


def test_a_directory_that_moves_on_while_its_mirror_is_made_has_none(path, monkeypatch):
    def overtaken(draft, *arguments):
        edit(path)
        keep(draft, *arguments)

    keep = mirror.keep_mirror
    mirror.mirror_of(path).unlink()
    monkeypatch.setattr("reconciler.targets.embedded.keep_mirror", overtaken)
    open_directory(path).finish()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_small_directory_has_none(path, monkeypatch):
    mirror.mirror_of(path).unlink()
    monkeypatch.setattr("reconciler.targets.embedded.WORTH_IT", 50_000)
    open_directory(path).finish()
    assert not mirror.mirror_of(path).exists()
