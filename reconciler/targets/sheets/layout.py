"""What was made in the belief -> the sheets that tell Vidigami of it, in the order of their upload."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import PERSON_FIELDS
from reconciler.targets.sheets.belief import NEW

if TYPE_CHECKING:
    from reconciler.model import Directory, TargetSettings

REMOVALS = "removals"
_REMOVALS = ("Do", "Host ID", "Vidigami ID", "Parent", "Group", "Group ID", "Why")
_WORDS = " "
_SEAT, _PAIR = ["group_key", "host_id"], ["student_host_id", "parent_host_id"]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One file to upload, or the list of what has to be done by hand."""

    name: str
    """One of SHEETS, or REMOVALS."""
    rows: pl.DataFrame
    """Text under the captions of the sheet."""
    round: int = 0


@dataclass(slots=True)
class Made:
    """The changes that are to be handed over, as they were made."""

    users: list[pl.DataFrame] = field(default_factory=list)
    """CURRENT_USERS as each change left them, with `action`, `fields`, `old_host_id`, `reason`, `round`."""
    groups: list[pl.DataFrame] = field(default_factory=list)
    memberships: list[pl.DataFrame] = field(default_factory=list)
    relationships: list[pl.DataFrame] = field(default_factory=list)

    def __len__(self) -> int:
        every = (self.users, self.groups, self.memberships, self.relationships)
        return sum(frame.height for frames in every for frame in frames)


def lay_out(
    made: Made, after: Directory, settings: TargetSettings, known: frozenset[str], *, whole: bool
) -> list[Sheet]:
    """Every sheet that has rows, in its order.

    `after` is the directory with all of it made, `known` the fields that the Export User List tells. `whole`
    says that the school year is new: Vidigami begins it without anybody, so that all of ours go into it.
    """
    sheets = list(_user_sheets(made, after, settings, known, whole=whole))
    last = max((sheet.round for sheet in sheets), default=0)
    seats = _new_seats(made, after, whole=whole)
    groups = _new_groups(made, after, whole=whole)
    sheets += [
        Sheet(
            "relationships-list", _written(_added(made.relationships), "relationships-list", settings), last
        ),
        Sheet("groups", _written(groups, "groups", settings), last),
        Sheet("group-membership", _written(seats, "group-membership", settings), last),
        Sheet(REMOVALS, _removals(made, after), last),
    ]
    return [sheet for sheet in sheets if sheet.rows.height]


def _user_sheets(
    made: Made, after: Directory, settings: TargetSettings, known: frozenset[str], *, whole: bool
) -> Iterator[Sheet]:
    """Those of users, round by round."""
    users = pl.concat(made.users) if made.users else _as_made(after.users.clear())
    if whole:
        seated = after.memberships.filter(pl.col("origin") != "hand")["host_id"]
        others = after.users.filter(
            "active",
            pl.col("host_id").is_in(seated.implode()),
            ~pl.col("target_id").is_in(users["target_id"].implode()),
        )
        users = pl.concat([users, _as_made(others)])
    other = pl.col("fields").str.split(_WORDS).list.set_difference(["host_id", "active"]).list.len() > 0
    for number in range(users.select(pl.col("round").max().fill_null(-1)).item() + 1):
        here = users.filter(round=number)
        rekeyed = here.filter(pl.col("old_host_id") != "", pl.col("old_host_id") != pl.col("host_id"))
        yield Sheet("update-host-ids", _written(rekeyed, "update-host-ids", settings), number)
        told = here.filter(pl.col("action").is_in(["create", "reactivate", "onboard"]) | other)
        for columns in told.with_columns(_left_out=_left_out(known)).partition_by(
            "_left_out", maintain_order=True
        ):
            without = columns["_left_out"][0].split(_WORDS)
            yield Sheet("add-user-list", _written(columns, "add-user-list", settings, without), number)


def _as_made(users: pl.DataFrame) -> pl.DataFrame:
    """Users who go into a new school year as they are."""
    texts = {"action": "onboard", "fields": "", "old_host_id": "", "reason": ""}
    return users.with_columns(
        **{name: pl.lit(text) for name, text in texts.items()}, round=pl.lit(0, pl.Int64)
    )


def _left_out(known: frozenset[str]) -> pl.Expr:
    """The columns that a row goes without: a blank might clear what nobody has told us of."""
    unsure = [
        pl.when(
            (pl.col("action") != "create")
            & ~pl.col("fields").str.split(_WORDS).list.contains(name)
            & (pl.col(name) == (False if name == "opt_out" else ""))
        ).then(pl.lit(name))
        for name in (*PERSON_FIELDS, "opt_out")
        if name not in known
    ]
    return pl.concat_str([pl.lit("-"), *unsure], separator=_WORDS, ignore_nulls=True)


