"""Host IDs and e-mails change hands: no uniqueness error in any order, and a stop anywhere costs nothing."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.apply.runner import run
from reconciler.changes import diff
from reconciler.frames import (
    PARKED,
    RESOLVED_GROUPS,
    RESOLVED_MEMBERSHIPS,
    RESOLVED_RELATIONSHIPS,
    RESOLVED_USERS,
)
from reconciler.model import Directory, Plan
from reconciler.rekeying import under_final_ids
from tests.support import directories as d
from tests.support.plans import frame, make_plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.targets import Target

HOST_IDS = [f"S{n}" for n in range(7)]
EMAILS = ["a@example.org", "B@example.org", "é@example.org", "c@example.org"]
GROUPS = [
    {"key": f"grade:{n}", "category": "Academics", "name": f"Grade {n}", "kind": "grade"} for n in (1, 2)
]


class Stopped(Exception):  # noqa: N818 - it is no error
    """Somebody pulled the plug."""


@dataclass(frozen=True)
class Person:
    """An account by what it should be. `number` says which account it is, whatever its Host ID."""

    number: int
    host_id: str
    email: str = ""
    active: bool = True
    groups: tuple[int, ...] = ()
    children: tuple[int, ...] = ()


@dataclass
class Case:
    """A directory before and after; people are there in both, or come."""

    before: list[Person]
    after: list[Person]
    folder: Path = field(default_factory=Path)

    def begin(self) -> tuple[Target, dict[int, str]]:
        """The directory as it was before, and the target id of each account."""
        target = d.new_directory(self.folder / "directory.db")
        run(_plan(self.before, {}, target), target)
        ids = dict(target.read().users.select("host_id", "target_id").rows())
        return target, {one.number: ids[one.host_id] for one in self.before}


def _plan(people: list[Person], accounts: dict[int, str], target: Target) -> Plan:
    """The plan that makes of the directory what `people` say."""
    current = target.read()
    there = dict(current.users.select("target_id", "host_id").rows())
    made = {host_id: target_id for target_id, host_id in there.items() if target_id not in accounts.values()}
    ids = {one.number: accounts.get(one.number) or made.get(one.host_id, "") for one in people}
    final = {one.number: one.host_id for one in people}
    moves = [
        (there[ids[one.number]], one.host_id)
        for one in people
        if ids[one.number] and there[ids[one.number]] != one.host_id
    ]
    groups = dict(current.groups.select("key", "target_id").rows())
    resolved = Directory(
        frame(
            RESOLVED_USERS,
            [
                {
                    "host_id": one.host_id,
                    "member_type": "student",
                    "email": one.email,
                    "active": one.active,
                    "target_id": ids[one.number],
                }
                for one in people
            ],
        ),
        frame(RESOLVED_GROUPS, [group | {"target_id": groups.get(group["key"], "")} for group in GROUPS]),
        frame(
            RESOLVED_MEMBERSHIPS,
            [{"group_key": f"grade:{n}", "host_id": one.host_id} for one in people for n in one.groups],
        ),
        frame(
            RESOLVED_RELATIONSHIPS,
            [
                {"student_host_id": final[child], "parent_host_id": one.host_id}
                for one in people
                for child in one.children
            ],
        ),
    )
    followed = under_final_ids(
        current, pl.DataFrame(moves, schema={"was": pl.String, "host_id": pl.String}, orient="row")
    )
    return replace(make_plan(), changes=diff(resolved, replace(followed, users=current.users)))


def seen(target: Target, accounts: dict[int, str]) -> dict[str, object]:
    """The directory by accounts: what each has, and in what it is."""
    now = target.read()
    names = dict(now.users.select("host_id", "target_id").rows())
    number = {target_id: str(n) for n, target_id in accounts.items()}
    who = {host_id: number.get(target_id, host_id) for host_id, target_id in names.items()}
    return {
        "users": sorted(
            (who[host_id], host_id, email.lower(), active)
            for host_id, email, active in now.users.select("host_id", "email", "active").rows()
        ),
        "memberships": sorted(
            (key, who[one]) for key, one in now.memberships.select("group_key", "host_id").rows()
        ),
        "relationships": sorted(
            (who[child], who[parent])
            for child, parent in now.relationships.select("student_host_id", "parent_host_id").rows()
        ),
    }


def expected(people: list[Person], accounts: dict[int, str]) -> dict[str, object]:
    who = {one.number: str(one.number) if one.number in accounts else one.host_id for one in people}
    return {
        "users": sorted((who[one.number], one.host_id, one.email.lower(), one.active) for one in people),
        "memberships": sorted((f"grade:{n}", who[one.number]) for one in people for n in one.groups),
        "relationships": sorted((who[child], who[one.number]) for one in people for child in one.children),
    }


@st.composite
def cases(draw: st.DrawFn) -> Case:
    there = draw(st.integers(1, 5))
    every = there + draw(st.integers(0, 2))
    return Case(draw(_people(there, there)), draw(_people(every, there)))


@st.composite
def _people(draw: st.DrawFn, number: int, there: int) -> list[Person]:
    host_ids = draw(st.permutations(HOST_IDS))
    emails = draw(st.permutations([*EMAILS, *[""] * number]))
    return [
        Person(
            n,
            host_ids[n],
            emails[n],
            n >= there or draw(st.booleans()),
            tuple(draw(st.sets(st.sampled_from([1, 2])))),
            tuple(
                draw(st.sets(st.sampled_from([child for child in range(number) if child != n]), max_size=2))
            )
            if number > 1
            else (),
        )
        for n in range(number)
    ]


@given(case=cases())
@settings(max_examples=2 * settings.get_profile("quick").max_examples)
def test_whatever_changes_hands_is_free_in_time(case: Case) -> None:
    with TemporaryDirectory() as folder:
        case.folder = Path(folder)
        target, accounts = case.begin()
        plan = _plan(case.after, accounts, target)
        assert set(run(plan, target).frame["outcome"]) <= {"applied"}
        assert seen(target, accounts) == expected(case.after, accounts)
        assert set(run(plan, target).frame["outcome"]) <= {"already"}
        assert len(_plan(case.after, accounts, target).changes) == 0


@given(case=cases(), cuts=st.lists(st.integers(0, 12), min_size=1, max_size=3), fresh=st.booleans())
def test_a_stop_anywhere_costs_nothing(case: Case, cuts: list[int], *, fresh: bool) -> None:
    with TemporaryDirectory() as folder:
        case.folder = Path(folder)
        target, accounts = case.begin()
        plan = _plan(case.after, accounts, target)
        for cut in cuts:
            with suppress(Stopped):
                run(plan, target, _stop_at(cut), batch_size=1)
        last = _plan(case.after, accounts, target) if fresh else plan
        assert set(run(last, target).frame["outcome"]) <= {"applied", "already"}
        assert seen(target, accounts) == expected(case.after, accounts)


def _stop_at(changes: int) -> Callable[[int, int], None]:
    def stop(done: int, _total: int) -> None:
        if done >= changes:
            raise Stopped

    return stop


def people(*pairs: tuple[str, str], **values: object) -> list[Person]:
    """People of these Host IDs and e-mails, who are in a group each."""
    return [
        Person(n, host_id, email and f"{email}@example.org", groups=(1 + n % 2,), **values)  # type: ignore[arg-type]
        for n, (host_id, email) in enumerate(pairs)
    ]


NAMED = {
    "a swap of Host IDs": (people(("S1", "a"), ("S2", "b")), people(("S2", "a"), ("S1", "b"))),
    "a swap of e-mails": (people(("S1", "a"), ("S2", "b")), people(("S1", "b"), ("S2", "a"))),
    "a swap of both": (people(("S1", "a"), ("S2", "b")), people(("S2", "b"), ("S1", "a"))),
    "a chain": (
        people(("S1", "a"), ("S2", "b"), ("S3", "")),
        people(("S2", "b"), ("S3", "c"), ("S4", "a")),
    ),
    "a ring of four": (
        people(("S1", "a"), ("S2", "b"), ("S3", "c"), ("S4", "")),
        people(("S2", "a"), ("S3", "b"), ("S4", "c"), ("S1", "d")),
    ),
    "a ring of a Host ID and an e-mail": (
        people(("S1", "a"), ("S2", "")),
        people(("S2", ""), ("S3", "a")),
    ),
    "two rings through one person": (
        people(("S1", "a"), ("S2", "b"), ("S3", "c")),
        people(("S2", "c"), ("S1", "b"), ("S3", "a")),
    ),
    "somebody new takes what a swap leaves": (
        people(("S1", "a"), ("S2", "b")),
        people(("S2", "c"), ("S3", "a"), ("S1", "b")),
    ),
}


@pytest.mark.parametrize("fresh", [False, True], ids=["the same plan", "a fresh plan"])
@pytest.mark.parametrize("name", NAMED)
def test_a_stop_at_every_single_step(name: str, tmp_path: Path, *, fresh: bool) -> None:
    before, after = NAMED[name]
    case = Case(before, after, tmp_path)
    target, accounts = case.begin()
    shutil.copyfile(tmp_path / "directory.db", tmp_path / "start.db")
    plan = _plan(after, accounts, target)
    for cut in range(1, len(plan.changes) + 1):
        shutil.copyfile(tmp_path / "start.db", tmp_path / "directory.db")
        with suppress(Stopped):
            run(plan, target, _stop_at(cut), batch_size=1)
        last = _plan(after, accounts, target) if fresh else plan
        assert set(run(last, target, batch_size=1).frame["outcome"]) <= {"applied", "already"}
        assert seen(target, accounts) == expected(after, accounts)
        assert set(run(plan, target).frame["outcome"]) <= {"already"}


def test_a_swap_parks_one_host_id_and_says_so(tmp_path: Path) -> None:
    before, after = NAMED["a swap of both"]
    target, accounts = Case(before, after, tmp_path).begin()
    changes = _plan(after, accounts, target).changes
    steps = changes.users.sort("step", "id").select(
        "step", "action", "before_host_id", "after_host_id", "fields"
    )
    assert steps.rows() == [
        (1, "rekey", "S2", f"{PARKED}S1", "host_id email"),
        (2, "rekey", "S1", "S2", "host_id email"),
        (3, "rekey", f"{PARKED}S1", "S1", "host_id email"),
    ]
    assert changes.users.sort("step")["reason"][0] == (
        "its Host ID is parked and its e-mail cleared first, for other accounts need them"
    )
    assert changes.memberships.height == changes.relationships.height == 0


def test_a_membership_is_never_given_to_whoever_has_the_host_id_meanwhile(tmp_path: Path) -> None:
    before = people(("S1", "a"), ("S2", "b"))
    joins = [replace(before[0], host_id="S2", groups=(1, 2)), replace(before[1], host_id="S3")]
    target, accounts = Case(before, joins, tmp_path).begin()
    plan = _plan(joins, accounts, target)
    d.execute(tmp_path / "directory.db", "UPDATE users SET host_id = 'S9' WHERE host_id = 'S1'")
    outcomes = run(plan, target)
    assert set(outcomes.frame.filter(kind="memberships")["outcome"]) == {"failed"}
    assert seen(target, accounts)["memberships"] == [("grade:1", "0"), ("grade:2", "1")]
