"""The school's list of whom it keeps out, line by line: whom each names today, and which name nobody."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from reconciler.errors import InputError, Mistake
from reconciler.frames import FINDINGS, KEPT_OUT, check, clean_id, empty, findings, matches
from reconciler.keys import one_of
from reconciler.roster.crosswalk import MOVING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model import School, Tables

_TODAY = {"host_id": pl.String, "today": pl.String}
_LIKE = {"host_id": pl.String, "like": pl.String}
_MAY_BE = {"person": ("student", "staff", "parent"), "student": ("student",), "parent": ("staff", "parent")}
"""What a line names -> the member types that it may have: a parent may be there as a member of staff."""


@dataclass(frozen=True, slots=True)
class Exclusions:
    """Whom and which links the school keeps out."""

    people: pl.Series
    """Host IDs of people, in the export or not."""
    links: pl.DataFrame
    """KEPT_OUT."""
    unseen: pl.DataFrame
    """FINDINGS of Host IDs that are in no table. They stand where no account has that Host ID either."""


def read_exclusions(
    tables: Tables, school: School, rows: Mapping[str, pl.DataFrame], crosswalk: pl.DataFrame
) -> Exclusions:
    """The list, held against the classified rows of each member type.

    A Host ID of before, by the crosswalk or a previous prefix, names whoever has another one today, too.

    Raises:
        InputError: lines that cannot be what they are meant to be; to pass over them would let people in.
    """
    if "exclude" not in tables.frames:
        return Exclusions(pl.Series(dtype=pl.String), empty(KEPT_OUT), empty(FINDINGS))
    lines = _lines(tables.frames["exclude"])
    names = _hold_against(_names(lines), _ids_there(rows, tables, school), school, crosswalk)
    if mistakes := [*_blank(lines), *_misspelt(names), *_of_another_kind(names)]:
        raise InputError(mistakes)
    today = names.select("host_id", pl.col("today")).unique("host_id")
    people = names.filter(part="person")
    pairs = lines.filter(pl.col("parent_host_id") != "")
    pairs = pairs.select(student_host_id="host_id", parent_host_id="parent_host_id")
    now = pairs.select(pl.all().replace(today["host_id"], today["today"]))
    return Exclusions(
        people=pl.concat([people["host_id"], people["today"].alias("host_id")]).unique(),
        links=check(pl.concat([pairs, now]).unique(maintain_order=True), KEPT_OUT),
        unseen=_unseen(names),
    )


def _lines(listed: pl.DataFrame) -> pl.DataFrame:
    """`host_id, parent_host_id, file, line` of each line that says something."""
    blank = [pl.lit("").alias(name) for name in ("parent_host_id", "reason") if name not in listed.columns]
    lines = listed.with_columns(blank).select(
        clean_id("host_id"), clean_id("parent_host_id"), "reason", file="_file", line="_line"
    )
    says = pl.any_horizontal(pl.col("host_id", "parent_host_id", "reason") != "")
    return lines.filter(says).drop("reason")


def _names(lines: pl.DataFrame) -> pl.DataFrame:
    """`host_id, part, file, line`: each Host ID on the list, as a person or as one end of a link."""
    pair = pl.col("parent_host_id") != ""
    named = [
        lines.filter(~pair).with_columns(part=pl.lit("person")),
        lines.filter(pair).with_columns(part=pl.lit("student")),
        lines.filter(pair).with_columns(part=pl.lit("parent"), host_id="parent_host_id"),
    ]
    return pl.concat(named).filter(pl.col("host_id") != "").select("host_id", "part", "file", "line")


def _ids_there(rows: Mapping[str, pl.DataFrame], tables: Tables, school: School) -> dict[str, pl.Series]:
    """Member type -> the Host IDs that some table has; of parents, those that contacts alone name, too."""
    there = {member: some["host_id"].rechunk() for member, some in rows.items()}
    if "parent" in there and "contacts" in tables.frames:
        rules = school.members["parent"]
        named = tables.frames["contacts"].select(host_id=pl.lit(rules.prefix) + clean_id("parent_id"))
        named = named.filter(matches(pl.col("host_id"), rules.host_id_pattern))
        there["parent"] = pl.concat([there["parent"], named["host_id"]])
    return there


def _hold_against(
    names: pl.DataFrame, there: dict[str, pl.Series], school: School, crosswalk: pl.DataFrame
) -> pl.DataFrame:
    """Adds what is known of each Host ID.

    - `there`, `fits`: whether a table has it, and whether it looks like this school's;
    - `right`, `fits_right`: the same, as one of those whom the line may mean;
    - `today`: the Host ID that its person has today, itself if no other is known;
    - `like`: who in the tables has one that looks like it;
    - `free`: whether it may be an account of before, which has any Host ID.
    """
    kinds = [member for member in school.members if member in there]
    names = names.with_columns(
        *(one_of("host_id", there[member]).alias(f"there_{member}") for member in kinds),
        *(_looks_like(school, member).alias(f"fits_{member}") for member in kinds),
    )
    names = names.with_columns(
        there=_any_of(names, "there", "person"),
        fits=_any_of(names, "fits", "person"),
        right=_by_part(names, "there"),
        fits_right=_by_part(names, "fits"),
        free=one_of("host_id", crosswalk["old_host_id"]) | pl.lit(school.onboarding == "returning"),
    )
    strangers = names.filter(~pl.col("there"))["host_id"].unique()
    today = _names_of_today(strangers, school, crosswalk)
    names = names.join(today, on="host_id", how="left", maintain_order="left")
    everybody = pl.concat(there.values())
    names = names.join(
        _lookalikes(strangers, everybody, school), on="host_id", how="left", maintain_order="left"
    )
    names = names.with_columns(pl.col("today").fill_null(pl.col("host_id")), pl.col("like").fill_null(""))
    return names.with_columns(right=pl.col("right") | one_of("today", everybody) & ~pl.col("there"))


def _looks_like(school: School, member: str) -> pl.Expr:
    """Whether a Host ID looks like one of a member type, today's or of a previous prefix."""
    rules = school.members[member]
    previous = school.identity.previous_prefixes.get(member, ())
    kinds = [rules, *(replace(rules, prefix=prefix) for prefix in previous)]
    return pl.any_horizontal(matches(pl.col("host_id"), one.host_id_pattern) for one in kinds)


