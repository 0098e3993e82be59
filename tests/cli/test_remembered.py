"""What is remembered of applies, through the command line; and applies that are killed, or meet."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.state.leases import acquire_lease, release_lease
from reconciler.state.scope import Scope
from reconciler.state.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "reconciler"]
Run = subprocess.CompletedProcess[str]


@pytest.fixture
def school(tmp_path: Path) -> Path:
    """A folder with the demo school, and no directory yet."""
    ignored = shutil.ignore_patterns("*.db*", ".reconcile")
    shutil.copytree(ROOT / "schools", tmp_path / "schools", ignore=ignored)
    return tmp_path


@pytest.fixture
def reconcile(school: Path) -> Callable[..., Run]:
    def call(*arguments: str) -> Run:
        return subprocess.run(
            [*COMMAND, *arguments], cwd=school, env=environment(), capture_output=True, text=True, check=False
        )

    return call


def environment() -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if name not in {"SCHOOL_YEAR", "RECONCILE_STATE"}
    }
    return {**kept, "PYTHONPATH": str(ROOT)}


def state(school: Path) -> Path:
    return school / "schools" / ".reconcile" / "state.db"


def directory(school: Path) -> list[tuple[object, ...]]:
    """All that a directory says, but for its own id."""
    with closing(sqlite3.connect(school / "schools" / "maple-grove.db")) as connection:
        tables = ("users", "groups", "memberships", "relationships")
        return [row for table in tables for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")]  # noqa: S608 - ours


def test_plan_writes_nothing_to_remember(school, reconcile):
    assert reconcile("plan", "maple-grove").returncode == 0
    assert reconcile("history", "maple-grove").stdout == "maple-grove: nothing was applied yet.\n"
    assert reconcile("audit", "maple-grove").stdout == "maple-grove: nothing was applied yet.\n"
    assert reconcile("unlock", "maple-grove").stdout == "maple-grove: nothing is locked.\n"
    nobody = reconcile("forget", "maple-grove", "S1")
    assert (nobody.returncode, nobody.stderr) == (
        1,
        "maple-grove: nothing is remembered yet, so there is nobody to forget\n",
    )
    assert not state(school).exists()


def test_an_apply_stands_in_the_history(school, reconcile):
    assert reconcile("apply", "maple-grove", "--auto-approve").returncode == 0
    assert stat.S_IMODE(state(school).stat().st_mode) == 0o600
    assert stat.S_IMODE(state(school).parent.stat().st_mode) == 0o700
    listed = reconcile("history", "maple-grove").stdout
    shown = re.sub(r"[0-9a-f]{32}", "ID", listed)
    shown = re.sub(
        r"1  \d{4}-\d\d-\d\d \d\d:\d\d +[\d.]+  .+  (\d,\d{3})  ( +\d)  [0-9a-f]{12}  ", r"\1\2 ", shown
    )
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert lines == [
        "Maple Grove School (maple-grove), directory ID",
        "run started (UTC) seconds who made not made plan outcome",
        "3,038 0 done",
    ]
    (runs,) = json.loads(reconcile("history", "maple-grove", "--format", "json").stdout).values()
    assert runs[0]["counts"]["users"] == {"create": {"applied": 811}}


def test_somebody_is_forgotten_and_the_trail_still_whole(school, reconcile):
    reconcile("apply", "maple-grove", "--auto-approve")
    with closing(sqlite3.connect(school / "schools" / "maple-grove.db")) as connection:
        (host_id,) = connection.execute(
            "SELECT host_id FROM users WHERE host_id LIKE 'S%' LIMIT 1"
        ).fetchone()
    done = reconcile("forget", "maple-grove", host_id)
    assert re.fullmatch(r"maple-grove: forgotten in \d+ changes of 1 run\.\n", done.stdout), done.stderr
    assert (
        reconcile("forget", "maple-grove", host_id).stdout
        == f"maple-grove: nothing is remembered of {host_id}; a Host ID is given whole, in its own case.\n"
    )
    audit = reconcile("audit", "maple-grove")
    assert audit.returncode == 0
    assert re.search(r": 4 entries, whole, the last hash is [0-9a-f]{64}\n$", audit.stdout)


def test_somebody_is_forgotten_while_a_school_is_applied_and_traces_are_told_of(school, reconcile):
    reconcile("apply", "maple-grove", "--auto-approve")
    store, now = open_store(state(school)), datetime.now(UTC)
    with store.write() as tx:
        hour, oak = timedelta(hours=1), Scope("oak", "dir-1")
        lease = acquire_lease(tx, oak, owner="ana", host="desk", now=now, ttl=hour)
    told = reconcile("forget", "maple-grove", "S1")
    assert told.returncode == 1
    assert told.stderr.startswith("oak: an apply is under way, by ana on desk since ")
    assert told.stderr.endswith(
        "run this again once nobody applies. The values are erased, but traces may be left in unused space\n"
    )
    assert ": 3 entries, whole" in reconcile("audit", "maple-grove").stdout  # it is noted all the same
    with store.write() as tx:
        release_lease(tx, lease)
    assert reconcile("forget", "maple-grove", "S1").returncode == 0


def test_values_older_than_the_school_keeps_them_are_erased_by_the_next_apply(school, reconcile):
    reconcile("apply", "maple-grove", "--auto-approve")
    with closing(sqlite3.connect(state(school))) as connection, connection:
        connection.execute("UPDATE runs SET started = '2024-01-01T08:00:00.000000+00:00'")
    file = school / "schools" / "maple-grove.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "\nretention: 30 days\n", encoding="utf-8")
    later = {**environment(), "SCHOOL_YEAR": "2026-27"}
    subprocess.run(
        [*COMMAND, "apply", "maple-grove", "--auto-approve"],
        cwd=school,
        env=later,
        check=True,
        capture_output=True,
    )
    (runs,) = json.loads(reconcile("history", "maple-grove", "--format", "json").stdout).values()
    assert [bool(run["purged"]) for run in runs] == [False, True]
    assert reconcile("audit", "maple-grove").returncode == 0


def test_an_entry_that_was_altered_is_named(school, reconcile):
    reconcile("apply", "maple-grove", "--auto-approve")
    with closing(sqlite3.connect(state(school))) as connection, connection:
        connection.execute("UPDATE audit SET who = 'nobody' WHERE seq = 1")
    audit = reconcile("audit", "maple-grove")
    assert (audit.returncode, audit.stdout.endswith("BROKEN: entry 1 was altered\n")) == (1, True)


def test_a_store_that_cannot_be_used_is_told_before_anything_is_written(school, reconcile):
    state(school).parent.mkdir()
    state(school).write_bytes(b"something else, and not a database at all")
    refused = reconcile("apply", "maple-grove", "--auto-approve")
    assert refused.returncode == 1
    assert str(Path("schools/.reconcile/state.db")) in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (school / "schools" / "maple-grove.db").exists()


def test_killed_at_random_moments_and_run_again(school, reconcile, request):
    """Whatever the moment, the same plan file finishes it at once: nobody waits for a dead process's lock."""
    reconcile("plan", "maple-grove", "--out", "a.plan")
    assert reconcile("apply", "a.plan", "--auto-approve").returncode == 0
    whole = directory(school)
    dice = random.Random(7)
    for _ in range(40 if request.config.getoption("--slow") else 5):
        for path in [*(school / "schools").glob("*.db*"), state(school)]:
            path.unlink(missing_ok=True)
        process = subprocess.Popen(
            [*COMMAND, "apply", "a.plan", "--auto-approve"],
            cwd=school,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(dice.uniform(0.3, 0.9))
        process.send_signal(signal.SIGKILL)
        process.wait()
        again = reconcile("apply", "a.plan", "--auto-approve")
        assert again.returncode == 0, again.stderr
        assert directory(school) == whole
        (runs,) = json.loads(reconcile("history", "maple-grove", "--format", "json").stdout).values()
        assert {run["outcome"] for run in runs} <= {"done", "interrupted"}


def test_of_two_applies_at_once_one_works_and_the_other_is_told_why(school, reconcile, request):
    reconcile("plan", "maple-grove", "--out", "a.plan")
    for _ in range(50 if request.config.getoption("--slow") else 3):
        for path in [*(school / "schools").glob("*.db*"), state(school)]:
            path.unlink(missing_ok=True)
        both = [
            subprocess.Popen(
                [*COMMAND, "apply", "a.plan", "--auto-approve"],
                cwd=school,
                env=environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        ends = [(process.communicate()[1], process.returncode) for process in both]
        codes = sorted(code for _, code in ends)
        assert codes in ([0, 0], [0, 1]), ends  # one after the other, or one beside the other
        assert all("an apply is under way" in message for message, code in ends if code == 1)
