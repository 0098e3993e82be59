"""What no plan touches: protected accounts, roles and groups, and the last administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.columns import equals_any, rows_where, where, with_values
from reconciler.frames import FINDINGS, PERSON_FIELDS, empty, findings, folded, matches
from reconciler.keys import flags, is_one_of, one_of

if TYPE_CHECKING:
    from reconciler.model import Directory, School

_ADMINISTRATOR = "administrator"
"""The role of which Vidigami needs at least one, case-folded."""


def hold_protected(frame: pl.DataFrame, school: School) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Holds the accounts whose Host ID is protected; and `protected` for those that would have changed."""
    patterns = school.protected.host_ids
    if not patterns:
        return frame, empty(FINDINGS)
    theirs = (
        frame["exists"]
        & frame.select(pl.any_horizontal(matches(pl.col("host_id"), one) for one in patterns)).to_series()
    )
    if not theirs.any():
        return frame, empty(FINDINGS)
    differs = flags(frame.height)
    for name in PERSON_FIELDS:
        differs |= frame[f"now_{name}"] != frame[f"want_{name}"]
    leaves = ~frame["wanted"] & frame["ours"] & frame["now_active"]
    spared = where(frame, theirs & ~frame["held"] & ((frame["wanted"] & differs) | leaves))
    found = findings(
        spared, "protected", "differs from the SIS, and is protected: the account stays as it is"
    )
    return with_values(frame, held=frame["held"] | theirs), found


def keep_administrators(
    frame: pl.DataFrame, current: Directory, school: School
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Takes accounts with a protected role, and the last administrators, out of those that leave.

    The finding is `admin-leaver`.
    """
    leavers = where(frame[["host_id", "role", "file", "line"]], frame["leaves"])
    if leavers.is_empty():
        return frame, empty(FINDINGS)
    role = leavers.select(folded("role")).to_series()
    protected = equals_any(role, [one.casefold() for one in school.protected.roles])
    last = ~protected & (role == _ADMINISTRATOR)
    if last.any() and not _all_leave(leavers["host_id"], current):
        last = flags(leavers.height)
    kept = flags(frame.height, rows_where(frame["leaves"]).filter(protected | last))
    found = findings(
        where(with_values(leavers, last=last), protected | last),
        "admin-leaver",
        pl.when("last")
        .then(
            pl.lit(
                "is gone from the SIS, and nobody else would be an administrator; the account stays active"
            )
        )
        .otherwise(pl.format("is gone from the SIS; an account with the role {} stays active", "role")),
    )
    return with_values(frame, leaves=frame["leaves"] & ~kept, kept=frame["kept"] | kept), found


def _all_leave(leaving: pl.Series, current: Directory) -> bool:
    """Whether every active administrator would go."""
    admins = current.users.filter("active", folded("role") == _ADMINISTRATOR)["host_id"]
    return bool(admins.len()) and bool(is_one_of(admins, leaving).all())


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
        names.join(there, on="name", how="anti"),
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
    counts = pl.concat(sides).group_by("group_key").agg(pl.col("come", "go").sum())
    return findings(
        counts,
        "protected",
        pl.format("{} is protected: {} are not added, and {} are not removed", "group_key", "come", "go"),
        host_id=pl.lit(""),
    )
