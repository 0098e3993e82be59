"""A school whose directory is a SCIM server: from validate to undo, on servers that others wrote."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import pytest

from reconciler.http import SystemClock
from reconciler.pipeline.places import load, target_of
from tests.support import directories as d
from tests.support.scim_api import serving
from tests.support.scim_servers import NAME, TOKEN, Running, scim2_server, scimmy_or_skip, sign_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    Reconcile = Callable[..., tuple[int, str, str]]

SERVERS: dict[str, Callable[[], AbstractContextManager[Running]]] = {
    "scim2-server": scim2_server,
    "scimmy": scimmy_or_skip,
}


def point_to(server: Running, demo: Path) -> None:
    """Let the demo school have its directory there."""
    file = demo / "schools" / "maple-grove.yaml"
    text = file.read_text(encoding="utf-8")
    start = text.index("\ntarget:")
    end = text.index("\n\n", start)
    target = f"\ntarget: {{kind: scim, url: '{server.url}', credentials: {NAME}}}"
    file.write_text(text[:start] + target + text[end:], encoding="utf-8")


@pytest.mark.parametrize("kind", ["scim2-server", pytest.param("scimmy", marks=pytest.mark.slow)])
def test_the_whole_way_there_and_back(
    kind: str,
    demo: Path,
    reconcile: Reconcile,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    sign_in(monkeypatch)
    said = []
    with SERVERS[kind]() as server:
        point_to(server, demo)

        def run(*args: str, code: int = 0) -> str:
            found, out, err = reconcile(*args)
            said.append(out + err)
            assert found == code, out + err
            return out

        def take_back(number: str) -> None:
            assert reconcile("undo", "maple-grove", number, "--out", "back.plan")[0] in (0, 3)
            guards = json.loads(run("show", "back.plan", "--format", "json"))["guards"]
            lifted = [part for one in guards if one["tripped"] for part in ("--allow", one["guard"])]
            run("apply", "back.plan", "--auto-approve", *lifted, *(("--reason", "a test") if lifted else ()))

        run("validate")
        run("plan", "maple-grove", "--out", "first.plan")
        run("apply", "first.plan", "--auto-approve")
        assert run("plan", "maple-grove").startswith("No changes.")
        whole = d.state(target_of(load("maple-grove")))
        take_back("1")
        bare = d.state(target_of(load("maple-grove")))
        assert not any(user[7] for user in cast("list[tuple[object, ...]]", bare["users"]))
        assert (bare["memberships"], bare["relationships"]) == ([], [])
        if request.config.getoption("--slow"):
            take_back("2")
            assert d.state(target_of(load("maple-grove"))) == whole
            assert run("plan", "maple-grove").startswith("No changes.")
    assert TOKEN not in "".join(said)
    kept = [path for path in demo.rglob("*") if path.is_file()]
    assert any(path.name == "state.db" for path in kept)
    assert not [path for path in kept if TOKEN.encode() in path.read_bytes()]


def test_a_server_out_of_order_leaves_an_incomplete_apply(
    demo: Path, reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(monkeypatch)
    with serving("out of order") as server:
        point_to(Running(server.settings().url), demo)
        assert reconcile("plan", "maple-grove", "--out", "first.plan")[0] == 0
        code, out, err = reconcile("apply", "first.plan", "--auto-approve")
    assert code == 4, err
    assert "too many requests have failed one after the other; nothing more is asked" in out + err
    assert TOKEN not in out + err


def test_answers_that_got_lost_leave_an_incomplete_apply_that_says_so(
    demo: Path, reconcile: Reconcile, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(monkeypatch)
    monkeypatch.setattr(SystemClock, "sleep", lambda self, seconds: None)  # noqa: ARG005 - as it is called
    with serving("loses an answer", Users=[], Groups=[]) as server:
        point_to(Running(server.settings().url), demo)
        assert reconcile("plan", "maple-grove", "--out", "first.plan")[0] == 0
        code, out, err = reconcile("apply", "first.plan", "--auto-approve")
    assert code == 4, err
    made = len([*server.lists["Users"], *server.lists["Groups"]])
    assert made > 0
    assert f"whether {made} of the changes were made is not known" in out
    assert f" failed, {made} unknown\n" in out
    assert "Not everything was done." in err
    (runs,) = json.loads(reconcile("history", "maple-grove", "--format", "json")[1]).values()
    assert [run["outcome"] for run in runs] == ["incomplete"]
