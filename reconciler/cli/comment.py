"""`reconcile comment`: one comment on a pull request, kept up to date."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from reconciler.cli.screen import remark, write
from reconciler.errors import ReconcileError

EXAMPLES = """\b
Examples:
  reconcile comment plan.md
  reconcile comment plan.md --key nightly
"""

MarkdownFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="A Markdown file, as plan --out-markdown writes it.")
]
Key = Annotated[
    str,
    typer.Option("--key", metavar="KEY", help="Tells several comments of ours apart."),
]


def comment(file: MarkdownFile, key: Key = "plan") -> None:
    """Keep one comment on the pull request up to date, within a CI job of GitHub or GitLab.

    The job's own variables say which pull request it is. The token is taken from GITHUB_TOKEN (with
    pull-requests: write) or GITLAB_TOKEN. Where there is no token or no pull request, as for forks, nothing
    is written there; on GitHub the file is shown in the job's summary all the same.
    """
    from reconciler.comments import find_place, keep_comment
    from reconciler.http import Client, Fixed, RefusedError, SystemClock

    text = _read(file)
    _show_in_summary(text)
    found = find_place(os.environ)
    if isinstance(found, str):
        remark(f"No comment was written: {found}.")
        return
    place, base, headers = found
    try:
        kept = keep_comment(place, Client(base, Fixed(headers), SystemClock()), text, key)
    except RefusedError as error:
        if error.status != 403:
            raise
        remark(f"No comment was written: {error}.")
        return
    write(f"Comment {kept}.\n")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ReconcileError(
            f"{file}: cannot be read: {why}; 'reconcile plan --out-markdown {file}' writes it"
        ) from None


def _show_in_summary(text: str) -> None:
    """Show it in the summary of the job, which GitHub makes of a file."""
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        try:
            with Path(summary).open("a", encoding="utf-8") as file:
                file.write(text + "\n")
        except OSError as error:
            remark(f"The job's summary cannot be written ({error.strerror}): see GITHUB_STEP_SUMMARY.")
