"""`reconcile apply --all`: every school planned, looked at together, and carried out side by side."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from tempfile import mkstemp
from typing import TYPE_CHECKING

import typer
from filelock import FileLock, Timeout

from reconciler.cli.plan_many import plan_them
from reconciler.cli.progress import steps
from reconciler.cli.screen import look, remark, write
from reconciler.errors import ReconcileError
from reconciler.private_file import make_private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reconciler.cli.engines import EngineOptions
    from reconciler.fleet import ApplyOrder
    from reconciler.model.fleet import SchoolApplied, SchoolPlan

_SCRATCH, _LOCK = ".reconcile-", ".lock"
_CODES = {"failed": 1, "held": 3, "incomplete": 4, "waiting": 4}


def apply_many(
    engine: EngineOptions,
    *,
    canaries: Sequence[str],
    max_changes: int | None,
    additions_only: bool,
    ask: Callable[[], None],
) -> None:
    """Plan every school, ask once, and carry out whatever nothing holds; leave with the worst exit code."""
    from reconciler.fleet import ApplyOrder, PlanOrder, all_schools
    from reconciler.views.applied import applied_text
    from reconciler.views.schools import schools_text

    names = all_schools()
    _see_that_they_are_there(canaries, names)
    with _scratch() as folder:
        planned = plan_them(names, PlanOrder(additions_only=additions_only, out=folder), engine)
        write(schools_text([one.line for one in planned], **look()))
        due = [one for one in planned if one.line.state == "changes" and not one.line.on_trial]
        _see_that_they_prove_something(canaries, planned)
        _see_that_they_are_few(due, max_changes)
        if due:
            ask()
            unwell = {one.line.school for one in planned if one.line.state in ("failed", "held")}
            order = ApplyOrder(folder, frozenset(canaries), alarmed=not unwell.isdisjoint(canaries))
            done = _carry_out([f"schools/{one.line.school}.yaml" for one in due], order, engine)
            write("\n" + applied_text(done, **look()))
        else:
            done = []
    states = {one.state for one in done} | {one.line.state for one in planned}
    if code := next((code for state, code in _CODES.items() if state in states), 0):
        raise typer.Exit(code)


def _see_that_they_are_there(canaries: Sequence[str], names: Sequence[str]) -> None:
    from reconciler.config import did_you_mean, school_id

    known = [school_id(name) for name in names]
    for canary in canaries:
        if canary not in known:
            hint = did_you_mean(canary, known) or "name ids of schools/"
            raise typer.BadParameter(f"there is no school '{canary}'; {hint}", param_hint="--canary")


def _see_that_they_prove_something(canaries: Sequence[str], planned: Sequence[SchoolPlan]) -> None:
    from reconciler.errors import HeldError

    for one in planned:
        if one.line.on_trial and one.line.school in canaries:
            raise HeldError(
                f"the canary {one.line.school} is on trial (sync: plan_only), so that it would prove nothing;"
                " nothing was written. Name another, or turn it on (sync: apply)"
            )


def _see_that_they_are_few(due: Sequence[SchoolPlan], most: int | None) -> None:
    from reconciler.errors import HeldError

    changes = sum(sum(of_kind.values()) for one in due for of_kind in one.line.counts.values())
    if most is not None and changes > most:
        raise HeldError(
            f"{changes:,} changes are more than --max-changes {most:,}; nothing was written. See the schools"
            " with the most, or allow more"
        )


def _carry_out(names: Sequence[str], order: ApplyOrder, engine: EngineOptions) -> list[SchoolApplied]:
    from reconciler.fleet import apply_schools
    from reconciler.views.applied import applied_text

    done: list[SchoolApplied] = []
    try:
        with steps() as tell:
            for applied in apply_schools(names, order, engine.open()):
                done.append(applied)
                tell(f"{len(done):,} of {len(names):,} schools; {applied.school} is done")
    except BaseException as error:
        # Whatever ends it: which schools were written to is known here alone.
        write("\n" + applied_text(done, **look()))
        if isinstance(error, KeyboardInterrupt):
            remark("What was done stays done; the same command goes on from there.")
        raise
    return done


@contextmanager
def _scratch() -> Iterator[Path]:
    """A folder that nobody else can read, gone afterwards: plans hold values of children.

    In the present folder, which workers on other machines see, too. Those that killed runs left are removed.
    """
    _remove_left_behind()
    try:
        handle, name = mkstemp(prefix=_SCRATCH, suffix=_LOCK, dir=Path())
        os.close(handle)
        lock = FileLock(Path(name).name)  # from here: the folder may have another path on other machines
        lock.acquire()
        make_private_folder(_folder_of(lock))
    except OSError as error:
        why = error.strerror or type(error).__name__
        hint = "plans are kept there while they are applied; go where you may write"
        raise ReconcileError(f"{Path.cwd()}: cannot be used: {why}; {hint}") from None
    try:
        yield _folder_of(lock)
    finally:
        _remove(lock)


def _remove_left_behind() -> None:
    """Remove the folders of runs that are over: their locks went with their processes."""
    for name in Path().glob(f"{_SCRATCH}*{_LOCK}"):
        lock = FileLock(name, blocking=False)
        with suppress(Timeout, OSError):
            lock.acquire()
            _remove(lock)


def _folder_of(lock: FileLock) -> Path:
    """Beside its lock, which is there for as long as anything of the folder is."""
    return Path(str(lock.lock_file).removesuffix(_LOCK))


def _remove(lock: FileLock) -> None:
    rmtree(_folder_of(lock), ignore_errors=True)
    lock.release()
    if not _folder_of(lock).exists():  # else the next run tries again
        with suppress(OSError):
            Path(lock.lock_file).unlink()
