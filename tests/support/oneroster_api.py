"""A OneRoster server, 1.1 or 1.2, read by collections: it signs in, pages, and is busy."""

from __future__ import annotations

import base64
import csv
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.support.loopback import JsonHandler, Loopback, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.support.oneroster import User

CLIENT, SECRET = "oneroster-client", "oneroster-s3cret"
SCOPE = "https://purl.imsglobal.org/spec/or/v1p1/scope/roster-core.readonly"
ROOTS = {"1.1": "/ims/oneroster/v1p1", "1.2": "/ims/oneroster/rostering/v1p2"}
Collections = dict[str, list[dict[str, Any]]]


@contextmanager
def serving(collections: Collections, version: str = "1.1") -> Iterator[OneRoster]:
    """The server, while it runs."""
    with running(OneRoster(collections, version)) as server:
        yield server


class OneRoster(Loopback):
    """Its collections, and what is wrong with it."""

    def __init__(self, collections: Collections, version: str) -> None:
        super().__init__(_Handler)
        self.collections, self.root = collections, ROOTS[version]
        self.most = 100
        """Rows of a page, whatever is asked for."""
        self.tells_total = True
        self.asked: list[str] = []
        self.tokens = 0
        self.expires_after = 10**9
        """Requests that a token serves."""
        self.busy_every = 10**9
        self.faults: dict[str, Any] = {}

    @property
    def url(self) -> str:
        """The address of its collections."""
        return self.host + self.root


class _Handler(JsonHandler):
    server: OneRoster

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        wanted = {"grant_type": ["client_credentials"], "scope": [SCOPE]}
        if (
            self.path != "/oauth2/token"
            or form != wanted
            or self.headers["Authorization"] != f"Basic {basic}"
        ):
            return self.send(401, {"error": "invalid_client"})
        self.server.tokens += 1
        token = {"access_token": f"t0ken-{self.server.tokens}", "token_type": "Bearer", "expires_in": 3600}
        return self.send(200, token)

    def do_GET(self) -> None:
        api, parts = self.server, urlsplit(self.path)
        api.asked.append(self.path)
        if self.headers["Authorization"] != f"Bearer t0ken-{api.tokens}":
            return self.refuse(401, "unauthorisedrequest")
        if len(api.asked) % api.expires_after == 0:
            api.tokens += 1
            return self.refuse(401, "unauthorisedrequest")
        if len(api.asked) % api.busy_every == 0:
            return self.refuse(429, "server_busy")
        name = parts.path.removeprefix(f"{api.root}/")
        fault = api.faults.get(name)
        if isinstance(fault, int) or name not in api.collections:
            return self.refuse(fault or 404, "unknownobject")
        rows = api.collections[name]
        query = {key: int(values[0]) for key, values in parse_qs(parts.query).items()}
        offset, size = query["offset"], min(query["limit"], api.most)
        total = len(rows) + (fault == "lie")
        if fault == "repeat":
            offset = 0
        if fault == "removed" and offset:
            rows = api.collections[name] = rows[1:]
            api.faults.pop(name)
            total = len(rows)
        page = rows[offset : offset + size]
        if fault == "drop":
            api.faults.pop(name)
            return self.drop()
        headers = {"X-Total-Count": str(total)} if api.tells_total else {}
        return self.send(200, fault if isinstance(fault, dict) else {name: page}, headers)

    def refuse(self, status: int, minor: str) -> None:
        self.send(status, {"imsx_codeMajor": "failure", "imsx_severity": "error", "imsx_CodeMinor": minor})


def collections(users: Sequence[User], version: str, **files: str) -> Collections:
    """What a server holds of the people and the CSV files of a bundle."""
    made = {"users": [_user(one, version) for one in users]}
    for name, text in files.items():
        made[name] = [_references(row) for row in csv.DictReader(text.splitlines())]
    return made


def _user(one: User, version: str) -> dict[str, Any]:
    schools = [_reference(id_, "org") for id_ in one["orgSourcedIds"].split(",")]
    told: dict[str, Any] = {
        "sourcedId": one["sourcedId"],
        "status": one.get("status", "active"),
        "dateLastModified": "2025-08-20T06:00:00.000Z",
        "givenName": one["givenName"],
        "familyName": one["familyName"],
        "identifier": None,
        "agents": [_reference(id_, "user") for id_ in one["agentSourcedIds"].split(",") if id_],
    }
    told |= {"email": one["email"]} if one.get("email") else {}
    told |= {"grades": one["grades"].split(",")} if one.get("grades") else {}
    if version == "1.1":  # the standard's own example has text
        return told | {"enabledUser": one["enabledUser"], "role": one["role"], "orgs": schools}
    roles = [
        {"roleType": "primary" if at == 0 else "secondary", "role": role, "org": school}
        for at, role in enumerate(one["role"].split(","))
        for school in schools
    ]
    told |= {"preferredFirstName": one["preferredGivenName"]} if one.get("preferredGivenName") else {}
    return told | {"enabledUser": one["enabledUser"] == "true", "roles": roles}


def _references(row: dict[str, str]) -> dict[str, Any]:
    kinds = {"classSourcedId": "class", "userSourcedId": "user", "schoolSourcedId": "school"}
    return {kinds.get(name, name): _reference(value, kinds[name]) if name in kinds else value or None
            for name, value in row.items()}  # fmt: skip


def _reference(sourced_id: str, kind: str) -> dict[str, str]:
    return {"href": f"https://sis.example.org/{kind}s/{sourced_id}", "sourcedId": sourced_id, "type": kind}
