"""A plan as JSON: a stable interface, described by `schemas/plan.schema.json`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import polars as pl

from reconciler.frames import PERSON_FIELDS
from reconciler.views.counts import count_actions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model import Plan, PlanHeader

FORMAT = 1
"""Grows when something is taken out of the document or changes its meaning, not when something is added."""

_ALWAYS = {"deactivate": ("active",), "reactivate": ("active",), "rekey": ("host_id",)}
"""Action -> the user fields that it is about, whatever `fields` says."""


def plan_json(plan: Plan, **_look: object) -> str:
    """`plan` as one JSON document; names and e-mails are in it. How a text looks makes no difference here.

    Lines are made inside Polars: a million changes take seconds this way, and a minute as dicts.
    """
    document = _header(plan.header, plan.verdict) | {"summary": count_actions(plan)}
    top = json.dumps(document, indent=2, ensure_ascii=False)
    changes = [*_users(plan), *_groups(plan), *_memberships(plan), *_relationships(plan)]
    return "\n".join(
        [
            top.removesuffix("\n}") + ",",
            *_array("changes", changes, ","),
            *_array("findings", _findings(plan.findings), ""),
            "}\n",
        ]
    )


def _header(header: PlanHeader, verdict: str) -> dict[str, object]:
    return {
        "format": FORMAT,
        "school": header.school,
        "school_name": header.school_name,
        "school_year": header.school_year,
        "directory": {
            "id": header.directory_id,
            "school_year": header.directory_year,
            "new": header.new_directory,
        },
        "created": header.created,
        "tool_version": header.tool_version,
        "additions_only": header.additions_only,
        "digests": {
            "settings": header.digests.settings,
            "rule_sets": dict(header.digests.rule_sets),
            "sources": dict(header.digests.sources),
        },
        "part": list(header.part) or None,
        "undoes": header.undoes or None,
        "baseline": header.baseline or None,
        "settings_changes": header.settings_changes,
        "verdict": verdict,
        "guards": [asdict(one) | {"tripped": one.tripped} for one in header.verdicts],
    }


def _array(name: str, items: Sequence[str], end: str) -> list[str]:
    if not items:
        return [f'  "{name}": []{end}']
    lines = [f"    {item}," for item in items]
    lines[-1] = lines[-1].removesuffix(",")
    return [f'  "{name}": [', *lines, f"  ]{end}"]


def _users(plan: Plan) -> list[str]:
    fields = ("host_id", *PERSON_FIELDS, "active")
    named = pl.col("fields").str.split(" ")
    shown = {
        field: pl.when(action="create")
        .then(pl.lit(value=True))
        .otherwise(
            named.list.contains(field)
            | pl.col("action").is_in([action for action, always in _ALWAYS.items() if field in always])
        )
        for field in fields
    }
    before = pl.when(action="create").then(pl.lit("null")).otherwise(_object("before", shown))
    return _lines(plan.changes.users, "user", before, _object("after", shown), [_pair("host_id")])


def _groups(plan: Plan) -> list[str]:
    shown = {
        field: (pl.col("action") == "create") | pl.col("fields").str.split(" ").list.contains(field)
        for field in ("key", "category", "name")
    }
    before = pl.when(action="create").then(pl.lit("null")).otherwise(_object("before", shown))
    side = {
        name: pl.when(pl.col(f"after_{name}") != "").then(f"after_{name}").otherwise(f"before_{name}")
        for name in ("category", "name")
    }
    keys = [_pair("group_key"), _encoded("group", pl.format("{}/{}", side["category"], side["name"]))]
    return _lines(plan.changes.groups, "group", before, _object("after", shown), keys)


def _memberships(plan: Plan) -> list[str]:
    keys = [_pair("group_key"), _pair("group"), _pair("host_id")]
    return _links(plan.changes.memberships, "membership", ["group_key", "host_id"], keys)


def _relationships(plan: Plan) -> list[str]:
    names = ["student_host_id", "parent_host_id"]
    return _links(plan.changes.relationships, "relationship", names, [_pair(name) for name in names])


def _links(frame: pl.DataFrame, kind: str, names: list[str], keys: list[pl.Expr]) -> list[str]:
    """Changes that add or remove the whole of an object, which its key says all of."""
    there, absent = pl.struct(names).struct.json_encode(), pl.lit("null")
    before = pl.when(action="add").then(absent).otherwise(there)
    after = pl.when(action="add").then(there).otherwise(absent)
    return _lines(frame, kind, before, after, keys)


def _lines(
    frame: pl.DataFrame, kind: str, before: pl.Expr, after: pl.Expr, keys: Sequence[pl.Expr]
) -> list[str]:
    """One JSON object a change."""
    pairs = [
        pl.format('"id":{},"kind":"{}"', "id", pl.lit(kind)),
        _pair("action"),
        *keys,
        pl.format('"before":{},"after":{}', before, after),
        _encoded("fields", _words("fields")),
        _pair("reason"),
    ]
    return frame.select(pl.lit("{") + pl.concat_str(pairs, separator=",") + pl.lit("}")).to_series().to_list()


def _findings(findings: pl.DataFrame) -> list[str]:
    rows = findings.sort("file", "line", "code", "host_id", "detail")
    columns = ["code", "level", "host_id", "file", "line", "detail"]
    return (
        rows.select(pl.struct(*columns, others=_words("others")).struct.json_encode()).to_series().to_list()
    )


def _object(side: str, shown: dict[str, pl.Expr]) -> pl.Expr:
    """A JSON object of the fields that are shown, which differ from row to row."""
    pairs = [
        pl.when(condition).then(_encoded(field, pl.col(f"{side}_{field}")))
        for field, condition in shown.items()
    ]
    return pl.lit("{") + pl.concat_str(pairs, separator=",", ignore_nulls=True) + pl.lit("}")


def _pair(column: str) -> pl.Expr:
    return _encoded(column, pl.col(column))


def _encoded(name: str, value: pl.Expr) -> pl.Expr:
    """`"name":value`: a JSON object of one field, without its braces."""
    text = pl.struct(value.alias(name)).struct.json_encode()
    return text.str.head(-1).str.tail(-1)


def _words(column: str) -> pl.Expr:
    """A text of words as a list, empty for ''."""
    return pl.col(column).str.extract_all(r"\S+")
