"""The roster of a school, from its tables: each step takes up where the one before ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce

import polars as pl

from reconciler.columns import choose, equals_any, framed, rows_where, where, with_values
from reconciler.frames import (
    FINDINGS,
    GONE,
    HELD,
    PEOPLE,
    ROSTER_RELATIONSHIPS,
    check,
    empty,
    findings,
    folded,
    stack,
)
from reconciler.keys import find, first_of_each, flags, is_one_of, put
from reconciler.model import MEMBER_TYPES, Roster, School, Tables
from reconciler.roster.account import account_for_rows, names_without_ids, report_rows
from reconciler.roster.block import block_people
from reconciler.roster.crosswalk import hold_set_aside, read_crosswalk
from reconciler.roster.emails import EMAIL_KEYS, assign_emails, supplies_email
from reconciler.roster.exclude import exclude_moved
from reconciler.roster.grades import read_grades
from reconciler.roster.judge import judge_rows
from reconciler.roster.merge import find_staff_parents, merge_people, read_same_person, report_same_person
from reconciler.roster.require import require_columns
from reconciler.roster.rows import settled

_LEFT_OUT = [
    *("member_type", "host_id", "first_name", "last_name", "status"),
    *("state", "best", "reason", "file", "line"),
]
_TOLD = [
    *("host_id", "member_type", "first_name", "last_name", "preferred_name", "email", "grade", "grad_year"),
    *("school_id", "file", "line"),
]
_PEOPLE_OF = {
    member: [*map(pl.col, _TOLD), pl.lit("").alias("unreadable"), key] for member, key in EMAIL_KEYS.items()
}
"""Member type -> what rows of its table tell of people, and by what the e-mails table names them."""
_GRADED = ["host_id", "grade", "grad_year", "file", "line"]
_ARE_ELIGIBLE = pl.col("state") == "eligible"
_MAILS = {"host_id": pl.String, "mail": pl.String}


@dataclass(slots=True)
class _Draft:
    """What the steps gather on their way to a Roster."""

    held: list[pl.DataFrame] = field(default_factory=list)
    gone: list[pl.DataFrame] = field(default_factory=list)
    found: list[pl.DataFrame] = field(default_factory=list)
    supplied: dict[str, frozenset[str]] = field(default_factory=dict)


def build_roster(tables: Tables, school: School) -> Roster:
    """Who the school's people are, by its tables and lists.

    Raises:
        InputError: a column that decides who gets access is missing, or a list has lines that cannot be.
    """
    require_columns(tables, school)
    crosswalk = read_crosswalk(tables, school)
    judged = judge_rows(tables, school, crosswalk)
    rows, links = judged.rows, judged.links
    draft = _Draft(held=[hold_set_aside(crosswalk), *judged.held], found=judged.findings)
    left = reduce(pl.DataFrame.vstack, (_left_out(rows[member]) for member in MEMBER_TYPES if member in rows))
    eligible = _eligible(rows, school, draft)
    _sort_out(left, school, draft)
    eligible, found = assign_emails(eligible, tables, school)
    draft.found += [found, report_rows(left, school, judged.one_person)]
    draft.supplied = _supplied(eligible, rows, tables, school)
    people, merged = _settle_people(eligible, _unsettled_mails(rows, tables, school), tables, school, draft)
    people = _supply_single_emails(people, draft.supplied)
    kept_out = _move_to_staff(judged.kept_out, merged)
    relationships, unlinked, found = _relationships(links, people, rows, merged, kept_out)
    draft.found.append(found)
    return Roster(
        people=people,
        relationships=relationships,
        unlinked=unlinked,
        held=_held(draft, people),
        merged=merged,
        same_person=read_same_person(tables, school),
        gone=first_of_each(stack(draft.gone, GONE), ["host_id"]),
        unidentified=names_without_ids(left),
        kept_out=kept_out,
        excluded=judged.excluded,
        crosswalk=crosswalk,
        rows=account_for_rows({member: some.height for member, some in rows.items()}, left, people, merged),
        supplied=draft.supplied,
        unseen=judged.unseen,
        findings=stack(draft.found, FINDINGS),
    )


def _settle_people(
    eligible: pl.DataFrame, unsettled: pl.DataFrame, tables: Tables, school: School, draft: _Draft
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """PEOPLE, merged and blocked, and MERGED."""
    before = [name for name in PEOPLE if name != "blocked"]
    # What was taken for an address holds no white space.
    eligible = with_values(eligible, mail=eligible["email"].str.to_lowercase())
    merged = find_staff_parents(eligible, tables, school)
    everyone = eligible[before]
    draft.found.append(report_same_person(everyone, tables, school))
    people, found_merged = merge_people(everyone, merged)
    people, found_blocked = block_people(people, unsettled, school)
    draft.found += [found_merged, found_blocked, _no_email(people, draft.supplied)]
    return check(people, PEOPLE), merged


def _unsettled_mails(rows: dict[str, pl.DataFrame], tables: Tables, school: School) -> pl.DataFrame:
    """`host_id, mail` of people whose rows differ, each e-mail once."""
    differing = {member: where(some, some["state"] == "duplicate") for member, some in rows.items()}
    some = [frame.select(_PEOPLE_OF[member]) for member, frame in differing.items() if frame.height]
    if not some:
        return empty(_MAILS)
    people, _ = assign_emails(pl.concat(some), tables, school)
    mails = people.select("host_id", mail=folded("email")).unique(maintain_order=True)
    return where(mails, mails["mail"] != "")


def _supply_single_emails(people: pl.DataFrame, supplied: dict[str, frozenset[str]]) -> pl.DataFrame:
    """E-mails that the school's lists or a merge give to some, where the export has none of that type.

    Those count as supplied; a blank of everybody else's does not.
    """
    types, has_email = people["member_type"], people["email"] != ""
    unsupplied = [member for member, fields in supplied.items() if "email" not in fields]
    bare = [member for member in unsupplied if ((types == member) & has_email).any()]
    if not bare:
        return people
    for member in bare:
        supplied[member] |= {"email"}
    silent = equals_any(types, bare) & ~has_email
    unread = (people["unreadable"] + " email").str.strip_chars()
    return with_values(people, unreadable=choose(silent, unread, people["unreadable"]))


def _left_out(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows that stand for nobody who is carried on."""
    return where(rows[_LEFT_OUT], rows["state"] != "eligible")


