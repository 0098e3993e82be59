"""A saved plan: one zip of `plan.json` and a Parquet member a frame. It holds children's data: mode 0600."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import fields, is_dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import polars as pl

from reconciler import __version__
from reconciler.apply.planheader import read_header
from reconciler.archive import LARGEST, UNREADABLE
from reconciler.errors import ReconcileError
from reconciler.frames import (
    FINDINGS,
    GROUP_CHANGES,
    MEMBERSHIP_CHANGES,
    PLAN_PEOPLE,
    RELATIONSHIP_CHANGES,
    USER_CHANGES,
)
from reconciler.model import Changes, Plan
from reconciler.parquet import pack, unpack
from reconciler.private_file import private_file

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from reconciler.frames import Schema
    from reconciler.parquet import Same

FORMAT = 4
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+-]{0,30}")
_CHANGES: dict[str, Schema] = {
    "users": USER_CHANGES,
    "groups": GROUP_CHANGES,
    "memberships": MEMBERSHIP_CHANGES,
    "relationships": RELATIONSHIP_CHANGES,
}
_OTHERS: dict[str, Schema] = {"findings": FINDINGS, "people": PLAN_PEOPLE, "ready": {"host_id": pl.String}}


def write_plan(plan: Plan, path: Path) -> None:
    """Save a plan, readable by its owner alone; an older file of that name is replaced at once or not at all.

    Raises:
        ReconcileError: the file cannot be written.
    """
    with private_file(path, "the plan") as file:
        _write(plan, file)


def plan_bytes(plan: Plan) -> bytes:
    """A plan as the bytes of its file."""
    file = BytesIO()
    _write(plan, file)
    return file.getvalue()


def read_plan(path: Path, data: bytes | None = None) -> Plan:
    """Read a saved plan; `data` are the file's bytes where they had to be decrypted.

    Raises:
        ReconcileError: the file is missing, damaged, or of another version.
    """
    made_by: object = ""
    try:
        with zipfile.ZipFile(path if data is None else BytesIO(data)) as archive:
            _see_sizes(archive)
            header = json.loads(archive.read("plan.json"))
            if header.get("format") != FORMAT:
                raise ReconcileError(
                    f"{path}: the plan has format {header.get('format')}, this version reads {FORMAT};"
                    " plan again with the version that applies it"
                )
            made_by = header["header"].get("tool_version")
            frames = {
                name: unpack(archive.read(f"{name}.parquet"), header["same"][name], schema)
                for name, schema in {**_CHANGES, **_OTHERS}.items()
            }
        return Plan(
            header=read_header(header["header"]),
            changes=Changes(**{name: frames[name] for name in _CHANGES}),
            **{name: frames[name] for name in _OTHERS},
        )
    except (*UNREADABLE, AttributeError, KeyError, TypeError, ValueError, pl.exceptions.PolarsError) as error:
        if isinstance(error, OSError) and error.strerror:  # what unpacks has none
            raise ReconcileError(f"{path}: cannot read the plan: {error.strerror}; check the path") from error
        raise ReconcileError(f"{path}: {_why_unread(made_by)}") from error


def _why_unread(made_by: object) -> str:
    """What keeps a plan from being read: the version that made it, as far as that is told, or its file."""
    if isinstance(made_by, str) and _VERSION.fullmatch(made_by) and made_by != __version__:
        return (
            f"reconcile {made_by} made this plan, and {__version__} cannot read it; plan again with the"
            " version that applies it"
        )
    return "not a whole plan file; plan again with --out"


def _see_sizes(archive: zipfile.ZipFile) -> None:
    if any(member.file_size > LARGEST for member in archive.infolist()):
        raise ValueError("larger than any plan")


def _write(plan: Plan, file: BinaryIO) -> None:
    frames = {**plan.changes.frames(), "findings": plan.findings, "people": plan.people, "ready": plan.ready}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:  # Parquet is compressed already
        same: dict[str, Same] = {}
        for name, frame in frames.items():
            data, same[name] = pack(frame)
            archive.writestr(f"{name}.parquet", data)
        header = {"format": FORMAT, "header": plan.header, "same": same}
        # In ASCII: a path may hold bytes that are no text, and they are to come back as they were.
        archive.writestr("plan.json", json.dumps(header, default=_as_dict))


def _as_dict(value: object) -> dict[str, object]:
    """A dataclass, or another mapping, for JSON; as `asdict`, but without copying all that is in it."""
    if is_dataclass(value):
        return {one.name: getattr(value, one.name) for one in fields(value)}
    return dict(value)  # type: ignore[call-overload, no-any-return]  # or json says what it cannot write
