"""Plan, Report and findings -> text and other formats. Views return strings, and compute nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.views.findings_text import findings_json, findings_text
from reconciler.views.plan_csv import plan_csv
from reconciler.views.plan_html import plan_html
from reconciler.views.plan_json import plan_json
from reconciler.views.plan_markdown import plan_markdown
from reconciler.views.plan_text import plan_text
from reconciler.views.report_files import report_csv, report_json
from reconciler.views.report_html import report_html
from reconciler.views.report_text import report_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PLAN_VIEWS: Mapping[str, Callable[..., str]] = {
    "text": plan_text,
    "json": plan_json,
    "markdown": plan_markdown,
    "html": plan_html,
    "csv": plan_csv,
}
REPORT_VIEWS: Mapping[str, Callable[..., str]] = {
    "text": report_text,
    "json": report_json,
    "csv": report_csv,
    "html": report_html,
}
FINDINGS_VIEWS: Mapping[str, Callable[..., str]] = {"text": findings_text, "json": findings_json}
"""Each: `--format` -> view. All take the same keywords."""

__all__ = [
    "FINDINGS_VIEWS",
    "PLAN_VIEWS",
    "REPORT_VIEWS",
    "findings_json",
    "findings_text",
    "plan_csv",
    "plan_html",
    "plan_json",
    "plan_markdown",
    "plan_text",
    "report_csv",
    "report_html",
    "report_json",
    "report_text",
]
