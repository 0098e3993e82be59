"""Links that a plan names by an id which Vidigami's next export tells anew."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from reconciler.apply.runner import run
from reconciler.targets import open_target
from tests.support import directories as d
from tests.support.memory import HeldMemory
from tests.support.plans import make_plan
from tests.support.sheets import sheet_settings

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.targets import Target
    from tests.support.plans import Row

HEAD = "Vidigami ID,Host ID,First Name,Last Name,Email,User Type,Status"


@dataclass
class Desk:
    """A student and a parent who were handed over, and are linked and in Grade 1."""

    folder: Path
    memory: HeldMemory = field(default_factory=HeldMemory)

    def __post_init__(self) -> None:
        self.export(("1", "T9", "staff"))
        target = self.target
        target.prepare("dir-1", create=True)
        d.apply(target, "users", d.creation("S1"), d.creation("P1"))
        d.apply(target, "groups", d.group_creation("Grade 1"))
        d.apply(target, "relationships", d.linking("S1", "P1"))
        d.apply(target, "memberships", d.joining("S1"))

    @property
    def target(self) -> Target:
        settings = sheet_settings(self.folder / "sheets", exports={"users": self.folder / "users.csv"})
        return open_target(settings, self.memory)

    def export(self, *people: tuple[str, str, str]) -> None:
        rows = [f"{own},{host_id},Una,Osprey,,{kind},Activated" for own, host_id, kind in people]
        (self.folder / "users.csv").write_text("\n".join([HEAD, *rows, ""]), encoding="utf-8")

    def told(self) -> None:
        """Vidigami tells the ids of both."""
        self.export(("1", "T9", "staff"), ("4711", "S1", "student"), ("4712", "P1", "parent"))

    def remove(self, link: Row, seat: Row) -> list[tuple[str, str, str]]:
        """Apply a plan of two removals; gives what became of each."""
        plan = make_plan(relationships=[link | {"id": 1}], memberships=[seat | {"id": 2}])
        return run(plan, self.target).frame.select("kind", "outcome", "detail").rows()

    def links(self) -> list[tuple[str, str]]:
        now = self.target.read()
        pairs = now.relationships.select("student_host_id", "parent_host_id").rows()
        return sorted([*pairs, *now.memberships.select("group_key", "host_id").rows()])


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_removal_of_before_the_export_takes_the_link_out(desk: Desk) -> None:
    link, seat = d.unlinking(desk.target, "S1", "P1"), d.leaving(desk.target, "S1")
    desk.told()
    assert desk.remove(link, seat) == [
        ("relationships", "handed-over", ""),
        ("memberships", "handed-over", ""),
    ]
    assert desk.links() == []
    (sheet,) = (desk.folder / "sheets").glob("*/*-removals.csv")
    with sheet.open(encoding="utf-8", newline="") as file:
        told = [
            (row["Do"], row["Host ID"], row["Vidigami ID"], row["Parent"]) for row in csv.DictReader(file)
        ]
    assert told == [("take out of the group", "S1", "4711", ""), ("unlink the parent", "S1", "4711", "P1")]


def test_a_link_that_is_another_ones_by_now_stays(desk: Desk) -> None:
    link, seat = d.unlinking(desk.target, "S1", "P1"), d.leaving(desk.target, "S1")
    desk.told()
    seat["target_id"] = seat["target_id"].replace("S1", "S2")
    link["target_id"] = link["target_id"].replace("S1", "S2")
    detail = "it is a link of another account or group since the plan"
    assert desk.remove(link, seat) == [("relationships", "stale", detail), ("memberships", "stale", detail)]
    assert desk.links() == [("S1", "P1"), ("grade:1", "S1")]


def test_a_link_that_is_not_there_any_more_is_already_out(desk: Desk) -> None:
    link, seat = d.unlinking(desk.target, "S1", "P1"), d.leaving(desk.target, "S1")
    desk.told()
    desk.remove(link, seat)
    assert desk.remove(link, seat) == [("relationships", "already", ""), ("memberships", "already", "")]
