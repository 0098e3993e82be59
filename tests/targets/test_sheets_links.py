"""Links that a plan names by an id which Vidigami's next export tells anew."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl
import pytest

from reconciler.apply.runner import run
from reconciler.changes import diff
from reconciler.state.journal import CHANGES
from reconciler.targets import open_target
from reconciler.undo import invert
from tests.support import directories as d
from tests.support.memory import HeldMemory
from tests.support.plans import frame, make_plan
from tests.support.sheets import sheet_settings

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.targets import Target
    from tests.support.plans import Row

PAIR = ("student_host_id", "parent_host_id")
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


def journal(link: Row, seat: Row) -> dict[str, pl.DataFrame]:
    """That of a run which has taken both out."""
    rows = {"relationships": [link | {"id": 1}], "memberships": [seat | {"id": 2}]}
    return {
        kind: frame(schema, rows.get(kind, [])).with_columns(
            outcome=pl.lit("handed-over"), detail=pl.lit(""), made_id=pl.lit("")
        )
        for kind, schema in CHANGES.items()
    }


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


def test_ids_of_before_they_were_quoted_are_understood(desk: Desk) -> None:
    link = d.unlinking(desk.target, "S1", "P1") | {"target_id": "new:S1:new:P1"}
    seat = d.leaving(desk.target, "S1") | {"target_id": "new:grade:1:new:S1"}
    assert {outcome for _, outcome, _ in desk.remove(link, seat)} == {"handed-over"}
    assert desk.links() == []


def test_links_that_were_remembered_before_ids_were_quoted_are_read_anew(desk: Desk) -> None:
    kept = desk.memory.kept
    assert kept
    of_before = replace(
        kept.directory,
        memberships=kept.directory.memberships.with_columns(target_id=pl.lit("new:grade:1:new:S1")),
        relationships=kept.directory.relationships.with_columns(target_id=pl.lit("new:S1:new:P1")),
    )
    desk.memory.keep(replace(kept, directory=of_before))
    link, seat = d.unlinking(desk.target, "S1", "P1"), d.leaving(desk.target, "S1")
    assert [link["target_id"], seat["target_id"]] == ["new%3AS1:new%3AP1", "new%3Agrade%3A1:new%3AS1"]
    assert {outcome for _, outcome, _ in desk.remove(link, seat)} == {"handed-over"}


def test_undo_links_and_seats_again_whom_the_run_has_taken_out(desk: Desk) -> None:
    link, seat = d.unlinking(desk.target, "S1", "P1"), d.leaving(desk.target, "S1")
    desk.remove(link, seat)
    old = {"target_id": "new:S1:new:P1"}, {"target_id": "new:grade:1:new:S1"}
    for one, other in ((link, seat), (link | old[0], seat | old[1])):
        inversion = invert(journal(one, other), desk.target.read())
        changes = diff(inversion.after, inversion.before)
        assert changes.memberships.select("action", "group_key", "host_id").rows() == [
            ("add", "grade:1", "S1")
        ]
        assert changes.relationships.select("action", *PAIR).rows() == [("add", "S1", "P1")]
        assert inversion.findings.is_empty()


def test_undo_says_which_links_it_cannot_make_again(desk: Desk) -> None:
    link, seat = d.unlinking(desk.target, "S1", "P1"), d.leaving(desk.target, "S1")
    desk.remove(link, seat)
    desk.told()
    inversion = invert(journal(link, seat), desk.target.read())
    assert len(diff(inversion.after, inversion.before)) == 0
    assert inversion.findings.select("code", "host_id", "detail", "others").rows() == [
        (
            "undo-conflict",
            "S1",
            "does not come back into grade:1: which account or group that was cannot be told any more",
            "",
        ),
        (
            "undo-conflict",
            "S1",
            "is not linked to the parent P1 again: which accounts those were cannot be told any more",
            "P1",
        ),
    ]


def test_a_link_that_is_another_ones_by_now_stays(desk: Desk) -> None:
    link, seat = d.unlinking(desk.target, "S1", "P1"), d.leaving(desk.target, "S1")
    desk.told()
    seat["target_id"] = seat["target_id"].replace("AS1", "AS2")
    link["target_id"] = link["target_id"].replace("AS1", "AS2")
    detail = "it is a link of another account or group since the plan"
    assert desk.remove(link, seat) == [("relationships", "stale", detail), ("memberships", "stale", detail)]
    assert desk.links() == [("S1", "P1"), ("grade:1", "S1")]


def test_a_link_that_is_not_there_any_more_is_already_out(desk: Desk) -> None:
    link, seat = d.unlinking(desk.target, "S1", "P1"), d.leaving(desk.target, "S1")
    desk.told()
    desk.remove(link, seat)
    assert desk.remove(link, seat) == [("relationships", "already", ""), ("memberships", "already", "")]


def test_a_parent_who_was_taken_out_of_the_childs_group_is_told(desk: Desk) -> None:
    d.apply(desk.target, "memberships", d.joining("P1"))
    assert ("grade:1", "P1") in desk.links()
    *_, sheet = sorted((desk.folder / "sheets").glob("*/*-group-membership.csv"))
    with sheet.open(encoding="utf-8", newline="") as file:
        assert [row["Host ID"] for row in csv.DictReader(file)] == ["P1"]
