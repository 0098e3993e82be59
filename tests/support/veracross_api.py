"""A Veracross server, as far as its lists can be read: it signs in, pages by headers, and limits the rate."""

from __future__ import annotations

import csv
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from tests.support.loopback import JsonHandler, Loopback, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CLIENT, SECRET = "veracross-client", "veracross-s3cret"
SCOPES = "students:list staff_faculty:list parents:list relationships:list"
Lists = dict[str, list[dict[str, Any]]]
GRADES = {"Kindergarten": 20, "Grade 7": 27, "12th Grade": 32, "Pre-K": 19, "Grade 9": 29, "20": 99}
"""What the value list calls each grade -> its number there, which is what rows hold."""


@contextmanager
def serving(lists: Lists) -> Iterator[Veracross]:
    """The server, while it runs."""
    with running(Veracross(lists)) as server:
        yield server


class Veracross(Loopback):
    """Its lists, and what is wrong with it."""

    def __init__(self, lists: Lists) -> None:
        super().__init__(_Handler)
        self.lists = lists
        self.most = 1000
        self.limit = 10**9
        """Requests that are taken before one is refused as too many."""
        self.asked: list[str] = []
        self.faults: dict[str, Any] = {}
        self.first_page_tells = False
        """Whether value lists come with the first page alone."""
        self.once_asked: dict[str, Callable[[], object]] = {}
        """List -> what happens once its first page was given."""

    @property
    def url(self) -> str:
        """The address of its lists."""
        return f"{self.host}/elm/v3"


class _Handler(JsonHandler):
    server: Veracross

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        wanted = {"grant_type": ["client_credentials"], "client_id": [CLIENT], "client_secret": [SECRET]}
        if self.path != "/elm/oauth/token" or form != {**wanted, "scope": [SCOPES]}:
            return self.send(401, {"error": "invalid_client", "error_id": "1"})
        return self.send(200, {"access_token": "vc-t0ken", "expires_in": 3600, "scope": SCOPES})

    def do_GET(self) -> None:
        api, name = self.server, self.path.rpartition("/")[2]
        api.asked.append(self.path)
        if self.headers["Authorization"] != "Bearer vc-t0ken":
            return self.send(401, {"error": "expired", "error_id": "2"})
        if self.headers["Accept"] != "application/json":
            return self.send(406, {"error": "not acceptable", "error_id": "3"})
        if len(api.asked) % api.limit == 0:
            return self.send(429, {"error": "rate limit", "error_id": "4"}, {"X-Rate-Limit-Remaining": "0"})
        fault = api.faults.get(name)
        if isinstance(fault, int):
            return self.send(fault, {"error": "missing a required scope", "error_id": "5"})
        if isinstance(fault, dict):
            return self.send(200, fault)
        page, size = int(self.headers["X-Page-Number"]), int(self.headers["X-Page-Size"])
        size = min(size, api.most)
        if fault == "repeat":
            page = min(page, 1) if page < 4 else 9
        rows = api.lists[name][(page - 1) * size : page * size]
        if fault == "short" and page == 1:
            rows = rows[:-1]
        items = [{"id": str(number), "description": word} for word, number in GRADES.items()]
        lists = [{"fields": ["grade_level"], "items": items}] if name == "students" else []
        include = self.headers["X-API-Value-Lists"] == "include"
        shown = lists if include and not (api.first_page_tells and page > 1) else []
        api.once_asked.pop(name, int)()
        return self.send(200, {"data": rows, "value_lists": shown})


def from_queries(folder: Path) -> Lists:
    """The lists from which a school's queries were exported."""
    students = [
        {
            "id": int(row["Person ID"]),
            "household_id": int(row["Household ID"]),
            "first_name": row["First Name"],
            "last_name": row["Last Name"],
            "preferred_name": row["Preferred Name"] or None,
            "email_1": row["Email 1"] or None,
            "grade_level": GRADES[row["Grade Level"]],
            "graduation_year": int(row["Graduation Year"]) if row["Graduation Year"] else None,
            "enrollment_status": row["Enrollment Status"],
        }
        for row in _read(folder / "students.csv")
    ]
    staff = [
        {name: row[name] or None for name in ("first_name", "last_name", "preferred_name", "email_1")}
        | {"id": int(row["id"]), "job_title": row["job_title"]}
        for row in _read(folder / "staff.csv")
    ]
    parents = [
        {
            "id": int(row["Person_PK"]),
            "first_name": row["First Name"],
            "last_name": row["Last Name"],
            "email_1": row["Email 1"] or None,
        }
        for row in _read(folder / "parents.csv")
    ]
    flags = ("resident", "legal_custody", "emergency", "parent_portal_access")
    relationships = [
        {name: int(row[name]) for name in ("id", "person_id", "related_person_id")}
        | {"relationship": row["relationship"]}
        | {flag: row[flag] == "true" for flag in flags}
        for row in _read(folder / "relationships.csv")
    ]
    return {"students": students, "staff_faculty": staff, "parents": parents, "relationships": relationships}


def _read(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
