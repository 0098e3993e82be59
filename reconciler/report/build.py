"""The import summary, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.model import FINDING_CODES, BlockedPerson, GroupSize, Report
from reconciler.report.done import not_done, undone
from reconciler.report.rows import count_rows

if TYPE_CHECKING:
    from reconciler.model import Outcomes, Plan


def build_report(plan: Plan, outcomes: Outcomes | None = None) -> Report:
    """The import summary of `plan`: as it would be without `outcomes`, else as it came to be."""
    missed = undone(plan, outcomes)
    findings = plan.findings
    blocked = _blocked(plan)
    parentless = tuple(_ids(findings.filter(code="no-parent")))
    ready = tuple(_ids(plan.ready.join(missed["users"], on="host_id", how="anti")))
    welcomed = missed["users"].filter(pl.col("action").is_in(["create", "reactivate"]))
    leavers = plan.changes.users.filter(action="deactivate")
    mentioned = {*parentless, *ready, *(one.host_id for one in blocked)}.union(
        *(one.others for one in blocked)
    )
    return Report(
        header=plan.header,
        applied=outcomes is not None,
        members=count_rows(plan, missed["users"]),
        blocked=blocked,
        students_without_parent=parentless,
        ready_to_invite=ready,
        groups=_groups(plan, missed["memberships"]),
        active_users=plan.header.figures.active_users - welcomed["host_id"].n_unique(),
        deactivated=leavers.join(missed["users"], on="id", how="anti").height,
        not_done=not_done(plan, outcomes),
        findings=dict(sorted(findings["code"].value_counts().iter_rows())),
        names=_names(plan.people.filter(pl.col("host_id").is_in(sorted(mentioned)))),
        handed_over=outcomes.handed_over if outcomes else 0,
    )


def _ids(frame: pl.DataFrame) -> list[str]:
    return frame.filter(pl.col("host_id") != "")["host_id"].unique().sort().to_list()


def _blocked(plan: Plan) -> tuple[BlockedPerson, ...]:
    """Findings that say a person, or a row that could not be told to be one, was not carried on."""
    found = plan.findings.filter(
        pl.col("level") == "blocked", (pl.col("host_id") != "") | (pl.col("file") != "")
    ).unique()
    who = plan.people.unique("host_id").select("host_id", "member_type")
    rows = found.join(who, on="host_id", how="left").fill_null("")
    names = _names(plan.people.join(found, on="host_id", how="semi"))
    rows = rows.sort("code", "host_id", "file", "line", "detail", "others")
    return tuple(
        BlockedPerson(
            host_id=row["host_id"],
            name=names.get(row["host_id"], ""),
            member_type=row["member_type"],
            code=row["code"],
            detail=row["detail"],
            others=tuple(row["others"].split()),
            remedy=FINDING_CODES[row["code"]].remedy,
            file=row["file"],
            line=row["line"],
        )
        for row in rows.iter_rows(named=True)
    )


def _names(people: pl.DataFrame) -> dict[str, str]:
    """Host ID -> first and last name."""
    name = pl.concat_str("first_name", "last_name", separator=" ").str.strip_chars()
    return dict(people.sort("host_id").select("host_id", name).iter_rows())


def _groups(plan: Plan, missed: pl.DataFrame) -> tuple[GroupSize, ...]:
    """The sizes that the plan foresees, without the additions and removals that were not done."""
    signs = missed.select("group_key", sign=pl.when(action="add").then(-1).otherwise(1))
    moved = dict(signs.group_by("group_key").agg(pl.col("sign").sum()).iter_rows())
    return tuple(
        GroupSize(
            key=str(group["key"]),
            category=str(group["category"]),
            name=str(group["name"]),
            before=int(group["before"]),
            after=int(group["after"]) + moved.get(group["key"], 0),
        )
        for group in plan.header.figures.groups
    )
