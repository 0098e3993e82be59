"""Two machines know whether they keep what is remembered in the same store, and say to nobody where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.fleet.dask_likeness import mark_store, unlike

if TYPE_CHECKING:
    from pathlib import Path

FLEET = "postgresql://ana@db.example.org/fleet"


@pytest.fixture(autouse=True)
def _desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    be("desk", monkeypatch)


def be(machine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.fleet.dask_likeness.node", lambda: machine)


def mark(store: str, monkeypatch: pytest.MonkeyPatch, folder: str = "/srv/schools") -> str:
    monkeypatch.setenv("RECONCILE_STATE", store)
    return mark_store(folder, "salt")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (FLEET, "postgres://ana:secret@db.example.org/fleet"),
        (f"{FLEET}?password=a", f"{FLEET}?password=b"),
        ("state/state.db", "sqlite:////srv/schools/state/state.db"),
        ("postgresql:///fleet", "postgresql:///fleet?sslpassword=a"),
    ],
)
def test_one_store_has_one_mark_whatever_the_password(
    monkeypatch: pytest.MonkeyPatch, one: str, other: str
) -> None:
    assert mark(one, monkeypatch) == mark(other, monkeypatch)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (FLEET, "postgresql://ana@db.example.org/another"),
        (FLEET, f"{FLEET}?options=-csearch_path%3Danother"),
        ("state.db", "another.db"),
    ],
)
def test_another_store_has_another(monkeypatch: pytest.MonkeyPatch, one: str, other: str) -> None:
    assert mark(one, monkeypatch) != mark(other, monkeypatch)


@pytest.mark.parametrize(
    ("store", "same"),
    [
        (FLEET, True),
        ("postgresql:///fleet?host=db.example.org", True),
        ("postgresql://localhost/fleet", False),
        ("postgresql:///fleet", False),
        ("postgresql:///fleet?host=/run/postgresql", False),
        ("/srv/state.db", False),
    ],
)
def test_what_is_a_machines_own_is_another_on_each(
    monkeypatch: pytest.MonkeyPatch, store: str, same: bool
) -> None:
    here = mark(store, monkeypatch)
    be("laptop", monkeypatch)
    assert (mark(store, monkeypatch) == here) is same


def test_a_mark_is_of_one_run_and_there_is_none_of_no_store(monkeypatch: pytest.MonkeyPatch) -> None:
    here = mark(FLEET, monkeypatch)
    assert mark_store("/srv/schools", "pepper") != here
    assert mark("", monkeypatch) == ""


@pytest.mark.parametrize(
    ("theirs", "why"),
    [
        (FLEET, ""),
        ("", "has no RECONCILE_STATE in its environment, and this command has: set it there, too"),
        (
            "state.db",
            (
                "has another RECONCILE_STATE than this command: set the same there, on a server that both"
                " name alike; a SQLite file serves one machine"
            ),
        ),
        (
            "mysql://db/fleet",
            (
                "cannot use its RECONCILE_STATE: mysql://db/fleet: no state can be kept there; write a path,"
                " or postgresql://user@host/database"
            ),
        ),
    ],
)
def test_a_worker_says_what_is_amiss_with_its_store(
    monkeypatch: pytest.MonkeyPatch, theirs: str, why: str
) -> None:
    here = mark(FLEET, monkeypatch)
    monkeypatch.setenv("RECONCILE_STATE", theirs)
    assert unlike(".", "salt", here) == why


def test_a_command_without_a_store_asks_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECONCILE_STATE", FLEET)
    assert unlike(".", "salt", "") == ""