def _eligible(rows: dict[str, pl.DataFrame], school: School, draft: _Draft) -> pl.DataFrame:
    """The row of everybody who is, with grade and graduation year settled; what is unread is held."""
    students = rows["student"]
    graded, found = read_grades(where(students[_GRADED], students["state"] == "eligible"), school)
    draft.found.append(found)
    # A grade that cannot be read takes nobody out of a group.
    unread = graded["host_id"].filter((graded["grade"] == "") & (graded["unreadable"] != ""))
    draft.held.append(framed(host_id=unread, scope="groups", reason="unknown-grade"))
    settled_grades = list(graded[["grade", "grad_year", "unreadable"]])
    # In one query, so that people are not held twice: one by one, and put together.
    people = [
        rows[member]
        .lazy()
        .filter(_ARE_ELIGIBLE)
        .select(_PEOPLE_OF[member])
        .with_columns(settled_grades if member == "student" else [])
        for member in MEMBER_TYPES
        if member in rows
    ]
    return pl.concat(people, rechunk=True).collect(engine="in-memory")


def _sort_out(left: pl.DataFrame, school: School, draft: _Draft) -> None:
    """Who is held and who is gone, of those that are not eligible."""
    people = settled(left, "unclear", "duplicate", "gone", "excluded")
    unsettled = where(people, equals_any(people["state"], ("unclear", "duplicate")))
    reason = choose(unsettled["state"] == "unclear", "leaver-uncertain", "duplicate-id")
    draft.held.append(framed(host_id=unsettled["host_id"], scope="account", reason=reason))
    # Whether excluded people count among them or are held is said by the exclude list alone.
    gone = where(people, equals_any(people["state"], ("gone", "excluded")))
    draft.gone.append(with_values(gone, cause=_causes(gone, school))[list(GONE)])


def _causes(gone: pl.DataFrame, school: School) -> pl.Series:
    is_student = gone["member_type"] == "student"
    if not is_student.any():
        return gone["member_type"]
    by_status = folded("status").replace_strict(
        dict(school.leaving), default="transferred", return_dtype=pl.String
    )
    return choose(is_student, gone.select(by_status).to_series(), gone["member_type"])


