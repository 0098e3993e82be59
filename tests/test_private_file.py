"""Files of children's data: whole or not there, and nothing is left of those that were never finished."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reconciler import private_file as module
from reconciler.private_file import private_file

ROOT = Path(__file__).parents[1]
KILLED = """\
import os, signal, sys
from pathlib import Path
from reconciler.private_file import private_file
with private_file(Path(sys.argv[1]), "the plan") as file:
    file.write(b"names")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""
A_DAY_AGO = time.time() - 25 * 3600


def write(path: Path) -> None:
    with private_file(path, "the plan") as file:
        file.write(b"whole")


def drafts(path: Path) -> list[str]:
    return [one.name for one in path.parent.iterdir() if one.name.startswith(f".{path.name}.")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "maple.plan"


@pytest.fixture
def left(path: Path) -> str:
    """The draft of a process that was killed."""
    ended = subprocess.run([sys.executable, "-c", KILLED, path], cwd=ROOT, check=False)
    assert ended.returncode == -9
    (name,) = drafts(path)
    return name


def test_a_draft_is_hidden_from_git_as_the_plan_is(path: Path, left: str) -> None:
    (path.parent / ".gitignore").write_text("*.plan\n")
    subprocess.run(["git", "init", "-q"], cwd=path.parent, check=True)
    subprocess.run(["git", "check-ignore", "-q", left], cwd=path.parent, check=True)


@pytest.mark.usefixtures("left")
def test_what_a_kill_left_is_removed_by_the_next_of_that_name(path: Path) -> None:
    write(path.with_name("elm.plan"))
    assert len(drafts(path)) == 1
    write(path)
    assert drafts(path) == []
    assert path.read_bytes() == b"whole"


def test_files_of_others_stay(path: Path) -> None:
    theirs = path.with_name(".maple.plan.original.plan"), path.with_name(".maple.plan.draft-of-mine.txt")
    for one in theirs:
        one.touch()
    write(path)
    assert all(one.exists() for one in theirs)


def test_two_writers_keep_to_their_own_drafts(path: Path) -> None:
    with private_file(path, "the plan") as file:
        file.write(b"later")
        file.flush()
        os.utime(path.parent / drafts(path)[0], (A_DAY_AGO, A_DAY_AGO))
        write(path)
        assert path.read_bytes() == b"whole"
        assert len(drafts(path)) == 1
    assert path.read_bytes() == b"later"
    assert drafts(path) == []


def test_a_draft_that_was_taken_for_a_left_one_is_begun_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, lost = module._lock, list[str]()

    def too_late(descriptor: int) -> bool | None:
        if not lost:
            lost.extend(drafts(path))
            (path.parent / lost[0]).unlink()
        return lock(descriptor)

    monkeypatch.setattr(module, "_lock", too_late)
    write(path)
    assert path.read_bytes() == b"whole"
    assert len(lost) == 1


def test_without_locks_only_what_is_a_day_old_is_surely_left(
    path: Path, left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_lock", lambda _: None)
    write(path)
    assert drafts(path) == [left]
    os.utime(path.parent / left, (A_DAY_AGO, A_DAY_AGO))
    write(path)
    assert drafts(path) == []
