"""`reconcile report`: the import summary that applying would give."""

from __future__ import annotations

from reconciler.cli.options import AnyFormat, ReportFormat, SchoolOrPlan, ShowNames
from reconciler.cli.screen import look, write

EXAMPLES = """\b
Examples:
  reconcile report maple-grove
  reconcile report maple-grove.plan --format csv > summary.csv
  reconcile report maple-grove --format html --show-names > summary.html
"""


def report(name: SchoolOrPlan, view: AnyFormat = ReportFormat.TEXT, *, show_names: ShowNames = False) -> None:
    """Show the import summary that applying would give.

    Nothing is changed. What became of every row read, who is blocked and what to do about it, students
    without a parent, who is ready to be invited, and the groups with their sizes.
    """
    from reconciler.cli.given import plan_of
    from reconciler.report import build_report
    from reconciler.views import REPORT_VIEWS

    write(REPORT_VIEWS[view](build_report(plan_of(name)), show_names=show_names, **look()))