def _supplied(
    eligible: pl.DataFrame, rows: dict[str, pl.DataFrame], tables: Tables, school: School
) -> dict[str, frozenset[str]]:
    """Member type -> the person fields that the export supplies."""
    supplied = {}
    for member in rows:
        mapped = set(tables.frames[school.members[member].table].columns)
        email = supplies_email(tables, eligible, member, mapped="email" in mapped)
        supplied[member] = frozenset(
            {"member_type"}
            | (mapped & {"first_name", "last_name", "preferred_name"})
            | ({"email"} if email else set())
            | ({"grad_year"} if member == "student" else set())
        )
    return supplied


def _no_email(people: pl.DataFrame, supplied: dict[str, frozenset[str]]) -> pl.DataFrame:
    types = [member for member in ("staff", "parent") if "email" in supplied.get(member, ())]
    blank = (people["email"] == "") & (people["blocked"] == "") & (people["unreadable"] == "")
    without = where(people, blank & equals_any(people["member_type"], types))
    return findings(without, "no-email", "has no e-mail, so nobody can be invited")


def _relationships(
    links: pl.DataFrame,
    people: pl.DataFrame,
    rows: dict[str, pl.DataFrame],
    merged: pl.DataFrame,
    kept_out: pl.DataFrame,
) -> tuple[pl.DataFrame, pl.Series, pl.DataFrame]:
    """Eligible parent of eligible student, under the parent's final Host ID; the unlinked; and `excluded`.

    The exclude list may name a parent by the staff account into which they are merged.
    """
    if "parent" not in rows:
        return empty(ROSTER_RELATIONSHIPS), rows["student"]["host_id"].clear(), empty(FINDINGS)
    pair = list(ROSTER_RELATIONSHIPS)
    links = where(links, links["verdict"] == "yes")
    said = links[pair] if kept_out.height else links[pair].clear()
    _, found = exclude_moved(_move_to_staff(said, merged), kept_out)
    students = equals_any(rows["student"]["best"], ("eligible", "duplicate"))
    certain = where(links, students[links["student"]])
    certain = where(certain, _is_known(certain, people, rows["parent"]))
    moved, _ = exclude_moved(_move_to_staff(certain[pair], merged), kept_out)
    kept = first_of_each(moved, ["student_host_id", "parent_host_id"])
    unlinked = pl.concat([_unlinked(certain, rows["student"]), kept_out["student_host_id"]])
    return check(kept, ROSTER_RELATIONSHIPS), unlinked, found


def _is_known(links: pl.DataFrame, people: pl.DataFrame, parents: pl.DataFrame) -> pl.Series:
    """Whether a link's contact is eligible: as a parent, or as whom the Host ID names besides."""
    known = (parents["best"] == "eligible")[links["parent"]]
    known = choose(known, known, no=False)
    if known.all():
        return known
    # Whoever has no row of a parent that counts may be a member of staff under the same Host ID.
    others = links["parent_host_id"].filter(~known)
    here = people["host_id"].filter(is_one_of(people["host_id"], others))
    return known | is_one_of(links["parent_host_id"], here)


def _unlinked(links: pl.DataFrame, students: pl.DataFrame) -> pl.Series:
    """Host IDs of the students whom no link names."""
    first, host_ids = students["first"], students["host_id"]
    linked = flags(students.height, first[links["student"]])
    return host_ids.filter(~linked[first] & (host_ids != ""))


def _move_to_staff(pairs: pl.DataFrame, merged: pl.DataFrame) -> pl.DataFrame:
    """Links of a merged parent, named by the staff account that stays."""
    theirs = rows_where(is_one_of(pairs["parent_host_id"], merged["parent_host_id"]))
    if not theirs.len():
        return pairs
    staff = find(pairs["parent_host_id"][theirs], merged["parent_host_id"])
    return put(pairs, theirs, merged["staff_host_id"][staff].to_frame("parent_host_id"))


def _held(draft: _Draft, people: pl.DataFrame) -> pl.DataFrame:
    collided = people["host_id"].filter(people["blocked"] == "id-collision")
    held = [*draft.held, framed(host_id=collided, scope="account", reason="id-collision")]
    return first_of_each(stack(held, HELD), ["host_id", "scope"])
