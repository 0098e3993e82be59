"""Strategies for the rows of small schools, dirty here and there, with few ids and e-mails: they clash."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Mapping

Row: TypeAlias = "dict[str, str]"
Rows: TypeAlias = "dict[str, list[Row]]"
Dialect: TypeAlias = "Mapping[str, str]"

POWERSCHOOL: Dialect = {"enrolled": "0", "graduated": "3", "withdrawn": "2", "relationship": "Mother"}
VERACROSS: Dialect = {
    "enrolled": "enrolled",
    "graduated": "graduated",
    "withdrawn": "withdrawn",
    "relationship": "mother",
}
NONSENSE = "¿?x"
ADDRESSES = ("a@example.org", "A@example.org", "b@example.org", "c@example.org")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "students": (
        *("id", "alternate_id", "first_name", "last_name", "preferred_name", "email"),
        *("grade", "grad_year", "status", "school_id"),
    ),
    "staff": ("id", "first_name", "last_name", "preferred_name", "email", "status", "school_id"),
    "parents": ("id", "first_name", "last_name", "email", "is_active"),
    "contacts": (
        *("student_id", "student_alternate_id", "parent_id", "relationship", "is_active", "is_custodial"),
    ),
    "emails": ("person_id", "email", "is_primary", "priority"),
    "sections": ("section_id", "course", "section", "teacher_id"),
    "enrolments": ("section_id", "student_id"),
}
_SIZES: Mapping[str, tuple[int, int]] = {
    "students": (2, 6),
    "staff": (1, 4),
    "parents": (2, 6),
    "contacts": (2, 8),
    "emails": (2, 6),
    "sections": (1, 2),
    "enrolments": (1, 4),
}
_BAD_IDS = ("", "1E5", "x7", "3.0")
_FLAGS = ("0", "", "yes", "N", NONSENSE)
_FEW = ("1", "2", "3")


def clean_value(table: str, field: str, number: int, say: Dialect) -> str:
    """What a field of the row `number` of a table holds in a school without mistakes."""
    family = str((number + 1) // 2)
    by_field = {
        "alternate_id": f"9{number}",
        "first_name": f"{table[:3].title()}{number}",
        "last_name": f"Heron{family}",
        "preferred_name": "",
        "email": f"{table[:3]}{number}@example.org",
        "grade": "5",
        "grad_year": "",
        "status": "1" if table == "staff" else say["enrolled"],
        "relationship": say["relationship"],
        "student_id": family,
        "student_alternate_id": f"9{family}",
        "course": f"Course{number}",
        "section": "A",
        "school_id": "1",
        "is_active": "1",
        "is_custodial": "1",
        "is_primary": "1",
        "priority": "1",
    }
    if table == "enrolments" and field == "section_id":
        return family
    return by_field.get(field, str(number))


def dirty_values(table: str, field: str, say: Dialect) -> st.SearchStrategy[str]:
    """What a field may hold otherwise: other clean values, those of other rows, and nonsense."""
    words = (say["enrolled"], say["graduated"], say["withdrawn"], "", NONSENSE)
    by_field: Mapping[str, tuple[str, ...]] = {
        "id": (*_FEW, *_BAD_IDS),
        "alternate_id": ("91", "92", ""),
        "first_name": ("Ana", "ana", "Ben", ""),
        "last_name": ("Fox", "FOX", "Gull", ""),
        "preferred_name": ("Bo", "Kit"),
        "email": (*ADDRESSES, "stu1@example.org", "par1@example.org", "", "no address"),
        "grade": ("0", "12", "-1", "", "99", NONSENSE),
        "grad_year": ("2033", "2026", "0", "soon"),
        "status": ("2", "", NONSENSE) if table == "staff" else words,
        "school_id": ("2", "", NONSENSE),
        "is_active": _FLAGS,
        "is_custodial": _FLAGS,
        "relationship": ("neighbour", ""),
        "is_primary": ("0", "", NONSENSE),
        "priority": ("2", "", NONSENSE),
        "section_id": ("1", "2", ""),
        "course": ("Art",),
        "section": ("B", ""),
        "student_alternate_id": ("91", "92", "977", ""),
    }
    return st.sampled_from(by_field.get(field, (*_FEW, "77", "", NONSENSE)))


def clean_row(table: str, number: int, say: Dialect, without: frozenset[str]) -> Row:
    """A row of a table, without the fields that this school does not export."""
    return {
        field: clean_value(table, field, number, say)
        for field in FIELDS[table]
        if f"{table}.{field}" not in without
    }


@st.composite
def tables(draw: st.DrawFn, names: tuple[str, ...], say: Dialect, without: frozenset[str]) -> Rows:
    """The rows of all tables of a school."""
    clean = {
        table: [
            clean_row(table, number, say, without)
            for number in range(1, draw(st.integers(*_SIZES[table])) + 1)
        ]
        for table in names
    }
    # Families: somebody teaches and is a parent too; siblings have the same parents; spouses share an e-mail.
    for habit in draw(st.sets(st.sampled_from(sorted(_HABITS)))):
        table, place, values = _HABITS[habit]
        if table in clean and len(clean[table]) > place:
            clean[table][place].update(
                {key: value for key, value in values.items() if key in clean[table][place]}
            )
    return draw(edited(clean, say, without, 1, 7))


_HABITS: Mapping[str, tuple[str, int, Row]] = {
    "staff-parent by name": ("staff", 0, {"first_name": "Par1", "last_name": "Heron1"}),
    "staff-parent by e-mail": ("staff", 0, {"email": "PAR1@example.org"}),
    "staff-parent by listed e-mail": ("emails", 0, {"email": "par1@example.org"}),
    "spouses": ("emails", 1, {"email": "ema1@example.org"}),
    "spouses in one table": ("parents", 1, {"email": "par1@example.org"}),
    "sibling": ("contacts", 3, {"parent_id": "1"}),
    "two e-mails": ("emails", 1, {"person_id": "1"}),
    "two teachers": ("sections", 1, {"section_id": "1"}),
    "siblings of one key": ("students", 2, {"alternate_id": "91"}),
    "a first grade twice": ("students", 3, {"id": "1"}),
    "child with a parent's e-mail": ("students", 1, {"email": "ema1@example.org"}),
    "a last year": ("students", 0, {"grade": "12"}),
}


@st.composite
def edited(draw: st.DrawFn, rows: Rows, say: Dialect, without: frozenset[str], least: int, most: int) -> Rows:
    """The rows after some edits of the school's office, mistakes among them."""
    rows = {table: [dict(one) for one in lines] for table, lines in rows.items()}
    for _ in range(draw(st.integers(least, most))):
        table = draw(st.sampled_from([name for name in FIELDS if name in rows]))
        lines = rows[table]
        what = draw(st.sampled_from(["value", "value", "value", "drop", "drop", "new", "twice", "swap"]))
        if what == "new" or not lines:
            lines.append(clean_row(table, len(lines) + 1, say, without))
            continue
        place = draw(st.integers(0, len(lines) - 1))
        one = lines[place]
        name = draw(st.sampled_from(sorted(one)))
        if what == "value":
            one[name] = draw(dirty_values(table, name, say))
        elif what == "drop":
            del lines[place]
        elif what == "twice":
            lines.append(dict(one))
        else:
            other = lines[draw(st.integers(0, len(lines) - 1))]
            name = "email" if "email" in other else name
            one[name], other[name] = other[name], one[name]
    return rows


