from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.errors import ReconcileError
from reconciler.state.address import read_address


@pytest.mark.parametrize(
    ("where", "path"),
    [
        ("state/state.db", "state/state.db"),
        (Path("state.db"), "state.db"),
        ("sqlite:///state.db", "state.db"),
        ("sqlite:////var/state.db", "/var/state.db"),
        ("odd?name#100%.db", "odd?name#100%.db"),
    ],
)
def test_paths_and_urls_of_files(where: str | Path, path: str) -> None:
    address = read_address(where)
    assert (address.place, str(address)) == (Path(path), path)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_any_usual_scheme_of_postgresql_means_the_one_driver(scheme: str) -> None:
    address = read_address(f"{scheme}://css@db.example.org/state")
    assert str(address) == "postgresql+psycopg://css@db.example.org/state"


@pytest.mark.parametrize("where", ["mysql://db.example.org/state", "sqlite://", "sqlite:///:memory:"])
def test_other_places_are_refused(where: str) -> None:
    with pytest.raises(ReconcileError, match="no state can be kept there; write a path, or postgresql://"):
        read_address(where)


def test_a_url_that_cannot_be_read_is_not_repeated() -> None:
    with pytest.raises(ReconcileError) as refused:
        read_address("postgresql://css:hunter2@db.example.org:port/state")
    assert str(refused.value) == (
        "state store: its URL cannot be read; write a path, or postgresql://user@host/database"
    )


def test_messages_name_no_secret() -> None:
    address = read_address("postgresql://css:hunter2@db.example.org/state?sslpassword=hunter3")
    assert str(address) == "postgresql+psycopg://css:***@db.example.org/state"
    assert address.censored("hunter2 and hunter3 are wrong") == "*** and *** are wrong"
