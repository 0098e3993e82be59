"""Blackbaud's SKY API, as far as users are read: it signs in by code, rotates tokens, pages, and is moody.

Shapes of answers, errors among them, are those measured in public notes
(https://github.com/Sekers/SKYAPI/tree/main/Research_Notes).
"""

from __future__ import annotations

import base64
import csv
import hashlib
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.support.loopback import JsonHandler, Loopback, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CLIENT, SECRET, KEY = "sky-client", "sky-s3cret", "sky-subscr1ption"
REDIRECT = "http://127.0.0.1:8400/callback"
STUDENT, TEACHER, PARENT, STAFF = 14, 15, 16, 332
ROLES = [
    {"id": 13236, "base_role_id": STUDENT, "hidden": False, "name": "Student"},
    {"id": 13237, "base_role_id": TEACHER, "hidden": False, "name": "Teacher"},
    {"id": 13238, "base_role_id": PARENT, "hidden": False, "name": "Parent"},
    {"id": 13239, "base_role_id": STAFF, "hidden": False, "name": "Staff"},
    {"id": 13240, "base_role_id": STUDENT, "hidden": False, "name": "Student on Leave"},
]
NUMBERS = {"Parent_Child": 6, "StepParent_StepChild": 1, "Guardian_Ward": 3, "Grandparent_Grandchild": 5}
NUMBERS |= {"Sibling_Sibling": 58, "Husband_Wife": 56}
Users = list[dict[str, Any]]


@contextmanager
def serving(users: Users) -> Iterator[Sky]:
    """The server, while it runs."""
    with running(Sky(users)) as server:
        yield server


class Sky(Loopback):
    """Its users, its tokens, and what is wrong with it."""

    def __init__(self, users: Users) -> None:
        super().__init__(_Handler)
        self.users = sorted(users, key=lambda user: float(user["id"]))
        self.most = 1000
        self.every_busy = 10**9
        self.every_dropped = 10**9
        """Every so many requests one is refused as too many, or not answered at all."""
        self.uses_of_a_token = 10**9
        self.asked: list[str] = []
        self.faults: dict[str, Any] = {}
        """Base role -> a status, an answer, or `repeat`."""
        self.refresh_token = "refresh-0"  # noqa: S105 - of nothing
        self.renewals = 0
        self.loses_answers = False
        self.lock = threading.Lock()
        self._codes: dict[str, str] = {}
        self._used = 0
        self._access = ""

    @property
    def url(self) -> str:
        """The address of its School API."""
        return f"{self.host}/school/v1"

    def consent(self, address: str) -> str:
        """Where the browser of somebody who consents is sent to."""
        query = {name: value for name, (value,) in parse_qs(urlsplit(address).query).items()}
        assert query["response_type"] == "code"
        assert (query["client_id"], query["code_challenge_method"]) == (CLIENT, "S256")
        code = f"c0de-{len(self._codes)}"
        self._codes[code] = query["code_challenge"] + query["redirect_uri"]
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def takes_code(self, form: dict[str, str]) -> bool:
        """Whether a code is known, and comes from who asked for it; it is good once."""
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        return self._codes.pop(form["code"], "") == challenge + form["redirect_uri"]

    def new_tokens(self) -> dict[str, Any]:
        """An access and a refresh token, in place of any before."""
        with self.lock:
            self._used = 0
            self.renewals += 1
            self._access, self.refresh_token = f"access-{self.renewals}", f"refresh-{self.renewals}"
            return {
                "access_token": self._access,
                "token_type": "Bearer",
                "expires_in": 3600,
                "refresh_token": self.refresh_token,
                "refresh_token_expires_in": 31536000,
                "environment_id": "p-x1",
            }

    def takes(self, token: str) -> bool:
        """Whether it is the last one, and not used up."""
        with self.lock:
            self._used += 1
            return token == f"Bearer {self._access}" and self._used <= self.uses_of_a_token


