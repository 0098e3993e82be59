"""What one apply leaves for the next plan: figures of the exports, settings, prefixes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.targets.embedded import EmbeddedDirectory

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from reconciler.targets import Batch

ROOT = Path(__file__).parents[2]
SCHOOL = Path("schools/maple-grove.yaml")
NO_BASELINE = "No baseline: there is no last good run to hold the exports against; absolute minimums hold.\n"

Run = tuple[int, str, str]


@pytest.fixture
def run(demo: Path, reconcile: Callable[..., Run]) -> Callable[..., Run]:
    """The command line, over the demo school, which was applied to once."""
    assert demo == Path.cwd()
    assert NO_BASELINE in reconcile("plan", "maple-grove")[1]
    assert reconcile("apply", "maple-grove", "--auto-approve")[0] == 0
    return reconcile


def change(old: str, new: str) -> None:
    text = SCHOOL.read_text(encoding="utf-8")
    assert old in text
    SCHOOL.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_exports_that_were_applied_are_the_baseline(run: Callable[..., Run]) -> None:
    assert json.loads(run("plan", "maple-grove", "--format", "json")[1])["baseline"].startswith("run 1, ")


def test_after_an_undo_there_is_no_baseline(run: Callable[..., Run]) -> None:
    run("undo", "maple-grove", "1", "--out", "back.plan")
    guards = json.loads(run("show", "back.plan", "--format", "json")[1])["guards"]
    lifted = [part for one in guards if one["tripped"] for part in ("--allow", one["guard"])]
    assert run("apply", "back.plan", "--auto-approve", *lifted, "--reason", "a trial")[0] == 0
    assert json.loads(run("plan", "maple-grove", "--format", "json")[1])["baseline"] is None


def test_a_plan_says_which_settings_have_changed_since(run: Callable[..., Run]) -> None:
    change("sync: apply", "sync: apply\nleavers: keep")
    Path("schools/maple-grove/2025-26/users.csv").write_bytes(
        Path("schools/maple-grove/2025-26/users.csv").read_bytes().replace(b"Lionel", b"Leonel")
    )
    shown = run("plan", "maple-grove")[1]
    assert "\nSettings since the last apply: leavers: not set -> keep\n" in shown
    told = json.loads(run("plan", "maple-grove", "--format", "json")[1])
    assert told["settings_changes"] == "leavers: not set -> keep"


def test_a_prefix_that_changed_holds_the_plan_until_the_old_one_is_named(run: Callable[..., Run]) -> None:
    new = "members: {student: {prefix: PUP}}\n"
    SCHOOL.write_text(SCHOOL.read_text(encoding="utf-8") + new, encoding="utf-8")
    code, shown, _ = run("plan", "maple-grove")
    assert code == 3
    assert "the prefix of student accounts was 'S' at the last apply, and is 'PUP' now" in shown
    change("identity:\n", "identity:\n  previous_prefixes: {student: [S]}\n")
    SCHOOL.write_text(
        SCHOOL.read_text(encoding="utf-8").replace("guards:\n", "guards:\n  users: {rekey: off}\n"),
        encoding="utf-8",
    )
    told = json.loads(run("plan", "maple-grove", "--format", "json")[1])
    assert told["verdict"] == "changes"
    users = told["summary"]["users"]  # a student whom the exclude list names by the old prefix stays out
    assert users == {"create": 0, "update": 0, "rekey": 380, "deactivate": 0, "reactivate": 0}
    assert told["summary"]["relationships"]["remove"] == 0


def test_a_crosswalk_that_is_not_the_reviewed_one_is_refused(run: Callable[..., Run]) -> None:
    walk = Path("walk.csv")
    walk.write_text("old_host_id,new_host_id,decision\nold,S1093,reject\n", encoding="utf-8")
    digest = hashlib.sha256(walk.read_bytes()).hexdigest()
    change("identity:\n", f"identity:\n  crosswalk: {{file: ../walk.csv, sha256: {digest}}}\n")
    assert run("plan", "maple-grove")[0] == 0
    walk.write_text("old_host_id,new_host_id,decision\nold,S1093,accept\n", encoding="utf-8")
    other = hashlib.sha256(walk.read_bytes()).hexdigest()
    assert run("plan", "maple-grove") == (
        1,
        "",
        (
            f"schools/../walk.csv: its SHA-256 is {other}, and identity.crosswalk.sha256 is {digest};"
            " review what has changed, then write the new one there\n"
        ),
    )


def test_a_store_that_goes_away_in_mid_apply_stops_it_and_the_same_plan_goes_on(
    run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCHOOL_YEAR", "2026-27")
    assert run("plan", "maple-grove", "--out", "next.plan")[0] == 0
    state = Path("schools/.reconcile/state.db")

    def apply(target: EmbeddedDirectory, batch: Batch) -> pl.DataFrame:
        state.unlink(missing_ok=True)
        return whole(target, batch)

    whole = EmbeddedDirectory.apply
    with monkeypatch.context() as patch:
        patch.setattr(EmbeddedDirectory, "apply", apply)
        code, _, said = run("apply", "next.plan", "--auto-approve")
    assert code == 1
    assert str(state) in said
    assert "Traceback" not in said
    assert run("apply", "next.plan", "--auto-approve")[0] == 0
    assert run("plan", "maple-grove", "--detailed-exitcode")[0] == 0
