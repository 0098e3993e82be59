from __future__ import annotations

import re
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import HeldError, ReconcileError
from reconciler.model import DirectoryInfo, TargetSettings
from reconciler.targets import EmbeddedDirectory
from reconciler.targets.embedded import connection as connections
from reconciler.targets.embedded.schema import SCHEMA
from tests.support import directories as d

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.targets import Target


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "directory.db"


def impatient(path: Path) -> EmbeddedDirectory:
    return EmbeddedDirectory(TargetSettings("embedded", str(path)), patience=0)


def message(path: Path, act: Callable[[], object]) -> str:
    with pytest.raises(ReconcileError) as caught:
        act()
    return str(caught.value).removeprefix(f"{path}: ")


def test_the_file_is_its_owner_s_alone(path: Path) -> None:
    d.new_directory(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_folders_on_the_way_are_made(tmp_path: Path) -> None:
    target = d.new_directory(tmp_path / "a" / "b" / "directory.db")
    assert target.info() == DirectoryInfo("dir-1", "")


@pytest.mark.parametrize("name", ["50% off?.db", "a#b.db", "a;b'c.db", "mémoire élève.db"])
def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    d.new_directory(tmp_path / name)
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_reading_creates_no_file(path: Path) -> None:
    target = impatient(path)
    target.info()
    target.read()
    assert not path.exists()


def test_an_empty_file_is_no_directory_yet(path: Path) -> None:
    path.touch()
    assert impatient(path).info() == DirectoryInfo("", "")
    assert d.state(d.new_directory(path))["id"] == "dir-1"


@pytest.mark.parametrize("count", range(len(SCHEMA)))
def test_a_directory_that_was_begun_by_another_is_no_directory_yet(
    path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    def stopped() -> Iterator[str]:
        yield from SCHEMA[:count]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(connections, "SCHEMA", stopped())
        with pytest.raises(KeyboardInterrupt):
            d.new_directory(path)
    assert impatient(path).info() == DirectoryInfo("", "")
    assert d.new_directory(path).info() == DirectoryInfo("dir-1", "")


def test_a_directory_without_its_row_is_none_and_is_completed(path: Path) -> None:
    d.new_directory(path)
    d.execute(path, "DELETE FROM directory")
    assert impatient(path).info() == DirectoryInfo("", "")
    assert d.new_directory(path).info() == DirectoryInfo("dir-1", "")


def test_a_directory_that_disappears_before_a_batch_is_not_made_anew(path: Path) -> None:
    target = d.new_directory(path)
    path.unlink()
    assert message(path, lambda: d.apply(target, "users", d.creation("S1"))) == (
        "the directory is not there any more; restore it, or plan again"
    )
    assert not path.exists()


def test_a_file_of_another_kind_is_refused(path: Path) -> None:
    path.write_text("host_id,first_name\n" * 100)
    for act in (impatient(path).info, impatient(path).read, lambda: d.new_directory(path)):
        assert message(path, act) == "this is no SQLite file; correct target.path in the school file"
    assert path.read_text().startswith("host_id")


def test_a_database_of_another_program_is_refused_and_left_alone(path: Path) -> None:
    d.execute(path, "CREATE TABLE theirs (id INTEGER)")
    before = path.read_bytes()
    for act in (impatient(path).info, lambda: d.new_directory(path)):
        assert message(path, act) == (
            "this SQLite file belongs to another program; correct target.path in the school file"
        )
    assert path.read_bytes() == before


def test_a_directory_of_a_later_format_is_refused(path: Path) -> None:
    d.new_directory(path)
    d.execute(path, "PRAGMA user_version = 2")
    assert message(path, impatient(path).read) == (
        "the directory has format 2, and this version of reconcile knows 1;"
        " use the version of reconcile that wrote it"
    )


def test_a_damaged_file_is_refused(path: Path) -> None:
    target = d.new_directory(path)
    d.apply(target, "users", *(d.creation(f"S{n}") for n in range(300)))
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))
    assert message(path, target.read) == "the file is damaged; restore it from a backup"


def test_a_file_with_damaged_text_is_refused(path: Path) -> None:
    d.new_directory(path)
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE users", b"\xff\xfeREATE TABLE users"))
    assert message(path, impatient(path).read) == "the file is damaged; restore it from a backup"


def test_a_folder_is_refused(path: Path) -> None:
    path.mkdir()
    assert message(path, impatient(path).info) == (
        "it cannot be opened; target.path must be a file that you may read and write"
    )


def test_a_path_through_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "directory.db"
    assert message(path, lambda: d.new_directory(path)) == (
        "File exists; the directory cannot be used; see that target.path names the right file"
    )


def test_a_locked_directory_is_said_to_be_and_nothing_is_written(path: Path) -> None:
    target = d.new_directory(path)
    before = d.state(target)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert message(path, lambda: d.apply(impatient(path), "users", d.creation("S1"))) == (
            "another program holds it locked; wait until that is done, then run this again"
        )
        other.execute("ROLLBACK")
    assert d.state(target) == before


