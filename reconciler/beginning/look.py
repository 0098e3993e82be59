"""A folder of exports -> which file is which table, and what they tell of the school."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from reconciler.beginning.draft import Draft, Table
from reconciler.beginning.text import as_yaml
from reconciler.config import did_you_mean, load_school
from reconciler.errors import InputError, ReconcileError
from reconciler.model import SchoolYear, SourceFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from reconciler.detect import Assignment, Fit
    from reconciler.model import School, TableRules, Tables

SYSTEMS = ("powerschool", "veracross", "blackbaud")
"""The rule sets of systems that exports may come from."""
NEEDED = ("students", "staff", "parents", "contacts")
"""The tables that a school cannot do without."""
DATA_SET = "contacts_dataset"
_TURN = 7
"""The month in which a school year is taken to begin, where only a file's date tells of it."""
_STUB = """\
name: x
extends: [{sis}, vidigami-v2]
school_year: 2026
source:
  kind: files
  path: {path}
  files:
{files}
target: {{kind: embedded, path: x.db}}
"""


def look_at(folder: Path, *, sis: str = "", chosen: Mapping[str, str]) -> Draft:
    """Say which of the files in a folder is which table, and what they tell of the school.

    `chosen` are tables whose file somebody named; `sis` is a rule set, found by itself where it is ''.

    Raises:
        ReconcileError: files are missing or fit equally well, or one cannot be read whole.
    """
    exports, unused = _open_all(folder)
    _see_that_they_are_there(chosen, exports, folder)
    schools = {name: _stub(name, folder, {}) for name in ([_system(sis)] if sis else SYSTEMS)}
    found = _assign_each(schools, exports, chosen)
    best = _choose(found, schools, exports, folder, unused)
    files = {table: fit.file for table, fit in found[best].fits.items()}
    school = _stub(best, folder, files)
    tables = _read(school)
    draft = Draft(best, school.sis, folder, unused=unused)
    draft.tables = [_table(found[best].fits[name], school, tables) for name in school.tables if name in files]
    draft.unused += [
        (name, _why_unused(name, school, exports)) for name in exports if name not in files.values()
    ]
    _learn(draft, school, tables)
    return draft


def _system(name: str) -> str:
    if name in SYSTEMS:
        return name
    hint = did_you_mean(name, SYSTEMS) or f"known are {', '.join(SYSTEMS)}"
    raise ReconcileError(f"--sis {name}: no such rule set of a system; {hint}")


def _open_all(folder: Path) -> tuple[dict[str, Sequence[str]], list[tuple[str, str]]]:
    """File -> header, of all that may be exports; and those that are none, with the reason."""
    from reconciler.tabular.parse import open_export  # noqa: PLC0415 - polars loads slowly

    if not folder.is_dir():
        raise ReconcileError(f"{folder}: no such folder; name the folder that holds the exports")
    headers: dict[str, Sequence[str]] = {}
    unused = []
    for path in sorted(folder.iterdir()):
        if not path.is_file() or path.name.startswith("."):
            continue
        try:
            headers[path.name] = open_export(path.read_bytes(), SourceFile(path.name, str(path))).header
        except InputError as error:
            unused.append((path.name, error.mistakes[0].message))
        except OSError as error:
            unused.append((path.name, f"cannot be read: {error.strerror}"))
    if not headers:
        raise ReconcileError(
            f"{folder}: no export is in this folder; README.md says what to export{_listed(unused)}"
        )
    return headers, unused


def _see_that_they_are_there(
    chosen: Mapping[str, str], exports: Mapping[str, Sequence[str]], folder: Path
) -> None:
    told = []
    for table, file in chosen.items():
        if file not in exports:
            hint = did_you_mean(file, exports) or f"there are {', '.join(exports)}"
            told.append(f"--table {table}={file}: {folder} has no export of that name; {hint}")
    if told:
        raise ReconcileError("\n".join(told))


