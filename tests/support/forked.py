"""The real command line in forks of one process: all is imported once, and each run begins at once.

`python -m tests.support.forked` takes a JSON line a run on standard input, and answers with one. It forks
before Polars has started the threads that work for it, which a fork would lose.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).parents[2]
WORKERS = ("polars-0", "polars-1", "tokio", "async-")
"""How the names of Polars's own workers begin, which its first query starts."""


class Forks:
    """Runs of the command line, one after the other."""

    def __init__(self, folder: Path, env: Mapping[str, str], *, said: str = "said.txt") -> None:
        self._said = said
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forked"],
            cwd=ROOT,
            env={**env, "PYTHONPATH": str(ROOT), "_RJEM_MALLOC_CONF": "background_thread:false"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._folder = folder

    def run(
        self, *arguments: str, env: Mapping[str, str] | None = None, seconds: float = 0, steps: int = 0
    ) -> int:
        """Run a command; gives its exit code, -9 where it was killed. What it says stands in the file `said`.

        It is killed after so many `seconds`, or `steps`: transactions of the store or batches of the
        directory that began or ended.
        """
        request = {
            "cwd": str(self._folder),
            "arguments": arguments,
            "env": dict(env or {}),
            "said": self._said,
        }
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.write(json.dumps({**request, "seconds": seconds, "steps": steps}) + "\n")
        self._server.stdin.flush()
        return int(json.loads(self._server.stdout.readline()))

    def close(self) -> None:
        """Let the process end."""
        self._server.communicate()


def serve() -> None:
    """Answer requests until there are no more."""
    _import_everything()
    for line in sys.stdin:
        assert not any(name.startswith(WORKERS) for name in _threads()), "threads at work would be lost"
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            _be_the_command(request)
        if request["seconds"]:
            time.sleep(request["seconds"])
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(json.dumps(os.waitstatus_to_exitcode(status)) + "\n")
        sys.stdout.flush()


def _threads() -> list[str]:
    tasks = Path("/proc/self/task")
    return (
        [(task / "comm").read_text(encoding="ascii").strip() for task in tasks.iterdir()]
        if tasks.is_dir()
        else []
    )


def _import_everything() -> None:
    from reconciler import pipeline  # noqa: F401, PLC0415
    from reconciler.apply import record, runner  # noqa: F401, PLC0415
    from reconciler.cli import main  # noqa: F401, PLC0415
    from reconciler.report import build_report  # noqa: F401, PLC0415
    from reconciler.resolve import resolve  # noqa: F401, PLC0415
    from reconciler.roster import build_roster  # noqa: F401, PLC0415
    from reconciler.sources import open_source  # noqa: F401, PLC0415
    from reconciler.state import erasure, store  # noqa: F401, PLC0415
    from reconciler.targets import open_target  # noqa: F401, PLC0415
    from reconciler.views import plan_text  # noqa: F401, PLC0415


def _be_the_command(request: Mapping[str, Any]) -> None:
    code = 99
    try:
        os.chdir(request["cwd"])
        os.environ.update(request["env"])
        nothing = os.open(os.devnull, os.O_RDWR)
        said = os.open(request["said"], os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        os.dup2(said, 2)
        _shorten_batches()
        if request["steps"]:
            _die_after(request["steps"])
        from reconciler.cli.main import main  # noqa: PLC0415

        main(request["arguments"])
    except SystemExit as leaving:
        code = int(leaving.code or 0)
    finally:
        os._exit(code)


def _shorten_batches() -> None:
    """Batches of 250, so that a few thousand changes have many of them."""
    from reconciler.apply import runner  # noqa: PLC0415

    progress, _, journal = runner.run.__defaults__ or ()
    runner.run.__defaults__ = (progress, 250, journal)


def _die_after(steps: int) -> None:
    """Kill this process at the given step: before or after a transaction of the store, or a batch."""
    from reconciler.state.store import Store  # noqa: PLC0415
    from reconciler.targets.embedded import EmbeddedDirectory  # noqa: PLC0415

    left = [steps]

    def step() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(act: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*arguments: Any, **named: Any) -> Any:
            step()
            given = act(*arguments, **named)
            step()
            return given

        return counting

    Store.write = counted(Store.write)  # type: ignore[method-assign]
    EmbeddedDirectory.apply = counted(EmbeddedDirectory.apply)  # type: ignore[method-assign]


if __name__ == "__main__":
    serve()
