"""The roster of a school, from its tables: each step takes up where the one before ends."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

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
from reconciler.keys import first_of_each, flags, listed, one_of, put
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
_ELIGIBLE = [
    *("host_id", "member_type", "first_name", "last_name", "preferred_name", "email", "grade", "grad_year"),
    *("school_id", "file", "line"),
]
_GRADED = ["host_id", "grade", "grad_year", "file", "line", "state"]
_ARE_ELIGIBLE = pl.col("state") == "eligible"


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
    left = pl.concat(_left_out(rows[member]) for member in MEMBER_TYPES if member in rows)
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
        gone=stack(draft.gone, GONE).unique("host_id", keep="first", maintain_order=True),
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
    eligible = eligible.with_columns(mail=pl.col("email").str.to_lowercase())
    merged = find_staff_parents(eligible, tables, school)
    everyone = eligible[before]
    draft.found.append(report_same_person(everyone, tables, school))
    people, found_merged = merge_people(everyone, merged)
    people, found_blocked = block_people(people, unsettled, school)
    draft.found += [found_merged, found_blocked, _no_email(people, draft.supplied)]
    return check(people, PEOPLE), merged


def _unsettled_mails(rows: dict[str, pl.DataFrame], tables: Tables, school: School) -> pl.DataFrame:
    """`host_id, mail` of people whose rows differ, each e-mail once."""
    some = [
        rows[member]
        .filter(pl.col("state") == "duplicate")
        .select(*_ELIGIBLE, unreadable=pl.lit(""), email_key=EMAIL_KEYS[member])
        for member in rows
    ]
    people = pl.concat(some)
    if people.height:
        people, _ = assign_emails(people, tables, school)
    mails = people.select("host_id", mail=folded("email")).unique(maintain_order=True)
    return mails.filter(mails["mail"] != "")


def _supply_single_emails(people: pl.DataFrame, supplied: dict[str, frozenset[str]]) -> pl.DataFrame:
    """E-mails that the school's lists or a merge give to some, where the export has none of that type.

    Those count as supplied; a blank of everybody else's does not.
    """
    types = people.select(pl.col("member_type").filter(pl.col("email") != "").unique()).to_series()
    bare = [member for member in types if "email" not in supplied[member]]
    for member in bare:
        supplied[member] |= {"email"}
    if not bare:
        return people
    silent = pl.col("member_type").is_in(bare) & (pl.col("email") == "")
    unread = (pl.col("unreadable") + " email").str.strip_chars()
    return people.with_columns(unreadable=pl.when(silent).then(unread).otherwise("unreadable"))


def _left_out(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows that stand for nobody who is carried on."""
    return rows[_LEFT_OUT].filter(pl.col("state") != "eligible")


def _eligible(rows: dict[str, pl.DataFrame], school: School, draft: _Draft) -> pl.DataFrame:
    """The row of everybody who is, with grade and graduation year settled; what is unread is held."""
    graded, found = read_grades(rows["student"][_GRADED].filter(_ARE_ELIGIBLE), school)
    draft.found.append(found)
    # A grade that cannot be read takes nobody out of a group.
    unread = graded.filter((pl.col("grade") == "") & (pl.col("unreadable") != ""))
    draft.held.append(unread.select("host_id", scope=pl.lit("groups"), reason=pl.lit("unknown-grade")))
    settled_grades = list(graded[["grade", "grad_year", "unreadable"]])
    # In one query, so that people are not held twice: one by one, and put together.
    people = [
        rows[member]
        .lazy()
        .filter(_ARE_ELIGIBLE)
        .select(*_ELIGIBLE, unreadable=pl.lit(""), email_key=EMAIL_KEYS[member])
        .with_columns(settled_grades if member == "student" else [])
        for member in MEMBER_TYPES
        if member in rows
    ]
    return pl.concat(people, rechunk=True).collect(engine="in-memory")


def _sort_out(left: pl.DataFrame, school: School, draft: _Draft) -> None:
    """Who is held and who is gone, of those that are not eligible."""
    people = settled(left, "unclear", "duplicate", "gone", "excluded")
    reason = pl.col("state").replace({"unclear": "leaver-uncertain", "duplicate": "duplicate-id"})
    draft.held.append(
        people.filter(pl.col("state").is_in(["unclear", "duplicate"])).select(
            "host_id", scope=pl.lit("account"), reason=reason
        )
    )
    # Whether excluded people count among them or are held is said by the exclude list alone.
    gone = people.filter(pl.col("state").is_in(["gone", "excluded"]))
    draft.gone.append(gone.select("host_id", "file", "line", cause=_cause(school)))


def _cause(school: School) -> pl.Expr:
    by_status = folded("status").replace_strict(
        dict(school.leaving), default="transferred", return_dtype=pl.String
    )
    return pl.when(pl.col("member_type") == "student").then(by_status).otherwise("member_type")


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
    without = people.filter(pl.col("email") == "").filter(
        pl.col("member_type").is_in(types), pl.col("blocked") == "", pl.col("unreadable") == ""
    )
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
    students = rows["student"]["best"].is_in(["eligible", "duplicate"])
    parents = rows["parent"]["best"] == "eligible"
    said = links.filter(pl.col("verdict") == "yes") if kept_out.height else links.clear()
    _, found = exclude_moved(_move_to_staff(said.select(*ROSTER_RELATIONSHIPS), merged), kept_out)
    certain = links.with_columns(
        pupil=students[links["student"]], known=parents[links["parent"]].fill_null(value=False)
    ).filter("pupil", pl.col("verdict") == "yes")
    # Whoever has no row of a parent that counts may be a member of staff under the same Host ID.
    others = certain.select(pl.col("parent_host_id").filter(~pl.col("known"))).to_series().unique()
    here = people.select(pl.col("host_id").filter(one_of("host_id", others))).to_series()
    certain = certain.filter(pl.col("known") | one_of("parent_host_id", here))
    moved, _ = exclude_moved(_move_to_staff(certain.select(*ROSTER_RELATIONSHIPS), merged), kept_out)
    kept = first_of_each(moved, ["student_host_id", "parent_host_id"])
    unlinked = pl.concat([_unlinked(certain, rows["student"]), kept_out["student_host_id"]])
    return check(kept, ROSTER_RELATIONSHIPS), unlinked, found


def _unlinked(links: pl.DataFrame, students: pl.DataFrame) -> pl.Series:
    """Host IDs of the students whom no link names."""
    first = students["first"]
    linked = flags(students.height, first[links["student"]])
    return students.filter(~linked[first], pl.col("host_id") != "")["host_id"]


def _move_to_staff(pairs: pl.DataFrame, merged: pl.DataFrame) -> pl.DataFrame:
    """Links of a merged parent, named by the staff account that stays."""
    if not merged.height:
        return pairs
    theirs = pairs["parent_host_id"].is_in(listed(merged["parent_host_id"])).arg_true()
    moved = pairs.select(pl.col("parent_host_id").gather(theirs)).join(
        merged, on="parent_host_id", how="left", maintain_order="left"
    )
    return put(pairs, theirs, moved.select(parent_host_id="staff_host_id"))


def _held(draft: _Draft, people: pl.DataFrame) -> pl.DataFrame:
    collided = people.filter(pl.col("blocked") == "id-collision").select(
        "host_id", scope=pl.lit("account"), reason=pl.lit("id-collision")
    )
    return stack([*draft.held, collided], HELD).unique(
        ["host_id", "scope"], keep="first", maintain_order=True
    )
