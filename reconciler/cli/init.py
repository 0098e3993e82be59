"""`reconcile init`: a school file from the exports it is shown, and a first plan."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.screen import look, remark, write
from reconciler.errors import ReconcileError

if TYPE_CHECKING:
    from reconciler.beginning import Draft
    from reconciler.views.page import Page

EXAMPLES = """\b
Examples:
  reconcile init riverside --exports ../exports/riverside
  reconcile init riverside --exports ../exports --table students=all.txt --school-year 2025-26
"""

NewSchool = Annotated[
    str, typer.Argument(metavar="SCHOOL", help="The id of the new school: writes schools/SCHOOL.yaml.")
]
Exports = Annotated[
    Path | None,
    typer.Option("--exports", metavar="FOLDER", help="The folder of the exports; asked for, if missing."),
]
Name = Annotated[str, typer.Option("--name", metavar="TEXT", help="The school's name; default: from its id.")]
Sis = Annotated[
    str,
    typer.Option("--sis", metavar="NAME", help="powerschool, veracross, blackbaud; default: by the files."),
]
Year = Annotated[
    str, typer.Option("--school-year", metavar="YEAR", help="Such as 2025-26; default: by the students.")
]
Target = Annotated[
    str, typer.Option("--target", metavar="FILE", help="The directory's file; default: SCHOOL.db beside it.")
]
TableFile = Annotated[
    list[str] | None,
    typer.Option("--table", metavar="TABLE=FILE", help="Which file is a table, where unclear; repeatable."),
]


def init(  # noqa: PLR0913 - one parameter an option
    school: NewSchool,
    exports: Exports = None,
    name: Name = "",
    sis: Sis = "",
    school_year: Year = "",
    target: Target = "",
    table: TableFile = None,
) -> None:
    """Write a school file from the exports it is shown, and make a first plan.

    Finds out which file is which table by their columns, says what it took for what, and writes the file with
    comments. Nothing is guessed: what fits equally well is asked for. Nothing is applied; the school is on
    trial (sync: plan_only) until somebody turns that on. Exit codes are those of plan.
    """
    from reconciler import beginning, pipeline
    from reconciler.cli.progress import make_plan
    from reconciler.model import SchoolYear
    from reconciler.views import plan_text

    file = Path(school) if school.endswith(".yaml") else Path("schools") / f"{school}.yaml"
    _see_that_it_is_an_id(file.stem if school.endswith(".yaml") else school)
    beginning.see_that_it_is_new(file)
    folder = exports or _ask_for_folder()
    draft = beginning.look_at(folder, sis=sis, chosen=_chosen(table or []))
    if school_year:
        try:
            draft.year, draft.year_because = str(SchoolYear.parse(school_year)), "given with --school-year"
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--school-year") from None
    title = name or _ask("The school's name", file.stem.replace("-", " ").replace("_", " ").title())
    text = beginning.school_text(draft, name=title, target=target or f"{file.stem}.db", file=file)
    beginning.write_school(file, text)
    _tell(draft, file)
    try:
        plan = make_plan(pipeline.load(str(file)))
    except ReconcileError:
        remark(f"{file} was written; mend it, or the exports, and run: reconcile plan {school}\n")
        raise
    write(plan_text(plan, brief=True, **look()))
    _tell_next(school, file)
    if plan.verdict == "held":
        raise typer.Exit(3)


def _see_that_it_is_an_id(school: str) -> None:
    if not school.replace("-", "").replace("_", "").replace(".", "").isalnum():
        hint = f"'{school}' is no id: letters, digits, '-' and '_' make one, such as riverside"
        raise typer.BadParameter(hint, param_hint="SCHOOL")


def _chosen(tables: list[str]) -> dict[str, str]:
    """Table -> file, as the options say it."""
    chosen: dict[str, str] = {}
    for one in tables:
        table, sign, file = one.partition("=")
        if not (sign and table and file):
            raise typer.BadParameter(
                f"'{one}': write TABLE=FILE, such as students=all.txt", param_hint="--table"
            )
        if chosen.setdefault(table, file) != file:
            hint = f"{table} is {chosen[table]} and {file}; a table has one file"
            raise typer.BadParameter(hint, param_hint="--table")
    return chosen


def _ask_for_folder() -> Path:
    if not _may_ask():
        raise typer.BadParameter("missing; name the folder that holds the exports", param_hint="--exports")
    return Path(_ask("The folder with the exports", ""))


def _ask(question: str, default: str) -> str:
    """What somebody at a terminal answers; elsewhere the default."""
    if not _may_ask():
        return default
    answer: str = typer.prompt(question, default=default or None, err=True)
    return answer


def _may_ask() -> bool:
    return bool(sys.stdin and sys.stdin.isatty())


def _tell(draft: Draft, file: Path) -> None:
    """What was taken for what, and what was assumed."""
    from reconciler.views.page import Page

    page = Page(**look())
    page.line(f"Wrote {file}, for {draft.sis_name}:", "title")
    page.line()
    _list_tables(page, draft)
    page.line()
    page.prose(f"School year {draft.year}: {draft.year_because}.")
    if len(draft.school_ids) > 1:
        ids = ", ".join(draft.school_ids)
        page.prose(f"Several schools are in the exports, and all are taken: {ids}. school_ids takes some.")
    names = {table.name for table in draft.tables}
    if draft.sis == "powerschool" and not names & {"emails", "contacts_dataset"}:
        page.prose("No file of e-mails: parents will have none.")
    for name, why in draft.unused:
        page.prose(f"Not used: {name} ({why})")
    page.line()
    write(f"{page}\n")


def _list_tables(page: Page, draft: Draft) -> None:
    rows = [
        (table.name, table.file, f"{table.rows:,} rows", f"by {', '.join(table.headers[:2])}, ...")
        for table in draft.tables
    ]
    page.table(rows, right=[2])


def _tell_next(school: str, file: Path) -> None:
    rows = (
        (f"reconcile plan {school}", "all of the plan"),
        (f"reconcile report {school}", "what became of every row, and who is blocked"),
        (f"reconcile apply {school}", f"once {file} says sync: apply"),
    )
    width = max(len(command) for command, _ in rows)
    write("\nNext:\n" + "".join(f"  {command:<{width}}  {what}\n" for command, what in rows))
