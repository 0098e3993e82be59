"""`reconcile forget`: erase one person from what is remembered of past runs."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.cli.options import SchoolName
from reconciler.cli.screen import write

EXAMPLES = """\b
Examples:
  reconcile forget maple-grove S100103
"""

HostId = Annotated[str, typer.Argument(metavar="HOST_ID", help="The Host ID of the person.")]


def forget(school: SchoolName, host_id: HostId) -> None:
    """Erase one person's values from the journal and the runs of a school.

    Number, action and outcome of each change stay, and so does the audit trail, which holds no values.
    Exports, plan files and the directory itself are not touched.
    """
    from reconciler import pipeline
    from reconciler.history import forget as erase
    from reconciler.views.page import plural

    loaded = pipeline.load(school)
    done = erase(loaded, host_id)
    if done.runs or done.memories:
        told = f"{plural(done.changes, 'change')} of {plural(done.runs, 'run')}"
        memory = ", and in what is remembered of the directory" if done.memories else ""
        write(f"{loaded.id}: forgotten in {told}{memory}.\n")
    else:
        write(
            f"{loaded.id}: nothing is remembered of {host_id}; a Host ID is given whole, in its own case.\n"
        )
    for other in done.other_host_ids:
        write(f"The same account also had the Host ID {other}: if that is the same person, forget it too.\n")
