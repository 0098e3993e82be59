"""What git knows of the checkout: which files differ from another commit, and what they held there."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from reconciler.errors import ReconcileError

_DEEPER = "fetch the whole history (git fetch --unshallow; for actions/checkout, fetch-depth: 0)"


def top_of(folder: Path) -> Path:
    """The top folder of the checkout that `folder` is in.

    Raises:
        ReconcileError: it is in none, or git is missing.
    """
    return Path(_git(folder, "rev-parse", "--show-toplevel").decode().rstrip("\n"))


def fork_point(folder: Path, ref: str) -> str:
    """The last commit that the checkout and `ref` have in common.

    In a checkout of a merge, as CI makes it for a pull request, that is `ref` itself.

    Raises:
        ReconcileError: there is no such commit here, or none in common.
    """
    try:
        commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    except ReconcileError:
        raise ReconcileError(f"git knows no commit '{ref}' here; check the name, or {_DEEPER}") from None
    try:
        return _git(folder, "merge-base", commit.decode().strip(), "HEAD").decode().strip()
    except ReconcileError:
        raise ReconcileError(f"'{ref}' and this checkout have no commit in common here; {_DEEPER}") from None


def changed_paths(folder: Path, commit: str) -> set[Path]:
    """Every file that differs from `commit`, is new or gone: committed, staged or neither."""
    top = top_of(folder)
    tracked = _git(top, "diff", "--name-only", "--no-renames", "-z", commit, "--")
    new = _git(top, "ls-files", "--others", "--exclude-standard", "-z")
    names = (tracked + new).decode("utf-8", "surrogateescape").split("\0")
    return {top / name for name in names if name}


def extract(folder: Path, commit: str, pattern: str, into: Path) -> None:
    """Write all files that match a glob, as they are at `commit`, into a folder."""
    archive = _git(top_of(folder), "archive", "--format=tar", commit, "--", f":(glob){pattern}", missing=b"")
    if archive:
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            # Python has filters from 3.11.4 on; git itself lets no path lead out of its archive.
            safely: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
            files.extractall(into, **safely)  # noqa: S202 - as above


def _git(folder: Path, *args: str, missing: bytes | None = None) -> bytes:
    """What a git command prints; `missing` if it fails, where that is given."""
    try:
        done = subprocess.run(["git", *args], cwd=folder, capture_output=True, check=False)  # noqa: S603, S607
    except FileNotFoundError:
        raise ReconcileError("git is not installed, or not on the path") from None
    if done.returncode and missing is None:
        told = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ReconcileError(f"git {args[0]}: {told[-1] if told else 'failed'}")
    return missing if done.returncode and missing is not None else done.stdout
