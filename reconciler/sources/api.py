"""What sources that ask an API have in common: secrets, our fields by the rule set, and no empty schools."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from reconciler.environment import credentials
from reconciler.errors import InputError, Mistake, ReconcileError
from reconciler.model import LIST_TABLES, TableInfo, Tables
from reconciler.sources.files import FileSource
from reconciler.tabular.columns import match_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.http import Client, Clock, Credentials
    from reconciler.model import School

NEVER_EMPTY = ("students", "staff")
"""Tables of which a school that has none does not exist: an empty answer says that nothing may be read."""


class Listed(NamedTuple):
    """What an API lists of a logical table."""

    rows: pl.DataFrame
    """Text under the headers of an export, and `_line`; whole."""
    untaken: tuple[str, ...] = ()
    """What of it was not taken, for `ignored-column`."""


class ApiSource(ABC):
    """The server at `source.url`, and the lists beside the school file. Nothing is kept between calls."""

    def __init__(self, school: School, clock: Clock | None = None) -> None:
        self.school, self._clock = school, clock

    @abstractmethod
    def client(self, clock: Clock) -> Client:
        """The server, signed in."""

    @abstractmethod
    def tables(self, client: Client) -> Mapping[str, Listed]:
        """Every logical table, each whole."""

    def read(self) -> Tables:
        """Every table, whole, as the exports would give it.

        Raises:
            InputError: a list has mistakes, or a table lacks what the rule set needs.
            ReconcileError: the server refuses something, or what it lists does not add up.
        """
        from reconciler.http import SystemClock  # noqa: PLC0415 - slow

        lists = self._lists().read()
        frames: dict[str, pl.DataFrame] = {}
        info: dict[str, TableInfo] = {}
        for name, listed in self.tables(self.client(self._clock or SystemClock())).items():
            frames[name], info[name] = self._mapped(name, *listed)
        return Tables({**frames, **lists.frames}, {**info, **lists.info})

    def digests(self) -> Mapping[str, str]:
        """Those of the lists alone: whether the server has changed is not known without reading it all."""
        return self._lists().digests()

    def keys(self) -> Credentials:
        """Client id and secret, from the environment."""
        from reconciler.http import Credentials  # noqa: PLC0415 - slow

        return Credentials(*credentials(self.school.source.credentials))

    def _lists(self) -> FileSource:
        return FileSource(self.school, only=frozenset(LIST_TABLES))

    def _mapped(
        self, name: str, rows: pl.DataFrame, untaken: tuple[str, ...]
    ) -> tuple[pl.DataFrame, TableInfo]:
        """Our fields, by the rules that exports are read by, too."""
        header = tuple(column for column in rows.columns if column != "_line")
        matched = match_columns(header, self.school.tables[name])
        url = self.school.source.url
        if matched.mistakes:
            raise InputError([Mistake(f"{url} ({name})", 0, 0, *mistake) for mistake in matched.mistakes])
        if not rows.height and name in NEVER_EMPTY:
            raise ReconcileError(
                f"{url}: the API lists nobody as {name}: an empty answer is no empty school; see what may"
                " be read"
            )
        frame = rows.select(
            **{field: pl.col(column) for field, column in matched.mapped.items()},
            _file=pl.lit(f"{name} (API)"),
            _line=pl.col("_line"),
        )
        ignored = (*matched.ignored, *untaken)
        about = TableInfo(
            f"{name} (API)", frame.height, header=header, mapped=matched.mapped, ignored=ignored
        )
        return frame, about
