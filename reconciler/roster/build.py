"""The roster of a school, from its tables: each step takes up where the one before ends."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from reconciler.frames import (
    FINDINGS,
    GONE,
    HELD,
    KEPT_OUT,
    PEOPLE,
    ROSTER_RELATIONSHIPS,
    ROWS,
    UNIDENTIFIED,
    check,
    empty,
    findings,
    folded,
    stack,
)
from reconciler.model import MEMBER_TYPES, Roster, School, Tables
from reconciler.roster.block import block_people
from reconciler.roster.emails import assign_emails, supplies_email
from reconciler.roster.grades import read_grades
from reconciler.roster.links import read_links
from reconciler.roster.merge import find_staff_parents, merge_people
from reconciler.roster.parents import judge_parents
from reconciler.roster.require import require_columns, rules_of
from reconciler.roster.rows import classify_rows, states

_ID_PROBLEMS = {
    "missing-id": "the id is blank; the row was left out",
    "bad-id": "the id does not look like one; the row was left out",
    "duplicate-id": "rows with this Host ID differ; none of them was taken",
}


@dataclass(slots=True)
class _Draft:
    """What the steps gather on their way to a Roster."""

    people: list[pl.DataFrame] = field(default_factory=list)
    rows: list[pl.DataFrame] = field(default_factory=list)
    held: list[pl.DataFrame] = field(default_factory=list)
    gone: list[pl.DataFrame] = field(default_factory=list)
    found: list[pl.DataFrame] = field(default_factory=list)
    supplied: dict[str, frozenset[str]] = field(default_factory=dict)


def build_roster(tables: Tables, school: School) -> Roster:
    """Who the school's people are, by its tables and lists.

    Raises:
        InputError: a column that decides who gets access is missing.
    """
    require_columns(tables, school)
    draft = _Draft()
    rows = {
        member: classify_rows(
            tables.frames[rules.table], rules_of(tables, school, rules.table), member, school
        )
        for member, rules in school.members.items()
    }
    excluded, kept_out = _read_exclusions(tables, school)
    rows = {member: _exclude(frame, excluded) for member, frame in rows.items()}
    links = _read_links(tables, rows, school, kept_out, draft)
    if "parent" in rows:
        rows["parent"], held, found = judge_parents(rows["parent"], links, rows["student"], school)
        draft.held.append(held)
        draft.found.append(found)
    for member in MEMBER_TYPES:
        if member in rows:
            _take_members(rows[member], member, tables, school, draft)
    return _settle(draft, tables, school, rows, links, kept_out)


def _settle(  # noqa: PLR0913 - the last step sees what all the others made
    draft: _Draft,
    tables: Tables,
    school: School,
    rows: dict[str, pl.DataFrame],
    links: pl.DataFrame,
    kept_out: pl.DataFrame,
) -> Roster:
    everyone = stack(draft.people, PEOPLE)
    merged = find_staff_parents(everyone, tables, school)
    people, found_merged = merge_people(everyone, merged)
    people, found_blocked = block_people(people, school)
    draft.found += [found_merged, found_blocked, _no_email(people, draft.supplied)]
    return Roster(
        people=check(people, PEOPLE),
        relationships=_relationships(links, people, rows, merged),
        held=_held(draft, people),
        merged=merged,
        gone=stack(draft.gone, GONE).unique("host_id", keep="first", maintain_order=True),
        unidentified=_unidentified(rows),
        kept_out=_move_to_staff(kept_out, merged),
        rows=_account_for_rows(draft, people, merged),
        supplied=draft.supplied,
        findings=stack(draft.found, FINDINGS),
    )


def _read_exclusions(tables: Tables, school: School) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Host IDs of the people (`host_id`), and KEPT_OUT for single links, that the school keeps out."""
    listed = tables.frames.get("exclude")
    if listed is None:
        return pl.DataFrame(schema={"host_id": pl.String}), empty(KEPT_OUT)
    parent = pl.col("parent_host_id") if "parent_host_id" in listed.columns else pl.lit("")
    listed = listed.with_columns(parent_host_id=parent)
    whole = pl.col("parent_host_id") == ""
    return listed.filter(whole).select("host_id").unique(), check(
        listed.filter(~whole).select(student_host_id="host_id", parent_host_id="parent_host_id").unique(),
        KEPT_OUT,
    )


