"""Who made a link, of a directory that cannot say."""

from __future__ import annotations

import polars as pl

from reconciler import frames
from reconciler.frames import LED
from reconciler.model import Directory
from reconciler.resolve.origins import tell_links, tell_seats
from tests.support.plans import frame

TYPES = {"S1": "student", "S2": "student", "T1": "staff", "P1": "parent"}


def directory(*seats: tuple[str, str]) -> Directory:
    """Everybody, and these memberships."""
    return Directory(
        frame(frames.USERS, [{"host_id": key, "member_type": value} for key, value in TYPES.items()]),
        frames.empty(frames.GROUPS),
        frame(frames.MEMBERSHIPS, [{"group_key": key, "host_id": host_id} for key, host_id in seats]),
        frames.empty(frames.RELATIONSHIPS),
    )


def seats(*rows: tuple[str, str, str]) -> pl.DataFrame:
    return frame(
        frames.CURRENT_MEMBERSHIPS,
        [{"group_key": key, "host_id": host_id, "origin": origin} for key, host_id, origin in rows],
    )


def links(*pairs: tuple[str, str]) -> pl.DataFrame:
    rows = [{"student_host_id": student, "parent_host_id": parent} for student, parent in pairs]
    return frame(frames.RELATIONSHIPS, rows)


def told(there: pl.DataFrame, wanted: Directory, *pairs: tuple[str, str]) -> list[tuple[str, ...]]:
    return tell_seats(there, wanted, directory(), links(*pairs)).select("host_id", "origin").rows()


def test_a_sync_makes_the_memberships_that_the_mapping_makes() -> None:
    there = seats(("grade:5", "S2", ""), ("grade:5", "T1", ""), ("faculty", "T1", ""))
    wanted = directory(("grade:5", "S1"), ("faculty", "T1"))
    assert told(there, wanted) == [("S2", "sync"), ("T1", "hand"), ("T1", "sync")]


def test_a_grade_without_anybody_this_year_is_one_that_a_sync_fills_and_a_list_is_its_own() -> None:
    there = seats(("grade:9", "P1", ""), ("list:Clubs/Go", "P1", ""))
    wanted = directory(("grade:5", "P1"), ("list:Clubs/Chess", "P1"))
    assert told(there, wanted) == [("P1", "sync"), ("P1", "hand")]


def test_the_faculty_group_of_a_campus_without_staff_this_year_is_one_that_a_sync_fills() -> None:
    there = seats(("faculty@North: Hall", "T1", ""), ("faculty@North: Hall", "S1", ""))
    assert told(there, directory(("faculty@South Hall", "T1"))) == [("T1", "sync"), ("S1", "hand")]


def test_whoever_can_say_is_believed() -> None:
    there = seats(("grade:5", "S1", "hand"), ("grade:5", "T1", "sync"), ("grade:5", "S2", ""))
    assert told(there, directory(("grade:5", "S1")))[:2] == [("S1", "hand"), ("T1", "sync")]


def test_a_parent_is_led_while_a_child_is_in_the_group() -> None:
    there = seats(("list:Clubs/Chess", "P1", LED), ("grade:5", "P1", LED))
    wanted = directory(("list:Clubs/Chess", "S1"), ("grade:5", "S2"), ("grade:5", "P1"))
    assert told(there, wanted, ("S1", "P1")) == [("P1", LED), ("P1", "sync")]
    assert told(there, wanted) == [("P1", "hand"), ("P1", "sync")]


def test_a_sync_links_people_of_the_school() -> None:
    there = frame(
        frames.CURRENT_RELATIONSHIPS,
        [
            {"student_host_id": "S1", "parent_host_id": "P1"},
            {"student_host_id": "S1", "parent_host_id": "visitor"},
            {"student_host_id": "S2", "parent_host_id": "P1", "origin": "hand"},
        ],
    )
    assert tell_links(there, pl.Series(["S1", "S2", "P1"]))["origin"].to_list() == ["sync", "hand", "hand"]
