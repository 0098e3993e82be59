"""Guards: whether a plan as a whole changes more than its school allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.model import ADDITIONS_ONLY, FREEZE, Verdict, window_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model import Calendar, Changes, Directory, Figures, Limit

_INCREASING = ("create", "add", "add_per_group")
_PER_GROUP = "_per_group"
_LOSSES = (("users", "deactivate"), ("memberships", "remove"), ("relationships", "remove"))


def judge(
    changes: Changes, figures: Figures, limits: Mapping[str, Limit | None], calendar: Calendar, today: str
) -> tuple[Verdict, ...]:
    """What each guard says of a whole plan on a day: those of the calendar, then in the order of `limits`.

    `figures` are those of before the plan. A plan that is resumed is judged by the same ones, on all of its
    changes, whatever of them is done already. In a roll-over the limits that its window gives go first.

    In a first import nothing limits what is added.
    """
    window = window_of(calendar.rollover, today)
    holding = {**limits, **(window.limits if window else {})}
    judged = (_judge(guard, limit, changes, figures) for guard, limit in holding.items())
    return (*_judge_day(changes, calendar, today), *judged)


def move_populations(changes: Changes, figures: Figures, current: Directory) -> dict[str, int]:
    """The populations of before a plan, plus what has changed since by others than the plan.

    `current` is the directory as it stands now, with all, some or none of `changes` made.
    """
    grown = {kind: held - figures.held.get(kind, held) for kind, held in count_held(current).items()}
    done = _done(changes, current)
    return {
        kind: max(0, population + grown.get(kind, 0) - done.get(kind, 0))
        for kind, population in figures.populations.items()
    }


def count_held(current: Directory) -> dict[str, int]:
    """Kind -> how many a directory holds, whoever's they are; of users, the active ones."""
    return {
        "users": int(current.users["active"].sum()),
        "groups": current.groups.height,
        "memberships": current.memberships.height,
        "relationships": current.relationships.height,
    }


def _done(changes: Changes, current: Directory) -> dict[str, int]:
    """Kind -> by how many the changes made so far have moved what `count_held` counts."""
    users, groups = changes.users, changes.groups
    created = users.filter(action="create").join(current.users, on="host_id", how="semi")
    turned = users.filter(pl.col("action").is_in(["deactivate", "reactivate"])).join(
        current.users.select("target_id", after_active="active"), on=["target_id", "after_active"], how="semi"
    )
    gone = turned.filter(action="deactivate").height
    made = groups.filter(action="create").join(
        current.groups, left_on="group_key", right_on="key", how="semi"
    )
    labels = current.groups.select("key", group_target_id="target_id")
    seats = current.memberships.drop("group_key", strict=False).join(labels, on="group_target_id")
    seat = changes.memberships.select("action", "host_id", key="group_key")
    link = changes.relationships.select("action", "student_host_id", "parent_host_id")
    return {
        "users": created.height + turned.height - 2 * gone,
        "groups": made.height,
        "memberships": _moved(seat, seats, ["key", "host_id"]),
        "relationships": _moved(link, current.relationships, ["student_host_id", "parent_host_id"]),
    }


def _moved(changes: pl.DataFrame, there: pl.DataFrame, key: list[str]) -> int:
    added = changes.filter(action="add").join(there, on=key, how="semi").height
    return added - changes.filter(action="remove").join(there, on=key, how="anti").height


def _judge_day(changes: Changes, calendar: Calendar, today: str) -> Iterator[Verdict]:
    every = len(changes)
    if every and (window := window_of(calendar.freeze, today)):
        yield Verdict(FREEZE, every, every, 0, "calendar", detail=str(window))
    if window := window_of(calendar.additions_only, today):
        lost = sum(changes.frames()[kind].filter(action=action).height for kind, action in _LOSSES)
        yield Verdict(ADDITIONS_ONLY, lost, every, 0, "calendar", detail=str(window))


def _judge(guard: str, limit: Limit | None, changes: Changes, figures: Figures) -> Verdict:
    kind, action = guard.split(".")
    population = figures.populations[kind]
    frame = changes.frames()[kind]
    figure = _count(frame, kind, action.removesuffix(_PER_GROUP))
    if limit is None:
        return Verdict(guard, figure, population, None, "off")
    if action in _INCREASING and figures.first_import:
        return Verdict(guard, figure, population, None, "first import")
    if action.endswith(_PER_GROUP):
        so = frame["action"] == action.removesuffix(_PER_GROUP)
        return _judge_groups(guard, limit, frame["group_key"].filter(so), figures)
    return _held_to(limit, guard, figure, population)


def _held_to(limit: Limit, guard: str, figure: int, population: int, detail: str = "") -> Verdict:
    basis = limit.basis(population)
    percent = limit.percent if basis == "percent" else None
    return Verdict(guard, figure, population, limit.allowed(population), basis, percent, detail)


def _judge_groups(guard: str, limit: Limit, changed: pl.Series, figures: Figures) -> Verdict:
    """The verdict on the group that is furthest above its limit, or nearest to it, of those of each change.

    A group that had nobody has its own first import.
    """
    sizes = {str(group["key"]): int(group["before"]) for group in figures.groups}
    counts = dict(sorted(changed.value_counts().rows()))
    if guard.removesuffix(_PER_GROUP).endswith(".add"):
        counts = {key: figure for key, figure in counts.items() if sizes.get(key)}
    verdicts = [
        _held_to(limit, guard, figure, sizes.get(key, 0), detail=key) for key, figure in counts.items()
    ]
    return max(verdicts, key=_above, default=_held_to(limit, guard, 0, 0))


def _above(verdict: Verdict) -> int:
    return verdict.figure - (verdict.limit or 0)


def _count(frame: pl.DataFrame, kind: str, action: str) -> int:
    """How many objects change so; one whose change takes two steps counts once."""
    if frame.is_empty():
        return 0
    if action == "rename":
        so = frame["action"] != "create"
        so &= (frame["before_first_name"] != frame["after_first_name"]) | (
            frame["before_last_name"] != frame["after_last_name"]
        )
    else:
        so = frame["action"] == action
    return frame["host_id"].filter(so).n_unique() if kind == "users" else int(so.sum())
