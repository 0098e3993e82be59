"""A school's OneRoster server, 1.1 or 1.2, and the side lists -> `Tables`, as a bundle gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from reconciler.errors import ReconcileError
from reconciler.sources.api import ApiSource, Listed
from reconciler.sources.oneroster.classes import sections_of
from reconciler.sources.oneroster.listing import read_collection
from reconciler.sources.oneroster.people import ROLES, not_taken, pairs_of, people_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.http import Client, Clock
    from reconciler.sources.oneroster.listing import Row

_USER = {
    "sourcedid": ("sourcedId",),
    "enableduser": ("enabledUser",),
    "givenname": ("givenName",),
    "familyname": ("familyName",),
    "preferredgivenname": ("preferredFirstName", "preferredGivenName"),
    "identifier": ("identifier",),
    "email": ("email",),
    "grades": ("grades",),
    "agentsourcedids": ("agents",),
}
"""Header of a bundle -> what it is called here, the first that has a value."""
_CLASS = {
    "sourcedid": ("sourcedId",),
    "title": ("title",),
    "classcode": ("classCode",),
    "schoolsourcedid": ("school",),
}
_ENROLLMENT = {
    "classsourcedid": ("class",),
    "usersourcedid": ("user",),
    "role": ("role",),
    "primary": ("primary",),
}
_GONE = ("tobedeleted", "inactive")


class OneRosterRestSource(ApiSource):
    """The server at `source.url`, such as `https://sis.example.org/ims/oneroster/v1p1`, and the lists."""

    def client(self, clock: Clock) -> Client:
        """Signed in by client credentials at `source.token_url`: where that is, each vendor decides."""
        from reconciler.http import Client, ClientCredentials  # noqa: PLC0415 - slow

        source = self.school.source
        sign_in = ClientCredentials(source.token_url, self.keys(), clock, scope=source.scope)
        return Client(source.url.rstrip("/"), sign_in, clock)

    def tables(self, client: Client) -> dict[str, Listed]:
        """Users by their roles, their agents as contacts, and classes where the school has groups of them."""
        listed = _present(read_collection(client, "users"))
        users = _frame(listed, _USER)
        roles = pl.DataFrame(
            [role for number, user in listed for role in _roles(number, user)],
            schema={"id": pl.String, "role": pl.String, "school": pl.String, "_line": pl.UInt32},
            orient="row",
        )
        strange = not_taken(users, roles)
        tables = {
            table: Listed(people_of(users, roles, table), strange if table == "students" else ())
            for table in ROLES
        }
        tables["contacts"] = Listed(pairs_of(users, roles))
        if "classes" in self.school.groups.mapping:
            classes = _frame(_present(read_collection(client, "classes")), _CLASS)
            enrollments = _frame(_present(read_collection(client, "enrollments")), _ENROLLMENT)
            sections, students = sections_of(classes, enrollments)
            tables |= {"sections": Listed(sections), "enrolments": Listed(students)}
        return tables


def _present(rows: Sequence[Row]) -> list[tuple[int, Row]]:
    """The rows that do not say that they are gone, each with its number in the list."""
    numbered = enumerate(rows, 1)
    return [(number, row) for number, row in numbered if _text(row.get("status")).lower() not in _GONE]


def _frame(rows: Sequence[tuple[int, Row]], fields: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    values = [[number, *(_first(row, names) for names in fields.values())] for number, row in rows]
    schema = {"_line": pl.UInt32, **dict.fromkeys(fields, pl.String)}
    return pl.DataFrame(values, schema=schema, orient="row")


def _first(row: Row, names: Sequence[str]) -> str:
    return next(filter(None, (_text(row.get(name)) for name in names)), "")


def _roles(number: int, user: Row) -> Iterator[tuple[str, str, str, int]]:
    """1.2: each role, with the school it is at; 1.1: the one role, at each school."""
    orgs = user.get("orgs") or [None]
    try:
        told = [(one["role"], one.get("org")) for one in user["roles"]] if "roles" in user else []
    except (AttributeError, KeyError, TypeError):
        raise _shape("users") from None
    if not isinstance(orgs, list):
        raise _shape("users")
    if "roles" not in user:
        told = [(user.get("role"), one) for one in orgs]
    for role, school in told:
        yield user["sourcedId"], _text(role).lower(), _text(school), number


def _text(value: Any) -> str:  # noqa: ANN401 - JSON
    """A value as a bundle has it: references by their ids, lists by commas."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(filter(None, map(_text, value)))
    if isinstance(value, dict):
        return _text(value.get("sourcedId"))
    return str(value).strip()


def _shape(name: str) -> ReconcileError:
    return ReconcileError(f"{name}: the API's answer has another shape than documented")
