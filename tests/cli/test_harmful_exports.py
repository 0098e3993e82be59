"""Exports that would do harm are stopped before any write, with the cause named: the real command line."""

from __future__ import annotations

import csv
import io
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.main import main
from tests.support.grand_bend import SAMPLE, needs_grand_bend

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
YEARS = ("2025-26", "2026-27")
LONG_AGO = 1_600_000_000


@dataclass(frozen=True)
class Desk:
    """A school that was applied to, and its exports, which a test may spoil."""

    run: Callable[..., tuple[int, str]]
    school: str
    exports: Path
    directory: Path

    def is_stopped(self, code: int, *says: str) -> None:
        """Both `plan` and `apply` end with the code and say so; nothing is written."""
        before = self.directory.read_bytes()
        for command in (("plan",), ("apply", "--auto-approve")):
            ended, said = self.run(*command, self.school)
            assert ended == code
            for text in says:
                assert text in " ".join(said.split())
        assert self.directory.read_bytes() == before


@pytest.fixture(params=["demo", pytest.param("grand-bend", marks=needs_grand_bend)])
def desk(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Desk:
    def run(*args: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as leaving:
            main(args)
        captured = capsys.readouterr()
        return int(leaving.value.code or 0), captured.out + captured.err

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    if request.param == "demo":
        kept = shutil.ignore_patterns("*.db*", "*.sqlite*", ".reconcile")
        shutil.copytree(ROOT / "schools", tmp_path / "schools", ignore=kept)
        years, school = tmp_path / "schools" / "maple-grove", "maple-grove"
        directory = tmp_path / "schools" / "maple-grove.db"
        monkeypatch.setenv("SCHOOL_YEAR", YEARS[0])
    else:
        years, school = tmp_path / "exports", str(ROOT / "tests" / "acceptance" / "powerschool.yaml")
        shutil.copytree(SAMPLE, years)
        directory = tmp_path / "directory.db"
        monkeypatch.setenv("SCHOOL_YEAR", YEARS[0])
        monkeypatch.setenv("EXPORTS", str(years / YEARS[0]))
        monkeypatch.setenv("DIRECTORY", str(directory))
    assert run("apply", school, "--auto-approve")[0] == 0
    return Desk(run, school, years / YEARS[0], directory)


def read(path: Path) -> list[list[str]]:
    data = path.read_bytes()
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "surrogateescape")
    lines = io.StringIO(text, newline=None)
    return list(csv.reader(lines, delimiter="\t" if "\t" in text[:200] else ","))


def write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        csv.writer(file, delimiter="\t" if path.suffix == ".txt" else ",").writerows(rows)


def test_half_of_the_students(desk: Desk) -> None:
    path = desk.exports / "students.txt"
    rows = read(path)
    write(path, rows[: len(rows) // 2])
    desk.is_stopped(3, "rows-dropped", f"the students table has {len(rows) // 2 - 1:,} rows, and had")


def test_a_header_alone(desk: Desk) -> None:
    path = desk.exports / "students.txt"
    write(path, read(path)[:1])
    desk.is_stopped(1, "students.txt", "no rows below the header")


def test_last_years_files(desk: Desk) -> None:
    for path in desk.exports.iterdir():
        data = path.read_bytes()
        path.write_bytes(data.replace(b"Grade", b"grade") if path.suffix == ".txt" else data)
        os.utime(path, (LONG_AGO, LONG_AGO))
    path = desk.exports / "students.txt"
    write(path, read(path)[:-1])
    os.utime(path, (LONG_AGO, LONG_AGO))
    desk.is_stopped(3, "older-export", "the students table is of 2020-09-13 12:26")


def test_persons_given_as_users(desk: Desk) -> None:
    shutil.copyfile(desk.exports / "persons.csv", desk.exports / "users.csv")
    desk.is_stopped(1, "users.csv")


def test_all_emails_blank(desk: Desk) -> None:
    path = desk.exports / "emails.csv"
    header, *rows = read(path)
    column = next(at for at, name in enumerate(header) if name.endswith(".EmailAddress"))
    write(path, [header, *([*row[:column], "", *row[column + 1 :]] for row in rows)])
    desk.is_stopped(3, "column-blanked", "email of the emails table is blank in")
