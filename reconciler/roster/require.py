"""Who gets access never depends on a column that is not there: refuse the run instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import InputError, Mistake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model import School, TableRules, Tables


def require_columns(tables: Tables, school: School) -> None:
    """See that every column which decides who is eligible is there and says something.

    Raises:
        InputError: with all that are missing or blank throughout, and the settings that waive them.
    """
    mistakes = [
        *_missing_tables(tables, school),
        *_missing_filters(tables, school),
        *_missing_flags(tables, school),
        *_missing_schools(tables, school),
    ]
    if mistakes:
        raise InputError(mistakes)


def is_supplied(tables: Tables, table: str, column: str) -> bool:
    """Whether a table has this column with a value in any row."""
    frame = tables.frames.get(table)
    return frame is not None and column in frame.columns and bool((frame[column] != "").any())


def table_rules(school: School, tables: Tables) -> dict[str, str]:
    """Logical table -> the path of its rules in the school file."""
    return {
        part: f"tables.{name}.parts.{part}" if part != name else f"tables.{name}"
        for name, rules in school.tables.items()
        if name in school.source.files
        for part in (rules.parts or {name: rules})
        if part in tables.frames
    }


def rules_of(tables: Tables, school: School, table: str) -> TableRules:
    """The rules by which a logical table was read: its own, or those of a part of a file."""
    place = table_rules(school, tables).get(table, "")
    return school.tables[place.split(".")[1]].parts[table] if ".parts." in place else school.tables[table]


def _missing_tables(tables: Tables, school: School) -> Iterator[Mistake]:
    needed = {rules.table: f"members.{member}" for member, rules in school.members.items()}
    if "parent" in school.members:
        needed["contacts"] = "parents"
    for table, why in needed.items():
        if table not in tables.frames:
            yield Mistake(
                school.file,
                0,
                0,
                f"no {table} table, which {why} needs",
                f"name its export under source.files.{table}",
            )


def _missing_filters(tables: Tables, school: School) -> Iterator[Mistake]:
    for table, place in table_rules(school, tables).items():
        rules = rules_of(tables, school, table)
        for column, rule in rules.filters.items():
            if rule.required and tables.frames[table].height and not is_supplied(tables, table, column):
                yield _undecided(
                    tables,
                    table,
                    column,
                    rules.columns.get(column, ()),
                    f"set {place}.filters.{column}.required: false in {school.file}",
                )


def _missing_flags(tables: Tables, school: School) -> Iterator[Mistake]:
    if "contacts" not in tables.frames or "parent" not in school.members:
        return
    columns = [*school.parents.any_of, *(["relationship"] if school.parents.relationships else [])]
    for column in columns:
        if not is_supplied(tables, "contacts", column) and tables.frames["contacts"].height:
            aliases = rules_of(tables, school, "contacts").columns.get(column, ())
            yield _undecided(
                tables, "contacts", column, aliases, f"name other flags under parents.any_of in {school.file}"
            )


def _missing_schools(tables: Tables, school: School) -> Iterator[Mistake]:
    if not school.school_ids:
        return
    for member in ("student", "staff"):
        rules = school.members.get(member)
        if rules and rules.table in tables.frames and not is_supplied(tables, rules.table, "school_id"):
            aliases = school.tables[rules.table].columns.get("school_id", ())
            yield _undecided(
                tables, rules.table, "school_id", aliases, f"take school_ids out of {school.file}"
            )


def _undecided(tables: Tables, table: str, column: str, aliases: tuple[str, ...], waiver: str) -> Mistake:
    info = tables.info[table]
    there = column in tables.frames[table].columns
    what = f"the column for {column!r} is blank throughout" if there else f"no column for {column!r}"
    looked = "" if there else f" (looked for {', '.join(aliases)})"
    return Mistake(
        info.file,
        1,
        0,
        f"{what}{looked}; it decides who gets access",
        f"export it, or {waiver}",
    )
