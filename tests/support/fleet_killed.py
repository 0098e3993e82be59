"""Kills processes of an apply on the way, as a power cut would: no clean-up, no exception; or lets them wait.

`arm` runs as each process begins (`killing` puts it into a sitecustomize). A kill comes after so many steps
of a school's apply: transactions of the store or batches of the directory that began or ended, and requests
whose answer nobody reads any more. Each comes once, so that the same command goes on the next time.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).parents[2]
KILLS = "FLEET_KILLS"
Kills = dict[str, tuple[str, int]]
"""School -> whom to kill (`worker`, or the `whole` that started it), and after how many steps.

Of `waits` nobody dies: it stands still until there is a file GO_ON among those of the kills.
"""
GO_ON = "go-on"


class Fuse:
    """Burns while a school is applied; at its end somebody dies."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._lock, self._left = threading.Lock(), 0
        self._school, self._whom = "", ""

    def light(self, school: str, whom: str, steps: int) -> None:
        """Begin, unless it has burnt down before."""
        spent = (self._folder / school).exists()
        self._school, self._whom, self._left = school, whom, 0 if spent else steps

    def burn(self) -> None:
        """One step."""
        with self._lock:
            self._left -= 1
            if self._left == 0:
                (self._folder / self._school).touch()
                if self._whom == "waits":
                    self._wait()
                    return
                os.kill(os.getpid() if self._whom == "worker" else os.getppid(), signal.SIGKILL)

    def _wait(self) -> None:
        while not (self._folder / GO_ON).exists():
            time.sleep(0.01)


def killing(kills: Mapping[str, tuple[str, int]]) -> tuple[dict[str, str], Path]:
    """The variables of such processes, and the folder in which there will be a file for each kill."""
    folder, done = Path(mkdtemp(prefix="fleet-")), Path(mkdtemp(prefix="killed-"))
    (folder / "sitecustomize.py").write_text("from tests.support import fleet_killed\n\nfleet_killed.arm()\n")
    path = os.pathsep.join([str(folder), str(ROOT)])
    return {"PYTHONPATH": path, KILLS: json.dumps([str(done), dict(kills)])}, done


def arm() -> None:
    """Let this process, or the one that started it, die at its step, if it is one that does the work."""
    if not _does_the_work():
        return
    from reconciler import pipeline  # noqa: PLC0415 - in the processes alone
    from reconciler.http import Client  # noqa: PLC0415
    from reconciler.state.store import Store  # noqa: PLC0415
    from reconciler.targets.embedded import EmbeddedDirectory  # noqa: PLC0415

    folder, kills = json.loads(os.environ[KILLS])
    fuse, whole = Fuse(folder), pipeline.apply_plan

    def apply_plan(plan: Any, school: Any, **options: Any) -> Any:
        fuse.light(school.id, *kills.get(school.id, ("", 0)))
        return whole(plan, school, **options)

    setattr(pipeline, "apply_plan", apply_plan)  # noqa: B010 - it is a function by its type
    for kind, name in ((Store, "write"), (EmbeddedDirectory, "apply"), (Client, "_once")):
        setattr(kind, name, _counted(getattr(kind, name), fuse))


def _does_the_work() -> bool:
    """Not so the process that hands it out, or Python's own that cleans up."""
    return "--multiprocessing-fork" in sys.orig_argv or (
        "apply" in sys.orig_argv and "--all" not in sys.orig_argv
    )


def _counted(act: Callable[..., Any], fuse: Fuse) -> Callable[..., Any]:
    def counting(*arguments: Any, **named: Any) -> Any:
        fuse.burn()
        given = act(*arguments, **named)
        fuse.burn()
        return given

    return counting