def _stub(sis: str, folder: Path, files: Mapping[str, str]) -> School:
    """A school that knows the rules of a system, and reads these files."""
    listed = files or dict.fromkeys(NEEDED, "-")
    pairs = "\n".join(f"    {table}: {as_yaml(file)}" for table, file in listed.items())
    text = _STUB.format(sis=sis, path=as_yaml(str(folder.resolve())), files=pairs)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "x.yaml"
        path.write_text(text, encoding="utf-8")
        return load_school(path, {})


def _assign_each(
    schools: Mapping[str, School], exports: Mapping[str, Sequence[str]], chosen: Mapping[str, str]
) -> dict[str, Assignment]:
    """How each system would have it; one that has no such tables as were named is none."""
    found = {}
    refused = None
    for name, school in schools.items():
        try:
            found[name] = _assign(school, exports, chosen)
        except ReconcileError as error:
            refused = refused or error
    if refused and not found:
        raise refused
    return found


def _assign(school: School, exports: Mapping[str, Sequence[str]], chosen: Mapping[str, str]) -> Assignment:
    from reconciler.detect import assign  # noqa: PLC0415 - polars loads slowly

    if unknown := [table for table in chosen if table not in school.tables]:
        known = ", ".join(school.tables)
        named = ", ".join(unknown)
        raise ReconcileError(f"--table {named}: {school.sis} has no such table; there are {known}")
    fits = [
        fit
        for file, header in exports.items()
        for table, rules in school.tables.items()
        if (fit := _fit(file, header, table, rules))
    ]
    fit_so = {(fit.table, fit.file) for fit in fits}
    if wrong := [pair for pair in chosen.items() if pair not in fit_so]:
        raise ReconcileError(
            "\n".join(
                f"--table {table}={file}: {_mistakes(exports[file], school.tables[table])}"
                for table, file in wrong
            )
        )
    return assign(fits, NEEDED, chosen)


def _fit(file: str, header: Sequence[str], table: str, rules: TableRules) -> Fit | None:
    """A file as a table, if it has all that the table cannot do without."""
    from reconciler.detect import Fit  # noqa: PLC0415 - polars loads slowly
    from reconciler.tabular.columns import match_columns  # noqa: PLC0415

    matches = [match_columns(header, one) for one in (rules.parts or {table: rules}).values()]
    if any(matched.mistakes for matched in matches):
        return None
    read = {name for matched in matches for name in matched.mapped.values()}
    return Fit(file, table, tuple(name for name in header if name in read))


def _mistakes(header: Sequence[str], rules: TableRules) -> str:
    from reconciler.tabular.columns import match_columns  # noqa: PLC0415 - polars loads slowly

    parts = (rules.parts or {"": rules}).values()
    mistakes = [mistake for one in parts for mistake in match_columns(header, one).mistakes]
    return "; ".join(f"{mistake.message} ({mistake.hint})" for mistake in mistakes)


def _choose(
    found: Mapping[str, Assignment],
    schools: Mapping[str, School],
    exports: Mapping[str, Sequence[str]],
    folder: Path,
    unused: Sequence[tuple[str, str]],
) -> str:
    """The system of the exports, if all that is needed is there and nothing is open.

    `unused` are files that cannot be read as exports, and why: what is missing may be one of them.
    """
    from reconciler.detect import best_of  # noqa: PLC0415 - polars loads slowly

    best = best_of(found)
    one = found[best[0]]
    if len(best) > 1:
        systems = " or ".join(schools[name].sis for name in best)
        if not (one.fits or one.contested):
            raise ReconcileError(
                f"{folder}: no file has the columns of a table of {systems}; the first line of each must hold"
                f" the column names, and --sis {best[0]} tells what is missing{_listed(unused)}"
            )
        raise ReconcileError(f"{folder}: these could be exports of {systems}; say which with --sis {best[0]}")
    if one.complete:
        return best[0]
    told = [
        f"{table}: {' and '.join(files)} could each be it;"
        f" say which with --table {quote(f'{table}={files[0]}')}"
        for table, files in one.contested.items()
    ]
    told += [_missing(table, schools[best[0]].tables[table], exports) for table in one.missing]
    lines = "".join(f"\n  {line}" for line in told) + (_listed(unused) if one.missing else "")
    raise ReconcileError(f"{folder}: not all of what {schools[best[0]].sis} exports is clear:{lines}")


