"""What Vidigami exports -> frames in our words. A list that cannot be read whole is an error."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from reconciler.archive import on_disk, read_stored
from reconciler.errors import InputError, Mistake, one_mistake
from reconciler.frames import clean_id, folded
from reconciler.model import EXPORTS, SourceFile, TableRules
from reconciler.tabular import read_tables
from reconciler.tabular.workbook import as_text

if TYPE_CHECKING:
    from reconciler.model import SheetSettings, TargetSettings

_REQUIRED = {
    "users": ("host_id", "member_type", "first_name", "last_name", "email"),
    "groups": ("key", "name", "category"),
    "memberships": ("group_key", "host_id"),
    "relationships": ("student_host_id", "parent_host_id"),
}
"""Export -> fields without which it cannot be told what is there."""
_NUMBERS = (
    *("host_id", "target_id", "key", "group_key", "student_host_id", "parent_host_id"),
    *("grad_year", "latest_year"),
)
"""Fields of which a spreadsheet makes numbers."""
_ROUNDED = r"^[0-9](\.[0-9]+)?[eE]\+[0-9]+$"
_SHOWN = 5
"""How many rows with one fault are named."""
NAMELESS = "#"
"""How the Host ID of an account begins that has none, before Vidigami's own id."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One list as Vidigami exported it."""

    rows: pl.DataFrame
    """Text under our fields, those alone that have a column; and `_line`."""
    version: str
    """Tells this export from one that was made later: digest of its bytes, and when the file was written."""

    @property
    def fields(self) -> frozenset[str]:
        """The fields that have a column."""
        return frozenset(self.rows.columns) - {"_line"}


def read_exports(settings: TargetSettings) -> dict[str, Listed]:
    """Every export that the school file names, by its kind.

    Raises:
        InputError: all mistakes of all of them.
    """
    found: dict[str, Listed] = {}
    mistakes: list[Mistake] = []
    for kind in EXPORTS:
        if path := settings.exports.get(kind):
            try:
                found[kind] = _read(kind, path, settings.sheets)
            except InputError as error:
                mistakes += error.mistakes
    if mistakes:
        raise InputError(mistakes)
    return found


def _read(kind: str, path: str, settings: SheetSettings) -> Listed:
    data, version = _bytes(kind, path)
    rules = TableRules(columns=settings.exports[kind], required=tuple((field,) for field in _REQUIRED[kind]))
    # Whoever manages the school is in the list of users, so that it is never empty.
    file = SourceFile(path, path, allow_empty=kind != "users")
    frame, _ = read_tables(as_text(data, path), file, {kind: rules})[kind]
    rows = frame.drop("_file").with_columns(clean_id(name) for name in _NUMBERS if name in frame)
    if mistakes := [*_check_numbers(rows, path), *_CHECKS[kind](rows, path)]:
        raise InputError(mistakes)
    if kind == "users":
        rows = _in_our_words(rows, path, settings)
    return Listed(rows, version)


def _bytes(kind: str, path: str) -> tuple[bytes, str]:
    hint = f"export the {kind} there, or correct target.exports.{kind} in the school file"
    try:
        data = read_stored(path)
        written = on_disk(path).stat().st_mtime_ns
    except FileNotFoundError:
        raise one_mistake(path, "no such file", hint) from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise one_mistake(path, f"cannot be read: {why}", hint) from None
    return data, f"{hashlib.sha256(data).hexdigest()} {written}"


def _check_numbers(rows: pl.DataFrame, path: str) -> Iterator[Mistake]:
    """Ids that a spreadsheet has rounded when it saved the file: they would be nobody's, or another's."""
    hint = "export the list again, and do not save it from a spreadsheet"
    for name in _NUMBERS:
        if name in rows:
            spoilt = rows.filter(pl.col(name).str.contains(_ROUNDED))
            yield from _each(spoilt, path, f"its {name} is a rounded number, such as 1E+05", hint)


def _check_users(rows: pl.DataFrame, path: str) -> Iterator[Mistake]:
    if "target_id" in rows:
        yield from _each(
            rows.filter(pl.col("target_id") == ""), path, "no Vidigami ID", "export the list again"
        )
        yield from _repeated(rows, "target_id", path, "Vidigami ID")
    else:
        yield from _each(
            rows.filter(pl.col("host_id") == ""),
            path,
            "no Host ID, and the list has no Vidigami ID",
            "export the list with the column Vidigami ID",
        )
    yield from _repeated(rows.filter(pl.col("host_id") != ""), "host_id", path, "Host ID")


def _check_groups(rows: pl.DataFrame, path: str) -> Iterator[Mistake]:
    yield from _repeated(rows.filter(pl.col("key") != ""), "key", path, "Group ID")
    yield from _each(rows.filter(pl.col("name") == ""), path, "no name", "name the group in Vidigami")


def _check_links(rows: pl.DataFrame, path: str) -> Iterator[Mistake]:
    blank = rows.filter(pl.any_horizontal(pl.exclude("_line") == ""))
    yield from _each(blank, path, "one of the two ids is blank", "give both a Host ID, and export again")


_CHECKS: Mapping[str, Callable[[pl.DataFrame, str], Iterator[Mistake]]] = {
    "users": _check_users,
    "groups": _check_groups,
    "memberships": _check_links,
    "relationships": _check_links,
}


def _repeated(rows: pl.DataFrame, column: str, path: str, caption: str) -> Iterator[Mistake]:
    again = rows.filter(~pl.col(column).is_first_distinct())
    yield from _each(again, path, f"its {caption} stands in an earlier row, too", "export the list again")


def _each(rows: pl.DataFrame, path: str, message: str, hint: str) -> Iterator[Mistake]:
    for line in rows["_line"].head(_SHOWN):
        yield Mistake(path, line, 0, message, hint)
    if rows.height > _SHOWN:
        yield Mistake(path, 0, 0, f"{message}: {rows.height - _SHOWN:,} more rows", hint)


def _told(word: str) -> str:
    """A word as messages name it; what is an address stands in the wrong column, and is somebody's."""
    return "an e-mail address" if "@" in word else repr(word)


def _in_our_words(rows: pl.DataFrame, path: str, settings: SheetSettings) -> pl.DataFrame:
    """Users with our member types and statuses; somebody without a Host ID goes by Vidigami's own id.

    Raises:
        InputError: a word that no setting explains.
    """
    words = {"member_type": ("user_types", settings.user_types), "status": ("statuses", settings.statuses)}
    mistakes: list[Mistake] = []
    for name, (setting, known) in words.items():
        if name in rows:
            unknown = rows.filter(~folded(name).is_in(list(known))).unique(name, maintain_order=True)
            mistakes += [
                Mistake(
                    path, line, 0, f"nobody has said what {_told(word)} means", f"add it to sheets.{setting}"
                )
                for word, line in unknown.select(name, "_line").head(_SHOWN).rows()
            ]
            rows = rows.with_columns(folded(name).replace(known).alias(name))
    if mistakes:
        raise InputError(mistakes)
    own = pl.col("target_id") if "target_id" in rows else pl.col("host_id")
    host_id = pl.when(pl.col("host_id") == "").then(pl.lit(NAMELESS) + own).otherwise("host_id")
    rows = rows.with_columns(target_id=own, host_id=host_id)
    if "opt_out" in rows:
        rows = rows.with_columns(opt_out=folded("opt_out").is_in(settings.yes))
    return rows
