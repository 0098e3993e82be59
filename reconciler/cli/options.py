"""The arguments and options that commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli import complete


class TextOrJson(StrEnum):
    """The views that most commands have."""

    TEXT = "text"
    JSON = "json"


class ReportFormat(StrEnum):
    """The views of the import summary."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    HTML = "html"


class PlanFormat(StrEnum):
    """The views of a plan."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"
    CSV = "csv"


class MistakesFormat(StrEnum):
    """The views of mistakes."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


SchoolName = Annotated[
    str,
    typer.Argument(
        metavar="SCHOOL",
        help="A school: an id in schools/, or a path that ends in .yaml.",
        autocompletion=complete.schools,
    ),
]
SchoolOrPlan = Annotated[
    str,
    typer.Argument(
        metavar="SCHOOL|PLANFILE",
        help="A school (an id in schools/, or a path that ends in .yaml), or a plan saved with plan --out.",
        autocompletion=complete.schools_and_plans,
    ),
]
PlanFile = Annotated[str, typer.Argument(metavar="PLANFILE", help="A plan saved with plan --out.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="Save the plan, for show, report and apply. It holds names."),
]
Format = Annotated[TextOrJson, typer.Option("--format", help="How to show it.")]
AnyFormat = Annotated[
    ReportFormat,
    typer.Option("--format", help="html is a page for the school; json and csv hold names."),
]
MistakesView = Annotated[
    MistakesFormat,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="text, json, github (on the lines of a pull request), or sarif (for code scanning).",
    ),
]
PlanView = Annotated[
    PlanFormat,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="text, json, markdown (for a pull request), html (a page), or csv (one row a change).",
    ),
]


OutText = Annotated[
    Path | None, typer.Option("--out-text", metavar="FILE", help="Write it as text to a file, too.")
]
OutJson = Annotated[
    Path | None, typer.Option("--out-json", metavar="FILE", help="Write it as json to a file, too.")
]
OutMarkdown = Annotated[
    Path | None, typer.Option("--out-markdown", metavar="FILE", help="Write it as markdown to a file, too.")
]
OutHtml = Annotated[
    Path | None, typer.Option("--out-html", metavar="FILE", help="Write it as html to a file, too.")
]
OutCsv = Annotated[
    Path | None, typer.Option("--out-csv", metavar="FILE", help="Write it as csv to a file, too.")
]
Pseudonyms = Annotated[
    bool,
    typer.Option("--pseudonyms", help="Show neither names nor Host IDs, but pseudonyms made with your key."),
]
EncryptTo = Annotated[
    list[str] | None,
    typer.Option(
        "--encrypt-to",
        metavar="RECIPIENT",
        envvar="RECONCILE_ENCRYPT_TO",
        help="Encrypt the saved plan (age): age1..., an SSH public key, or a file of them; repeatable.",
    ),
]
Full = Annotated[bool, typer.Option("--full", help="Show every change, not the first ten of a sort.")]
ShowNames = Annotated[
    bool, typer.Option("--show-names", help="Show names and values; without it, people are Host IDs.")
]
AdditionsOnly = Annotated[
    bool,
    typer.Option("--additions-only", help="For a partial export: nobody leaves, and nothing is removed."),
]
"""Each is an annotation that says everything of its argument but the default."""
