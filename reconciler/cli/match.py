"""`reconcile match`: whose the accounts of a returning school are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.options import SchoolName, ShowNames
from reconciler.cli.progress import steps
from reconciler.cli.screen import look, remark, write

EXAMPLES = """\b
Examples:
  reconcile match maple-grove
  reconcile match maple-grove --out ~/maple-grove-crosswalk.csv --accept-sure
"""

Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FILE",
        help="Where to write the crosswalk.",
        show_default="identity.crosswalk, else beside the school file",
    ),
]
AcceptSure = Annotated[
    bool,
    typer.Option("--accept-sure", help="Write accept where e-mail and name agree; review it all the same."),
]


def match(
    school: SchoolName, out: Out = None, *, accept_sure: AcceptSure = False, show_names: ShowNames = False
) -> None:
    """Suggest whose each account is, and write the crosswalk.

    For a school that returns with accounts under other Host IDs. Every account is held against the exports;
    the suggestions go to a CSV file, each with its evidence and a score, for somebody to decide. Nothing is
    applied: name the file under identity.crosswalk, and plan. Decisions that stand in the file are kept.
    """
    from reconciler import handshake, pipeline
    from reconciler.views.matching_text import matching_text
    from reconciler.views.page import plural

    loaded = pipeline.load(school)
    path = out or handshake.crosswalk_of(loaded)
    with steps() as tell:
        matching, decided = handshake.match_school(loaded, path, tell=tell)
    write(matching_text(loaded, matching.counts, matching.findings, show_names=show_names, **look()))
    written = handshake.write_crosswalk(matching, decided, path, accept_sure=accept_sure)
    remark(
        f"{written.path}: {plural(written.rows, 'row')}, {written.kept:,} of them kept as they were. Write"
        " accept, keep_old, reject or set_aside into each; then name the file under identity.crosswalk, and"
        " plan."
    )
