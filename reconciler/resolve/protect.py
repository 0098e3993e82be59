"""What no plan touches: protected accounts, roles and groups, and the last administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import FINDINGS, PERSON_FIELDS, empty, findings, folded, matches
from reconciler.keys import listed, one_of

if TYPE_CHECKING:
    from reconciler.model import Directory, School

_ADMINISTRATOR = "administrator"
"""The role of which Vidigami needs at least one, case-folded."""


def hold_protected(frame: pl.DataFrame, school: School) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Holds the accounts whose Host ID is protected; and `protected` for those that would have changed."""
    patterns = school.protected.host_ids
    if not patterns:
        return frame, empty(FINDINGS)
    theirs = pl.col("exists") & pl.any_horizontal(matches(pl.col("host_id"), one) for one in patterns)
    differs = pl.any_horizontal(pl.col(f"now_{name}") != pl.col(f"want_{name}") for name in PERSON_FIELDS)
    leaves = ~pl.col("wanted") & pl.col("ours") & pl.col("now_active")
    spared = frame.filter(theirs & ~pl.col("held") & ((pl.col("wanted") & differs) | leaves))
    found = findings(
        spared, "protected", "differs from the SIS, and is protected: the account stays as it is"
    )
    return frame.with_columns(held=pl.col("held") | theirs), found


def keep_administrators(
    frame: pl.DataFrame, current: Directory, school: School
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Takes accounts with a protected role, and the last administrators, out of those that leave.

    Adds `kept`; the finding is `admin-leaver`.
    """
    role = folded("role")
    protected = pl.col("leaves") & role.is_in([one.casefold() for one in school.protected.roles])
    last = pl.col("leaves") & (role == _ADMINISTRATOR) & pl.lit(_all_leave(frame, current))
    kept = protected | last
    found = findings(
        frame.filter(kept),
        "admin-leaver",
        pl.when(last & ~protected)
        .then(
            pl.lit(
                "is gone from the SIS, and nobody else would be an administrator; the account stays active"
            )
        )
        .otherwise(pl.format("is gone from the SIS; an account with the role {} stays active", "role")),
    )
    return frame.with_columns(leaves=pl.col("leaves") & ~kept, kept=kept), found


def _all_leave(frame: pl.DataFrame, current: Directory) -> bool:
    """Whether every active administrator would go."""
    admins = current.users.filter("active", folded("role") == _ADMINISTRATOR)["host_id"]
    leaving = frame.select(pl.col("host_id").filter("leaves")).to_series()
    return bool(admins.len()) and bool(admins.is_in(listed(leaving)).all())


def protected_groups(current: Directory, school: School) -> pl.DataFrame:
    """Current groups that are protected, by category and name."""
    names = list(school.protected.groups)
    if not names:
        return current.groups.clear()
    return current.groups.filter(pl.format("{}/{}", "category", "name").is_in(names))


def missing_groups(groups: pl.DataFrame, school: School) -> pl.DataFrame:
    """`protected` for each name under `protected.groups` that no group has, now or once applied."""
    if not school.protected.groups:
        return empty(FINDINGS)
    names = pl.DataFrame({"name": list(school.protected.groups)}, schema={"name": pl.String})
    there = groups.select(name=pl.format("{}/{}", "category", "name"))
    return findings(
        names.join(there, on="name", how="anti").sort("name"),
        "protected",
        pl.format("protected.groups names {}, and no group is called so", "name"),
        host_id=pl.lit(""),
        level="warning",
    )


def spared_groups(wanted: pl.DataFrame, there: pl.DataFrame, closed: pl.Series) -> pl.DataFrame:
    """`protected` for each protected group whose members are not those that the SIS asks for."""
    if not closed.len():
        return empty(FINDINGS)
    seat = ["group_key", "host_id"]
    ours = there.filter(pl.col("origin") != "hand").select(seat)
    asked, held = (some.select(seat).filter(one_of("group_key", closed)) for some in (wanted, ours))
    held_by_anybody = there.select(seat)
    sides = [
        asked.join(held_by_anybody, on=seat, how="anti").select("group_key", come=1, go=0),
        held.join(asked, on=seat, how="anti").select("group_key", come=0, go=1),
    ]
    counts = pl.concat(sides).group_by("group_key").agg(pl.col("come", "go").sum()).sort("group_key")
    return findings(
        counts,
        "protected",
        pl.format("{} is protected: {} are not added, and {} are not removed", "group_key", "come", "go"),
        host_id=pl.lit(""),
    )
