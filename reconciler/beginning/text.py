"""A draft -> the school file, with comments."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import ReconcileError

if TYPE_CHECKING:
    from reconciler.beginning.draft import Draft


def school_text(draft: Draft, *, name: str, target: str, file: Path) -> str:
    """The school file, with comments; paths in it are relative to `file`."""
    import jinja2  # noqa: PLC0415 - loads slowly

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("reconciler", "templates"),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - it is YAML, and every value goes through `yaml`
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"yaml": as_yaml, "comment": as_comment}
    schema = file.parent.parent / "schemas" / "school.schema.json"
    return environment.get_template("school.yaml.j2").render(
        draft=draft,
        name=name,
        target=target,
        path=Path(os.path.relpath(draft.folder, file.parent)).as_posix(),
        schema=os.path.relpath(schema, file.parent) if schema.is_file() else "",
    )


def write_school(file: Path, text: str) -> None:
    """Write a new school file, all of it or nothing.

    Raises:
        ReconcileError: there is one already, or it cannot be written.
    """
    see_that_it_is_new(file)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f".{file.name}.new")
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)
    except OSError as error:
        raise ReconcileError(f"{file}: cannot be written: {error.strerror}; check the path") from None


def see_that_it_is_new(file: Path) -> None:
    """See that no school file is written over.

    Raises:
        ReconcileError: there is one.
    """
    if file.exists():
        raise ReconcileError(f"{file} is there already; edit it, or choose another id")


def as_yaml(value: object) -> str:
    """A value as YAML within a line, quoted where it has to be; no variable is read into it."""
    import yaml  # noqa: PLC0415 - where it is needed

    text = str(value).replace("${", "$${")
    style = None if text.isprintable() else '"'  # what stands on several lines can be told on one
    dumped: str = yaml.safe_dump(
        text, width=10**6, allow_unicode=True, default_flow_style=True, default_style=style
    )
    return dumped.removesuffix("\n").removesuffix("\n...").removesuffix("...").strip()


def as_comment(value: object) -> str:
    """A text of the exports as it may stand in a comment: on the same line, whatever it holds."""
    return "".join(letter if letter.isprintable() else " " for letter in str(value))
