"""`reconcile unlock`: let others apply, after an apply that was stopped without a trace."""

from __future__ import annotations

from reconciler.cli.options import SchoolName
from reconciler.cli.screen import write

EXAMPLES = """\b
Examples:
  reconcile unlock maple-grove
"""


def unlock(school: SchoolName) -> None:
    """Break the lock of an apply that is known to have stopped.

    Needed only where another machine or container was stopped in mid-apply: what was killed on this one is
    recognised, and a lock lapses after five minutes without a sign of life, or after twelve hours where its
    process is there all the same. An apply that still goes on stops before its next batch.
    """
    from reconciler import pipeline
    from reconciler.history import unlock as break_leases

    loaded = pipeline.load(school)
    broken = break_leases(loaded)
    for lease in broken:
        write(f"{loaded.id}: unlocked; it was held by {lease}\n")
    if not broken:
        write(f"{loaded.id}: nothing is locked.\n")
