"""A batch of users or groups, made in what is believed to be in Vidigami, to be handed over.

The preconditions and the words are those of the other targets, so that a plan means the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from reconciler import frames
from reconciler.frames import PERSON_FIELDS, check
from reconciler.targets.judging import VERDICT, judge_create, judge_update, same
from reconciler.targets.sheets.belief import NEW

_USER_FIELDS = ("host_id", *PERSON_FIELDS, "active")
_GROUP_FIELDS = ("key", "category", "name")
HANDED_OVER = "handed-over"


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of a batch."""

    table: pl.DataFrame
    """The kind's frame of the directory, with the batch in it."""
    verdicts: pl.DataFrame
    """`id, outcome, detail` of every change."""
    made: pl.DataFrame
    """The changes that are to be handed over, as they stand in the plan."""


def carry_users(users: pl.DataFrame, changes: pl.DataFrame) -> Carried:
    """Make USER_CHANGES in CURRENT_USERS."""
    creating = pl.col("action") == "create"
    return _both(
        users,
        changes,
        _create_users(users, changes.filter(creating)),
        _update_users(users, changes.filter(~creating)),
    )


def carry_groups(groups: pl.DataFrame, changes: pl.DataFrame) -> Carried:
    """Make GROUP_CHANGES in CURRENT_GROUPS."""
    live = _live(groups)
    creating = pl.col("action") == "create"
    new = judge_create(
        changes.filter(creating).join(
            live, left_on="after_key", right_on="live_key", how="left", maintain_order="left", coalesce=False
        ),
        _GROUP_FIELDS,
        "group",
    )
    there = changes.filter(~creating).join(
        live, left_on="target_id", right_on="live_target_id", how="left", maintain_order="left"
    )
    names = pl.col("fields").str.split(" ")
    moved = judge_update(
        there,
        {name: names.list.contains(name) for name in _GROUP_FIELDS},
        {name: same(name, f"live_{name}", f"after_{name}") for name in _GROUP_FIELDS},
        "group",
    )
    return _both(groups, changes, _new_groups(groups, new), _changed(groups, moved, _GROUP_FIELDS))


