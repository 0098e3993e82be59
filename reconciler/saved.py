"""Saved plans: where they are, sealed or not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.environment import IDENTITY
from reconciler.errors import ReconcileError
from reconciler.sealed import SEALED, seal, see_recipients, unseal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model import Plan

_ZIP = b"PK\x03\x04"


def is_plan_file(name: str) -> bool:
    """Whether `name` is a saved plan, by its first bytes."""
    path = Path(name)
    return path.is_file() and _begin(path).startswith((_ZIP, SEALED))


def open_plan(name: str) -> Plan:
    """A saved plan, whether it is sealed or not.

    Raises:
        ReconcileError: it is missing, damaged, of another version, or sealed for another key.
    """
    from reconciler.apply.planfile import read_plan  # noqa: PLC0415 - polars loads slowly

    path = Path(name)
    if not (path.is_file() and _begin(path).startswith(SEALED)):
        return read_plan(path)
    identity = os.environ.get(IDENTITY)
    if not identity:
        raise ReconcileError(f"{path}: the plan is encrypted; name the file of the key in {IDENTITY}")
    return read_plan(path, unseal(path.read_bytes(), Path(identity), str(path)))


def save_plan(plan: Plan, path: Path, recipients: Sequence[str] = ()) -> None:
    """Save a plan, readable by its owner alone; sealed if there are `recipients`.

    Raises:
        ReconcileError: the file cannot be written, or a recipient is none.
    """
    from reconciler.apply.planfile import plan_bytes, write_plan  # noqa: PLC0415 - polars loads slowly
    from reconciler.private_file import private_file  # noqa: PLC0415

    if not recipients:
        write_plan(plan, path)
        return
    sealed = seal(plan_bytes(plan), recipients)
    with private_file(path, "the plan") as file:
        file.write(sealed)


def see_that_it_can_be_sealed(recipients: Sequence[str]) -> None:
    """See that a plan can be sealed for them, before it is made.

    Raises:
        ReconcileError: one of them is none.
    """
    if recipients:
        see_recipients(recipients)


def _begin(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(SEALED))
