"""The folder that is handed over: what somebody finds in it, and that it is whole or not there."""

from __future__ import annotations

import csv
import hashlib
import json
import stat
from typing import TYPE_CHECKING

import polars as pl
import pytest

from reconciler import __version__
from reconciler.errors import ReconcileError
from reconciler.targets.sheets.folder import hand_over
from reconciler.targets.sheets.layout import Sheet

if TYPE_CHECKING:
    from pathlib import Path

ABOUT = {"directory_id": "dir-1", "school_year": "2025-26"}
IDS = Sheet("update-host-ids", pl.DataFrame({"Vidigami ID": ["7"], "Host ID": ["a"], "New Host ID": ["S1"]}))
USERS = Sheet("add-user-list", pl.DataFrame({"Host ID": ["S1", "S2"], "Last Name": ['Lee, "Z"', "Ünal"]}))
REMOVALS = Sheet("removals", pl.DataFrame({"Do": ["un-invite"], "Host ID": ["P9"]}), 1)

README = """\
What to do with these files, for 2025-26

Upload them to Vidigami one after the other, in the order of their numbers. Look at Vidigami's
preview of each before you confirm it: it has to show as many rows as stand here, and no errors.

Round 1
  01-update-host-ids.csv  (1 row)
      Update Host IDs: upload it as the Update Host ID Import List.
  02-add-user-list.csv  (2 rows)
      Users: upload it as the Add User List. Vidigami updates whoever it knows.

Round 2. It needs what the round before it has made free.
  03-update-host-ids.csv  (1 row)
      Update Host IDs: upload it as the Update Host ID Import List.
  04-removals.csv  (1 row)
      By hand, for Vidigami has no sheet for it: take out, un-invite and unlink whom it lists.

Then export the users again, put the file where target.exports.users says, and plan again: that
tells what did not arrive. These files hold values of children: delete them once that is done.
"""


def test_the_folder_says_what_to_do_with_it(tmp_path: Path) -> None:
    again = Sheet(IDS.name, IDS.rows, 1)
    assert hand_over(tmp_path / "sheets", [IDS, USERS, again, REMOVALS], ABOUT, 100) == "0001"
    folder = tmp_path / "sheets" / "0001"
    assert (folder / "README.txt").read_text(encoding="utf-8") == README
    with (folder / "02-add-user-list.csv").open(encoding="utf-8", newline="") as file:
        assert [*csv.reader(file)] == [["Host ID", "Last Name"], ["S1", 'Lee, "Z"'], ["S2", "Ünal"]]


def test_the_manifest_tells_every_file_and_its_digest(tmp_path: Path) -> None:
    folder = tmp_path / hand_over(tmp_path, [USERS, REMOVALS], ABOUT, 1)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    digests = [
        {"file": path.name, "rows": 1, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        for path in sorted(folder.glob("*.csv"))
    ]
    assert [one["file"] for one in digests] == [
        "01-add-user-list-part-1.csv",
        "02-add-user-list-part-2.csv",
        "03-removals.csv",
    ]
    assert manifest == {"tool_version": __version__, **ABOUT, "sheets": digests}


def test_it_is_its_owners_alone_and_out_of_git(tmp_path: Path) -> None:
    folder = tmp_path / "sheets" / hand_over(tmp_path / "sheets", [USERS], ABOUT, 100)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert (stat.S_IMODE(folder.stat().st_mode), modes) == (0o700, {0o600})
    assert (tmp_path / "sheets" / ".gitignore").read_text(encoding="utf-8").splitlines()[-1] == "*"


def test_numbers_go_on_whatever_else_is_there(tmp_path: Path) -> None:
    for name in ("0007", "exports", ".draft-left"):
        (tmp_path / name).mkdir()
    assert hand_over(tmp_path, [USERS], ABOUT, 100) == "0008"


def test_numbers_go_on_where_what_was_uploaded_is_deleted(tmp_path: Path) -> None:
    assert hand_over(tmp_path, [USERS], ABOUT, 100, last="0007") == "0008"


def test_what_a_killed_run_has_left_is_not_to_be_uploaded(tmp_path: Path) -> None:
    assert hand_over(tmp_path, [USERS], ABOUT, 100) == "0001"
    assert hand_over(tmp_path, [USERS], ABOUT, 100, last="0001") == "0002"  # and is killed
    assert hand_over(tmp_path, [USERS], ABOUT, 100, last="0001") == "0003"
    folders = sorted(path.name for path in tmp_path.iterdir() if path.is_dir())
    assert folders == ["0001", "0002-do-not-upload", "0003"]
    assert hand_over(tmp_path, [USERS], ABOUT, 100, last="0003") == "0004"


def test_a_file_in_the_way_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "sheets").write_text("", encoding="utf-8")
    with pytest.raises(ReconcileError) as caught:
        hand_over(tmp_path / "sheets", [USERS], ABOUT, 100)
    assert str(caught.value) == (
        f"{tmp_path}/sheets: the sheets cannot be written: File exists; nothing was handed over. See that you"
        " may write there, and run it again"
    )


def test_a_stop_in_the_middle_leaves_no_numbered_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("reconciler.targets.sheets.folder._write", full)
    with pytest.raises(ReconcileError, match=r"No space left on device; nothing was handed over"):
        hand_over(tmp_path, [USERS], ABOUT, 100)
    assert [path.name for path in tmp_path.iterdir()] == [".gitignore"]