def lists(*, prefixes: bool) -> st.SearchStrategy[Rows]:
    """The CSV files that a school keeps itself."""

    def host_id(letters: str) -> st.SearchStrategy[str]:
        ids = [f"{letter if prefixes else ''}{number}" for number in _FEW for letter in letters]
        return st.sampled_from([*ids, "X9"])

    def some(most: int, **fields: st.SearchStrategy[str]) -> st.SearchStrategy[list[Row]]:
        return st.lists(st.fixed_dictionaries(fields), max_size=most)

    nothing, why = st.just(""), st.just("asked for")
    plain_id = st.sampled_from([*_FEW, "77"])
    return st.fixed_dictionaries(
        {
            "exclude": some(1, host_id=host_id("STP"), parent_host_id=nothing, reason=why)
            | some(2, host_id=host_id("S"), parent_host_id=nothing | host_id("P"), reason=why),
            "email_overrides": some(
                2,
                host_id=nothing | host_id("STP"),
                email=st.sampled_from([*ADDRESSES, "own@example.org", ""]),
            ),
            "same_person": some(2, staff_id=plain_id, parent_id=plain_id),
            "crosswalk": _crosswalk([f"{letter}{number}" for number in _FEW for letter in "STP"])
            if prefixes
            else st.just([]),
            "membership_list": some(
                3,
                group=st.sampled_from(["Chess", "Choir"]),
                category=st.just("Clubs"),
                host_id=nothing | host_id("STP"),
                member_id=plain_id,
                member_type=st.sampled_from(["Student", "staff", "Member", "nobody"]),
            ),
        }
    )


@st.composite
def _crosswalk(draw: st.DrawFn, host_ids: list[str]) -> list[Row]:
    """Decided rows, no two about one account or one person: from an old Host ID, or in a ring."""
    some = draw(st.lists(st.sampled_from(host_ids), max_size=4, unique=True))
    olds = [f"old-{one}" for one in some] if draw(st.booleans()) else [*some[1:], *some[:1]]
    decisions = st.sampled_from(["accept", "accept", "keep_old", "reject", "set_aside", ""])
    return [
        {"old_host_id": old, "new_host_id": new, "member_type": "", "decision": draw(decisions)}
        for old, new in zip(olds, some, strict=True)
    ]
