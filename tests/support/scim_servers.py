"""SCIM servers that others wrote, started on loopback: scim2-server here, scimmy under node; each empty."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.util import shift_path_info

import pytest
from scim2_models import ResourceType, Schema, ScimProvider, ServiceProviderConfig
from scim2_server.memory import InMemoryStorage
from scim2_server.service import ScimService
from scim2_server.testserver.application import BearerTokenApplication
from scim2_server.utils import load_default_resource_types, load_default_schemas
from waitress import wasyncore
from waitress.server import create_server

from reconciler.model import ScimSettings, TargetSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TOKEN = "scim-t0ken-of-the-tests"  # noqa: S105 - of nothing
NAME = "OWL"
"""How the variables begin that hold the token."""
NODE = Path(__file__).parents[1] / "scim" / "node"
URN = ScimSettings().extension
USER = {
    **dict.fromkeys(["memberType", "gradYear", "status", "role", "origin", "deactivatedBy"], "string"),
    "optOut": "boolean",
}
GROUP = {"category": "string", "origin": "string"}


class Unavailable(Exception):  # noqa: N818 - no error: the tests are skipped
    """Why a server cannot be started on this machine."""


@dataclass
class Running:
    """A server that runs."""

    url: str
    token: str = field(default=TOKEN, repr=False)

    def settings(self, **scim: Any) -> TargetSettings:
        """How a school file names it."""
        return TargetSettings("scim", url=self.url, credentials=NAME, scim=ScimSettings(**scim))


def scim2_application(
    *, cursor: bool = False, extended: bool = True, page: int = 1000, etag: bool = True
) -> BearerTokenApplication:
    """scim2-server, not started yet."""
    return BearerTokenApplication(InMemoryStorage(), *_provided(cursor, extended, page, etag), [TOKEN])


@contextmanager
def scim2_server(**options: Any) -> Iterator[Running]:
    """The same under waitress, whose connections stay, as those of its own command do not."""
    with _served(scim2_application(**options)) as host:
        yield Running(f"{host}/v2")


@contextmanager
def scim2_directories(names: Iterable[str]) -> Iterator[dict[str, Running]]:
    """Many directories on one server, each at an address of its own."""
    apps = {name: scim2_application() for name in names}

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        return apps[shift_path_info(environ) or ""](environ, start_response)

    with _served(application) as host:
        yield {name: Running(f"{host}/{name}/v2") for name in apps}


@contextmanager
def _served(app: Any) -> Iterator[str]:
    """The address of a WSGI application, while it runs."""
    loop: dict[int, Any] = {}
    server = create_server(app, map=loop, host="127.0.0.1", port=0, threads=8)
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            wasyncore.loop(timeout=0.05, map=loop, count=1)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{_port(server)}"
    finally:
        over.set()
        thread.join()
        server.task_dispatcher.shutdown()
        wasyncore.close_all(loop)


@contextmanager
def scimmy(express: str = "express4") -> Iterator[Running]:
    """Scimmy under Express 4 or 5.

    Raises:
        Unavailable: node is not there, or its packages are not installed.
    """
    node = shutil.which("node")
    if node is None:
        raise Unavailable("node is not installed")
    if not (NODE / express / "node_modules").is_dir():
        raise Unavailable(f"npm ci has not been run in tests/scim/node/{express}")
    with subprocess.Popen(
        [node, "server.mjs", express, TOKEN],
        cwd=NODE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            port = process.stdout.readline().strip()
            assert port, "the server has ended"
            yield Running(f"http://127.0.0.1:{port}/scim/v2")
        finally:
            process.stdin.close()  # it ends with it


@contextmanager
def scimmy_or_skip(express: str = "express4") -> Iterator[Running]:
    """The same, for a test that is skipped where there is no node, unless it is demanded."""
    try:
        with scimmy(express) as server:
            yield server
    except Unavailable as reason:
        if os.environ.get("RECONCILE_NODE") == "1":
            raise
        pytest.skip(f"no scimmy: {reason}")


def sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the variables that hold the token."""
    monkeypatch.setenv(f"{NAME}_TOKEN", TOKEN)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def _port(server: Any) -> int:
    return int(server.effective_port)


def _provided(cursor: bool, extended: bool, page: int, etag: bool) -> tuple[ScimProvider, ScimService]:
    schemas = list(load_default_schemas().values())
    types = list(load_default_resource_types().values())
    if extended:
        parents = _attribute(
            "parents", "complex", multiValued=True, subAttributes=[_attribute("value", "string")]
        )
        schemas += [
            _schema("User", [*(_attribute(*one) for one in USER.items()), parents]),
            _schema("Group", [_attribute(*one) for one in GROUP.items()]),
        ]
        types = [_extended(one) for one in types]
    config = ServiceProviderConfig.model_validate(
        {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
            "patch": {"supported": True},
            "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
            "filter": {"supported": True, "maxResults": page},
            "changePassword": {"supported": False},
            "sort": {"supported": False},
            "etag": {"supported": etag},
            "authenticationSchemes": [],
            **({"pagination": {"cursor": True, "index": True, "maxPageSize": page}} if cursor else {}),
        }
    )
    provider = ScimProvider.from_discovery(schemas, types, config=config)
    return provider, ScimService(provider, secret="0" * 32)


def _schema(kind: str, attributes: list[dict[str, Any]]) -> Schema:
    return Schema.model_validate(
        {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": f"{URN}:{kind}",
            "name": f"Vidigami{kind}",
            "description": "Of a school",
            "attributes": attributes,
        }
    )


def _attribute(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": kind,
        "multiValued": False,
        "description": name,
        "required": False,
        "caseExact": True,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
        **more,
    }


def _extended(kind: ResourceType) -> ResourceType:
    data = kind.model_dump(by_alias=True, exclude_none=True)
    data["schemaExtensions"] = [{"schema": f"{URN}:{kind.name}", "required": False}]
    return ResourceType.model_validate(data)
