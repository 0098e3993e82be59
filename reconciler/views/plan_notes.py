"""What is said of a plan as a whole, in the views that are read at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.pseudonyms import without_addresses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model import Plan

VERDICTS: Mapping[str, str] = {"held": "Held", "changes": "Changes", "none": "No changes"}
"""Verdict -> how it is said."""


def unconfirmed(plan: Plan) -> str:
    """What was handed over and nobody has confirmed, as a sentence; '' where there is nothing."""
    found = plan.findings.filter(plan.findings["code"] == "handed-over")["detail"]
    return f"Not confirmed yet: {found[0]}." if found.len() else ""


def settings_changes(plan: Plan) -> str:
    """How settings differ from those of the last apply; protected Host IDs of old may be e-mail addresses."""
    return without_addresses(plan.header.settings_changes)


def notes_of(plan: Plan) -> list[str]:
    """What a reader should know before the counts, a sentence each."""
    header = plan.header
    said = {
        f"Undoes run {header.undoes}, but for what has changed since.": header.undoes,
        f"School year {header.directory_year} to {header.school_year}: a roll-over.": header.rolls_over,
        f"A part of the plan: {len(plan.changes):,} of {header.whole:,} changes.": header.part,
        "The directory is new.": header.new_directory,
        "Additions only: nobody leaves, and nothing is removed.": header.additions_only,
        f"Settings since the last apply: {settings_changes(plan)}.": header.settings_changes,
        "No baseline: there is no last good run to hold the exports against.": not (
            header.baseline or header.undoes
        ),
        "On trial (sync: plan_only): it can be read, but not applied.": header.sync == "plan_only",
    }
    notes = [note for note, holds in said.items() if holds]
    return [*notes, waiting] if (waiting := unconfirmed(plan)) else notes
