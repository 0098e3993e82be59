"""A school's PowerSchool, asked through its API, and the side lists -> `Tables`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.environment import credentials
from reconciler.errors import InputError, Mistake, ReconcileError
from reconciler.model import LIST_TABLES, TableInfo, Tables
from reconciler.sources.files import FileSource
from reconciler.sources.files.columns import match_columns
from reconciler.sources.powerschool.fields import TABLES
from reconciler.sources.powerschool.listing import page_size, read_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.http import Client, Clock
    from reconciler.model import School

TOKEN = "/oauth/access_token"  # noqa: S105 - where one is asked for


class PowerSchoolSource:
    """The server at `source.url`, and the lists beside the school file. Nothing is kept between calls."""

    def __init__(self, school: School, clock: Clock | None = None) -> None:
        self._school, self._clock = school, clock

    def read(self) -> Tables:
        """Every table, whole, as the exports would give it.

        Raises:
            InputError: a list has mistakes, or a table lacks what the rule set needs.
            ReconcileError: the server refuses something, or what it lists does not add up.
        """
        lists = self._lists().read()
        client = self._client()
        size = page_size(client)
        api = {name: read_table(client, name, table, size) for name, table in TABLES.items()}
        frames: dict[str, pl.DataFrame] = {}
        info: dict[str, TableInfo] = {}
        for name, rows in _as_exported(api).items():
            frames[name], info[name] = self._mapped(name, rows)
        return Tables({**frames, **lists.frames}, {**info, **lists.info})

    def digests(self) -> Mapping[str, str]:
        """Those of the lists alone: whether the server has changed is not known without reading it all."""
        return self._lists().digests()

    def _lists(self) -> FileSource:
        return FileSource(self._school, only=frozenset(LIST_TABLES))

    def _client(self) -> Client:
        from reconciler.http import Client, ClientCredentials, Credentials, SystemClock  # noqa: PLC0415 - slow

        source = self._school.source
        clock = self._clock or SystemClock()
        keys = Credentials(*credentials(source.credentials))
        return Client(source.url, ClientCredentials(source.url.rstrip("/") + TOKEN, keys, clock), clock)

    def _mapped(self, name: str, rows: pl.DataFrame) -> tuple[pl.DataFrame, TableInfo]:
        """Our fields, by the rules that exports are read by, too."""
        header = tuple(column for column in rows.columns if column != "_line")
        matched = match_columns(header, self._school.tables[name])
        if matched.mistakes:
            where = f"{self._school.source.url} ({name})"
            raise InputError([Mistake(where, 0, 0, *mistake) for mistake in matched.mistakes])
        if not rows.height and name in ("students", "staff"):
            raise ReconcileError(
                f"{self._school.source.url}: the API lists nobody as {name}: an empty answer is no empty"
                " school; see what the plugin may read"
            )
        frame = rows.select(
            **{field: pl.col(column) for field, column in matched.mapped.items()},
            _file=pl.lit(f"{name} (API)"),
            _line=pl.col("_line"),
        )
        return frame, TableInfo(
            file=f"{name} (API)",
            rows=frame.height,
            header=header,
            mapped=matched.mapped,
            ignored=matched.ignored,
        )


def _as_exported(api: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The tables as the Data Export Manager would write them, joined, under its labels."""
    staff = (
        api["schoolstaff"]
        .join(api["users"], left_on="users_dcid", right_on="dcid", how="inner", suffix="_user")
        .sort("_line")
        .select("_line", "users_dcid", "first_name", "last_name", "email_addr", "status", "schoolid")
    )
    parents = api["person"].rename({"id": "person.id"})
    kinds = api["codeset"].select("codesetid", "code")
    contacts = (
        api["studentcontactdetail"]
        .join(api["studentcontactassoc"].drop("_line"), on="studentcontactassocid", how="inner")
        .join(kinds, left_on="currreltypecodesetid", right_on="codesetid", how="left")
        .sort("_line")
        .select(
            "_line",
            "studentdcid",
            "personid",
            pl.col("code").fill_null("").alias("relationship type"),
            pl.col("isactive").alias("studentcontactdetail.isactive"),
            "iscustodial",
            "liveswithflg",
        )
    )
    emails = (
        api["personemailaddressassoc"]
        .join(api["emailaddress"].drop("_line"), on="emailaddressid", how="inner")
        .sort("_line")
        .select("_line", "personid", "emailaddress", "isprimaryemailaddress", "emailaddresspriorityorder")
    )
    return {
        "students": api["students"],
        "staff": staff,
        "parents": parents,
        "contacts": contacts,
        "emails": emails,
    }
