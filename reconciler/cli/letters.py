"""`reconcile letters`: letters to families that share an e-mail address."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.options import SchoolOrPlan
from reconciler.cli.screen import complain, remark, write
from reconciler.errors import ReconcileError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.letters import Letters
    from reconciler.model import Family, Plan, School

EXAMPLES = """\b
Examples:
  reconcile letters maple-grove --out letters
  reconcile letters maple-grove --out letters --template our-letter.txt
"""
OWN = "letter.txt.j2"
LARGEST = 30
"""People of one address; more are no family, but an address that somebody wrote where there was none."""
MARK = ".letters"
"""A file that says that a folder is ours to write anew."""

Folder = Annotated[
    Path,
    typer.Option("--out", metavar="FOLDER", help="Where to: a new folder, or one of letters written before."),
]
Template = Annotated[
    Path | None,
    typer.Option("--template", metavar="FILE", help="A letter of your own: a jinja2 template."),
]


def letters(name: SchoolOrPlan, out: Folder, template: Template = None) -> None:
    """Write a letter to each family that shares an e-mail address.

    It asks for one address each: until then none of them is imported. Writes a text a letter, all of them on
    one page to print (all.html), and a table for mail merge (letters.csv). More than 30 people of one address
    are no family: they are told, and get no letter. The school's own letter is a jinja2 template, which
    letters.template names; a plan file does not know the parents' children.
    """
    from reconciler.letters import write_letters
    from reconciler.views.letters_files import letters_html, mail_merge
    from reconciler.views.page import plural

    found, about = _families_and_letters(name, template)
    families = [family for family in found if len(family.people) <= LARGEST]
    for crowd in found:
        if len(crowd.people) > LARGEST:
            complain(_told(crowd))
    if not families:
        write("No family shares an e-mail address; no letter is written.\n")
        return
    texts = write_letters(families, about)
    written = {f"{family.number:04d}.txt": text for family, text in zip(families, texts, strict=True)}
    written["all.html"] = letters_html(texts, about.school)
    written["letters.csv"] = mail_merge(families, about.school)
    _write_folder(out, written)
    people = sum(len(family.people) for family in families)
    told = plural(len(families), "letter")
    write(f"Wrote {told}, about {people:,} people, to {out}.\n")
    remark(f"They hold names and addresses: delete {out} when they are sent.")


def _told(crowd: Family) -> str:
    return (
        f"{len(crowd.people):,} people share one address, {crowd.people[0].host_id} among them: that is no"
        " family, and they get no letter. Mend the address in the SIS; 'reconcile findings' lists them all."
    )


def _families_and_letters(name: str, template: Path | None) -> tuple[Sequence[Family], Letters]:
    from reconciler import pipeline, saved
    from reconciler.cli.given import means_plan
    from reconciler.letters import Letters, families

    school: School | None
    if means_plan(name):
        plan = saved.open_plan(name)
        found = families(plan.findings, plan.people, plan.changes.relationships.clear())
        school, title, year = _school_of(plan), plan.header.school_name, plan.header.school_year
    else:
        school = pipeline.load(name)
        found = pipeline.families_of(school)
        title, year = school.name, str(school.school_year)
    own = template or (Path(school.letters.template) if school and school.letters.template else None)
    text, where = (_read(own), str(own)) if own else (_shipped(), OWN)
    return found, Letters(title, year, text, where, school.letters.reply_to if school else "")


def _school_of(plan: Plan) -> School | None:
    """The school of a plan, where its file is at hand: for its own letter."""
    from reconciler import pipeline

    try:
        return pipeline.load(plan.header.school_file)
    except ReconcileError:
        return None


def _shipped() -> str:
    return files("reconciler").joinpath("templates", OWN).read_text(encoding="utf-8")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        hint = "correct --template, or letters.template in the school's file"
        raise ReconcileError(f"{path}: the letter cannot be read: {why}; {hint}") from None


def _write_folder(folder: Path, written: Mapping[str, str]) -> None:
    """Write all files; letters of before are replaced, and nothing else is."""
    from reconciler.private_file import private_file

    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        there = {path.name for path in folder.iterdir()}
        ours = set((folder / MARK).read_text().split()) if MARK in there else set()
        if others := sorted(there - ours - {MARK}):
            raise ReconcileError(f"{folder}: {others[0]} is in it, which is no letter; name a new folder")
        (folder / MARK).write_text("\n".join(written) + "\n")
        for name in ours - written.keys():
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise ReconcileError(f"{folder}: cannot be written: {error.strerror}; name another folder") from None
    for name, text in written.items():
        with private_file(folder / name, "a letter") as file:
            file.write(text.encode())
