"""Factories for the tests of all pure stages: a school's settings, its tables, its directory, its plan."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import polars as pl

from reconciler.apply.runner import run
from reconciler.config import load_school
from reconciler.desired import build_desired
from reconciler.frames import (
    CURRENT_GROUPS,
    CURRENT_MEMBERSHIPS,
    CURRENT_RELATIONSHIPS,
    CURRENT_USERS,
    ORIGIN,
    empty,
)
from reconciler.model import (
    LIST_TABLES,
    Capabilities,
    Directory,
    DirectoryInfo,
    Outcomes,
    Plan,
    Resolution,
    School,
    TableInfo,
    Tables,
    TargetSettings,
)
from reconciler.pipeline import work_out
from reconciler.resolve import resolve
from reconciler.roster import build_roster
from reconciler.targets import EmbeddedDirectory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.targets import Target

Row = dict[str, str]
Settings = dict[str, Any]

MEMBER_TABLES = ("students", "staff", "parents")
NOW = datetime(2025, 9, 1, tzinfo=UTC)
_DEFAULTS: Settings = {
    "name": "Maple Grove School",
    "school_year": "2025-26",
    "source": {
        "kind": "files",
        "files": {
            "students": "students.csv",
            "staff": "staff.csv",
            "parents": "parents.csv",
            "contacts": "contacts.csv",
        },
    },
    "target": {"kind": "embedded", "path": "directory.db"},
    "sync": "apply",
    "preflight": {
        "minimum": {"students": 0, "staff": 0, "parents": 0}
    },  # tests have as few people as it takes
}


def make_school(
    settings: Mapping[str, Any] | None = None, rule_sets: tuple[str, ...] = ("powerschool", "vidigami-v2")
) -> School:
    """A school with these settings over sensible ones; `school.yaml` is what its messages name."""
    merged = _merge({**_DEFAULTS, "extends": list(rule_sets)}, settings or {})
    if "powerschool" in rule_sets:
        merged = _merge({"source": {"files": {"emails": "emails.csv"}}}, merged)
    return _load(json.dumps(merged))


def student(source_id: str, **fields: str) -> Row:
    """A row of the students table: enrolled, in grade 5."""
    return {
        "id": source_id,
        "first_name": "Una",
        "last_name": f"Osprey{source_id}",
        "preferred_name": "",
        "email": f"student{source_id}@example.org",
        "grade": "5",
        "grad_year": "2033",
        "status": "0",
        **fields,
    }


def staff(source_id: str, **fields: str) -> Row:
    """A row of the staff table: a current member of staff."""
    return {
        "id": source_id,
        "first_name": "Hugo",
        "last_name": f"Finchley{source_id}",
        "preferred_name": "",
        "email": f"staff{source_id}@example.org",
        "status": "1",
        **fields,
    }


def parent(source_id: str, **fields: str) -> Row:
    """A row of the parents table, without an e-mail: that stands in the e-mails table."""
    return {"id": source_id, "first_name": "Rosa", "last_name": f"Plover{source_id}", **fields}


def contact(student_id: str, parent_id: str, **fields: str) -> Row:
    """A row of the contacts table: an active contact with custody."""
    return {
        "student_id": student_id,
        "parent_id": parent_id,
        "relationship": "Mother",
        "is_active": "1",
        "is_custodial": "1",
        **fields,
    }


def email(person_id: str, address: str = "", **fields: str) -> Row:
    """A row of the e-mails table: a parent's primary e-mail."""
    return {
        "person_id": person_id,
        "email": address or f"parent{person_id}@example.org",
        "is_primary": "1",
        "priority": "1",
        **fields,
    }


def make_tables(**rows: Sequence[Row]) -> Tables:
    """Tables with these rows, in this order, from line 2 of `<table>.csv` on.

    The five usual tables are always there. A table has the fields that any of its rows names.
    """
    frames = {}
    for table in (*_USUAL, *(name for name in rows if name not in _USUAL)):
        lines = rows.get(table, [])
        fields = list(dict.fromkeys(field for row in lines for field in row)) or _fields(table)
        frames[table] = pl.DataFrame(
            [[row.get(field, "") for field in fields] for row in lines],
            schema=dict.fromkeys(fields, pl.String),
            orient="row",
        ).with_columns(_file=pl.lit(f"{table}.csv"), _line=pl.int_range(2, len(lines) + 2, dtype=pl.UInt32))
    return Tables(frames, {table: _about(table, frame) for table, frame in frames.items()})


def empty_directory() -> Directory:
    """A current directory without anybody in it."""
    return Directory(
        empty(CURRENT_USERS), empty(CURRENT_GROUPS), empty(CURRENT_MEMBERSHIPS), empty(CURRENT_RELATIONSHIPS)
    )


def open_directory(path: Path) -> EmbeddedDirectory:
    """The embedded directory in a file, which need not exist."""
    return EmbeddedDirectory(TargetSettings("embedded", str(path)))


def plan_for(
    school: School,
    tables: Tables,
    directory_file: Path | Target | None = None,
    *,
    additions_only: bool = False,
    can: Capabilities | None = None,
) -> Plan:
    """The plan for a directory: a file, a target, or a new one."""
    target = open_directory(directory_file) if isinstance(directory_file, Path) else directory_file
    info, current = target.snapshot() if target else (DirectoryInfo("", ""), empty_directory())
    return work_out(
        school,
        tables,
        info,
        current,
        can or (target.capabilities if target else Capabilities()),
        now=NOW,
        new_id="directory-1",
        additions_only=additions_only,
        told=target.findings() if target else None,
    )


def apply_to(plan: Plan, target: Path | Target, *, batch_size: int = 0) -> Outcomes:
    """Carry a plan out."""
    directory = open_directory(target) if isinstance(target, Path) else target
    return run(plan, directory, batch_size=batch_size)


def resolution_for(
    school: School, tables: Tables, target: Target | None = None, *, additions_only: bool = False
) -> Resolution:
    """The directory as the plan for it would leave it, worked out without making that plan."""
    info, current = target.snapshot() if target else (DirectoryInfo("", ""), empty_directory())
    roster = build_roster(tables, school)
    return resolve(
        roster,
        build_desired(roster, tables, school),
        current,
        info,
        school,
        target.capabilities if target else Capabilities(),
        additions_only=additions_only,
    )


_USUAL = {
    "students": student("1"),
    "staff": staff("1"),
    "parents": parent("1"),
    "contacts": contact("1", "1"),
    "emails": email("1"),
}
_SECTIONS = ("section_id", "course", "section", "teacher_id", "school_id")
_ENROLMENTS = ("section_id", "student_id", "student_alternate_id")


def _fields(table: str) -> list[str]:
    """The fields of a table without rows."""
    others = {"sections": _SECTIONS, "enrolments": _ENROLMENTS}
    if table in LIST_TABLES:
        return list(LIST_TABLES[table].columns)
    return list(_USUAL.get(table) or others[table])


@cache
def _load(text: str) -> School:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "school.yaml"
        file.write_text(text, encoding="utf-8")  # JSON is YAML, too
        return replace(load_school(file, {}), file=file.name)


def _merge(below: Settings, above: Mapping[str, Any]) -> Settings:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _about(table: str, frame: pl.DataFrame) -> TableInfo:
    fields = tuple(name for name in frame.columns if name not in ORIGIN)
    return TableInfo(
        f"{table}.csv", frame.height, header=fields, mapped=dict(zip(fields, fields, strict=True))
    )
