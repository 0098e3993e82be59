"""The handshake of a returning school: its accounts matched, and the crosswalk to review."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import ReconcileError

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.match import Matching
    from reconciler.model import School

COLUMNS = ("old_host_id", "new_host_id", "member_type", "decision", "evidence")


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the crosswalk."""

    path: Path
    rows: int
    kept: int
    """Rows that had a decision already, and stay word for word."""


def match_school(school: School, *, tell: Callable[[str], None] = lambda _step: None) -> Matching:
    """Hold every account of the school's directory against its exports. Writes nothing.

    Raises:
        ReconcileError: a source or the directory cannot be read whole.
    """
    from reconciler.match import match_accounts  # noqa: PLC0415 - polars loads slowly
    from reconciler.roster import build_roster  # noqa: PLC0415
    from reconciler.sources import open_source  # noqa: PLC0415
    from reconciler.targets import open_target  # noqa: PLC0415

    tell("Reading the directory and the exports")
    _, current = open_target(school.target).snapshot()
    roster = build_roster(open_source(_with_what_is_there(school)).read(), school)
    tell("Matching accounts and people")
    return match_accounts(roster, current)


def crosswalk_of(school: School) -> Path:
    """Where the school's crosswalk is, or would be: beside its file."""
    file = school.source.files.get("crosswalk")
    return Path(file.path) if file else Path(school.file).with_name(f"{school.id}-crosswalk.csv")


def write_crosswalk(matching: Matching, path: Path, *, accept_sure: bool) -> Written:
    """Write the suggestions, to be decided; decisions that stand in the file already are kept.

    Raises:
        ReconcileError: what is there is no crosswalk, or the file cannot be written.
    """
    from reconciler.private_file import private_file  # noqa: PLC0415

    kept = _decided(path)
    rows = [
        {
            "old_host_id": old,
            "new_host_id": new,
            "member_type": member_type,
            "decision": "accept" if accept_sure and verdict == "sure" else "",
            "evidence": f"{verdict} ({score}): {evidence}" if evidence else verdict,
        }
        for old, new, member_type, verdict, score, evidence in matching.suggestions.rows()
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows([*kept, *rows])
    with private_file(path, "the crosswalk") as file:
        file.write(text.getvalue().encode())
    return Written(path, len(kept) + len(rows), len(kept))


def _with_what_is_there(school: School) -> School:
    """The school, without a crosswalk that is named but not written yet, and whatever its digest is."""
    files = dict(school.source.files)
    file = files.pop("crosswalk", None)
    if file and Path(file.path).exists():
        files["crosswalk"] = replace(file, sha256="")
    return replace(school, source=replace(school.source, files=files))


def _decided(path: Path) -> list[dict[str, str]]:
    """The rows of a crosswalk that have a decision."""
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ReconcileError(f"{path}: cannot be read ({error}); name another file with --out") from error
    if rows and not {"old_host_id", "new_host_id", "decision"} <= set(rows[0]):
        raise ReconcileError(f"{path}: this is no crosswalk; name another file with --out")
    return [
        {name: row.get(name) or "" for name in COLUMNS} for row in rows if (row["decision"] or "").strip()
    ]
