"""Each table held against the last good run, or against absolute minimums where there was none."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from reconciler.frames import FINDINGS, clean_ids, one_finding, stack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import polars as pl

    from reconciler.model import Baseline, School, TableFigures, Tables

SLACK = timedelta(hours=1)
"""By how much a file may be older: files that are copied together get times that differ a little."""
_FEW = 2
"""A column that had no more values than this may well have lost them all."""


def hold_against(
    tables: Tables,
    figures: Mapping[str, TableFigures],
    baseline: Baseline | None,
    school: School,
    *,
    partial: bool,
) -> pl.DataFrame:
    """FINDINGS of exports that nothing should be made of. `partial`: they are of a new family, say."""
    found = [*_given_twice(figures, school), *_elsewhere(tables, school)]
    if not partial:
        found += _too_few(figures, school) if baseline is None else _compared(figures, baseline, school)
    return stack(found, FINDINGS)


def prefixes_changed(before: Mapping[str, Any] | None, school: School) -> pl.DataFrame:
    """`prefix-changed` for each prefix that the last apply had, and that the settings say nothing of now."""
    members = (before or {}).get("members") or {}
    found = []
    for member, rules in school.members.items():
        was = str((members.get(member) or {}).get("prefix", rules.prefix))
        if was != rules.prefix and was not in school.identity.previous_prefixes.get(member, ()):
            said = (
                f"the prefix of {member} accounts was {was!r} at the last apply, and is {rules.prefix!r} now"
            )
            found.append(one_finding("prefix-changed", said, file=school.file))
    return stack(found, FINDINGS)


def _compared(
    figures: Mapping[str, TableFigures], baseline: Baseline, school: School
) -> Iterator[pl.DataFrame]:
    for table, now in figures.items():
        if then := baseline.tables.get(table):
            yield from _shrunk(table, now, then, baseline, school)
            yield from _blanked(table, now, then, baseline, school)
            yield from _older(table, now, then, baseline, school)
            yield from _changed(table, now, then, baseline)


def _shrunk(
    table: str, now: TableFigures, then: TableFigures, baseline: Baseline, school: School
) -> Iterator[pl.DataFrame]:
    limit = school.preflight.drop
    lost = then.rows - now.rows
    if limit and lost > limit.allowed(then.rows):
        yield one_finding(
            "rows-dropped",
            f"the {table} table has {now.rows:,} rows, and had {then.rows:,} at the last good run"
            f" ({baseline}): {lost:,} fewer, and preflight.drop allows {limit.allowed(then.rows):,}",
            file=now.file,
        )


def _blanked(
    table: str, now: TableFigures, then: TableFigures, baseline: Baseline, school: School
) -> Iterator[pl.DataFrame]:
    limit = school.preflight.blank
    if limit is None or not now.rows or not then.rows:
        return
    for field, blank in now.blank.items():
        was = then.blank.get(field, then.rows)
        filled = then.rows - was
        more = blank - was * now.rows // then.rows
        if more > limit.allowed(now.rows) or (blank == now.rows and filled > _FEW):
            yield one_finding(
                "column-blanked",
                f"{field} of the {table} table is blank in {blank:,} of {now.rows:,} rows; at the last good"
                f" run ({baseline}) it was in {was:,} of {then.rows:,}",
                file=now.file,
            )


def _older(
    table: str, now: TableFigures, then: TableFigures, baseline: Baseline, school: School
) -> Iterator[pl.DataFrame]:
    if school.preflight.older == "allow" or now.digest == then.digest or not (now.modified and then.modified):
        return
    if datetime.fromisoformat(now.modified) + SLACK < datetime.fromisoformat(then.modified):
        yield one_finding(
            "older-export",
            f"the {table} table is of {_minute(now.modified)}, and the last good run ({baseline}) had one of"
            f" {_minute(then.modified)}",
            file=now.file,
        )


def _minute(moment: str) -> str:
    return moment[:16].replace("T", " ")


def _changed(table: str, now: TableFigures, then: TableFigures, baseline: Baseline) -> Iterator[pl.DataFrame]:
    differs = [
        word
        for word, one, other in (
            ("other headers", now.header, then.header),
            (f"the encoding {now.encoding}, not {then.encoding},", now.encoding, then.encoding),
        )
        if one != other
    ]
    if differs:
        said = f"the {table} table has {' and '.join(differs)} than at the last good run ({baseline})"
        yield one_finding("export-changed", said.replace(", than", ", as"), file=now.file)


def _too_few(figures: Mapping[str, TableFigures], school: School) -> Iterator[pl.DataFrame]:
    for table, least in school.preflight.minimum.items():
        if table in figures and figures[table].rows < least:
            yield one_finding(
                "too-few-rows",
                f"the {table} table has {figures[table].rows:,} rows, and preflight.minimum is {least:,}",
                file=figures[table].file,
            )


def _given_twice(figures: Mapping[str, TableFigures], school: School) -> Iterator[pl.DataFrame]:
    """One file for two entries of `source.files`; the parts of one entry come from one file by rights."""
    given: dict[str, str] = {}
    for entry in school.source.files:
        rules = school.tables.get(entry)
        tables = [name for name in (rules and rules.parts) or (entry,) if name in figures]
        if not tables or not figures[tables[0]].rows or not figures[tables[0]].digest:
            continue
        first = given.setdefault(figures[tables[0]].digest, entry)
        if first != entry:
            said = f"source.files gives the same file as {first} and as {entry}"
            yield one_finding("same-export", said, file=figures[tables[0]].file)


def _elsewhere(tables: Tables, school: School) -> Iterator[pl.DataFrame]:
    rules = school.members.get("student")
    students = tables.frames.get(rules.table) if rules else None
    if not school.school_ids or rules is None or students is None or "school_id" not in students.columns:
        return
    if students.height and not clean_ids(students["school_id"]).is_in(list(school.school_ids)).any():
        yield one_finding(
            "no-students-here",
            f"none of {students.height:,} students is at {', '.join(school.school_ids)} (school_ids)",
            file=tables.info[rules.table].file,
        )
