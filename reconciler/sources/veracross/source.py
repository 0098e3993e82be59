"""A school's Veracross, asked through its API, and the side lists -> `Tables`."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reconciler.sources.api import ApiSource, Listed
from reconciler.sources.veracross.listing import read_list

if TYPE_CHECKING:
    from reconciler.http import Client, Clock

PEOPLE = ("id", "first_name", "last_name", "preferred_name", "email_1")
LISTS = {
    "students": ("students", (*PEOPLE, "grade_level", "graduation_year", "enrollment_status", "campus")),
    "staff": ("staff_faculty", (*PEOPLE, "campus")),
    "parents": ("parents", (*PEOPLE[:3], "email_1")),
    "contacts": (
        "relationships",
        (
            *("id", "person_id", "related_person_id", "relationship", "legal_custody", "resident"),
            "parent_portal_access",
        ),
    ),
}
"""Logical table -> list of the API, and what of it is read.

Relationships, not households: second households have no part in those, and leavers are moved out of them."""


class VeracrossSource(ApiSource):
    """The server at `source.url`, such as `https://api.veracross.com/elm/v3`, and the lists."""

    def client(self, clock: Clock) -> Client:
        """Signed in by client credentials, for the lists that are read."""
        from reconciler.http import Client, ClientCredentials  # noqa: PLC0415 - slow

        url = self.school.source.url.rstrip("/")
        scope = " ".join(f"{name}:list" for name, _ in LISTS.values())
        sign_in = ClientCredentials(token_url(url), self.keys(), clock, scope=scope, in_body=True)
        return Client(url, sign_in, clock)

    def tables(self, client: Client) -> dict[str, Listed]:
        """Every list, whole."""
        tables = {table: read_list(client, name, fields) for table, (name, fields) in LISTS.items()}
        tables["contacts"] = tables["contacts"].drop("id")  # a relationship's, and nobody's
        return {table: Listed(rows) for table, rows in tables.items()}


def token_url(url: str) -> str:
    """Where tokens of an address are given: `https://accounts.veracross.com/elm/oauth/token`."""
    parts = urlsplit(url)
    host = parts.netloc.replace("api.", "accounts.", 1) if parts.netloc.startswith("api.") else parts.netloc
    route = parts.path.strip("/").split("/")[0]
    return f"{parts.scheme}://{host}/{route}/oauth/token"
