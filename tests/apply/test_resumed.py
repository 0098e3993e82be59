"""Laws of apply: it leaves what was resolved, in one run or in several, and a second run does nothing."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.apply.runner import run
from reconciler.changes import diff
from reconciler.frames import (
    GROUPS,
    MEMBERSHIPS,
    RELATIONSHIPS,
    RESOLVED_GROUPS,
    RESOLVED_MEMBERSHIPS,
    RESOLVED_RELATIONSHIPS,
    RESOLVED_USERS,
    USERS,
)
from reconciler.model import Directory, Plan
from tests.support import directories as d
from tests.support.plans import frame, make_plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.targets import Target
    from tests.support.plans import Row

STUDENTS = [f"S{n}" for n in range(5)]
PARENTS = [f"P{n}" for n in range(3)]
EMAILS = ["a@example.org", "b@example.org", "É@example.org", "c@example.org", "d@example.org"]
GRADES = ["Grade 1", "Grade 2"]


class Stopped(Exception):  # noqa: N818 - it is no error
    """Somebody pulled the plug."""


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Row, Row]:
    """A directory before and after: people and groups only come, everything else comes and goes."""
    first = draw(st.sets(st.sampled_from([*STUDENTS, *PARENTS])))
    second = first | draw(st.sets(st.sampled_from([*STUDENTS, *PARENTS])))
    groups = draw(st.sets(st.sampled_from(GRADES)))
    before = draw(_states(sorted(first), sorted(groups), sorted(first)))
    after = draw(
        _states(sorted(second), sorted(groups | draw(st.sets(st.sampled_from(GRADES)))), sorted(first))
    )
    return before, after


@st.composite
def _states(draw: st.DrawFn, people: list[str], groups: list[str], may_be_inactive: list[str]) -> Row:
    emails = draw(st.permutations([*EMAILS, *[""] * len(people)]))
    inactive = [host_id for host_id in may_be_inactive if draw(st.booleans())]
    return {
        "users": [
            {
                "host_id": host_id,
                "member_type": "student" if host_id in STUDENTS else "parent",
                "first_name": draw(st.sampled_from(["Kim", "Élodie", "O'Neil"])),
                "last_name": "Lee",
                "email": email,
                "active": host_id not in inactive,
            }
            for host_id, email in zip(people, emails, strict=False)
        ],
        "groups": [
            {
                "key": f"grade:{name[-1]}",
                "category": draw(st.sampled_from(["Academics", "Arts"])),
                "name": name,
            }
            for name in groups
        ],
        "memberships": [
            {"group_key": f"grade:{name[-1]}", "host_id": host_id}
            for name in groups
            for host_id in people
            if draw(st.booleans())
        ],
        "relationships": [
            {"student_host_id": student, "parent_host_id": parent}
            for student in STUDENTS
            for parent in PARENTS
            if {student, parent} <= set(people) and draw(st.booleans())
        ],
    }


@given(worlds=worlds(), size=st.integers(1, 4), cuts=st.lists(st.integers(0, 12), min_size=1, max_size=3))
@settings(max_examples=15, deadline=None)
def test_a_run_cut_anywhere_and_started_again_ends_as_one_run_does(
    worlds: tuple[Row, Row], size: int, cuts: list[int]
) -> None:
    before, after = worlds
    with TemporaryDirectory() as folder:
        path = Path(folder) / "directory.db"
        target = d.new_directory(path)
        run(_plan(before, target), target)
        shutil.copyfile(path, Path(folder) / "again.db")
        plan = _plan(after, target)

        first = run(plan, target)
        assert set(first.frame["outcome"]) <= {"applied"}
        assert _plain(target.read()) == _plain(_resolve(after, target))
        assert len(_plan(after, target).changes) == 0

        again = d.new_directory(Path(folder) / "again.db")
        for cut in cuts:
            with suppress(Stopped):
                run(plan, again, _stop_at(cut), batch_size=size)
        last = run(plan, again, batch_size=size)
        assert set(last.frame["outcome"]) <= {"applied", "already"}
        assert d.state(again) == d.state(target)
        assert set(run(plan, again).frame["outcome"]) <= {"already"}
        assert d.state(again) == d.state(target)


def _stop_at(changes: int) -> Callable[[int, int], None]:
    def stop(done: int, _total: int) -> None:
        if done >= changes:
            raise Stopped

    return stop


def _plan(world: Row, target: Target) -> Plan:
    return replace(make_plan(), changes=diff(_resolve(world, target), target.read()))


def _resolve(world: Row, target: Target) -> Directory:
    """A world as what apply should leave, each row with the target_id of what is there already."""
    current = target.read()
    users = dict(current.users.select("host_id", "target_id").rows())
    groups = dict(current.groups.select("key", "target_id").rows())
    return Directory(
        frame(RESOLVED_USERS, [row | {"target_id": users.get(row["host_id"], "")} for row in world["users"]]),
        frame(
            RESOLVED_GROUPS,
            [row | {"kind": "grade", "target_id": groups.get(row["key"], "")} for row in world["groups"]],
        ),
        frame(RESOLVED_MEMBERSHIPS, world["memberships"]),
        frame(RESOLVED_RELATIONSHIPS, world["relationships"]),
    )


def _plain(directory: Directory) -> list[list[tuple[object, ...]]]:
    return [
        sorted(rows.select(list(schema)).rows())
        for rows, schema in (
            (directory.users, USERS),
            (directory.groups, GROUPS),
            (directory.memberships, MEMBERSHIPS),
            (directory.relationships, RELATIONSHIPS),
        )
    ]
