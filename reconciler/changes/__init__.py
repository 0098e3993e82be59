"""Resolved x current -> the changes between them, in the order in which they can be made. No policy here."""

from reconciler.changes.diff import diff
from reconciler.changes.figures import count_figures, count_undone, people_named, ready_to_invite
from reconciler.changes.guard import judge, move_populations
from reconciler.changes.part import names_in, take_part

__all__ = [
    "count_figures",
    "count_undone",
    "diff",
    "judge",
    "move_populations",
    "names_in",
    "people_named",
    "ready_to_invite",
    "take_part",
]