def _listed(unused: Sequence[tuple[str, str]]) -> str:
    return "".join(f"\n  {name} is not read: {why}" for name, why in unused)


def _missing(table: str, rules: TableRules, exports: Mapping[str, Sequence[str]]) -> str:
    """That no file is a table, and which comes nearest."""
    from reconciler.tabular.columns import match_columns  # noqa: PLC0415 - polars loads slowly

    matches = {file: match_columns(header, rules) for file, header in exports.items()}
    nearest = max(matches, key=lambda file: (-len(matches[file].mistakes), len(matches[file].mapped)))
    told = _mistakes(exports[nearest], rules)
    return f"{table}: no file has its columns; {nearest} comes nearest: {told}"


def _why_unused(name: str, school: School, exports: Mapping[str, Sequence[str]]) -> str:
    # What stands in its first line is not told: without a header, that is a person.
    fits = [table for table, rules in school.tables.items() if _fit(name, exports[name], table, rules)]
    if fits == [DATA_SET]:
        return "parents, contacts and emails have files of their own"
    return f"it could be {' or '.join(fits)}, which another file is" if fits else "no table has such columns"


def _read(school: School) -> Tables:
    """All tables, whole."""
    from reconciler.sources import open_source  # noqa: PLC0415 - polars loads slowly

    return open_source(school).read()


def _table(fit: Fit, school: School, tables: Tables) -> Table:
    parts = {name: info for name, info in tables.info.items() if info.file == fit.file}
    rows = max(info.rows for info in parts.values())
    ids = {
        f"{rules.prefix} + {parts[rules.table].mapped['id']}".removeprefix(" + ")
        for rules in school.members.values()
        if rules.table in parts
    }
    return Table(fit.table, fit.file, rows, fit.headers, ", ".join(sorted(ids)))


def _learn(draft: Draft, school: School, tables: Tables) -> None:
    """The school year, the campuses, and what tells who is a parent."""
    from reconciler.detect import guess_year  # noqa: PLC0415 - polars loads slowly

    students = _present("students", school, tables)
    end, most, of_all = guess_year(students, school.grades)
    if 2 * most > of_all:
        draft.year = str(SchoolYear(end))
        draft.year_because = f"grade and graduation year of {most:,} of {of_all:,} students say so"
    else:
        written = max(
            datetime.fromtimestamp((draft.folder / table.file).stat().st_mtime, UTC) for table in draft.tables
        )
        draft.year = str(SchoolYear(written.year + (written.month >= _TURN)))
        draft.year_because = f"the newest file is of {written:%Y-%m-%d}; check it"
    ids: set[str] = set()
    for frame in (students, _present("staff", school, tables)):
        ids |= set(frame["school_id"]) if "school_id" in frame.columns else set()
    draft.school_ids = tuple(sorted(ids - {""}, key=lambda one: (len(one), one)))
    flags = ("is_custodial", "lives_with", "is_guardian", "data_access")
    draft.flags = tuple(flag for flag in flags if flag in tables.frames["contacts"].columns)
    draft.any_of = school.parents.any_of


def _present(table: str, school: School, tables: Tables) -> pl.DataFrame:
    """The rows of those who are at the school. Who has left has the grade of then and no campus."""
    from reconciler.roster.rows import answers, filters_at_hand  # noqa: PLC0415 - polars loads slowly

    frame = tables.frames[table]
    passes = [passing for passing, _ in answers(frame, filters_at_hand(frame, school.tables[table]))]
    return frame.filter(*passes) if passes else frame
