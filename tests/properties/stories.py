"""Strategies for what happens to a school: its exports, applied; edits by hand in Vidigami; new exports."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.properties.rows import ADDRESSES, POWERSCHOOL, VERACROSS, edited, lists, tables
from tests.support.schools import make_school

if TYPE_CHECKING:
    from reconciler.model import School
    from tests.properties.rows import Rows

_LISTS = {
    "exclude": {"file": "exclude.csv"},
    "email": {"overrides": "email_overrides.csv"},
    "identity": {"same_person": "same_person.csv"},
}
_CLASS_FILES = {"files": {"sections": "sections.csv", "enrolments": "enrolments.csv"}}
_TWO_CAMPUSES = {"school_names": {"1": "North", "2": "South"}, "per_school": True}
_MAPPINGS: tuple[dict[str, Any], ...] = (
    {},
    {"mapping": ["grad_year", "faculty"]},
    {"mapping": ["grade", "grad_year", "faculty", "membership_list"]},
    {"mapping": ["faculty", "divisions"], "parents_follow": ["divisions"]},
    {"mapping": ["classes", "grade"], "parents_follow": ["classes"]},
    _TWO_CAMPUSES,
    {"mapping": ["divisions", "grad_year", "faculty"], **_TWO_CAMPUSES},
)
_DIVISIONS = {"Lower": {"from": "0", "to": "5"}, "Upper": {"from": "6", "to": "12"}}
_FEATURES: tuple[dict[str, Any], ...] = (
    {"groups": {"retired": "empty"}},
    {"groups": {"names": "enforce"}},
    {"groups": {"adopt": True}},
    {"groups": {"grade_from": "grade"}},
    {"email": {"students": "drop"}},
    {"email": {"activated": "overwrite"}},
    {"exclude": {"existing": "leave"}},
    {"identity": {"merge_staff_parents": False}},
    {"identity": {"previous_prefixes": {"student": ["Q"], "parent": ["Q"]}}},
    {"protected": {"host_ids": ["S1", "P[12]"]}},
    {"protected": {"groups": ["Internal/Faculty", "Academics/Grade 5"], "roles": []}},
    {"onboarding": "returning"},
    {"leavers": "keep"},
    {"leavers": {"graduated": "keep", "parent": "keep"}},
    {"blank": {"email": "clear"}},
    {"blank": {"preferred_name": "clear", "grad_year": "clear"}},
    {"school_ids": ["1"]},
    {"parents": {"relationships": ["neighbour"]}},
)
_UNEXPORTED = (
    "students.grad_year",
    "students.email",
    "students.preferred_name",
    "staff.email",
    "emails.is_primary",
    "emails.priority",
    "parents.is_active",
)


@dataclass(frozen=True)
class Export:
    """A school file and the exports beside it."""

    settings: str
    """JSON of the settings over the factory's own."""
    rule_sets: tuple[str, ...]
    rows: Rows

    @property
    def school(self) -> School:
        return make_school(json.loads(self.settings), self.rule_sets)


@dataclass(frozen=True)
class Story:
    """How a directory came to be what it is, and the export that it meets now."""

    now: Export
    before: tuple[Export, ...] = ()
    """What was applied before; without any there was no directory."""
    by_hand: tuple[tuple[str, int, int, str], ...] = ()
    """What was then done in Vidigami: an edit of `directories.EDITS`, two numbers and a text for it."""


