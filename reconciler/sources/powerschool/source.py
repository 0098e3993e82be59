"""A school's PowerSchool, asked through its API, and the side lists -> `Tables`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.errors import ReconcileError
from reconciler.sources.api import ApiSource, Listed
from reconciler.sources.powerschool.fields import TABLES
from reconciler.sources.powerschool.listing import page_size, read_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.http import Client, Clock

TOKEN = "/oauth/access_token"  # noqa: S105 - where one is asked for


class PowerSchoolSource(ApiSource):
    """The server at `source.url`, such as `https://district.powerschool.com`, and the lists."""

    def client(self, clock: Clock) -> Client:
        """Signed in by the client credentials of its plugin."""
        from reconciler.http import Client, ClientCredentials  # noqa: PLC0415 - slow

        url = self.school.source.url.rstrip("/")
        return Client(url, ClientCredentials(url + TOKEN, self.keys(), clock), clock)

    def tables(self, client: Client) -> dict[str, Listed]:
        """Every table, whole, joined as the exports are."""
        size = page_size(client)
        api = {name: read_table(client, name, table, size) for name, table in TABLES.items()}
        lost = _lost(api)
        return {name: Listed(rows, lost.get(name, ())) for name, rows in _as_exported(api).items()}


_REFERENCES = {
    "staff": ("schoolstaff", "users_dcid", "users"),
    "contacts": ("studentcontactdetail", "studentcontactassocid", "studentcontactassoc"),
    "emails": ("personemailaddressassoc", "emailaddressid", "emailaddress"),
}
"""Our table -> the API's table whose records it has, the field that refers to another one, and that."""


def _lost(api: Mapping[str, pl.DataFrame]) -> dict[str, tuple[str, ...]]:
    """Our table -> the records that are not in it, since what they refer to is not listed.

    Raises:
        ReconcileError: a table of which none refers to anything: a field that may not be read is blank.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, (table, field, other) in _REFERENCES.items():
        without = api[table].join(api[other], left_on=field, right_on=TABLES[other].key, how="anti").height
        if without and without == api[table].height:
            raise ReconcileError(
                f"{table}: the API lists {without:,} records, and {other} for no {field} of them: see which"
                " fields the plugin may read"
            )
        if without:
            found[name] = (f"what of {table} has a {field} that {other} does not (records: {without:,})",)
    return found


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