def test_an_old_sqlite_is_said_to_be_too_old(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    d.new_directory(path)
    monkeypatch.setattr(connections, "OLDEST_SQLITE", (99, 0, 0))
    assert re.fullmatch(
        r"this Python has SQLite [\d.]+, too old for a directory; use a Python with SQLite 3\.37 or later",
        message(path, impatient(path).info),
    )


def test_a_held_plan_is_what_another_directory_raises(path: Path) -> None:
    target = d.new_directory(path)
    with pytest.raises(HeldError) as caught:
        target.prepare("dir-2", create=True)
    assert str(caught.value) == (
        f"{path}: this is directory dir-1, and the plan is for directory dir-2; plan again for this one"
    )


_WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE users SET first_name = 'Half'")
connection.execute("UPDATE directory SET school_year = '2099-00'")
print("written", flush=True)
sys.stdin.readline()
"""


def test_reading_beside_a_writer_sees_what_was_committed(path: Path) -> None:
    target = d.new_directory(path)
    d.apply(target, "users", d.creation("S1"))
    before = d.state(target)
    with subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "written\n"
        assert d.state(target) == before
        writer.communicate("\n")
    assert d.state(target) == before


def test_a_snapshot_is_of_one_moment(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = d.new_directory(path)
    d.apply(target, "users", d.creation("S1"))

    def read_info_then_be_overtaken(connection: sqlite3.Connection) -> DirectoryInfo:
        info = read_info(connection)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            overtake(path)
        return info

    read_info = connections.read_info
    monkeypatch.setattr("reconciler.targets.embedded.read_info", read_info_then_be_overtaken)
    info, directory = target.snapshot()
    assert (info.school_year, directory.users["first_name"].to_list()) == ("2025-26", ["FirstS1"])


def overtake(path: Path) -> None:
    """What another program does while the directory is being read."""
    with closing(sqlite3.connect(path, timeout=0)) as other, other:
        other.execute("UPDATE users SET first_name = 'Later'")


@pytest.fixture
def filled(path: Path) -> Target:
    target = d.new_directory(path)
    d.apply(target, "groups", d.group_creation("Grade 1"))
    d.apply(target, "users", d.creation("S1"), d.creation("P1"))
    d.apply(target, "memberships", d.joining("S1"))
    return target


_USER = "INSERT INTO users (host_id, member_type, email, email_key, origin) VALUES"


@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        (f"{_USER} ('S1', 'student', '', '', 'hand')", "UNIQUE constraint failed: users.host_id"),
        (f"{_USER} (' ', 'student', '', '', 'hand')", "CHECK constraint failed: trim(host_id) <> ''"),
        (f"{_USER} (NULL, 'student', '', '', 'hand')", "NOT NULL constraint failed: users.host_id"),
        (f"{_USER} ('S2', 'Student', '', '', 'hand')", "CHECK constraint failed: member_type IN"),
        (f"{_USER} ('S2', 'student', '', '', 'me')", "CHECK constraint failed: origin IN"),
        (
            f"{_USER} ('S2', 'student', 'S1@example.org', 's1@example.org', 'hand')",
            "UNIQUE constraint failed: users.email_key",
        ),
        (
            f"{_USER} ('S2', 'student', 'S1@example.org', 'S1@example.org', 'hand')",
            "CHECK constraint failed: email_key = lower(email)",
        ),
        (f"{_USER} ('S2', 'student', 'é@example.org', '', 'hand')", "CHECK constraint failed: (email = '')"),
        ("UPDATE users SET status = 'invited'", "CHECK constraint failed: status IN"),
        ("UPDATE users SET active = 2", "CHECK constraint failed: active IN"),
        ("UPDATE users SET deactivated_by = 'sync'", "CHECK constraint failed: active = 0"),
        ("UPDATE users SET opt_out = 'yes'", "cannot store TEXT value in INTEGER column users.opt_out"),
        ("DELETE FROM users", "a user is never deleted"),
        ("DELETE FROM groups", "a group is never deleted"),
        (
            "INSERT INTO groups (category, name, origin) VALUES ('Academics', 'Grade 1', 'hand')",
            "UNIQUE constraint failed: groups.category, groups.name",
        ),
        (
            "INSERT INTO groups (external_id, category, name, origin) VALUES ('grade:1', 'A', 'B', 'hand')",
            "UNIQUE constraint failed: groups.external_id",
        ),
        ("INSERT INTO memberships VALUES (1, 1, 'hand')", "UNIQUE constraint failed: memberships.group_id"),
        ("INSERT INTO memberships VALUES (1, 99, 'hand')", "FOREIGN KEY constraint failed"),
        ("INSERT INTO relationships VALUES (1, 99, 'hand')", "FOREIGN KEY constraint failed"),
        ("INSERT INTO relationships VALUES (1, 1, 'hand')", "CHECK constraint failed: student_id"),
        ("INSERT INTO directory VALUES (2, 'dir-2', '')", "CHECK constraint failed: one = 1"),
    ],
)
def test_the_database_refuses(path: Path, filled: Target, statement: str, refusal: str) -> None:
    before = d.state(filled)
    with pytest.raises(sqlite3.IntegrityError, match=re.escape(refusal)):
        d.execute(path, statement)
    assert d.state(filled) == before


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        (
            "REPLACE INTO users (host_id, member_type, origin) VALUES ('S1', 'staff', 'sync')",
            "a user is never deleted",
        ),
        ("INSERT INTO memberships VALUES (1, 99, 'sync')", "FOREIGN KEY constraint failed"),
    ],
)
def test_our_own_connections_are_held_to_it(path: Path, statement: str, refusal: str) -> None:
    with connections.transaction(path, "write", 0) as connection:
        assert connection is not None
        with pytest.raises(sqlite3.IntegrityError, match=refusal):
            connection.execute(statement)
