"""What the values in PowerSchool's exports mean, and the shapes that all steps share."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

PREFIXES = {"student": "S", "staff": "T", "parent": "P"}
ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\"]+@[^\s@,;:<>()\[\]\"]+\.[^\s@,;:<>()\[\]\".]+")
YES = {"1", "true", "yes", "y"}
NO = {"", "0", "false", "no", "n"}
FINAL_GRADE = 12
GRADES = {
    **{str(grade): grade for grade in range(-2, FINAL_GRADE + 1)},
    **{f"0{grade}": grade for grade in range(10)},
    **dict.fromkeys(("k", "kg", "kf"), 0),
    **dict.fromkeys(("pk", "pk4", "p4"), -1),
    **dict.fromkeys(("pk3", "p3"), -2),
}
LABELS = {-2: "Pre-Kindergarten 3", -1: "Pre-Kindergarten", 0: "Kindergarten"}
_SPREADSHEET = re.compile(r"([0-9]+)\.0+")


class Finding(NamedTuple):
    """What a school should know or mend, and where it stands."""

    code: str
    host_id: str
    file: str = ""
    line: int = 0
    others: str = ""


@dataclass(slots=True)
class Person:
    """Somebody eligible."""

    host_id: str
    member_type: str
    first_name: str
    last_name: str
    preferred_name: str
    email: str
    file: str
    line: int
    grad_year: str = ""
    grade: str = ""
    blocked: str = ""


@dataclass(slots=True)
class Roster:
    """Everything that the exports say."""

    people: dict[str, Person] = field(default_factory=dict)
    relationships: set[tuple[str, str]] = field(default_factory=set)
    """Host IDs of student and parent."""
    merged: dict[str, str] = field(default_factory=dict)
    """Host ID of a parent -> that of the member of staff who they are."""
    gone: dict[str, str] = field(default_factory=dict)
    """Host ID -> why they are no longer eligible."""
    held: set[str] = field(default_factory=set)
    """Host IDs of whom nothing is certain: their accounts stay as they are."""
    ungraded: set[str] = field(default_factory=set)
    """Students whose grade cannot be read: they stay in their groups."""
    unlinkable: set[str] = field(default_factory=set)
    """Students whose links cannot be told: those stay as they are."""
    parentless: set[str] = field(default_factory=set)
    """Students with a contact who has no id: it may be any parent of theirs."""
    nameless: set[tuple[str, str, str]] = field(default_factory=set)
    """Member type and folded names on rows without a usable id."""
    findings: list[Finding] = field(default_factory=list)


def clean_id(raw: str) -> str:
    """An id without the `.0` that a spreadsheet adds."""
    if raw.isdigit():
        return raw
    number = _SPREADSHEET.fullmatch(raw)
    return number[1] if number else raw


def host_id(member_type: str, raw: str) -> str:
    """Prefix and id; '' where the id does not look like one."""
    number = clean_id(raw)
    return PREFIXES[member_type] + number if number.isdigit() and number.isascii() else ""
