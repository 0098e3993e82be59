"""Every stage of one school, in its turn: from tables and directory to changes and findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from reconciler.model import (
        Capabilities,
        Changes,
        Desired,
        Directory,
        DirectoryInfo,
        Resolution,
        Roster,
        School,
        Tables,
    )


GROUP_TABLES = ("sections", "enrolments", "membership_list")
"""The tables, besides the students, from which groups are made beyond what the roster tells."""


@dataclass(frozen=True, slots=True)
class Worked:
    """What the stages have made of a school, one after the other."""

    roster: Roster
    desired: Desired
    resolution: Resolution
    changes: Changes
    findings: pl.DataFrame
    keeps_all: bool
    """Whether nobody leaves, and nothing is removed."""


def work_through(  # noqa: PLR0913 - both sides, and what binds them
    school: School,
    tables: Tables,
    info: DirectoryInfo,
    current: Directory,
    can: Capabilities,
    unlike: pl.DataFrame,
    *,
    today: str,
    additions_only: bool,
) -> Worked:
    """Every stage in its turn. `unlike` are the findings of the preflight."""
    from reconciler.changes import diff  # noqa: PLC0415
    from reconciler.desired import build_desired  # noqa: PLC0415
    from reconciler.frames import sort_findings  # noqa: PLC0415
    from reconciler.model import window_of  # noqa: PLC0415
    from reconciler.resolve import resolve  # noqa: PLC0415
    from reconciler.roster import build_roster  # noqa: PLC0415

    roster = build_roster(tables, school)
    tables = tables.only(school.members["student"].table, *GROUP_TABLES)
    desired = build_desired(roster, tables, school)
    keeps_all = additions_only or window_of(school.calendar.additions_only, today) is not None
    resolution = resolve(roster, desired, current, info, school, can, additions_only=keeps_all)
    changes = diff(resolution.after, resolution.before)
    listed = [roster.findings, desired.findings]
    if additions_only:
        listed = [_not_lost_in_a_part(found, current) for found in listed]
    else:  # a part of an export has hardly anybody whom the list keeps out
        listed.append(_without_account(roster.unseen, current))
    findings = sort_findings([unlike, *listed, resolution.findings, _ignored(tables)])
    return Worked(roster, desired, resolution, changes, findings, keeps_all)


def _not_lost_in_a_part(findings: pl.DataFrame, current: Directory) -> pl.DataFrame:
    """FINDINGS without those of list members who are not in this export, but in the directory."""
    lost = findings["code"] == "unknown-member"
    if not lost.any():
        return findings
    there = findings["host_id"].is_in(_accounts_among(findings["host_id"].filter(lost), current).implode())
    return findings.filter(~(there & lost))


def _without_account(unseen: pl.DataFrame, current: Directory) -> pl.DataFrame:
    """FINDINGS of Host IDs that no account has."""
    if unseen.is_empty():
        return unseen
    return unseen.filter(~unseen["host_id"].is_in(_accounts_among(unseen["host_id"], current).implode()))


def _accounts_among(host_ids: pl.Series, current: Directory) -> pl.Series:
    """Those Host IDs that an account has: few are asked for, among many."""
    accounts = current.users["host_id"]
    return accounts.filter(accounts.is_in(host_ids.implode()))


def _ignored(tables: Tables) -> pl.DataFrame:
    """`ignored-column` for each header that looks like an id and was not taken for one."""
    import polars as pl  # noqa: PLC0415 - loads slowly

    from reconciler.frames import findings  # noqa: PLC0415

    told = {(info.file, header): None for info in tables.info.values() for header in info.ignored}
    columns = pl.DataFrame(list(told), schema={"file": pl.String, "header": pl.String}, orient="row")
    return findings(columns, "ignored-column", pl.col("header") + " was not read", host_id=pl.lit(""))
