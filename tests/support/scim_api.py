"""A SCIM server of a few lines, for what no honest one does: it lies about its listings, or holds little."""

from __future__ import annotations

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
        rows = api.lists.get(name, [])
        if id_:
            found = [row for row in rows if row["id"] == id_]
            return self.send(200, found[0]) if found else self.send(404, {})
        return self.send(200, self._page(rows, {key: one[0] for key, one in parse_qs(parts.query).items()}))

    def do_POST(self) -> None:
        self._refuse()

    def do_PATCH(self) -> None:
        self._refuse()

    def _refuse(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.bodies.append(body)
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
