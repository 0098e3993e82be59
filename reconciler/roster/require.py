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
        *_missing_keys(tables, school),
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
                    school,
                    table,
                    column,
                    f"set {place}.filters.{column}.required: false in {school.file}",
                )


def _missing_flags(tables: Tables, school: School) -> Iterator[Mistake]:
    if "contacts" not in tables.frames or "parent" not in school.members:
        return
    columns = [*school.parents.any_of, *(["relationship"] if school.parents.relationships else [])]
    for column in columns:
        if not is_supplied(tables, "contacts", column) and tables.frames["contacts"].height:
            yield _undecided(
                tables, school, "contacts", column, f"name other flags under parents.any_of in {school.file}"
            )


def _missing_schools(tables: Tables, school: School) -> Iterator[Mistake]:
    if not school.school_ids:
        return
    for member in ("student", "staff"):
        rules = school.members.get(member)
        frame = tables.frames.get(rules.table) if rules else None
        if rules and frame is not None and frame.height and not is_supplied(tables, rules.table, "school_id"):
            yield _undecided(
                tables, school, rules.table, "school_id", f"take school_ids out of {school.file}"
            )


def _missing_keys(tables: Tables, school: School) -> Iterator[Mistake]:
    """Links that name students by an id which the students table does not give: nobody would have any."""
    if "student" not in school.members:
        return
    students = school.members["student"].table
    linked = {"contacts": "parent" in school.members, "enrolments": "classes" in school.groups.mapping}
    for table in [table for table, used in linked.items() if used]:
        by_other = is_supplied(tables, table, "student_alternate_id")
        if not by_other or is_supplied(tables, table, "student_id"):
            continue
        if students in tables.frames and not is_supplied(tables, students, "alternate_id"):
            what = _what_is_missing(tables, school, students, "alternate_id")
            message = f"{what}; the {table} table names students by it"
            yield Mistake(
                _path(tables, school, students),
                1,
                0,
                message,
                f"export it, or the {table} table with 'student_id'",
            )


def _undecided(tables: Tables, school: School, table: str, column: str, waiver: str) -> Mistake:
    what = _what_is_missing(tables, school, table, column)
    message = f"{what}; it decides who gets access"
    return Mistake(_path(tables, school, table), 1, 0, message, f"export it, or {waiver}")


def _what_is_missing(tables: Tables, school: School, table: str, column: str) -> str:
    if column in tables.frames[table].columns:
        return f"the column for {column!r} is blank throughout"
    aliases = rules_of(tables, school, table).columns.get(column, ())
    return f"no column for {column!r} (looked for {', '.join(aliases)})"


def _path(tables: Tables, school: School, table: str) -> str:
    """Where the file of a table is, as the messages of its reader say it."""
    place = table_rules(school, tables).get(table, "")
    return school.source.files[place.split(".")[1]].path if place else tables.info[table].file
