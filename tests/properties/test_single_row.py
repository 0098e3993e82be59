"""A row lost, blanked or garbled harms nobody but the person whose row it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import given, note
from hypothesis import strategies as st

from reconciler.errors import InputError
from reconciler.roster import build_roster
from tests.properties.directories import told
from tests.properties.laws import law
from tests.properties.rows import NONSENSE
from tests.properties.stories import Story, stories

if TYPE_CHECKING:
    from reconciler.model import Plan
    from tests.properties.directories import Scene
    from tests.properties.rows import Row

_MEMBERS = {"students": "student", "staff": "staff", "parents": "parent"}


@dataclass(frozen=True)
class Taken:
    """What a plan takes away: accounts, memberships `(group, host_id)`, links `(student, parent)`."""

    accounts: frozenset[str]
    memberships: frozenset[tuple[str, str]]
    links: frozenset[tuple[str, str]]


def taken(plan: Plan) -> Taken:
    changes = plan.changes
    return Taken(
        frozenset(changes.users.filter(action="deactivate")["host_id"]),
        frozenset(changes.memberships.filter(action="remove").select("group_key", "host_id").rows()),
        frozenset(
            changes.relationships.filter(action="remove").select("student_host_id", "parent_host_id").rows()
        ),
    )


@law
@given(stories(may_be_new=False), st.data())
def test_one_bad_row_takes_nothing_from_anybody_else(story: Story, data: st.DataObject) -> None:
    with told(story) as scene:
        intact = taken(scene.plan())
        for _ in range(3):
            _mistreat_one_row(scene, intact, data)


def _mistreat_one_row(scene: Scene, intact: Taken, data: st.DataObject) -> None:
    table = data.draw(st.sampled_from([name for name, lines in scene.rows.items() if lines]))
    place = data.draw(st.integers(0, len(scene.rows[table]) - 1))
    worse = _worse(scene.rows[table], place, data)
    rows = {**scene.rows, table: scene.rows[table][:place] + worse + scene.rows[table][place + 1 :]}
    note(f"{table}[{place}] {scene.rows[table][place]} became {worse}")
    try:
        plan = scene.plan(rows)
    except InputError:
        return
    if plan.verdict == "held":
        return
    now = taken(plan)
    who = _concerned(scene, table, [scene.rows[table][place], *worse], plan)
    assert now.accounts - intact.accounts <= who.accounts
    families = who.people | _parents_of(scene, who.people)
    assert {
        (group, host_id)
        for group, host_id in now.memberships - intact.memberships
        if host_id not in families and group not in who.groups
    } == set()
    assert {pair for pair in now.links - intact.links if not who.people & set(pair)} == set()


def _worse(lines: list[Row], place: int, data: st.DataObject) -> list[Row]:
    """The row lost, all of it blank, or one of its cells blank, garbled, or another row's."""
    row = lines[place]
    how = data.draw(st.sampled_from(["lost", "blank", "cell", "cell", "cell"]))
    if how == "lost":
        return []
    if how == "blank":
        return [dict.fromkeys(row, "")]
    field = data.draw(st.sampled_from(sorted(row)))
    others = sorted({line[field] for line in lines} - {row[field]})
    return [{**row, field: data.draw(st.sampled_from(["", NONSENSE, *others]))}]


@dataclass(frozen=True)
class _Concerned:
    """Whom a row is about."""

    accounts: set[str]
    """Who may be deactivated for it."""
    people: set[str]
    """Whose links may go, and in whose groups their parents may no longer be."""
    groups: set[str]
    """Groups that stand and fall with the row."""


def _concerned(scene: Scene, table: str, rows: list[Row], plan: Plan) -> _Concerned:
    """`rows` are the row as it was, and what it became; `plan` is what came of it."""
    named = _named(scene, table, rows)
    kept_out = _kept_out_as_one(plan, named)
    people = _and_lookalikes(scene, named | kept_out)
    if table == "membership_list":
        groups = {f"list:{row['category']}/{row['group']}" for row in rows}
    else:
        groups = {f"class:{row['section_id']}" for row in rows if "section_id" in row}
    return _Concerned(people - (named - kept_out) if table in _DEACTIVATE_NOBODY else people, people, groups)


_DEACTIVATE_NOBODY = {"emails", "email_overrides", "same_person", "membership_list"}


def _named(scene: Scene, table: str, rows: list[Row]) -> set[str]:
    """Host IDs of the people whom a row is about.

    Students who share the other id of a row were only held because of that row.
    """
    was = rows[0]
    if table in _MEMBERS:
        same_key = {
            one
            for row in scene.rows[table]
            if row.get("alternate_id") and row["alternate_id"] == was.get("alternate_id")
            for one in _ids(scene, "student", row["id"])
        }
        return _ids(scene, _MEMBERS[table], was["id"]) | _namesakes(scene, table, was) | same_key
    if table == "exclude":  # what it became counts too: it may well name somebody else now
        named = {row[name] for row in rows for name in ("host_id", "parent_host_id")} - {""}
        named = _and_the_same_persons(scene, named)
        return named | _parents_of(scene, named)
    columns = {
        "contacts": {"parent_id": "parent"},
        "emails": {"person_id": "parent"},
        "same_person": {"staff_id": "staff", "parent_id": "parent"},
    }.get(table, {})
    found: set[str] = set()
    for row in rows if table == "same_person" else rows[:1]:
        found = found.union(*(_ids(scene, kind, row[name]) for name, kind in columns.items()))
    return found | {row["host_id"] for row in rows if table == "email_overrides"}


def _ids(scene: Scene, member: str, source_id: str) -> set[str]:
    """The Host ID of an id, and the one of the person with whom they are one."""
    source_id = source_id.removesuffix(".0")
    host_id = scene.school.members[member].prefix + source_id
    merged = build_roster(scene.tables, scene.school).merged.rows()
    return {host_id, *(one for pair in merged if host_id in pair for one in pair)}


def _and_the_same_persons(scene: Scene, people: set[str]) -> set[str]:
    """With all whom the list of same persons ties to them: of two partners neither is certain."""
    staff, parent = (scene.school.members[member].prefix for member in ("staff", "parent"))
    ties = [{staff + row["staff_id"], parent + row["parent_id"]} for row in scene.rows["same_person"]]
    for _ in ties:
        people = people.union(*(tie for tie in ties if tie & people))
    return people


def _and_lookalikes(scene: Scene, people: set[str]) -> set[str]:
    """With those who were only held because they may be one of these people under another id."""
    held = scene.plan().findings.filter(code="leaver-uncertain")
    return people | {row["host_id"] for row in held.to_dicts() if people & set(row["others"].split())}


def _kept_out_as_one(plan: Plan, people: set[str]) -> set[str]:
    """Those of them, and their other sides, who are kept out because they are one person with each other."""
    told = plan.findings.filter(code="excluded").to_dicts()
    persons = [{row["host_id"], *row["others"].split()} for row in told if row["others"]]
    return {one for person in persons if person & people for one in person}


def _namesakes(scene: Scene, table: str, row: Row) -> set[str]:
    """A row without an id stands for anybody of its name."""
    if row["id"].removesuffix(".0").isdecimal():
        return set()
    users = scene.target.read().users.filter(member_type=_MEMBERS[table]).to_dicts()
    name = [row["first_name"].lower(), row["last_name"].lower()]
    return {
        user["host_id"] for user in users if [user["first_name"].lower(), user["last_name"].lower()] == name
    }


def _parents_of(scene: Scene, students: set[str]) -> set[str]:
    links = scene.target.read().relationships.rows()
    return {parent for student, parent, *_ in links if student in students}