def _exclude(rows: pl.DataFrame, excluded: pl.DataFrame) -> pl.DataFrame:
    named = pl.col("host_id").is_in(excluded["host_id"].implode()) & (pl.col("state") != "gone")
    return rows.with_columns(
        state=pl.when(named).then(pl.lit("excluded")).otherwise("state"),
        reason=pl.when(named).then(pl.lit("excluded")).otherwise("reason"),
    )


def _read_links(
    tables: Tables, rows: dict[str, pl.DataFrame], school: School, kept_out: pl.DataFrame, draft: _Draft
) -> pl.DataFrame:
    if "parent" not in rows:
        return pl.DataFrame(
            schema={"student_host_id": pl.String, "parent_host_id": pl.String, "relationship": pl.String}
        )
    links, found = read_links(tables, rules_of(tables, school, "contacts"), rows["student"], school)
    draft.found.append(found)
    if kept_out.height:
        pair = ["student_host_id", "parent_host_id"]
        out = links.join(kept_out, on=pair, how="semi").unique(pair, maintain_order=True)
        draft.found.append(
            findings(
                out,
                "excluded",
                pl.format("its link to {} is kept out by the exclude list", "parent_host_id"),
                host_id="student_host_id",
            )
        )
        verdict = "unclear" if school.exclude.existing == "hold" else "no"
        links = pl.concat(
            [
                links.join(kept_out, on=pair, how="anti"),
                links.join(kept_out, on=pair, how="semi").with_columns(verdict=pl.lit(verdict)),
            ]
        )
    return links


def _take_members(rows: pl.DataFrame, member: str, tables: Tables, school: School, draft: _Draft) -> None:
    """Add what the rows of one member type say to the draft."""
    people = rows.filter(pl.col("state") == "eligible").with_columns(unreadable=pl.lit(""))
    if member == "student":
        people, found = read_grades(people, school)
        draft.found.append(found)
        # A grade that cannot be read takes nobody out of a group.
        unread = people.filter((pl.col("grade") == "") & (pl.col("unreadable") != ""))
        draft.held.append(unread.select("host_id", scope=pl.lit("groups"), reason=pl.lit("unknown-grade")))
    people, found = assign_emails(people, tables, school, member)
    mapped = set(tables.frames[school.members[member].table].columns)
    email = supplies_email(tables, people, member, mapped="email" in mapped)
    draft.found += [found, _row_findings(rows, school)]
    draft.people.append(check(people.with_columns(blocked=pl.lit("")), PEOPLE))
    draft.rows.append(rows)
    draft.supplied[member] = frozenset(
        {"member_type"}
        | (mapped & {"first_name", "last_name", "preferred_name"})
        | ({"email"} if email else set())
        | ({"grad_year"} if member == "student" else set())
    )
    _sort_out_the_rest(rows, member, school, draft)


def _sort_out_the_rest(rows: pl.DataFrame, member: str, school: School, draft: _Draft) -> None:
    """Who is held and who is gone, of those that are not eligible."""
    people = states(rows)
    excluded = people.filter(pl.col("state") == "excluded")
    holds = ["unclear", "duplicate", *(["excluded"] if school.exclude.existing == "hold" else [])]
    reason = pl.col("state").replace({"unclear": "leaver-uncertain", "duplicate": "duplicate-id"})
    draft.held.append(
        people.filter(pl.col("state").is_in(holds)).select("host_id", scope=pl.lit("account"), reason=reason)
    )
    draft.gone.append(
        people.filter(pl.col("state") == "gone").select("host_id", cause=_cause(member, school))
    )
    if school.exclude.existing == "leave":
        draft.gone.append(excluded.select("host_id", cause=_cause(member, school)))


def _cause(member: str, school: School) -> pl.Expr:
    if member != "student":
        return pl.lit(member)
    return pl.col("status").replace_strict(
        dict(school.leaving), default="transferred", return_dtype=pl.String
    )


def _row_findings(rows: pl.DataFrame, school: School) -> pl.DataFrame:
    problems = rows.filter(pl.col("reason").is_in(list(_ID_PROBLEMS)))
    found = [
        findings(problems.filter(pl.col("reason") == code), code, detail)
        for code, detail in _ID_PROBLEMS.items()
    ]
    first = rows.filter(pl.col("state") == "excluded").unique("host_id", maintain_order=True)
    hold = school.exclude.existing == "hold"
    found.append(
        findings(
            first,
            "excluded",
            "kept out by the exclude list; an existing account "
            + ("stays as it is" if hold else "is treated as a leaver's"),
        )
    )
    unclear = rows.filter(pl.col("state") == "unclear").unique("host_id", maintain_order=True)
    found.append(
        findings(
            unclear,
            "leaver-uncertain",
            "a value that decides about access cannot be read; the account is held",
        )
    )
    return pl.concat(found)


