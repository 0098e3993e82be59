"""Reads Maple Grove's exports as simply as can be, without our own readers."""

from __future__ import annotations

import csv
import io
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "schools" / "maple-grove"
YEARS = ("2025-26", "2026-27")
EXPORTS = ("students.txt", "users.csv", "persons.csv", "contacts.csv", "emails.csv", "contacts_dataset.csv")


def exported(year: str, name: str) -> bytes:
    """The bytes of one export."""
    return (FOLDER / year / name).read_bytes()


def rows(year: str, name: str, encoding: str = "utf-8", delimiter: str = ",") -> list[dict[str, str]]:
    """Rows of a file without quotes around line ends, read as simply as can be."""
    text = exported(year, name).decode(encoding)
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return list(
        csv.DictReader(io.StringIO(lines), delimiter=delimiter, quoting=3 if name == "students.txt" else 0)
    )


def students(year: str) -> list[dict[str, str]]:
    """Rows of the students file."""
    if year == "2025-26":
        return rows(year, "students.txt", delimiter="\t")
    return [
        {header.removeprefix("STUDENTS."): value for header, value in row.items()}
        for row in rows(year, "students.txt", "utf-16", "\t")
    ]


def users(year: str) -> list[dict[str, str]]:
    """Rows of the staff file, under short names."""
    return [
        {header.rpartition(".")[2].lower(): value for header, value in row.items() if "S.DCID" not in header}
        for row in rows(year, "users.csv", "utf-8-sig")
    ]


def persons() -> list[dict[str, str]]:
    """Rows of the first year's persons file."""
    return rows("2025-26", "persons.csv", "cp1252")


def emails() -> dict[str, list[dict[str, str]]]:
    """Person id -> rows of the first year's e-mails, under short names."""
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows("2025-26", "emails.csv", "utf-16", "\t"):
        short = {header.rpartition(".")[2]: value for header, value in row.items()}
        found.setdefault(short["PersonID"], []).append(short)
    return found


def details() -> list[dict[str, str]]:
    """Rows of the first year's contacts file, under short names."""
    return [
        {header.rpartition(".")[2]: value for header, value in row.items()}
        for row in rows("2025-26", "contacts.csv")
    ]


def side_list(name: str) -> list[dict[str, str]]:
    """Rows of a file beside the school file."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