class _Handler(JsonHandler):
    server: Sky

    def do_POST(self) -> None:
        api = self.server
        pair = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path != "/token" or self.headers["Authorization"] != f"Basic {pair}":
            return self.send(401, {"error": "invalid_client"})
        form = {name: value for name, (value,) in parse_qs(text).items()}
        grants = {
            "authorization_code": lambda: api.takes_code(form),
            "refresh_token": lambda: form["refresh_token"] == api.refresh_token,
        }
        if not grants[form["grant_type"]]():
            return self.send(400, {"error": "invalid_grant"})
        tokens = api.new_tokens()
        if api.loses_answers:
            return self.drop()
        return self.send(200, tokens)

    def do_GET(self) -> None:
        api, parts = self.server, urlsplit(self.path)
        with api.lock:
            api.asked.append(self.path)
            number = len(api.asked)
        if number % api.every_dropped == 0:
            self.drop()
        elif number % api.every_busy == 0:
            busy = "Rate limit is exceeded. Try again in 1 seconds."
            self.problem(429, busy, {"Retry-After": "1"})
        else:
            self.answer(parts.path, {name: value for name, (value,) in parse_qs(parts.query).items()})

    def answer(self, path: str, query: dict[str, str]) -> None:
        api = self.server
        if self.headers["Bb-Api-Subscription-Key"] != KEY:
            return self.problem(401, "Access denied due to invalid subscription key.", {})
        if not api.takes(self.headers["Authorization"]):
            return self.problem(401, "Unauthorized. Access token is missing or invalid.", {})
        if path == "/school/v1/roles":
            return self.send(200, {"count": len(ROLES), "value": ROLES})
        if path != "/school/v1/users/extended":
            return self.problem(404, "Resource not found", {})
        return self.extended(query)

    def extended(self, query: dict[str, str]) -> None:
        api, bases = self.server, [int(one) for one in query["base_role_ids"].split(",")]
        fault = api.faults.get(str(bases[0]))
        if isinstance(fault, int):
            said = {"error_code": fault, "error_name": "Unauthorized", "raw_message": "{Message:no role}"}
            return self.send(fault, {"errors": [said]})
        if isinstance(fault, dict | list):
            return self.send(200, fault)
        after = 0 if fault == "repeat" else float(query.get("marker", 0))
        found = [
            user
            for user in api.users
            if float(user["id"]) > after and any(role["base_role_id"] in bases for role in user["roles"])
        ][: api.most]
        link = f"/school/v1/users/extended?marker={found[-1]['id']}" if len(found) == api.most else ""
        return self.send(200, {"count": len(found), "next_link": link, "value": found})

    def problem(self, status: int, message: str, headers: dict[str, str]) -> None:
        said = {"statusCode": status, "message": message, "status": status, "title": message}
        self.send(status, said, {"Content-Type": "application/problem+json", **headers})


def user(number: int | str, *roles: int, **fields: Any) -> dict[str, Any]:
    """A user who has the school's roles that are based on these."""
    names = {"first_name": "Ada", "last_name": "Byron", "email": None, "preferred_name": None}
    held = [
        next(
            {key: role[key] for key in ("id", "base_role_id", "name")}
            for role in ROLES
            if role["base_role_id"] == base
        )
        for base in roles
    ]
    about = {"host_id": "X77", "student_id": None, "deceased": False, "relationships": None}
    return {"id": number, **names, **about, "roles": held} | fields


def relationship(one: int, two: int, kind: int | str = 6, *, access: bool = True) -> dict[str, Any]:
    """User one's relationship to user two."""
    return {
        "id": f"{one}{two}",
        "user_one_id": one,
        "user_two_id": two,
        "relationship": kind,
        "parental_access": access,
        "list_as_parent": access,
        "resides_with": True,
        "primary": True,
    }


def from_lists(folder: Path) -> Users:
    """The users of whom a school's lists were exported."""
    kept: dict[str, dict[str, Any]] = {}

    def meet(row: dict[str, str], *roles: int) -> dict[str, Any]:
        number = row.get("User ID") or row["id"]
        names = {
            "first_name": row.get("First Name") or row.get("first_name"),
            "last_name": row.get("Last Name") or row.get("last_name"),
            "preferred_name": row.get("Preferred Name") or row.get("preferred_name") or None,
            "email": row.get("E-Mail") or row.get("email") or None,
        }
        one = kept.setdefault(number, user(int(number), **names, relationships=[]))
        one["roles"] += user(0, *roles)["roles"]
        return one

    for row in _read(folder / "students.csv"):
        meet(row, STUDENT)["student_info"] = {
            "grade_level_name": row["Grade Level"],
            "grade_level": row["Grade Level"],
            "grad_year": row["Grad Year"] or None,
        }
    for row in _read(folder / "staff.csv", ";"):
        meet(row, STAFF)
    for row in _read(folder / "parents.csv"):
        meet(row, PARENT)
    for row in _read(folder / "relationships.csv"):
        flags = {
            name: row[name] == "True"
            for name in ("parental_access", "list_as_parent", "resides_with", "primary")
        }
        one, two = int(row["user_one_id"]), int(row["user_two_id"])
        told = relationship(one, two, NUMBERS[row["relationship"]]) | flags
        kept[row["user_one_id"]]["relationships"].append(told)
        kept[row["user_two_id"]]["relationships"].append(told)
    return list(kept.values())


def _read(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    text = path.read_text(encoding="utf-8-sig")
    return list(csv.DictReader(text.splitlines(), delimiter=delimiter))
