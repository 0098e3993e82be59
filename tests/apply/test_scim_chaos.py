"""People are created over SCIM while answers get lost, the server is busy, and the client is killed twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.apply.planfile import write_plan
from reconciler.model import DirectoryInfo
from reconciler.state.memory import StoredMemory
from reconciler.targets import open_target
from tests.support import directories as d
from tests.support.chaos import between
from tests.support.memory import HeldMemory
from tests.support.plans import make_header, make_plan
from tests.support.scim_servers import scim2_server, scimmy_or_skip, sign_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.support.plans import Row
    from tests.support.scim_servers import Running

ROOT = Path(__file__).parents[2]
SERVERS: dict[str, Callable[[], AbstractContextManager[Running]]] = {
    "scim2-server": scim2_server,
    "scimmy": scimmy_or_skip,
}


def people(students: int) -> dict[str, list[Row]]:
    """A first import: students, a parent each, and their grade."""
    pairs = [(f"S1{n:05}", f"P1{n:05}") for n in range(students)]
    both = [one for pair in pairs for one in pair]
    return d.numbered(
        groups=[{**d.group_creation("Grade 1"), "step": 0}],
        users=[{**d.creation(one), "step": 2} for one in both],
        relationships=[{**d.linking(*pair), "step": 4} for pair in pairs],
        memberships=[{**d.joining(one), "step": 4} for one in both],
    )


@pytest.mark.parametrize("kind", SERVERS)
def test_nobody_is_lost_or_made_twice(
    kind: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, str], None],
) -> None:
    sign_in(monkeypatch)
    users = 3000 if request.config.getoption("--slow") else 50
    plan, store = tmp_path / "plan", tmp_path / "state.db"
    changes = people(users // 2)
    header = make_header(new_directory=True, directory_year="")
    write_plan(make_plan(**changes, people=[], header=header), plan)  # type: ignore[arg-type]
    begun = time.monotonic()
    with SERVERS[kind]() as server, between(server.url, seed=20261128) as chaos:

        def apply(length: int) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "-m", "tests.support.scim_killed", str(plan), str(store), chaos.url]
            return subprocess.run(
                [*command, str(length)], cwd=ROOT, check=False, capture_output=True, text=True
            )

        for length in (users // 3, users + 40):  # among the people, then among their links or nearly so
            killed = apply(length)
            assert (killed.returncode, killed.stderr) == (-signal.SIGKILL, "")
        for _ in range(3):  # an apply that is incomplete is run again
            finished = apply(0)
            assert finished.returncode == 0, finished.stderr
            if "failed" not in (said := json.loads(finished.stdout))["counts"]:
                break
        assert set(said["counts"]) <= {"applied", "already"}, said
        took = time.monotonic() - begun
        assert chaos.done["lost"] > users // 200
        assert chaos.done["busy"] > 0
        assert chaos.done["throttled"] > 0
        chaos.calm = True
        again = json.loads(apply(0).stdout)
        assert again["counts"] == {"already": sum(len(rows) for rows in changes.values())}
        target = open_target(server.settings(), HeldMemory())
        directory = target.read()
        record_property("figures", f"{users} users in {took:.1f} s; {dict(chaos.done)}")
        place = f"scim {chaos.url}"
        kept = StoredMemory(store, "maple-grove", place).load()
    assert kept
    assert (kept.info, dict(kept.notes)) == (DirectoryInfo("dir-1", "2025-26"), {})
    assert directory.users["host_id"].n_unique() == directory.users.height == users
    assert sorted(directory.memberships["host_id"]) == sorted(directory.users["host_id"])
    assert directory.relationships.height == users // 2
