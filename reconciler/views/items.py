"""One change, as the cells of one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.frames import PERSON_FIELDS
from reconciler.views.names import who, without_addresses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Row = dict[str, Any]


def user_item(row: Row, names: Mapping[str, str]) -> tuple[str, ...]:
    """Who, and what about them; values only where names were asked for."""
    person = who(row["host_id"], names)
    if row["action"] == "rekey":
        before = without_addresses(row["before_host_id"], names)
        person = f"{before} -> {who(row['after_host_id'], names)}"
    if row["action"] == "create":
        told = [row["after_member_type"], *((row["after_email"], row["after_grad_year"]) if names else ())]
        return person, ", ".join(filter(None, told))
    fields = [field for field in row["fields"].split() if field in PERSON_FIELDS]
    told = [_value_change(row, field) if names else field for field in fields]
    if row["action"] in ("deactivate", "reactivate"):
        told.insert(0, row["before_member_type"])
    return person, ", ".join(told)


def group_item(row: Row, names: Mapping[str, str]) -> tuple[str, ...]:
    """The group, and for an update what changes. A group's name is nobody's secret."""
    del names
    if row["action"] == "create":
        return f"{row['after_category']}/{row['after_name']}", ""
    changes = (_value_change(row, field) for field in row["fields"].split())
    return f"{row['before_category']}/{row['before_name']}", ", ".join(changes)


def membership_item(row: Row, names: Mapping[str, str]) -> tuple[str, ...]:
    """Who, and the group."""
    return who(row["host_id"], names), row["group"]


def relationship_item(row: Row, names: Mapping[str, str]) -> tuple[str, ...]:
    """The parent, and the student."""
    return who(row["parent_host_id"], names), f"parent of {who(row['student_host_id'], names)}"


ITEMS: Mapping[str, Callable[[Row, Mapping[str, str]], tuple[str, ...]]] = {
    "users": user_item,
    "groups": group_item,
    "memberships": membership_item,
    "relationships": relationship_item,
}
"""Kind -> how one of its changes is written."""


def _value_change(row: Row, field: str) -> str:
    before, after = (row[f"{side}_{field}"] or "(blank)" for side in ("before", "after"))
    return f"{field}: {before} -> {after}"
