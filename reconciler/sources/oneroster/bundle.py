"""A bundle of OneRoster CSV files: a folder or a zip archive, and what its manifest says of it.

https://www.imsglobal.org/oneroster-v11-final-csv-tables,
https://www.imsglobal.org/spec/oneroster/v1p2/bind/csv
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from reconciler.archive import open_members
from reconciler.errors import InputError, Mistake, one_mistake
from reconciler.model import SourceFile, fold_header
from reconciler.tabular.parse import open_export, read_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_AGAIN = "ask for the whole bundle again"
_MISSPELT: Mapping[str, str] = {
    "sourceid": "sourcedid",
    "orgsourcedid": "orgsourcedids",
    "orgsourceid": "orgsourcedids",
    "orgsourceids": "orgsourcedids",
    "agentsourcedid": "agentsourcedids",
    "agentsourceid": "agentsourcedids",
    "agentsourceids": "agentsourcedids",
    "usersourceid": "usersourcedid",
    "classsourceid": "classsourcedid",
    "schoolsourceid": "schoolsourcedid",
    "coursesourceid": "coursesourcedid",
    "grade": "grades",
    "enabled": "enableduser",
}
"""Headers as some systems write them -> as the standard has them; all without capitals."""
_SAID = ("", "bulk", "delta", "absent")
"""What a manifest says of a file, if anything."""
_GONE = ("tobedeleted", "inactive")
"""Words of `status` by which a row of a bulk file is none."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a bundle, as it was read."""

    name: str
    """As it is called in the bundle, such as `users.csv`."""
    path: str
    """For messages: the bundle's path and the name."""
    rows: pl.DataFrame
    """A text column a header, called as in the standard but without capitals, and `_line`."""
    header: tuple[str, ...]
    """As it stands in the file."""
    encoding: str
    data: bytes = field(repr=False)

    def need(self, *columns: str) -> None:
        """See that these columns are there.

        Raises:
            InputError: for each that is not.
        """
        missing = [name for name in columns if name not in self.rows.columns]
        if missing:
            hint = f"{_AGAIN}, with the columns of the standard"
            raise InputError([Mistake(self.path, 1, 0, f"no column {name}", hint) for name in missing])


class Bundle:
    """The CSV files at a path: a folder, or a zip archive."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open = _zip_members(path) if path.is_file() else _folder_members(path)
        self._manifest = self._read_manifest()

    @property
    def version(self) -> str:
        """`1.1` or `1.2`: as the manifest says, else by the files that are there."""
        said = self._manifest.get("oneroster.version", "")
        return said if said in ("1.1", "1.2") else ("1.2" if "roles" in self._open else "1.1")

    def read(self, name: str) -> Member:
        """One file, whole, without the rows that say that they are gone.

        Raises:
            InputError: it is not there, holds changes alone, or cannot be read whole.
        """
        self._check(name)
        file, read = self._open[name]
        path = f"{self._path}/{file}"
        data = read()
        export = open_export(data, SourceFile(file, path, allow_empty=True))
        names = [_standard(header) for header in export.header]
        twice = sorted({one for one in names if one and names.count(one) > 1})
        if twice:
            raise one_mistake(path, f"two columns are called {', '.join(twice)}", _AGAIN, line=1)
        rows = read_rows(export).rename({str(at): one for at, one in enumerate(names) if one})
        rows = rows.select(*(one for one in names if one), "_line")
        if "status" in rows.columns:
            rows = rows.filter(~pl.col("status").str.to_lowercase().is_in(list(_GONE)))
        return Member(file, path, rows, export.header, export.encoding, data)

    def files(self, names: Iterable[str]) -> dict[str, bytes]:
        """Name -> bytes of those CSV files that are there; of what else a bundle has, nothing is read."""
        return {name: self._open[name][1]() for name in names if name in self._open}

    def _check(self, name: str) -> None:
        said = self._manifest.get(f"file.{name}", "").lower()
        if said not in _SAID:
            message = f"the manifest says {said!r} of {name}, which is none of bulk, delta and absent"
            hint = "ask for a bulk bundle; if it is one, leave manifest.csv out"
            raise one_mistake(str(self._path), message, hint)
        if said == "absent" and name in self._open:
            message = f"the manifest says that {name}.csv is absent, and it is there: it may be of before"
            raise one_mistake(str(self._path), message, f"take it out, or {_AGAIN}")
        if said == "delta":
            raise one_mistake(
                str(self._path),
                f"{name} is a delta: it holds changes alone, so whoever is not in it would seem to have left",
                "ask for a bulk bundle",
            )
        if said == "bulk" and name not in self._open:
            raise one_mistake(
                str(self._path), f"the manifest promises {name}.csv, which is not there", _AGAIN
            )
        if name not in self._open:
            there = ", ".join(sorted(self._open)) or "no CSV file"
            raise one_mistake(str(self._path), f"no {name}.csv is in the bundle; there is {there}", _AGAIN)

    def _read_manifest(self) -> dict[str, str]:
        """Property -> value; nothing where there is no manifest, as in some bundles."""
        if "manifest" not in self._open:
            return {}
        file, read = self._open["manifest"]
        path = f"{self._path}/{file}"
        export = open_export(read(), SourceFile(file, path, allow_empty=True))
        rows = read_rows(export)
        if len(export.header) < 2:
            raise one_mistake(path, "a manifest has the columns propertyName and value", _AGAIN, line=1)
        return {fold_header(name): value for name, value in rows.select("0", "1").iter_rows()}


def _standard(header: str) -> str:
    name = fold_header(header).replace(" ", "").replace("_", "")
    return _MISSPELT.get(name, name)


def _folder_members(folder: Path) -> dict[str, tuple[str, Callable[[], bytes]]]:
    try:
        paths = [path for path in sorted(folder.iterdir()) if path.suffix.lower() == ".csv"]
    except OSError as error:
        hint = "source.path names a folder or a zip archive with the bundle's CSV files"
        raise one_mistake(str(folder), f"cannot be read: {error.strerror}", hint) from None
    return _by_name(str(folder), [(path.name, partial(_read, path)) for path in paths])


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        hint = "see that it is a file that you may read, or take it out of the bundle"
        raise one_mistake(str(path), f"cannot be read: {error.strerror}", hint) from None


def _zip_members(path: Path) -> dict[str, tuple[str, Callable[[], bytes]]]:
    inside = open_members(path)
    return _by_name(
        str(path), [(name, read) for name, read in inside.items() if name.lower().endswith(".csv")]
    )


def _by_name(
    where: str, members: list[tuple[str, Callable[[], bytes]]]
) -> dict[str, tuple[str, Callable[[], bytes]]]:
    """`users` -> the file of that name, whatever its capitals and its folder."""
    found: dict[str, tuple[str, Callable[[], bytes]]] = {}
    for name, read in members:
        key = Path(name).stem.lower()
        if key in found:
            raise one_mistake(where, f"{found[key][0]} and {name} are the same file twice", "leave one out")
        found[key] = (name, read)
    return found
