"""Which file is which table: by the columns that it has, and where those do not tell, by its name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

WORDS: Mapping[str, tuple[str, ...]] = {
    "students": ("student", "pupil"),
    "staff": ("staff", "teacher", "faculty", "user", "employee"),
    "parents": ("parent", "person", "guardian"),
    "contacts": ("contact", "relation"),
    "emails": ("email", "e-mail"),
}
"""Table -> what its file may be called."""
DATA_SET = "contacts_dataset"
IN_DATA_SET = ("parents", "contacts", "emails")
"""The tables in whose place one file may stand."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A file that could be a table: it has all columns that the table cannot do without."""

    file: str
    table: str
    headers: tuple[str, ...]
    """Those that are read, in the order of our fields."""

    @property
    def score(self) -> tuple[int, int]:
        """Whether its name speaks for it, and how much of the table it has: the greater, the better."""
        name = self.file.lower()
        named = [table for table, words in WORDS.items() if any(word in name for word in words)]
        return (self.table in named) - bool(named and self.table not in named), len(self.headers)


@dataclass(slots=True)
class Assignment:
    """Tables and their files."""

    fits: dict[str, Fit] = field(default_factory=dict)
    """Table -> the file that it is read from."""
    contested: dict[str, list[str]] = field(default_factory=dict)
    """Table -> files that could be it equally well."""
    missing: list[str] = field(default_factory=list)
    """Needed tables that no file could be."""

    @property
    def complete(self) -> bool:
        """Whether nothing is missing or open."""
        return not (self.contested or self.missing)

    @property
    def headers(self) -> int:
        """How many columns are read in all."""
        return sum(len(fit.headers) for fit in self.fits.values())


def assign(fits: Collection[Fit], needed: Collection[str], chosen: Mapping[str, str]) -> Assignment:
    """Give each table the file that fits it best; a file is one table's.

    `chosen` are tables whose file somebody named. Where two files fit equally well, nobody guesses.
    """
    found = Assignment()
    left = [fit for fit in fits if fit.table not in chosen and fit.file not in chosen.values()]
    left.sort(key=lambda fit: (fit.table, fit.file))
    left.sort(key=lambda fit: fit.score, reverse=True)
    found.fits |= {fit.table: fit for fit in fits if chosen.get(fit.table) == fit.file}
    while left:
        best = left[0]
        rivals = [fit.file for fit in left if fit.table == best.table and fit.score == best.score]
        if len(rivals) > 1:
            found.contested[best.table] = sorted(rivals)
        else:
            found.fits[best.table] = best
        taken = set(rivals)
        left = [fit for fit in left if fit.table != best.table and fit.file not in taken]
    _choose_contacts(found)
    has = {*found.fits, *found.contested, *(IN_DATA_SET if DATA_SET in found.fits else ())}
    found.missing = [table for table in needed if table not in has]
    return found


def best_of(assignments: Mapping[str, Assignment]) -> list[str]:
    """The systems that explain the files best: one, or several that do so equally well."""

    def worth(name: str) -> tuple[int, int]:
        one = assignments[name]
        return -len(one.missing), one.headers

    most = max(map(worth, assignments))
    return [name for name in assignments if worth(name) == most]


def _choose_contacts(found: Assignment) -> None:
    """Three files, which tell past contacts from present ones, or the data set in their place; not both."""
    if DATA_SET not in found.fits:
        return
    if {"parents", "contacts"} <= found.fits.keys():
        del found.fits[DATA_SET]
        return
    for table in IN_DATA_SET:
        found.fits.pop(table, None)
        found.contested.pop(table, None)
