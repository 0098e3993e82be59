"""A server that keeps the comments of one pull request, as GitHub and GitLab do, and misbehaves on demand."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager

from tests.support.loopback import JsonHandler, Loopback, running

TOKEN = "t0ken-that-nobody-may-see"  # noqa: S105 - of nothing


@contextmanager
def serving():
    """The server, while it runs."""
    with running(Api()) as server:
        yield server


class Api(Loopback):
    """The comments of one pull request, as GitHub or GitLab keeps them."""

    def __init__(self):
        super().__init__(Handler)
        self.bodies: dict[int, str] = {}
        self.strangers: set[int] = set()
        self.page = 2
        self.next_id = 1
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.faults: list[tuple[str, int | str]] = []
        """What goes wrong with the next requests: a status, or `drop`, and which method it is for."""

    def add(self, body, *, stranger=False):
        self.bodies[self.next_id] = body
        if stranger:
            self.strangers.add(self.next_id)
        self.next_id += 1

    @property
    def url(self):
        return self.host


class Handler(JsonHandler):
    server: Api

    def do_GET(self):
        self.answer("GET")

    def do_POST(self):
        self.answer("POST")

    def do_PATCH(self):
        self.answer("PATCH")

    def do_PUT(self):
        self.answer("PUT")

    def answer(self, method):
        api = self.server
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        api.asked.append((method, self.path.partition("?")[0], dict(self.headers)))
        fault = next((one for one in api.faults if one[0] == method), None)
        if fault:
            api.faults.remove(fault)
        if fault and fault[1] != "drop":
            headers = {"Retry-After": "3"} if fault[1] in (429, 503) else {"Location": "/elsewhere"}
            return self.send(int(fault[1]), {}, headers)
        if (
            self.headers.get("Authorization") != f"Bearer {TOKEN}"
            and self.headers.get("PRIVATE-TOKEN") != TOKEN
        ):
            return self.send(401, {})
        status, found, headers = self.carry_out(method, body)
        if fault:
            return self.drop()
        return self.send(status, found, headers)

    def carry_out(self, method, body):
        api = self.server
        if method == "POST":
            api.add(body["body"])
            return 201, {"id": api.next_id - 1}, {}
        if method in ("PATCH", "PUT"):
            number = int(self.path.rpartition("/")[2])
            if number in api.strangers:
                return 403, {"message": "Resource not accessible by integration"}, {}
            api.bodies[number] = body["body"]
            return 200, {"id": number}, {}
        page = int((re.search(r"[?&]page=(\d+)", self.path) or ["", "1"])[1])
        ids = sorted(api.bodies)[(page - 1) * api.page : page * api.page]
        more = len(api.bodies) > page * api.page
        path = self.path.partition("?")[0]
        headers = {"X-Next-Page": str(page + 1) if more else ""}
        if more:
            headers["Link"] = f'<{api.url}{path}?page={page + 1}>; rel="next"'
        return 200, [{"id": one, "body": api.bodies[one], "system": False} for one in ids], headers
