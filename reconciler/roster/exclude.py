"""People and links that the school keeps out, by its own list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import FINDINGS, HELD, KEPT_OUT, check, empty, findings
from reconciler.keys import one_of

if TYPE_CHECKING:
    from reconciler.model import School, Tables

_PAIR = ["student_host_id", "parent_host_id"]


def read_exclusions(tables: Tables) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Host IDs of the people (`host_id`), and KEPT_OUT for single links, that the school keeps out."""
    listed = tables.frames.get("exclude")
    if listed is None:
        return pl.DataFrame(schema={"host_id": pl.String}), empty(KEPT_OUT)
    parent = pl.col("parent_host_id") if "parent_host_id" in listed.columns else pl.lit("")
    listed = listed.filter(pl.col("host_id") != "").with_columns(parent_host_id=parent)
    whole = pl.col("parent_host_id") == ""
    links = listed.filter(~whole).select(student_host_id="host_id", parent_host_id="parent_host_id")
    return listed.filter(whole).select("host_id").unique(), check(links.unique(), KEPT_OUT)


def exclude_people(rows: pl.DataFrame, excluded: pl.DataFrame) -> pl.DataFrame:
    """Classified rows of which those of excluded people have the state `excluded`."""
    if not excluded.height:
        return rows
    named = one_of("host_id", excluded["host_id"]) & (pl.col("state") != "gone")
    return rows.with_columns(
        state=pl.when(named).then(pl.lit("excluded")).otherwise("state"),
        reason=pl.when(named).then(pl.lit("excluded")).otherwise("reason"),
    )


def exclude_links(
    links: pl.DataFrame, kept_out: pl.DataFrame, school: School
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Links of which those on the list make nobody a parent, and `excluded` for each."""
    if not kept_out.height:
        return links, empty(FINDINGS)
    named = links.join(kept_out, on=_PAIR, how="semi")
    found = _links_kept_out(named)
    verdict = "unclear" if school.exclude.existing == "hold" else "no"
    others = links.join(kept_out, on=_PAIR, how="anti")
    return pl.concat([others, named.with_columns(verdict=pl.lit(verdict))]), found


def exclude_moved(links: pl.DataFrame, kept_out: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Links under final Host IDs without those on the list, and `excluded` for each of these."""
    if not kept_out.height:
        return links, empty(FINDINGS)
    named = links.join(kept_out, on=_PAIR, how="semi")
    return links.join(kept_out, on=_PAIR, how="anti", maintain_order="left"), _links_kept_out(named)


def hold_excluded(excluded: pl.DataFrame, school: School) -> pl.DataFrame:
    """HELD: everybody on the list, in the export or not, where their accounts stay as they are."""
    if school.exclude.existing != "hold":
        return empty(HELD)
    return excluded.select("host_id", scope=pl.lit("account"), reason=pl.lit("excluded"))


def _links_kept_out(named: pl.DataFrame) -> pl.DataFrame:
    return findings(
        named.unique(_PAIR, keep="first", maintain_order=True),
        "excluded",
        pl.format("its link to {} is kept out by the exclude list", "parent_host_id"),
        host_id="student_host_id",
    )
