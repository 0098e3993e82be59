"""Mistakes of files for whoever shows them: a person, a program, or the lines of a pull request."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import quote

from reconciler import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reconciler.errors import Mistake

FORMAT = 1
"""As in `plan_json`."""
_RULE = "mistake"


def mistakes_text(mistakes: Sequence[Mistake], files: int) -> str:
    """Each with its place, the offending line, and what to write instead."""
    if not mistakes:
        return "1 file is valid.\n" if files == 1 else f"{files} files are valid.\n"
    return "".join(f"{mistake}\n" for mistake in mistakes)


def mistakes_json(mistakes: Sequence[Mistake], files: int) -> str:
    """One document."""
    found = [asdict(mistake) for mistake in mistakes]
    return _document({"format": FORMAT, "valid": not mistakes, "files": files, "mistakes": found})


def mistakes_github(mistakes: Sequence[Mistake], files: int) -> str:
    """A workflow command a mistake, which GitHub shows on its line; nothing where there are none.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
    """
    del files
    return "".join(
        f"::error {','.join(_properties(mistake))}::{_escaped(_told(mistake))}\n" for mistake in mistakes
    )


def mistakes_sarif(mistakes: Sequence[Mistake], files: int) -> str:
    """A SARIF log, which code scanning shows on the lines it names.

    https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
    """
    del files
    rule = {
        "id": _RULE,
        "shortDescription": {"text": "A mistake in a school file or a rule set"},
        "help": {"text": "'reconcile validate' shows all mistakes with what to write instead."},
    }
    driver = {"name": "reconcile", "version": __version__, "rules": [rule]}
    results = [
        {
            "ruleId": _RULE,
            "ruleIndex": 0,
            "level": "error",
            "message": {"text": _told(mistake)},
            "locations": [{"physicalLocation": _location(mistake)}],
        }
        for mistake in mistakes
    ]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return _document(
        {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    )


MISTAKES_VIEWS: Mapping[str, Callable[[Sequence[Mistake], int], str]] = {
    "text": mistakes_text,
    "json": mistakes_json,
    "github": mistakes_github,
    "sarif": mistakes_sarif,
}
"""`--format` -> view of mistakes, and how many files were looked at."""


def _told(mistake: Mistake) -> str:
    return f"{mistake.message}; {mistake.hint}" if mistake.hint else mistake.message


def _properties(mistake: Mistake) -> list[str]:
    told = {"file": _path(mistake.file), "line": mistake.line, "col": mistake.column, "title": "reconcile"}
    return [f"{name}={_escaped(str(value), also=',:')}" for name, value in told.items() if value]


def _escaped(text: str, *, also: str = "") -> str:
    """Text of a workflow command: a line break would end it."""
    for sign in f"%\r\n{also}":
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text


def _location(mistake: Mistake) -> dict[str, object]:
    location: dict[str, object] = {"artifactLocation": {"uri": quote(_path(mistake.file))}}
    if mistake.line:
        column = {"startColumn": mistake.column} if mistake.column else {}
        location["region"] = {"startLine": mistake.line, **column}
    return location


def _path(file: str) -> str:
    return PurePath(file).as_posix()


def _document(data: Mapping[str, object]) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