def _no_email(people: pl.DataFrame, supplied: dict[str, frozenset[str]]) -> pl.DataFrame:
    types = [member for member in ("staff", "parent") if "email" in supplied.get(member, ())]
    without = people.filter(
        pl.col("member_type").is_in(types)
        & (pl.col("email") == "")
        & (pl.col("blocked") == "")
        & (pl.col("unreadable") == "")
    )
    return findings(without, "no-email", "has no e-mail, so nobody can be invited")


def _relationships(
    links: pl.DataFrame, people: pl.DataFrame, rows: dict[str, pl.DataFrame], merged: pl.DataFrame
) -> pl.DataFrame:
    """Eligible parent of eligible student, under the parent's final Host ID."""
    if "parent" not in rows:
        return empty(ROSTER_RELATIONSHIPS)
    students = (
        rows["student"]
        .filter(pl.col("state").is_in(["eligible", "duplicate"]))
        .select(student_host_id="host_id")
    )
    certain = links.filter(pl.col("verdict") == "yes").select(*ROSTER_RELATIONSHIPS)
    moved = _move_to_staff(certain, merged)
    return check(
        moved.join(students.unique(), on="student_host_id", how="semi")
        .join(people.select(parent_host_id="host_id").unique(), on="parent_host_id", how="semi")
        .unique(["student_host_id", "parent_host_id"], keep="first", maintain_order=True),
        ROSTER_RELATIONSHIPS,
    )


def _move_to_staff(pairs: pl.DataFrame, merged: pl.DataFrame) -> pl.DataFrame:
    """Links of a merged parent, named by the staff account that stays."""
    if not merged.height:
        return pairs
    return (
        pairs.join(merged, on="parent_host_id", how="left", maintain_order="left")
        .with_columns(parent_host_id=pl.coalesce("staff_host_id", "parent_host_id"))
        .drop("staff_host_id")
    )


def _held(draft: _Draft, people: pl.DataFrame) -> pl.DataFrame:
    collided = people.filter(pl.col("blocked") == "id-collision").select(
        "host_id", scope=pl.lit("account"), reason=pl.lit("id-collision")
    )
    return stack([*draft.held, collided], HELD).unique(
        ["host_id", "scope"], keep="first", maintain_order=True
    )


def _unidentified(rows: dict[str, pl.DataFrame]) -> pl.DataFrame:
    return stack(
        [
            frame.filter(pl.col("host_id") == "").select(
                "member_type", first=folded("first_name"), last=folded("last_name")
            )
            for frame in rows.values()
        ],
        UNIDENTIFIED,
    ).unique()


def _account_for_rows(draft: _Draft, people: pl.DataFrame, merged: pl.DataFrame) -> pl.DataFrame:
    """ROWS: what became of each row read, so that the import summary adds up."""
    every = pl.concat(draft.rows).select("member_type", "host_id", "state", "reason")
    verdicts = people.select("member_type", "host_id", "blocked")
    merged = merged.select(host_id="parent_host_id", member_type=pl.lit("parent"), merged=pl.lit(value=True))
    key = ["member_type", "host_id"]
    every = every.join(verdicts, on=key, how="left", maintain_order="left").join(
        merged, on=key, how="left", maintain_order="left"
    )
    person = pl.col("state") == "eligible"
    blocked = pl.col("state").is_in(["unidentified", "duplicate"]) | (
        person & (pl.col("blocked").fill_null("") != "")
    )
    return check(
        every.select(
            "member_type",
            "host_id",
            outcome=pl.when(person & pl.col("merged").fill_null(value=False))
            .then(pl.lit("merged"))
            .when(blocked)
            .then(pl.lit("blocked"))
            .when(person)
            .then(pl.lit("person"))
            .otherwise(pl.lit("left-out")),
            reason=pl.when(person & blocked).then("blocked").otherwise("reason"),
        ).with_columns(
            reason=pl.when(pl.col("outcome") == "merged")
            .then(pl.lit("merged-staff-parent"))
            .otherwise("reason")
        ),
        ROWS,
    )
