"""A file of all processes of a user: one at a time, and never in anybody's way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reconciler import shared_file
from reconciler.shared_file import SharedFile

ROOT = Path(__file__).parents[1]
OWN_FOLDER = shared_file.own_folder
"""As it is, before the tests are given folders of their own."""
HOLD = """\
import os, signal, sys
from pathlib import Path
from reconciler.shared_file import SharedFile
with SharedFile("one", Path(sys.argv[1])).held() as file:
    file.write(b"5")
    print("held", flush=True)
    if sys.argv[2] == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    sys.stdin.readline()
"""
COUNT = """\
import sys
from pathlib import Path
from reconciler import shared_file
from reconciler.shared_file import SharedFile
shared_file.PATIENCE = 60
for _ in range(int(sys.argv[2])):
    with SharedFile("one", Path(sys.argv[1])).held() as file:
        file.write(b"%d" % (int(file.read() or 0) + 1))
"""


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def add_one(file: SharedFile) -> None:
    with file.held() as held:
        held.write(b"%d" % (int(held.read() or 0) + 1))


def number(folder: Path) -> int:
    with SharedFile("one", folder).held() as file:
        return int(file.read() or 0)


def test_of_many_threads_and_processes_none_loses_what_another_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_file, "PATIENCE", 60)
    programs = [start(COUNT, str(tmp_path), "500") for _ in range(2)]
    file = SharedFile("one", tmp_path)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: add_one(file), range(500)))
    for program in programs:
        program.communicate()
        assert program.returncode == 0
    assert number(tmp_path) == 1500


def test_one_that_is_killed_while_it_holds_it_stops_nobody(tmp_path: Path) -> None:
    program = start(HOLD, str(tmp_path), "die")
    program.communicate()
    assert program.returncode == -signal.SIGKILL
    add_one(SharedFile("one", tmp_path))
    assert number(tmp_path) == 6


def test_one_that_stands_still_while_it_holds_it_is_not_waited_for(tmp_path: Path) -> None:
    program = start(HOLD, str(tmp_path), "wait")
    assert program.stdout
    assert program.stdout.readline() == "held\n"
    with SharedFile("one", tmp_path).held() as file:
        assert file.read() == b""
        file.write(b"7")
    program.communicate("go on\n")
    assert number(tmp_path) == 5


def test_where_there_can_be_no_file_there_is_nothing_to_read(tmp_path: Path) -> None:
    file = SharedFile("one", tmp_path / "nowhere")
    add_one(file)
    with file.held() as held:
        assert held.read() == b""


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to(tmp_path / "theirs")
    add_one(SharedFile("one", tmp_path))
    assert not (tmp_path / "theirs").exists()


def test_the_folder_and_the_file_are_the_users_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(shared_file, "own_folder", OWN_FOLDER)
    add_one(SharedFile("one"))
    (folder,) = tmp_path.iterdir()
    assert folder.name == f"reconcile-{os.getuid()}"
    assert (folder.stat().st_mode & 0o777, (folder / "one").stat().st_mode & 0o777) == (0o700, 0o600)


@pytest.mark.parametrize("trouble", ["open to others", "a link", "a file"])
def test_a_folder_that_others_could_have_made_is_not_used(
    trouble: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = tmp_path / f"reconcile-{os.getuid()}"
    if trouble == "open to others":
        folder.mkdir()
        folder.chmod(0o777)
    elif trouble == "a link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder.write_text("")
    with pytest.raises(OSError, match="not this user's alone"):
        OWN_FOLDER()
    monkeypatch.setattr(shared_file, "own_folder", OWN_FOLDER)
    add_one(SharedFile("one"))
    assert not list(tmp_path.rglob("one"))
