"""Guards through the command line: a plan that changes too much is held, and one guard lifted by name."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from reconciler.apply import runner
from reconciler.errors import ReconcileError
from reconciler.targets.embedded import EmbeddedDirectory

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from reconciler.targets import Batch

ROOT = Path(__file__).parents[2]
REASON = ("--reason", "the branch campus closed")

Run = tuple[int, str, str]


@pytest.fixture
def run(reconcile: Callable[..., Run]) -> Callable[..., Run]:
    return reconcile


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[..., Run]) -> Path:
    """The demo school's directory, applied to once; then half of `students.txt` is lost."""
    shutil.copytree(
        ROOT / "schools",
        tmp_path / "schools",
        ignore=shutil.ignore_patterns("*.db*", "*.sqlite*", ".reconcile"),
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SCHOOL_YEAR", raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    school = tmp_path / "schools" / "maple-grove.yaml"  # guards alone are to hold it, not the preflight
    school.write_text(school.read_text(encoding="utf-8") + "preflight: {drop: off}\n", encoding="utf-8")
    assert run("apply", "maple-grove", "--auto-approve")[0] == 0
    exports = tmp_path / "schools" / "maple-grove" / "2025-26" / "students.txt"
    data = exports.read_bytes()
    lines = data.splitlines(keepends=True) if b"\n" in data else data.split(b"\r")
    end = b"" if b"\n" in data else b"\r"
    exports.write_bytes(end.join(lines[: len(lines) // 2]))
    return tmp_path / "schools" / "maple-grove.db"


@pytest.mark.usefixtures("directory")
def test_half_of_the_students_is_held_with_its_figures(run: Callable[..., Run]) -> None:
    code, shown, _ = run("plan", "maple-grove")
    assert code == 3
    assert "\nHeld by guards: this is not what the school's limits and calendar allow.\n" in shown
    data = json.loads(run("plan", "maple-grove", "--format", "json")[1])
    schema = json.loads((ROOT / "schemas" / "plan.schema.json").read_text(encoding="utf-8"))
    assert [error.message for error in Draft202012Validator(schema).iter_errors(data)] == []
    found = next(one for one in data["guards"] if one["guard"] == "users.deactivate")
    assert found["figure"] == data["summary"]["users"]["deactivate"] > found["limit"]
    assert (found["population"], found["limit"], found["percent"], found["tripped"]) == (811, 81, 10, True)
    assert data["verdict"] == "held"
    assert (
        f"  users.deactivate: {found['figure']} of 811, and the limit is 81 (10 %). Mend the exports, or:"
        " apply PLANFILE --allow users.deactivate --reason TEXT\n"
    ) in shown
    assert shown.index("users.deactivate: ") < shown.index(" deactivate\n") < shown.index("Deactivate ")
    assert "@" not in shown


def test_a_held_plan_writes_nothing(directory: Path, run: Callable[..., Run]) -> None:
    before = directory.read_bytes()
    code, _, message = run("apply", "maple-grove", "--auto-approve")
    assert code == 3
    assert message.startswith("The guard users.deactivate holds the plan: ")
    assert run("plan", "maple-grove", "--out", "half.plan")[0] == 3
    assert run("apply", "half.plan", "--auto-approve")[0] == 3
    assert directory.read_bytes() == before


def tripped(run: Callable[..., Run]) -> list[str]:
    run("plan", "maple-grove", "--out", "half.plan")
    data = json.loads(run("show", "half.plan", "--format", "json")[1])
    return [one["guard"] for one in data["guards"] if one["tripped"]]


def test_every_tripped_guard_must_be_lifted_by_name(directory: Path, run: Callable[..., Run]) -> None:
    school = Path("schools/maple-grove.yaml")
    text = school.read_text(encoding="utf-8")
    school.write_text(text.replace("remove: off", "remove: {percent: 10}", 1), encoding="utf-8")
    before = directory.read_bytes()
    guards = tripped(run)
    assert guards == ["users.deactivate", "memberships.remove"]
    some = ("apply", "half.plan", "--auto-approve", "--allow", guards[0], *REASON)
    code, _, message = run(*some)
    assert code == 3
    assert message.startswith("The guard memberships.remove holds the plan: ")
    assert directory.read_bytes() == before
    code, shown, message = run(*some, "--allow", guards[1])
    assert code == 0
    told = "Lifted for this plan alone: users.deactivate, memberships.remove. Reason: the branch campus"
    assert message.startswith(told)
    assert "Import summary" in shown
    assert directory.read_bytes() != before
    # It goes on with the same plan file: judged as a whole, whatever of it is done already.
    assert run("apply", "half.plan", "--auto-approve")[0] == 3
    assert run(*some, "--allow", guards[1])[0] == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("half.plan", "--allow", "users.deactivat", *REASON), "did you mean 'users.deactivate'?"),
        (
            ("half.plan", "--allow", "users.create", *REASON),
            "users.create is not tripped; tripped are users.",
        ),
        (("half.plan", "--allow", "users.deactivate"), "say why the guard is lifted"),
        (("half.plan", "--allow", "users.deactivate", "--reason", " "), "say why the guard is lifted"),
        (("half.plan", *REASON), "name one with --allow"),
        (("maple-grove", "--allow", "users.deactivate", *REASON), "only a saved plan can be let through"),
    ],
)
def test_what_cannot_be_lifted_is_a_usage_error(
    directory: Path, run: Callable[..., Run], arguments: tuple[str, ...], says: str
) -> None:
    run("plan", "maple-grove", "--out", "half.plan")
    before = directory.read_bytes()
    code, _, message = run("apply", *arguments, "--auto-approve")
    assert code == 2
    assert says in " ".join(message.split())
    assert directory.read_bytes() == before


@pytest.mark.usefixtures("directory")
def test_a_guard_that_is_off_holds_nothing(run: Callable[..., Run]) -> None:
    school = Path("schools/maple-grove.yaml")
    text = school.read_text(encoding="utf-8")
    off = "guards:\n  users: {deactivate: off}\n  relationships: {remove: off}\n"
    school.write_text(text.replace("guards:\n", off), encoding="utf-8")
    assert run("plan", "maple-grove")[0] == 0


def test_who_lifted_what_and_why_is_remembered(directory: Path, run: Callable[..., Run]) -> None:
    run("plan", "maple-grove", "--out", "half.plan")
    lifted = [one for guard in tripped(run) for one in ("--allow", guard)]
    assert run("apply", "half.plan", "--auto-approve", *lifted, *REASON)[0] == 0
    (runs,) = json.loads(run("history", "maple-grove", "--format", "json")[1]).values()
    assert runs[0]["lifted"] == [{"guard": "users.deactivate", "reason": "the branch campus closed"}]
    assert runs[0]["who"]
    assert runs[1]["lifted"] == []
    assert run("audit", "maple-grove")[0] == 0
    assert directory.exists()


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demo school without a directory; its file, to add settings to."""
    kept = shutil.ignore_patterns("*.db*", "*.sqlite*", ".reconcile")
    shutil.copytree(ROOT / "schools", tmp_path / "schools", ignore=kept)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SCHOOL_YEAR", raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    return tmp_path / "schools" / "maple-grove.yaml"


def add(school: Path, settings: str) -> None:
    school.write_text(school.read_text(encoding="utf-8") + settings, encoding="utf-8")


def test_a_first_import_that_was_stopped_can_be_planned_anew(
    fresh: Path, run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fresh.exists()
    monkeypatch.setattr(runner.run, "__defaults__", (*(runner.run.__defaults__ or ())[:1], 500, None))
    kill_after(monkeypatch, batches=1)
    assert run("apply", "maple-grove", "--auto-approve")[0] == 1
    monkeypatch.undo()
    monkeypatch.chdir(fresh.parents[1])
    monkeypatch.setattr("sys.stdin", io.StringIO())
    code, shown, _ = run("plan", "maple-grove", "--format", "json")
    limits = {one["guard"]: one["basis"] for one in json.loads(shown)["guards"]}
    assert (code, limits["users.create"]) == (0, "first import")
    assert run("apply", "maple-grove", "--auto-approve")[0] == 0
    _, shown, _ = run("plan", "maple-grove", "--format", "json")
    limits = {one["guard"]: one["basis"] for one in json.loads(shown)["guards"]}
    assert limits["users.create"] == "percent"


def kill_after(monkeypatch: pytest.MonkeyPatch, *, batches: int) -> None:
    """The directory fails once so many batches were made."""
    made: list[Batch] = []

    def apply(target: EmbeddedDirectory, batch: Batch) -> pl.DataFrame:
        if len(made) >= batches:
            raise ReconcileError("the disk is full")
        made.append(batch)
        return whole(target, batch)

    whole = EmbeddedDirectory.apply
    monkeypatch.setattr(EmbeddedDirectory, "apply", apply)


def test_nothing_is_applied_in_a_freeze_unless_it_is_lifted(fresh: Path, run: Callable[..., Run]) -> None:
    run("plan", "maple-grove", "--out", "early.plan")
    add(fresh, "calendar: {freeze: [{from: 2000-01-01, to: 2999-12-31}]}\n")
    code, shown, _ = run("plan", "maple-grove", "--out", "frozen.plan")
    assert code == 3
    assert " changes, and from 2000-01-01 to 2999-12-31 there may be none. Wait, or: apply PLANFILE" in shown
    code, _, message = run("apply", "early.plan", "--auto-approve")
    assert code == 3
    assert "The guard calendar.freeze holds the plan: " in message
    assert not fresh.with_suffix(".db").exists()
    assert run("apply", "frozen.plan", "--auto-approve", "--allow", "calendar.freeze", *REASON)[0] == 0
    assert fresh.with_suffix(".db").exists()


def test_nobody_leaves_on_days_of_additions_only(fresh: Path, run: Callable[..., Run]) -> None:
    assert run("apply", "maple-grove", "--auto-approve")[0] == 0
    exports = fresh.parent / "maple-grove" / "2025-26" / "students.txt"
    rows = exports.read_bytes().split(b"\r")
    exports.write_bytes(b"\r".join([rows[0], *rows[9:]]))  # eight have left
    assert run("plan", "maple-grove", "--out", "early.plan")[0] == 0
    add(fresh, "calendar: {additions_only: [{from: 2000-01-01, to: 2999-12-31}]}\n")
    code, shown, _ = run("plan", "maple-grove")
    assert (code, "deactivate" in shown, "remove" in shown) == (0, False, False)
    code, _, message = run("apply", "early.plan", "--auto-approve")
    assert code == 3
    assert "The guard calendar.additions_only holds the plan: " in message
