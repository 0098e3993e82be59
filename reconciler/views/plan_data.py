"""A plan as the data that its page searches and draws: columns of numbers, and the words they stand for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import PERSON_FIELDS
from reconciler.model import FINDING_CODES, MEMBER_TYPES
from reconciler.model.plan import ACTIONS, KINDS
from reconciler.views.counts import SYMBOLS
from reconciler.views.findings_text import LEVELS
from reconciler.views.names import names_of, tell, without_addresses
from reconciler.views.page import safe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model import Plan

SEPARATOR = "\x1f"
"""Stands between the values of a change's fields."""
TONES: Mapping[str, str] = {"+": "add", "~": "change", "-": "take"}
"""Sign -> how it looks."""

_USER_FIELDS = ("host_id", *PERSON_FIELDS, "active")
_SECRET = ("first_name", "last_name", "preferred_name", "email")
_NOT_SHOWN = "(not shown)"
_NOBODY = -1


def plan_data(plan: Plan, *, show_names: bool) -> str:
    """The plan as JSON that can stand inside a script element; without `show_names` it holds no names."""
    people = _people(plan)
    groups = _groups(plan)
    changes = _changes(plan, people, groups, show_names=show_names)
    reasons, fields = (changes[name].unique(maintain_order=True) for name in ("reason", "fields"))
    actions = list(dict.fromkeys(action for kind in KINDS for action in ACTIONS[kind]))
    document = {
        "words": {
            "kinds": [kind[:-1] for kind in KINDS],
            "actions": actions,
            "signs": SYMBOLS,
            "tones": {action: TONES[SYMBOLS[action]] for action in actions},
            "types": MEMBER_TYPES,
            "levels": LEVELS,
            "reasons": reasons.to_list(),
            "fields": fields.to_list(),
        },
        "people": _told_people(people, plan, show_names=show_names),
        "groups": groups.select("key", "label").to_dict(as_series=False),
        "changes": changes.with_columns(
            _numbered("action", actions), _numbered("reason", reasons), _numbered("fields", fields)
        ).to_dict(as_series=False),
        "findings": _findings(plan, people, show_names=show_names),
        "codes": {
            code: {"title": FINDING_CODES[code].title, "remedy": FINDING_CODES[code].remedy}
            for code in plan.findings["code"].unique().sort()
        },
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    # `</script>` and `<!--` would end the element, or open a comment in it.
    # JSON has no control characters, but signs that turn the direction of a line round.
    return safe(text.replace("<", "\\u003c"))


def _people(plan: Plan) -> pl.DataFrame:
    """PLAN_PEOPLE, and whoever else is named, each with a number."""
    changes = plan.changes
    named = pl.concat(
        [
            changes.users["host_id"],
            changes.memberships["host_id"],
            changes.relationships["student_host_id"].rename("host_id"),
            changes.relationships["parent_host_id"].rename("host_id"),
            plan.findings["host_id"],
        ]
    )
    ids = named.filter(named != "").unique().sort().to_frame()
    return ids.join(plan.people, on="host_id", how="left", maintain_order="left").with_row_index("at")


def _told_people(people: pl.DataFrame, plan: Plan, *, show_names: bool) -> dict[str, list[str]]:
    names = names_of(plan.people, show_names=show_names)
    ids = people["host_id"].to_list()
    place = pl.when(pl.col("line") > 0).then(pl.format("{}:{}", "file", "line")).otherwise("file")
    return {
        "id": [without_addresses(host_id, names) for host_id in ids],
        "name": [names.get(host_id, "") for host_id in ids],
        "type": people["member_type"].fill_null("").to_list(),
        "place": people.select(place.fill_null("")).to_series().to_list(),
    }


def _groups(plan: Plan) -> pl.DataFrame:
    """`key, label, at` of every group that the plan knows."""
    known = [
        {"key": str(group["key"]), "label": f"{group['category']}/{group['name']}"}
        for group in plan.header.figures.groups
    ]
    schema = {"key": pl.String, "label": pl.String}
    moved = plan.changes.memberships.select(key="group_key", label="group")
    every = pl.concat([pl.DataFrame(known, schema=schema), moved])
    return every.unique("key", keep="first", maintain_order=True).with_row_index("at")


def _changes(plan: Plan, people: pl.DataFrame, groups: pl.DataFrame, *, show_names: bool) -> pl.DataFrame:
    """One row a change, what is taken away first: who, in which group, what before and after, and why."""
    changes = plan.changes
    rows = [
        _valued(changes.users, _USER_FIELDS, show_names=show_names),
        _valued(changes.groups, ("category", "name"), show_names=True).with_columns(key="group_key"),
        changes.memberships.with_columns(key="group_key"),
        changes.relationships.with_columns(host_id="parent_host_id", student="student_host_id"),
    ]
    blank = dict.fromkeys(("host_id", "student", "key", "told", "before", "after"), pl.String)
    every = pl.concat(
        [
            pl.DataFrame(schema=blank),
            *(frame.sort("id").with_columns(kind=pl.lit(at, pl.Int8)) for at, frame in enumerate(rows)),
        ],
        how="diagonal",
    )
    numbers = {
        "who": people.select("host_id", who="at"),
        "other": people.select(student="host_id", other="at"),
        "group": groups.select("key", group="at"),
    }
    taken = [action for action, sign in SYMBOLS.items() if sign == "-"]
    every = every.drop("group").sort(~pl.col("action").is_in(taken), maintain_order=True)
    for among in numbers.values():
        every = every.join(among, on=among.columns[0], how="left", maintain_order="left")
    return every.select(
        "kind",
        "action",
        *(pl.col(name).cast(pl.Int64).fill_null(_NOBODY) for name in numbers),
        *(pl.col(name).fill_null("") for name in ("before", "after", "reason")),
        fields=pl.col("told").fill_null(""),
    )


def _valued(frame: pl.DataFrame, fields: tuple[str, ...], *, show_names: bool) -> pl.DataFrame:
    """The changes, with the fields that each is about as `told`, and their values as `before` and `after`."""
    named = pl.col("fields").str.split(" ")
    created = pl.col("action") == "create"
    about = {
        name: named.list.contains(name) | (created & (pl.col(f"after_{name}").cast(pl.String) != ""))
        for name in fields
    }
    told = pl.concat_str(
        [pl.when(holds).then(pl.lit(name)) for name, holds in about.items()], separator=" ", ignore_nulls=True
    )
    values = {
        side: pl.concat_str(
            [
                pl.when(holds).then(_value(f"{side}_{name}", secret=name in _SECRET and not show_names))
                for name, holds in about.items()
            ],
            separator=SEPARATOR,
            ignore_nulls=True,
        )
        for side in ("before", "after")
    }
    before = pl.when(created).then(pl.lit("")).otherwise(values["before"])
    return frame.with_columns(told=told, before=before, after=values["after"])


def _value(column: str, *, secret: bool) -> pl.Expr:
    value = pl.col(column)
    if column.endswith("_active"):
        return pl.when(value).then(pl.lit("yes")).otherwise(pl.lit("no"))
    return pl.when(value != "").then(pl.lit(_NOT_SHOWN)).otherwise(value) if secret else value


def _numbered(column: str, words: list[str] | pl.Series) -> pl.Expr:
    return pl.col(column).replace_strict(list(words), list(range(len(words))), return_dtype=pl.UInt32)


def _findings(plan: Plan, people: pl.DataFrame, *, show_names: bool) -> dict[str, list[str | int]]:
    names = names_of(plan.people, show_names=show_names)
    at = dict(people.select("host_id", "at").iter_rows())
    found: dict[str, list[str | int]] = {name: [] for name in ("code", "level", "who", "place", "detail")}
    for row in plan.findings.iter_rows(named=True):
        found["code"].append(row["code"])
        found["level"].append(row["level"])
        found["who"].append(at.get(row["host_id"], _NOBODY))
        found["place"].append(f"{row['file']}:{row['line']}" if row["line"] else row["file"])
        found["detail"].append(tell(row["host_id"], row["detail"], row["others"].split(), names))
    return found