def _new_groups(made: Made, after: Directory, *, whole: bool) -> pl.DataFrame:
    keys = pl.concat(made.groups)["group_key"] if made.groups else pl.Series(dtype=pl.String)
    if whole:
        keys = after.memberships.filter(pl.col("origin") != "hand")["group_key"]
    return after.groups.filter(pl.col("key") != "", pl.col("key").is_in(keys.implode()))


def _new_seats(made: Made, after: Directory, *, whole: bool) -> pl.DataFrame:
    """Memberships to be told of, but for those that follow of themselves: parents go where their child is.

    They do so as the child is put there, or is linked to them. Whoever was taken out since has to be told.
    """
    seats = _added(made.memberships)
    if whole:
        seats = after.memberships.filter(pl.col("origin") != "hand")
    if not seats.height:
        return seats
    children = after.memberships.select("group_key", student_host_id="host_id")
    led = after.relationships.select("student_host_id", "parent_host_id").join(children, on="student_host_id")
    put = led.join(seats, left_on=["group_key", "student_host_id"], right_on=_SEAT, how="semi")
    links = _added(made.relationships)
    linked = led.join(links, on=_PAIR, how="semi") if links.height else led.clear()
    follow = pl.concat([put, linked]).select("group_key", host_id="parent_host_id")
    return seats.join(follow, on=_SEAT, how="anti", maintain_order="left")


def _added(changes: list[pl.DataFrame]) -> pl.DataFrame:
    every = pl.concat(changes) if changes else pl.DataFrame()
    return every.filter(action="add") if every.height else every


def _removals(made: Made, after: Directory) -> pl.DataFrame:
    """What somebody has to do by hand: no sheet of Vidigami's takes anything away."""
    users = after.users.select("host_id", vidigami="target_id", status="status")
    parts = [
        frame.filter(action="remove")
        .join(users, on="host_id", how="left", maintain_order="left")
        .select(
            Do=pl.lit("take out of the group"),
            **_person(),
            Parent=pl.lit(""),
            Group="group",
            **{"Group ID": pl.col("group_key"), "Why": pl.col("reason")},
        )
        for frame in made.memberships
    ]
    parts += [
        frame.filter(action="deactivate").select(
            Do=pl.when(pl.col("status") == "not_activated")
            .then(pl.lit("do not invite"))
            .otherwise(pl.lit("un-invite")),
            **_person("target_id"),
            Parent=pl.lit(""),
            Group=pl.lit(""),
            **{"Group ID": pl.lit(""), "Why": pl.col("reason")},
        )
        for frame in made.users
    ]
    parts += [
        frame.filter(action="remove")
        .join(users.rename({"host_id": "student_host_id"}), on="student_host_id", how="left")
        .select(
            Do=pl.lit("unlink the parent"),
            **_person(host_id="student_host_id"),
            Parent="parent_host_id",
            Group=pl.lit(""),
            **{"Group ID": pl.lit(""), "Why": pl.col("reason")},
        )
        for frame in made.relationships
    ]
    return pl.concat([pl.DataFrame(schema=dict.fromkeys(_REMOVALS, pl.String)), *parts])


def _person(target_id: str = "vidigami", host_id: str = "host_id") -> dict[str, pl.Expr]:
    return {"Host ID": pl.col(host_id), "Vidigami ID": _own_id(target_id)}


def _own_id(column: str) -> pl.Expr:
    """Vidigami's own id, blank where it has not told it yet."""
    known = pl.col(column).is_not_null() & ~pl.col(column).str.starts_with(NEW)
    return pl.when(known).then(pl.col(column)).otherwise(pl.lit(""))


def _written(
    rows: pl.DataFrame, sheet: str, settings: TargetSettings, without: list[str] | None = None
) -> pl.DataFrame:
    """The rows in the words, and under the captions, of a sheet."""
    columns = settings.sheets.columns[sheet]
    if not rows.height:
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    values = {
        "member_type": pl.col("member_type").replace(settings.user_types),
        "opt_out": pl.when("opt_out").then(pl.lit("TRUE")).otherwise(pl.lit("")),
        "target_id": _own_id("target_id"),
    }
    return rows.select(
        **{
            caption: values.get(name, pl.col(name))
            for caption, name in columns.items()
            if name not in (without or [])
        }
    )
