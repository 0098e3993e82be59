"""Every test here runs on SQLite and on PostgreSQL, each on a store of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.state.scope import Scope
from reconciler.state.store import Store, open_store

if TYPE_CHECKING:
    from tests.support.postgres import Cluster

BACKENDS = ("sqlite", "postgresql")


@pytest.fixture(params=BACKENDS)
def where(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where there is no store yet."""
    if request.param == "sqlite":
        return _file(tmp_path_factory)
    server: Cluster = request.getfixturevalue("postgres")
    return server.empty_database()


@pytest.fixture
def store(where: str) -> Store:
    return open_store(where)


@pytest.fixture(scope="module", params=BACKENDS)
def shared_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store for many examples, each of which takes a directory of its own."""
    if request.param == "sqlite":
        return open_store(_file(tmp_path_factory))
    server: Cluster = request.getfixturevalue("postgres")
    return open_store(server.create_database())


@pytest.fixture
def scope() -> Scope:
    return Scope("maple-grove", "dir-1")


def _file(folders: pytest.TempPathFactory) -> str:
    return str(folders.mktemp("store") / "state" / "state.db")
