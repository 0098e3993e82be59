"""Schools, rules and files for the tests of sources."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from reconciler.model import (
    Grades,
    School,
    SchoolYear,
    SourceFile,
    SourceSettings,
    TableRules,
    TargetSettings,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parents[2]


@cache
def rule_set_tables(name: str) -> Mapping[str, TableRules]:
    """The tables of a shipped rule set."""
    document = yaml.safe_load((ROOT / "rules" / f"{name}.yaml").read_text())
    return {table: _table_rules(rules) for table, rules in document["tables"].items()}


def powerschool() -> Mapping[str, TableRules]:
    """The tables of rules/powerschool.yaml."""
    return rule_set_tables("powerschool")


def make_rules(
    columns: Mapping[str, tuple[str, ...]] | None = None,
    *,
    required: tuple[tuple[str, ...], ...] = (("id",), ("name",)),
    refuse: Mapping[str, str] | None = None,
    having: str = "",
) -> TableRules:
    """A small table: `id` and `name` are required, `note` is not."""
    columns = columns or {"id": ("id",), "name": ("name",), "note": ("note",)}
    return TableRules(columns, required, refuse or {}, having=having)


def make_school(
    files: Mapping[str, SourceFile], tables: Mapping[str, TableRules] | None = None, *, kind: str = "files"
) -> School:
    return School(
        id="oak",
        file="schools/oak.yaml",
        name="Oak",
        sis="PowerSchool",
        school_year=SchoolYear(2026),
        source=SourceSettings(kind, files),
        target=TargetSettings("embedded", "oak.db"),
        members={},
        tables=powerschool() if tables is None else tables,
        grades=Grades(()),
        user_types={},
    )


def write_file(
    path: Path,
    data: bytes,
    *,
    delimiter: str = "",
    encoding: str = "",
    quoting: str = "",
    allow_empty: bool = False,
) -> SourceFile:
    """A file on disk and the setting that names it, by its bare name."""
    path.write_bytes(data)
    return SourceFile(path.name, str(path), delimiter, encoding, quoting, allow_empty)


def write_rows(
    rows: Sequence[Sequence[str]],
    *,
    encoding: str = "utf-8",
    line_end: str = "\n",
    delimiter: str = ",",
    quoting: str = "all",
    last_line_end: bool = True,
) -> bytes:
    """An export as bytes; `quoting` is all, needed or none."""

    def cell(value: str) -> str:
        special = any(sign in value for sign in (delimiter, '"', "\r", "\n"))
        if quoting == "all" or (quoting == "needed" and special):
            return '"' + value.replace('"', '""') + '"'
        return value

    text = line_end.join(delimiter.join(cell(value) for value in row) for row in rows)
    return (text + line_end * last_line_end).encode(encoding)


def _table_rules(table: Mapping[str, Any]) -> TableRules:
    return TableRules(
        columns={field: tuple(aliases) for field, aliases in table.get("columns", {}).items()},
        required=tuple(tuple(entry) for entry in table.get("required", [])),
        refuse=table.get("refuse", {}),
        having=table.get("having", ""),
        sparse=table.get("sparse", False),
        parts={name: _table_rules(part) for name, part in table.get("parts", {}).items()},
    )
