"""A SCIM server of a few lines, for what no honest one does: it lies about what it lists, holds and does."""

from __future__ import annotations

import copy
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from reconciler.model import ScimSettings, TargetSettings
from tests.support.loopback import JsonHandler, Loopback, running
from tests.support.scim_servers import NAME, TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

CORE = "urn:ietf:params:scim:schemas:core:2.0"
CREATING = (
    *("loses an answer", "tells nothing", "tells a list", "tells a page", "tells little"),
    *("keeps no externalId", "lists late"),
)
"""What may be wrong with a server that makes what it is asked to."""
CHANGING = ("honest", "says nothing", "ignores", "ignores silently", "shouts", "is late", "goes down")
"""How a server may take a PATCH; the first two carry it out."""


@contextmanager
def serving(lie: str = "", **lists: list[dict[str, Any]]) -> Iterator[ScimServer]:
    """The server, while it runs."""
    with running(ScimServer(lie, lists)) as server:
        yield server


class ScimServer(Loopback):
    """Lists of resources, and what is wrong with them."""

    def __init__(self, lie: str, lists: dict[str, list[dict[str, Any]]]) -> None:
        super().__init__(_Handler)
        self.lie, self.lists = lie, lists
        self.schemas: list[dict[str, Any]] = []
        self.config: dict[str, Any] = {"filter": {"supported": True, "maxResults": 2}}
        self.asked: list[str] = []
        self.late: dict[str, dict[str, Any]] = {}
        """Resources as they are shown once more after they were changed, by their id."""
        self.bodies: list[Any] = []

    def settings(self, **scim: Any) -> TargetSettings:
        """How a school file names it."""
        return TargetSettings("scim", url=f"{self.host}/v2", credentials=NAME, scim=ScimSettings(**scim))


class _Handler(JsonHandler):
    server: ScimServer

    def do_GET(self) -> None:
        api, parts = self.server, urlsplit(self.path)
        api.asked.append(self.path)
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self.send(401, {"status": "401"})
        name, _, id_ = parts.path.removeprefix("/v2/").partition("/")
        if name == "ServiceProviderConfig":
            return self.send(200, api.config) if api.config else self.send(404, {})
        if name == "Schemas":
            return self.send(200, {"Resources": api.schemas}) if api.schemas else self.send(404, {})
        if api.lie == "down":
            return self.send(500, {})
        rows = api.lists.get(name, [])
        if id_:
            return self._show(rows, id_)
        if api.lie == "lists it next time":
            rows, api.lie = [], "tells nothing"
        return self.send(200, self._page(rows, {key: one[0] for key, one in parse_qs(parts.query).items()}))

    def _show(self, rows: list[dict[str, Any]], id_: str) -> None:
        found = [row for row in rows if row["id"] == id_]
        shown = self.server.late.pop(id_, None) or next(iter(found), None)
        self.send(200 if shown else 404, shown or {})

    def do_POST(self) -> None:
        if self.server.lie not in CREATING:
            return self._refuse()
        api, body = self.server, self._body()
        rows = api.lists[urlsplit(self.path).path.rpartition("/")[2]]
        if body.get("userName") in [one.get("userName", "") for one in rows]:
            return self.send(409, {})
        made = {**body, "id": f"n{len(rows) + 1}"}
        if api.lie == "keeps no externalId":
            del made["externalId"]
        rows.append(made)
        if api.lie in ("loses an answer", "lists late"):
            api.lie = "down" if api.lie == "loses an answer" else "lists it next time"
            return self.drop()
        little = {"id": made["id"], "userName": body.get("userName")}
        if api.lie in ("tells little", "keeps no externalId"):
            return self.send(201, little)
        return self._say(201, {"tells a list": b"[1]", "tells a page": b"<html>"}.get(api.lie, b""))

    def do_PATCH(self) -> None:
        if self.server.lie not in CHANGING:
            return self._refuse()
        api, body = self.server, self._body()
        name, _, id_ = urlsplit(self.path).path.removeprefix("/v2/").partition("/")
        (row,) = (one for one in api.lists[name] if one["id"] == id_)
        before = copy.deepcopy(row)
        if not api.lie.startswith("ignores"):
            for operation in body["Operations"]:
                _carry_out(row, operation)
        if api.lie == "shouts":
            row["name"]["familyName"] = row["name"]["familyName"].upper()
        if api.lie == "is late":
            api.late[id_] = before
        if api.lie == "goes down":
            api.lie = "down"
        return self.send(200, row) if api.lie in ("ignores", "honest", "shouts") else self._say(204, b"")

    def _body(self) -> Any:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.bodies.append(body)
        return body

    def _say(self, status: int, data: bytes) -> None:
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _refuse(self) -> None:
        body = self._body()
        if self.server.lie == "redirect":
            self.send(307, {}, {"Location": "http://localhost:9/v2/Users"})
        elif self.server.lie == "hides members":
            self.send(200, {})
        elif self.server.lie == "out of order":
            self.send(403, {"detail": "no"})
        else:
            self.send(400, {"detail": f"not {body}"})

    def _page(self, rows: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
        lie, size = self.server.lie, int(query.get("count", 100))
        start = int(query.get("startIndex", 1))
        total = len(rows)
        if lie == "repeats a page":
            start = 1
        if lie == "stops short" and start > 1:
            size = 0
        if lie == "counts too many":
            total += 1
        if lie == "counts too few":
            total -= 1
        if lie == "changes its count" and start > 1:
            total += 1
        answer = {"totalResults": total, "Resources": rows[start - 1 : start - 1 + size], "startIndex": start}
        if lie == "does not count":
            del answer["totalResults"]
        return answer


def _carry_out(row: dict[str, Any], operation: dict[str, Any]) -> None:
    """An operation of a PATCH."""
    urn, _, name = operation["path"].rpartition(":")
    holder = row.setdefault(urn, {}) if urn else row
    name, _, condition = name.partition("[value eq ")
    outer, _, inner = name.rpartition(".")
    if condition:
        gone = json.loads(condition.removesuffix("]"))
        holder[name] = [one for one in holder[name] if one["value"] != gone]
    elif operation["op"] == "add":
        holder[name] = [*holder.get(name, []), *operation["value"]]
    elif operation["op"] == "remove":
        holder.pop(name, None)
    else:
        (holder.setdefault(outer, {}) if outer else holder)[inner] = operation["value"]