@st.composite
def stories(draw: st.DrawFn, *, may_be_new: bool = True) -> Story:
    """A story of one school."""
    one_space = draw(st.sampled_from([False, False, False, True]))
    say = VERACROSS if one_space else POWERSCHOOL
    rule_sets = ("veracross", "vidigami-v3") if one_space else ("powerschool", "vidigami-v2")
    without = draw(_without(one_space=one_space))
    settings = draw(_settings(one_space=one_space))
    names = _tables(one_space=one_space)
    rows = draw(tables(names, say, without)) | draw(lists(prefixes=not one_space))
    first = Export(json.dumps(settings), rule_sets, rows)
    course = draw(st.sampled_from(_COURSES if may_be_new else _COURSES[1:]))
    if course == "new":
        return Story(first)
    later = draw(_settings(one_space=one_space)) if draw(st.booleans()) else settings
    later = {**later, "school_year": draw(st.sampled_from(["2025-26", "2025-26", "2026-27"]))}
    rows = draw(edited(rows, say, without, 2, 7))
    if draw(st.booleans()):
        rows |= draw(lists(prefixes=not one_space))
    second = Export(json.dumps(later), rule_sets, rows)
    by_hand = tuple(draw(st.lists(_edit(prefixes=not one_space), min_size=1, max_size=5)))
    if course == "back":
        return Story(Export(second.settings, rule_sets, first.rows), (first, second), by_hand)
    return Story(second, (first,) if course == "next" else (first, second), by_hand)


_COURSES = ("new", "next", "next", "same", "back")
"""A new directory; the export of a while later; the same export again; the first export come back."""


def _tables(*, one_space: bool) -> tuple[str, ...]:
    usual = ("students", "staff", "parents", "contacts")
    return usual if one_space else (*usual, "emails", "sections", "enrolments")


@st.composite
def _without(draw: st.DrawFn, *, one_space: bool) -> frozenset[str]:
    names_student = draw(st.sampled_from(["student_alternate_id", "student_alternate_id", "student_id"]))
    others = draw(st.sets(st.sampled_from(_UNEXPORTED), max_size=2))
    if one_space:
        # An id space of one: contacts know no other id, and parents have e-mails in their own table.
        names_student = "student_alternate_id"
        others |= {"staff.status", "parents.is_active", "contacts.is_active"}
    if not one_space and draw(st.booleans()):
        others |= {"parents.email"}
    return frozenset({f"contacts.{names_student}", *others})


@st.composite
def _settings(draw: st.DrawFn, *, one_space: bool) -> dict[str, Any]:
    chosen: dict[str, Any] = {} if one_space else {"source": _CLASS_FILES}
    mappings = [one for one in _MAPPINGS if not one_space or "classes" not in one.get("mapping", [])]
    groups = draw(st.sampled_from(mappings))
    features = draw(st.lists(st.sampled_from(_FEATURES), max_size=4))
    for patch in (_LISTS, {"groups": groups}, *features):
        chosen = _over(chosen, patch)
    if "divisions" in groups.get("mapping", []):
        chosen = _over(chosen, {"groups": {"divisions": _DIVISIONS}})
    if "membership_list" in groups.get("mapping", []):
        chosen = _over(chosen, {"groups": {"membership_list": "membership_list.csv"}})
    return chosen


def _edit(*, prefixes: bool) -> st.SearchStrategy[tuple[str, int, int, str]]:
    ids = ["S1", "S7", "T2", "P3", "P8", "X1"] if prefixes else ["1", "7", "8", "X1"]
    texts = {
        "add user": st.sampled_from(ids),
        "set e-mail": st.sampled_from([*ADDRESSES, "own@example.org", ""]),
        "rename group": st.sampled_from(["Grade 12", "Faculty", "Teachers"]),
        "add group": st.sampled_from(["Grade 5", "Class of 2033", "Alumni"]),
        "rename user": st.sampled_from(["Ana", "Zoe"]),
        "set type": st.sampled_from(["student", "staff", "parent"]),
        "set role": st.just("Administrator"),
    }
    plain: tuple[str, ...] = (
        *("join", "join"),
        "leave",
        "link",
        "unlink",
        "deactivate",
        "activate",
        "unkey group",
        "opt out",
    )
    if prefixes:
        plain = (*plain, "old host id", "old host id", "old prefix", "park")
    number = st.integers(0, 9)
    return st.one_of(
        [st.tuples(st.just(name), number, number, text) for name, text in texts.items()]
        + [st.tuples(st.just(name), number, number, st.just("")) for name in plain]
    )


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged
