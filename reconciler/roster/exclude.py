"""People and links that the school keeps out, by its own list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.columns import constant, framed, rows_where
from reconciler.frames import FINDINGS, HELD, empty, findings
from reconciler.keys import is_one_of, put

if TYPE_CHECKING:
    from reconciler.model import School

_PAIR = ["student_host_id", "parent_host_id"]


def exclude_people(rows: pl.DataFrame, excluded: pl.Series) -> pl.DataFrame:
    """Classified rows of which those of excluded people have the state `excluded`."""
    if not excluded.len():
        return rows
    named = rows_where(is_one_of(rows["host_id"], excluded) & (rows["state"] != "gone"))
    state = constant("excluded", named.len())
    return put(rows, named, framed(state=state, reason=state))


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


def hold_excluded(excluded: pl.Series, school: School) -> pl.DataFrame:
    """HELD: everybody on the list, in the export or not, where their accounts stay as they are."""
    if school.exclude.existing != "hold":
        return empty(HELD)
    return framed(host_id=excluded, scope="account", reason="excluded")


def _links_kept_out(named: pl.DataFrame) -> pl.DataFrame:
    return findings(
        named.unique(_PAIR, keep="first", maintain_order=True),
        "excluded",
        pl.format("its link to {} is kept out by the exclude list", "parent_host_id"),
        host_id="student_host_id",
    )
