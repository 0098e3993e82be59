"""The handshake of a returning school: its accounts matched, and the crosswalk to review."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.pipeline import target_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from reconciler.match import Matching
    from reconciler.model import School, SourceFile

COLUMNS = ("old_host_id", "new_host_id", "member_type", "decision", "evidence")


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """The rows of a crosswalk that somebody has written or decided; each is kept word for word."""

    rows: tuple[dict[str, str], ...] = ()
    open: tuple[dict[str, str], ...] = ()
    """Rows of ours that nobody has decided: suggestions of before, unless somebody has corrected them."""
    notes: tuple[str, ...] = ()
    """Headers of columns that are the school's own."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the crosswalk."""

    path: Path
    rows: int
    kept: int
    """Rows of before that were decided, written, noted or corrected by hand, and stay word for word."""
    sha256: str = field(repr=False)


def match_school(
    school: School, path: Path, *, tell: Callable[[str], None] = lambda _step: None
) -> tuple[Matching, Crosswalk]:
    """Hold every account of the school's directory against its exports; and what is decided. Writes nothing.

    Decided is what the crosswalk at `path` says, or the school's own, if there is none yet.

    Raises:
        ReconcileError: a source or the directory cannot be read whole, or what is there is no crosswalk.
    """
    from reconciler.match import match_accounts  # noqa: PLC0415 - polars loads slowly
    from reconciler.roster import build_roster  # noqa: PLC0415
    from reconciler.sources import open_source  # noqa: PLC0415

    file = _crosswalk_at_hand(school, path)
    decided = _read_crosswalk(file) if file else Crosswalk()
    tell("Reading the directory and the exports")
    _, current = target_of(school).snapshot()
    roster = build_roster(open_source(_with_crosswalk(school, file)).read(), school)
    tell("Matching accounts and people")
    return match_accounts(roster, current), decided


def crosswalk_of(school: School) -> Path:
    """Where the school's crosswalk is, or would be: beside its file."""
    file = school.source.files.get("crosswalk")
    return Path(file.path) if file else Path(school.file).with_name(f"{school.id}-crosswalk.csv")


def write_crosswalk(matching: Matching, decided: Crosswalk, path: Path, *, accept_sure: bool) -> Written:
    """Write the suggestions, to be decided, below what is decided already.

    Raises:
        ReconcileError: the file cannot be written.
    """
    from reconciler.private_file import private_file  # noqa: PLC0415

    suggested = set(matching.suggestions.select("old_host_id", "new_host_id").rows())
    asked = {old for old, _ in suggested}
    before = [*decided.rows, *(row for row in decided.open if _is_corrected(row, suggested, asked))]
    known = {_pair(row) for row in before}
    rows = [
        {
            "old_host_id": old,
            "new_host_id": new,
            "member_type": member_type,
            "decision": "accept" if accept_sure and verdict == "sure" else "",
            "evidence": f"{verdict} ({score}): {evidence}" if evidence else verdict,
        }
        for old, new, member_type, verdict, score, evidence in matching.suggestions.rows()
        if (old, new) not in known
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, [*COLUMNS, *decided.notes], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows([*before, *rows])
    data = text.getvalue().encode()
    with private_file(path, "the crosswalk") as file:
        file.write(data)
    kept = len(before)
    return Written(path, kept + len(rows), kept, hashlib.sha256(data).hexdigest())


def _pair(row: Mapping[str, str]) -> tuple[str, str]:
    return row["old_host_id"], row["new_host_id"]


def _is_corrected(
    row: Mapping[str, str], suggested: AbstractSet[tuple[str, str]], asked: AbstractSet[str]
) -> bool:
    """Whether it names somebody who is not suggested for an account that is still to be decided."""
    return bool(row["new_host_id"]) and row["old_host_id"] in asked and _pair(row) not in suggested


def _crosswalk_at_hand(school: School, path: Path) -> SourceFile | None:
    """The crosswalk that is there, whatever its digest: it is about to be another."""
    from reconciler.model import SourceFile  # noqa: PLC0415 - only here

    named = school.source.files.get("crosswalk")
    if path.exists() and not (named and Path(named.path) == path):
        return SourceFile(str(path), str(path), allow_empty=True)
    return replace(named, sha256="") if named and Path(named.path).exists() else None


def _with_crosswalk(school: School, file: SourceFile | None) -> School:
    files = {name: one for name, one in school.source.files.items() if name != "crosswalk"}
    if file:
        files["crosswalk"] = file
    return replace(school, source=replace(school.source, files=files))


def _read_crosswalk(file: SourceFile) -> Crosswalk:
    """What somebody has decided in a crosswalk, or written into it: our own rows all have their evidence."""
    from reconciler.tabular import read_whole  # noqa: PLC0415 - polars loads slowly

    header, fields, rows = read_whole(file, "crosswalk")
    notes = [name for name in header if name and name not in fields.values()]
    names = {ours: fields.get(ours, "") for ours in COLUMNS} | {name: name for name in notes}
    kept = [_row(names, header, cells) for cells in rows]
    said = ["decision", *notes]
    by_hand = [row for row in kept if any(row[name] for name in said) or not row["evidence"]]
    ours = [row for row in kept if row["evidence"] and not any(row[name] for name in said)]
    return Crosswalk(tuple(row for row in by_hand if any(row.values())), tuple(ours), tuple(notes))


def _row(names: dict[str, str], header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    theirs = dict(zip(header, cells, strict=True))
    return {ours: theirs.get(name, "") for ours, name in names.items()}
