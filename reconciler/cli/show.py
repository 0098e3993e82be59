"""`reconcile show`: a saved plan."""

from __future__ import annotations

from reconciler.cli.options import (
    Full,
    OutCsv,
    OutHtml,
    OutJson,
    OutMarkdown,
    OutText,
    PlanFile,
    PlanFormat,
    PlanView,
    Pseudonyms,
    ShowNames,
)
from reconciler.cli.shown import Shown, files_of
from reconciler.shown import Appearance

EXAMPLES = """\b
Examples:
  reconcile show maple-grove.plan
  reconcile show maple-grove.plan --full --show-names
  reconcile show maple-grove.plan --out-html plan.html --show-names
"""


def show(  # noqa: PLR0913 - one parameter an option
    plan_file: PlanFile,
    view: PlanView = PlanFormat.TEXT,
    *,
    full: Full = False,
    show_names: ShowNames = False,
    pseudonyms: Pseudonyms = False,
    out_text: OutText = None,
    out_json: OutJson = None,
    out_markdown: OutMarkdown = None,
    out_html: OutHtml = None,
    out_csv: OutCsv = None,
) -> None:
    """Show a plan that was saved with plan --out.

    Neither the exports nor the directory are read. An encrypted plan is opened with the key whose file
    RECONCILE_IDENTITY names.
    """
    from reconciler import saved

    files = files_of(text=out_text, json=out_json, markdown=out_markdown, html=out_html, csv=out_csv)
    shown = Shown(view, files, Appearance(full, show_names, pseudonyms))
    shown.show(saved.open_plan(plan_file))
