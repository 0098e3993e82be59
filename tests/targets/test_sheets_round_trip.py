"""Sheets handed over to a Vidigami that takes them as its help pages say, and its exports planned again."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from reconciler.targets import open_target
from tests.support.memory import HeldMemory
from tests.support.schools import (
    apply_to,
    contact,
    email,
    make_school,
    make_tables,
    parent,
    plan_for,
    staff,
    student,
)
from tests.support.sheets import sheet_settings
from tests.support.vidigami import USER_LIST, Vidigami

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model import Plan
    from reconciler.targets import Target
    from tests.support.schools import Row

ALL = ("users", "groups", "memberships", "relationships")


def people() -> dict[str, list[Row]]:
    """Two families, one with two children, and a teacher who is a parent too."""
    return {
        "students": [
            student("1"),
            student("2", grade="6", grad_year="2032"),
            student("3", grade="6", grad_year="2032", email=""),
        ],
        "staff": [
            staff("1"),
            staff("2", first_name="Rosa", last_name="Plover3", email="parent3@example.org"),
        ],
        "parents": [parent("1"), parent("2"), parent("3")],
        "contacts": [contact("1", "1"), contact("2", "1"), contact("2", "2"), contact("3", "3")],
        "emails": [email("1"), email("2"), email("3")],
    }


@dataclass
class Desk:
    """A CSS with the sheets, and the Vidigami that they are uploaded to."""

    folder: Path
    version: str = "v3"
    exported: tuple[str, ...] = ALL
    columns: tuple[str, ...] = USER_LIST
    settings: dict[str, Any] = field(default_factory=dict)
    blank_clears: bool = True
    memory: HeldMemory = field(default_factory=HeldMemory)

    def __post_init__(self) -> None:
        self.vidigami = Vidigami(version=self.version)
        self.export()

    def export(self) -> None:
        self.vidigami.export(self.folder / "exports", columns=self.columns)

    @property
    def target(self) -> Target:
        exports = {kind: self.folder / "exports" / f"{kind}.csv" for kind in self.exported}
        settings = sheet_settings(
            self.folder / "sheets",
            rules=f"vidigami-{self.version}",
            blank_clears=self.blank_clears,
            exports=exports,
        )
        return open_target(settings, self.memory)

    def plan(self, rows: dict[str, list[Row]], **settings: object) -> Plan:
        rules = ("powerschool", f"vidigami-{self.version}")
        return plan_for(make_school({**self.settings, **settings}, rules), make_tables(**rows), self.target)

    def apply(self, rows: dict[str, list[Row]], **settings: object) -> Path:
        """Plan and hand over; gives the folder."""
        plan = self.plan(rows, **settings)
        outcomes = apply_to(plan, self.target)
        assert set(outcomes.frame["outcome"]) <= {"handed-over"}
        return self.last

    @property
    def last(self) -> Path:
        return max(path for path in (self.folder / "sheets").iterdir() if path.name.isdigit())

    def turn(self, rows: dict[str, list[Row]], **settings: object) -> list[str]:
        """Plan, hand over, upload, do by hand, export; gives the errors of the upload."""
        errors = self.vidigami.upload_all(self.apply(rows, **settings))
        self.export()
        return errors

    def sheet(self, name: str) -> list[dict[str, str]]:
        (path,) = self.last.glob(f"*-{name}.csv")
        with path.open(encoding="utf-8", newline="") as file:
            return [*csv.DictReader(file)]


def left(plan: Plan) -> tuple[int, list[tuple[str, str, str]]]:
    """How many changes, and what is said of the target."""
    told = plan.findings.filter(pl.col("code").is_in(["handed-over", "not-arrived"]))
    return len(plan.changes), told.select("code", "host_id", "detail").rows()


@pytest.mark.parametrize("exported", [("users",), ("users", "groups"), ALL])
@pytest.mark.parametrize("version", ["v2", "v3"])
def test_what_was_uploaded_is_there_and_nothing_is_left(
    tmp_path: Path, version: str, exported: tuple[str, ...]
) -> None:
    desk = Desk(tmp_path, version, exported)
    assert desk.turn(people()) == []
    assert left(desk.plan(people())) == (0, [])
    held = {
        user["Host ID"]: (user["User Type"], user["Latest Year"]) for user in desk.vidigami.users.values()
    }
    kinds = {"v2": ("Student", "Staff", "Member"), "v3": ("student", "staff", "parent")}[version]
    year = desk.vidigami.year
    assert held == {
        "admin@example.org": ("staff", ""),
        **dict.fromkeys(("S1", "S2", "S3"), (kinds[0], year)),
        **dict.fromkeys(("T1", "T2"), (kinds[1], year)),
        **dict.fromkeys(("P1", "P2"), (kinds[2], year)),
    }
    assert {key for key, _ in desk.vidigami.members} == {"faculty", "grade:5", "grade:6"}
    assert len(desk.vidigami.parents) == 4


def test_sheets_stand_in_the_order_of_their_upload(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    folder = desk.apply(people())
    assert folder == tmp_path / "sheets" / "0001"
    assert sorted(path.name for path in folder.iterdir()) == [
        "01-add-user-list.csv",
        "02-relationships-list.csv",
        "03-groups.csv",
        "04-group-membership.csv",
        "README.txt",
        "manifest.json",
    ]


def test_parents_follow_their_children_and_stand_in_no_sheet(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.apply(people())
    assert sorted(row["Host ID"] for row in desk.sheet("group-membership")) == ["S1", "S2", "S3", "T1", "T2"]
    desk.vidigami.upload_all(desk.last)
    named = {own: user["Host ID"] for own, user in desk.vidigami.users.items()}
    assert {(key, named[own]) for key, own in desk.vidigami.members} >= {("grade:5", "P1"), ("grade:6", "P1")}


def test_before_the_upload_what_was_handed_over_is_taken_for_done(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.apply(people())
    assert left(desk.plan(people())) == (
        0,
        [("handed-over", "", "0001 is taken for uploaded; the next export will tell")],
    )


def test_an_export_without_the_upload_has_it_all_planned_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    before = desk.plan(people())
    desk.apply(people())
    desk.export()
    after = desk.plan(people())
    assert len(after.changes) == len(before.changes)
    assert left(after)[1][:2] == [
        ("not-arrived", "", "the group faculty was to be created (0001)"),
        ("not-arrived", "", "the group grade:5 was to be created (0001)"),
    ]


def test_what_vidigami_refused_is_told_and_planned_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path, exported=("users",))
    folder = desk.apply(people())
    desk.vidigami.add("visitor", **{"Email": "PARENT2@example.org", "User Type": "parent"})
    errors = desk.vidigami.upload_all(folder)
    assert errors == [
        "01-add-user-list.csv: P2: another user has the e-mail",
        "02-relationships-list.csv: S2 P2: there is no such user",
    ]
    desk.export()
    plan = desk.plan(people())
    assert left(plan)[1] == [("not-arrived", "P2", "was to be created (0001)")]
    assert plan.findings.filter(level="blocked").select("code", "host_id").rows() == [("email-taken", "P2")]


def test_leavers_stand_in_the_list_of_what_is_done_by_hand(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.turn(people())
    desk.vidigami.by_host_id("P2")["Status"] = "Activated"
    desk.export()
    rows = people()
    rows["contacts"] = [row for row in rows["contacts"] if row["parent_id"] != "2"]
    folder = desk.apply(rows)
    assert [path.name for path in sorted(folder.glob("*.csv"))] == ["01-removals.csv"]
    told = [tuple(row.values()) for row in desk.sheet("removals")]
    own = desk.vidigami.by_host_id("P2")["Vidigami ID"]
    child = desk.vidigami.by_host_id("S2")["Vidigami ID"]
    assert told == [
        (
            "take out of the group",
            "P2",
            own,
            "",
            "Academics/Grade 6",
            "grade:6",
            "has left (no child at the school)",
        ),
        ("un-invite", "P2", own, "", "", "", "no child at the school"),
        ("unlink the parent", "S2", child, "P2", "", "", "no longer a contact with access in the SIS"),
    ]
    desk.export()
    assert [finding for finding in left(desk.plan(rows))[1] if finding[1] == "P2"] == [
        ("not-arrived", "P2", "was to be un-invited (0002)"),
    ]
    desk.vidigami.upload_all(desk.apply(rows))
    desk.export()
    assert left(desk.plan(rows)) == (0, [])


def test_without_a_status_in_the_export_whoever_was_un_invited_is_taken_for_out(tmp_path: Path) -> None:
    desk = Desk(tmp_path, columns=tuple(name for name in USER_LIST if name != "Status"))
    desk.turn(people())
    assert left(desk.plan(people())) == (0, [])
    rows = people()
    rows["contacts"] = [row for row in rows["contacts"] if row["parent_id"] != "2"]
    assert desk.turn(rows) == []
    assert left(desk.plan(rows)) == (0, [])
    back = desk.plan(people()).changes.users
    assert back.select("action", "host_id").rows() == [("reactivate", "P2")]


def test_host_ids_that_two_accounts_exchange_take_two_rounds(tmp_path: Path) -> None:
    walk = tmp_path / "crosswalk.csv"
    walk.write_text("old_host_id,new_host_id,decision\n", encoding="utf-8")
    desk = Desk(tmp_path, settings={"onboarding": "returning"})
    desk.vidigami.add(
        "S2",
        **{
            "First Name": "Una",
            "Last Name": "Osprey1",
            "User Type": "student",
            "Email": "student1@example.org",
            "Grad Year": "2033",
        },
    )
    desk.vidigami.add(
        "S1",
        **{
            "First Name": "Una",
            "Last Name": "Osprey2",
            "User Type": "student",
            "Email": "student2@example.org",
            "Grad Year": "2032",
        },
    )
    desk.export()
    first, second = (desk.vidigami.by_host_id(host_id)["Vidigami ID"] for host_id in ("S2", "S1"))
    rows = people() | {
        "crosswalk": [
            {"old_host_id": "S2", "new_host_id": "S1", "decision": "accept"},
            {"old_host_id": "S1", "new_host_id": "S2", "decision": "accept"},
        ]
    }
    assert desk.turn(rows) == []
    assert [path.name for path in sorted(desk.last.glob("*.csv"))][:3] == [
        "01-update-host-ids.csv",
        "02-add-user-list.csv",
        "03-update-host-ids.csv",
    ]
    assert desk.vidigami.users[first]["Host ID"] == "S1"
    assert desk.vidigami.users[second]["Host ID"] == "S2"
    assert left(desk.plan(rows)) == (0, [])


@pytest.mark.parametrize("blank_clears", [True, False])
def test_an_email_is_freed_in_a_sheet_before_the_one_that_gives_it_away(
    tmp_path: Path, blank_clears: bool
) -> None:
    desk = Desk(tmp_path, blank_clears=blank_clears)
    desk.turn(people())
    rows = people()
    rows["emails"] = [email("1", "rosa@example.org"), email("2", "parent1@example.org"), email("3")]
    assert desk.turn(rows) == []
    names = [path.name for path in sorted(desk.last.glob("*.csv"))]
    assert names == ["01-add-user-list.csv", "02-add-user-list.csv"]
    assert left(desk.plan(rows)) == (0, [])


def test_an_exchange_of_emails_needs_a_blank_that_clears(tmp_path: Path) -> None:
    rows = people()
    rows["emails"] = [email("1", "parent2@example.org"), email("2", "parent1@example.org"), email("3")]
    for name in ("able", "unable"):
        (tmp_path / name).mkdir()
    able, unable = Desk(tmp_path / "able"), Desk(tmp_path / "unable", blank_clears=False)
    for desk in (able, unable):
        desk.turn(people())
        assert desk.turn(rows) == [] if desk is able else True
    assert left(able.plan(rows)) == (0, [])
    assert able.vidigami.by_host_id("P1")["Email"] == "parent2@example.org"
    assert unable.vidigami.by_host_id("P1")["Email"] == "parent1@example.org"


def test_whoever_has_opted_out_stays_so(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.turn(people())
    desk.vidigami.by_host_id("S1")["Opt-Out"] = "TRUE"
    desk.export()
    rows = people()
    rows["students"][0]["last_name"] = "Otter"
    rows["students"][1]["last_name"] = "Otter"
    desk.turn(rows)
    assert [(row["Host ID"], row["Opt-Out"]) for row in desk.sheet("add-user-list")] == [
        ("S1", "TRUE"),
        ("S2", ""),
    ]
    assert desk.vidigami.by_host_id("S1")["Opt-Out"] == "TRUE"


def test_a_column_that_the_export_does_not_have_is_not_written_over(tmp_path: Path) -> None:
    unsaid = ("Opt-Out", "Preferred Name")
    desk = Desk(tmp_path, columns=tuple(name for name in USER_LIST if name not in unsaid))
    desk.turn(people())
    desk.vidigami.by_host_id("S1").update({"Opt-Out": "TRUE", "Preferred Name": "Bo"})
    desk.export()
    rows = people()
    rows["students"][0]["last_name"] = "Otter"
    rows["students"][1] |= {"last_name": "Otter", "preferred_name": "Kit"}
    rows["students"].append(student("4"))
    assert desk.turn(rows) == []
    sheets = [pl.read_csv(path, infer_schema=False) for path in sorted(desk.last.glob("*-add-user-list.csv"))]
    assert [(sheet["Host ID"].to_list(), {*sheet.columns} & {*unsaid}) for sheet in sheets] == [
        (["S4"], {*unsaid}),
        (["S1"], set()),
        (["S2"], {"Preferred Name"}),
    ]
    first = desk.vidigami.by_host_id("S1")
    assert (first["Opt-Out"], first["Preferred Name"], first["Last Name"]) == ("TRUE", "Bo", "Otter")
    assert left(desk.plan(rows)) == (0, [])


def test_what_somebody_changed_since_is_not_written_back(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.turn(people())
    desk.vidigami.by_host_id("P1").update({"Email": "own@example.org", "Status": "Activated"})
    desk.export()
    rows = people()
    rows["parents"][0]["last_name"] = "Puffin"
    desk.turn(rows)
    parent_1 = desk.vidigami.by_host_id("P1")
    assert (parent_1["Email"], parent_1["Last Name"]) == ("own@example.org", "Puffin")


def test_a_new_school_year_begins_with_everybody(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.turn(people())
    desk.vidigami.add("photographer", **{"First Name": "Jo", "User Type": "parent"})
    desk.vidigami.year = "2026/2027"
    desk.vidigami.members.clear()
    desk.export()
    rows = people()
    rows["students"] = [
        student("1", grade="6"),
        student("2", grade="7", grad_year="2032"),
        student("3", grade="7", grad_year="2032", email=""),
    ]
    assert desk.turn(rows, school_year="2026-27") == []
    assert sorted(row["Host ID"] for row in desk.sheet("add-user-list")) == [
        "P1",
        "P2",
        "S1",
        "S2",
        "S3",
        "T1",
        "T2",
    ]
    assert left(desk.plan(rows, school_year="2026-27")) == (0, [])
    years = {user["Host ID"]: user["Latest Year"] for user in desk.vidigami.users.values()}
    assert years == {
        "admin@example.org": "",
        "photographer": "",
        **dict.fromkeys(("S1", "S2", "S3", "T1", "T2", "P1", "P2"), "2026/2027"),
    }


def test_whoever_is_of_an_earlier_year_is_out_and_may_come_back(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.turn(people())
    desk.vidigami.add(
        "S9",
        **{"First Name": "Una", "Last Name": "Osprey9", "User Type": "student", "Latest Year": "2023/2024"},
    )
    desk.export()
    assert left(desk.plan(people())) == (0, [])
    rows = people()
    rows["students"].append(student("9"))
    assert desk.turn(rows) == []
    assert [row["Host ID"] for row in desk.sheet("add-user-list")] == ["S9"]
    assert left(desk.plan(rows)) == (0, [])


def test_a_sheet_is_divided_at_the_most_rows(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rows = people() | {"students": [student(str(number)) for number in range(1, 12)], "contacts": []}
    plan = desk.plan(rows)
    settings = sheet_settings(
        tmp_path / "sheets", rows=5, exports={"users": tmp_path / "exports" / "users.csv"}
    )
    apply_to(plan, open_target(settings, desk.memory))
    names = [path.name for path in sorted(desk.last.glob("*-add-user-list*.csv"))]
    assert names == [
        "01-add-user-list-part-1.csv",
        "02-add-user-list-part-2.csv",
        "03-add-user-list-part-3.csv",
    ]
    assert desk.vidigami.upload_all(desk.last) == []
    desk.export()
    assert left(desk.plan(rows)) == (0, [])
