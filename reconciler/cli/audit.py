"""`reconcile audit`: see whether the trail of what was done is whole."""

from __future__ import annotations

import typer

from reconciler.cli.options import SchoolName
from reconciler.cli.screen import write

EXAMPLES = """\b
Examples:
  reconcile audit maple-grove
"""


def audit(school: SchoolName) -> None:
    """Verify the audit trail: a chain of entries, each of which fixes all before it.

    Names the first entry that was altered, is missing or was moved; exit code 1 then. Keep the last hash
    elsewhere: only by it can it be seen that somebody made the whole trail anew.
    """
    from reconciler import pipeline
    from reconciler.history import verify_audit
    from reconciler.views.page import plural

    loaded = pipeline.load(school)
    chains = verify_audit(loaded)
    for directory, chain in chains.items():
        verdict = f"BROKEN: {chain.broken}" if chain.broken else f"whole, the last hash is {chain.head.hash}"
        entries = plural(chain.head.seq, "entry", "entries")
        write(f"{loaded.id}, directory {directory}: {entries}, {verdict}\n")
    if not chains:
        write(f"{loaded.id}: nothing was applied yet.\n")
    if any(chain.broken for chain in chains.values()):
        raise typer.Exit(1)
