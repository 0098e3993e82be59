"""A group: where it comes from, who is in it, and what the plan would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from reconciler.explain.evidence import tell_findings
from reconciler.model import Explanation, Fact, Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.explain.evidence import Evidence

_ENTRIES = {"class": "classes", "division": "divisions", "list": "membership_list"}
"""Kind of group -> its entry in `groups.mapping`, where that is another word."""


def find_group(evidence: Evidence, name: str) -> str:
    """The key of the group of that key, or `category/name`; '' for none."""
    names = evidence.group_names()
    return name if name in names else next((key for key, told in names.items() if told == name), "")


def explain_group(evidence: Evidence, key: str) -> Explanation:
    """Everything about one group."""
    told = evidence.group_names()[key]
    sections = {
        "Where it comes from": _origin(evidence, key),
        "Members": _members(evidence, key),
        "What the plan would do": _changes(evidence, key),
        "Findings": tell_findings(evidence.findings.filter(_names(key) | _names(told))),
    }
    facts = {heading: tuple(found) for heading, found in sections.items()}
    facts["What the plan would do"] = facts["What the plan would do"] or (Fact("nothing"),)
    return Explanation(
        f"{told} ({key})", tuple(Section(heading, found) for heading, found in facts.items() if found)
    )


def _names(text: str) -> pl.Expr:
    return pl.col("detail").str.contains(text, literal=True) & (pl.col("host_id") == "")


def _origin(evidence: Evidence, key: str) -> Iterator[Fact]:
    kind = key.partition(":")[0].partition("@")[0]
    entry = _ENTRIES.get(kind, kind)
    if entry not in evidence.school.groups.mapping:
        yield Fact("no kind of group that groups.mapping declares: its members stay as they are")
        return
    wanted = evidence.desired.directory.groups.filter(key=key)
    yield Fact(f"groups.mapping declares {entry}")
    if template := evidence.school.groups.templates.get(entry):
        yield Fact(f"its name is made from {template.category}/{template.name}")
    if not wanted.height:
        yield Fact("nobody of the exports belongs in it")


def _members(evidence: Evidence, key: str) -> Iterator[Fact]:
    current = evidence.current
    ids = current.groups.filter(key=key)["target_id"].implode()
    there = current.memberships.filter(pl.col("group_target_id").is_in(ids))
    by_hand = there.filter(origin="hand").height
    yield Fact(f"now {there.height:,}" + (f", {by_hand:,} of them added by hand" if by_hand else ""))
    wanted = evidence.desired.directory.memberships.filter(group_key=key)
    yield Fact(f"as the SIS has it {wanted.height:,}")
    for reason, number in (
        wanted.with_columns(pl.col("reason").str.replace(r"^parent of .*$", "parent of a member"))
        .group_by("reason")
        .len()
        .sort("reason")
        .rows()
    ):
        yield Fact(f"  {number:,}: {reason}")


def _changes(evidence: Evidence, key: str) -> Iterator[Fact]:
    for row in evidence.changes.groups.filter(group_key=key).iter_rows(named=True):
        yield Fact(f"{row['action']} the group: {row['reason']}")
    counts = evidence.changes.memberships.filter(group_key=key).group_by("action").len().sort("action")
    for action, number in counts.rows():
        yield Fact(f"{action} {number:,} memberships")