def made_of(changes: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
    """The changes that are to be handed over."""
    made = verdicts.filter(pl.col("outcome") == HANDED_OVER)["id"]
    return changes.filter(pl.col("id").is_in(made.implode()))


def _create_users(users: pl.DataFrame, changes: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The accounts with the new ones, and the judged changes."""
    matched = changes.join(
        _live(users),
        left_on="after_host_id",
        right_on="live_host_id",
        how="left",
        maintain_order="left",
        coalesce=False,
    )
    judged = _refuse_taken(judge_create(matched, (*PERSON_FIELDS, "active"), "account"), users)
    new = judged.filter(pl.col("outcome") == HANDED_OVER).select(
        *(pl.col(f"after_{name}").alias(name) for name in _USER_FIELDS),
        target_id=pl.lit(NEW) + pl.col("after_host_id"),
        status=pl.lit("not_activated"),
        role=pl.lit("Contributor"),
        opt_out=pl.lit(value=False),
        origin=pl.lit("sync"),
        deactivated_by=pl.lit(""),
    )
    return pl.concat([users, check(new, frames.CURRENT_USERS)]), judged


def _update_users(users: pl.DataFrame, changes: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    matched = changes.join(
        _live(users), left_on="target_id", right_on="live_target_id", how="left", maintain_order="left"
    )
    names = pl.col("fields").str.split(" ")
    done = {name: same(name, f"live_{name}", f"after_{name}") for name in _USER_FIELDS}
    # Of a chain that frees a value and sets another later, the first step is done once the last is.
    for name in ("email", "host_id"):
        done[name] |= (pl.col(f"later_{name}") != "") & same(name, f"live_{name}", f"later_{name}")
    judged = judge_update(
        matched, {name: names.list.contains(name) for name in _USER_FIELDS}, done, "account"
    )
    table, judged = _changed(users, _refuse_taken(judged, users), _USER_FIELDS)
    turned = judged.filter(pl.col("outcome") == HANDED_OVER, "todo_active")["target_id"].implode()
    by = pl.when("active").then(pl.lit("")).otherwise(pl.lit("sync"))
    return table.with_columns(
        deactivated_by=pl.when(pl.col("target_id").is_in(turned)).then(by).otherwise("deactivated_by")
    ), judged


def _refuse_taken(judged: pl.DataFrame, users: pl.DataFrame) -> pl.DataFrame:
    """What is to do is `handed-over`, or `failed` where another account has the e-mail or the Host ID."""
    todo = pl.col("outcome") == "todo"
    judged = judged.with_columns(_mail=pl.col("after_email").str.to_lowercase())
    held = users.select(_mail=pl.col("email").str.to_lowercase(), holder="host_id", holder_id="target_id")
    asking = _asks("email") & todo & (pl.col("_mail") != "")
    mails = held.filter(pl.col("_mail") != "").unique("_mail", keep="first", maintain_order=True)
    judged = judged.join(mails, on="_mail", how="left", maintain_order="left")
    first = pl.col("host_id").first().over("_mail", asking)
    taken = asking & (pl.col("holder_id") != pl.col("target_id")).fill_null(value=False)
    again = asking & ~pl.struct("_mail", asking.alias("_asks")).is_first_distinct()
    detail = (
        pl.when(taken)
        .then(pl.format("its e-mail is held by account {}", "holder"))
        .when(again)
        .then(pl.format("its e-mail is held by account {}", first))
        .when(_asks("host_id") & todo & _has_another(users))
        .then(pl.lit("its Host ID is held by another account"))
        .otherwise("detail")
    )
    return judged.with_columns(detail=detail).with_columns(
        outcome=pl.when(~todo)
        .then("outcome")
        .when(pl.col("detail") == "")
        .then(pl.lit(HANDED_OVER))
        .otherwise(pl.lit("failed"))
    )


def _asks(name: str) -> pl.Expr:
    """Whether a change gives its account another value of a field."""
    return (pl.col("action") == "create") | pl.col("fields").str.split(" ").list.contains(name)


def _has_another(users: pl.DataFrame) -> pl.Expr:
    """Whether the new Host ID is an account's; of a creation that was found out before."""
    taken = pl.col("after_host_id").is_in(users["host_id"].implode())
    return taken & (pl.col("action") != "create") & (pl.col("after_host_id") != pl.col("before_host_id"))


def _new_groups(groups: pl.DataFrame, judged: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    named = pl.concat_str("after_category", "after_name", separator="/")
    there = groups.select(pl.concat_str("category", "name", separator="/"))["category"]
    taken = (pl.col("outcome") == "todo") & named.is_in(there.implode())
    judged = judged.with_columns(
        outcome=pl.when(taken)
        .then(pl.lit("failed"))
        .otherwise(pl.col("outcome").replace("todo", HANDED_OVER)),
        detail=pl.when(taken).then(pl.lit("another group has this category and name")).otherwise("detail"),
    )
    new = judged.filter(pl.col("outcome") == HANDED_OVER).select(
        *(pl.col(f"after_{name}").alias(name) for name in _GROUP_FIELDS),
        kind=frames.key_kind("after_key"),
        target_id=pl.lit(NEW) + pl.col("after_key"),
        origin=pl.lit("sync"),
    )
    return pl.concat([groups, check(new, frames.CURRENT_GROUPS)]), judged


def _changed(
    table: pl.DataFrame, judged: pl.DataFrame, fields: tuple[str, ...]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The table with those fields changed that are to be."""
    judged = judged.with_columns(pl.col("outcome").replace("todo", HANDED_OVER))
    values = {
        name: pl.when(f"todo_{name}").then(f"after_{name}").otherwise(None).alias(f"_{name}")
        for name in fields
    }
    made = judged.filter(pl.col("outcome") == HANDED_OVER).select("target_id", *values.values())
    joined = table.join(made, on="target_id", how="left", maintain_order="left")
    changed = joined.with_columns(pl.coalesce(f"_{name}", name).alias(name) for name in fields)
    return changed.select(table.columns), judged


def _live(table: pl.DataFrame) -> pl.DataFrame:
    return table.with_columns(id="target_id").select(pl.all().name.prefix("live_"))


def _both(
    table: pl.DataFrame,
    changes: pl.DataFrame,
    new: tuple[pl.DataFrame, pl.DataFrame],
    moved: tuple[pl.DataFrame, pl.DataFrame],
) -> Carried:
    """Creations and changes of a batch together: the first have added rows, the others have changed some."""
    added = new[0].slice(table.height)
    verdicts = pl.concat([new[1].select(VERDICT), moved[1].select(VERDICT)])
    return Carried(pl.concat([moved[0], added]), verdicts, made_of(changes, verdicts))
