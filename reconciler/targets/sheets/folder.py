"""The numbered folder in which sheets are handed over: all of it, or nothing."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from reconciler import __version__
from reconciler.errors import ReconcileError
from reconciler.targets.sheets.layout import REMOVALS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.targets.sheets.layout import Sheet

_IGNORED = "# Values of children: not for git.\n*\n"
_NOT = "-do-not-upload"
_HOW = {
    "update-host-ids": "Update Host IDs: upload it as the Update Host ID Import List.",
    "add-user-list": "Users: upload it as the Add User List. Vidigami updates whoever it knows.",
    "relationships-list": "Parents: upload it as the Relationships List.",
    "groups": "Groups: upload it as the Group Import List.",
    "group-membership": "Members: upload it as the Group Membership sheet. Parents follow their children.",
    REMOVALS: "By hand, for Vidigami has no sheet for it: take out, un-invite and unlink whom it lists.",
}


def hand_over(
    path: Path, sheets: Sequence[Sheet], about: Mapping[str, str], rows: int, last: str = ""
) -> str:
    """Write the sheets into the next numbered folder at `path`; gives its name.

    `about` is what the manifest says of the directory, `rows` the most rows of a file. `last` is the folder
    that was handed over last: one of a higher number is of a run that was killed before it was remembered.
    What is in it is handed over anew, so that nobody is to upload it, and its name says so from now on.

    Raises:
        ReconcileError: it cannot be written; then there is no such folder.
    """
    draft = None
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (path / ".gitignore").exists():
            (path / ".gitignore").write_text(_IGNORED, encoding="utf-8")
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=path))
        files = [*_files(sheets, rows)]
        for name, data in (*((name, data) for name, data, _ in files), *_papers(files, about)):
            _write(draft / name, data)
        known = int(last or 0)  # its folder is to be deleted once it is uploaded
        folder = f"{max(_last(path), known) + 1:04d}"
        for left in _numbered(path):
            if int(left.name) > known:
                left.rename(left.with_name(left.name + _NOT))
        draft.rename(path / folder)
        _settle(path)
    except OSError as error:
        if draft:
            shutil.rmtree(draft, ignore_errors=True)
        raise ReconcileError(
            f"{path}: the sheets cannot be written: {error.strerror}; nothing was handed over. See that"
            " you may write there, and run it again"
        ) from error
    return folder


def take_back(path: Path, folder: str) -> None:
    """Take the folder of that name away again."""
    shutil.rmtree(path / folder, ignore_errors=True)


def _files(sheets: Sequence[Sheet], rows: int) -> Iterator[tuple[str, bytes, Sheet]]:
    """Name and bytes of every file, numbered in the order of the upload."""
    number = 0
    for sheet in sheets:
        parts = [*sheet.rows.iter_slices(rows)] if sheet.name != REMOVALS else [sheet.rows]
        for part, frame in enumerate(parts, start=1):
            number += 1
            which = f"-part-{part}" if len(parts) > 1 else ""
            # Of a blank text, unlike of a null, polars writes the quotes.
            blank = frame.select(pl.when(pl.all() != "").then(pl.all()))
            yield f"{number:02d}-{sheet.name}{which}.csv", blank.write_csv().encode(), sheet


def _papers(
    files: Sequence[tuple[str, bytes, Sheet]], about: Mapping[str, str]
) -> Iterator[tuple[str, bytes]]:
    """What is to be done with the files, for people and for programs."""
    yield "README.txt", _steps(files, about).encode()
    listed = [
        {"file": name, "rows": _rows(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data, _ in files
    ]
    manifest = {"tool_version": __version__, **about, "sheets": listed}
    yield "manifest.json", json.dumps(manifest, indent=2).encode() + b"\n"


def _steps(files: Sequence[tuple[str, bytes, Sheet]], about: Mapping[str, str]) -> str:
    rounds = {sheet.round for *_, sheet in files}
    lines = [
        f"What to do with these files, for {about['school_year']}",
        "",
        "Upload them to Vidigami one after the other, in the order of their numbers. Look at Vidigami's",
        "preview of each before you confirm it: it has to show as many rows as stand here, and no errors.",
    ]
    told = -1
    for name, data, sheet in files:
        if sheet.round != told:
            told = sheet.round
            lines.append("")
            if len(rounds) > 1:
                lines += [
                    f"Round {told + 1}. It needs what the round before it has made free."
                    if told
                    else "Round 1"
                ]
        lines += [f"  {name}  ({_counted(data)})", f"      {_HOW[sheet.name]}"]
    lines += [
        "",
        "Then export the users again, put the file where target.exports.users says, and plan again: that",
        "tells what did not arrive. These files hold values of children: delete them once that is done.",
    ]
    return "\n".join(lines) + "\n"


def _counted(data: bytes) -> str:
    rows = _rows(data)
    return f"{rows:,} row{'' if rows == 1 else 's'}"


def _rows(data: bytes) -> int:
    return pl.read_csv(data, infer_schema=False).height


def _last(path: Path) -> int:
    names = [entry.name.removesuffix(_NOT) for entry in path.iterdir()]
    return max((int(name) for name in names if name.isdecimal()), default=0)


def _numbered(path: Path) -> list[Path]:
    return [entry for entry in path.iterdir() if entry.name.isdecimal()]


def _write(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _settle(path: Path) -> None:
    """See to it that the folder's new name outlives a power failure."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