def _any_of(names: pl.DataFrame, what: str, part: str) -> pl.Expr:
    flags = [f"{what}_{member}" for member in _MAY_BE[part] if f"{what}_{member}" in names.columns]
    return pl.any_horizontal(pl.lit(value=False), *flags)


def _by_part(names: pl.DataFrame, what: str) -> pl.Expr:
    """Whether one of the member types that the line may mean has the flag."""
    return pl.any_horizontal((pl.col("part") == part) & _any_of(names, what, part) for part in _MAY_BE)


def _names_of_today(strangers: pl.Series, school: School, crosswalk: pl.DataFrame) -> pl.DataFrame:
    """`host_id, today`: Host IDs of before, and those that follow them."""
    asked = strangers.to_frame("host_id")
    moved = crosswalk.filter(pl.col("decision").is_in(MOVING))
    found = [asked.join(moved.select(host_id="old_host_id", today="new_host_id"), on="host_id")]
    for member, rules in school.members.items():
        for prefix in school.identity.previous_prefixes.get(member, ()):
            old = matches(pl.col("host_id"), replace(rules, prefix=prefix).host_id_pattern)
            rekeyed = asked.filter(old, ~matches(pl.col("host_id"), rules.host_id_pattern))
            final = pl.lit(rules.prefix) + pl.col("host_id").str.slice(len(prefix))
            found.append(rekeyed.select("host_id", today=final))
    return check(pl.concat(found).unique("host_id", keep="first", maintain_order=True), _TODAY)


def _lookalikes(strangers: pl.Series, everybody: pl.Series, school: School) -> pl.DataFrame:
    """`host_id, like`: who in the tables has this Host ID in another case, or with a prefix before it."""
    if not strangers.len():
        return empty(_LIKE)
    asked = strangers.to_frame("host_id")
    prefixes = {"", *(rules.prefix for rules in school.members.values())}
    spelt = [
        asked.select("host_id", key=(pl.lit(prefix) + pl.col("host_id")).str.to_lowercase())
        for prefix in sorted(prefixes)
    ]
    known = everybody.to_frame("like").with_columns(key=pl.col("like").str.to_lowercase())
    found = pl.concat(spelt).join(known, on="key").select("host_id", "like").unique()
    return found.sort("like").group_by("host_id").agg(pl.col("like").str.join(" or "))


def _blank(lines: pl.DataFrame) -> Iterator[Mistake]:
    hint = "say who is kept out, or take the line out"
    for file, line in lines.filter(pl.col("host_id") == "").select("file", "line").rows():
        yield Mistake(file, line, 0, "no host_id", hint)


def _misspelt(names: pl.DataFrame) -> Iterator[Mistake]:
    """Host IDs that are nobody's here but for their spelling."""
    odd = names.filter(~pl.col("there"), ~pl.col("fits"), ~pl.col("free"), pl.col("like") != "")
    for host_id, like, file, line in odd.select("host_id", "like", "file", "line").rows():
        yield Mistake(file, line, 0, f"{host_id} is no Host ID of this school", f"did you mean {like}?")


def _of_another_kind(names: pl.DataFrame) -> Iterator[Mistake]:
    """Ends of a link that are another end."""
    sure = pl.col("there") | ~pl.col("free")
    wrong = names.filter(pl.col("fits"), ~pl.col("fits_right"), sure)
    for host_id, part, file, line in wrong.select("host_id", "part", "file", "line").rows():
        hint = "write the student under host_id, and the parent under parent_host_id"
        yield Mistake(file, line, 0, f"{host_id} is no {part}'s Host ID", hint)


def _unseen(names: pl.DataFrame) -> pl.DataFrame:
    """`unknown-member` for each Host ID that no table has, or not as the line means it."""
    hint = pl.when(pl.col("like") != "").then(pl.format("; did you mean {}?", "like")).otherwise(pl.lit(""))
    return findings(
        names.filter(~pl.col("right")),
        "unknown-member",
        pl.format("the exclude list names this {}, and nobody has that Host ID{}", "part", hint),
    )
