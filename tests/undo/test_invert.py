"""Undoing a run leaves alone whom it created and who is somebody else by now, or has been changed since."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from reconciler.changes import diff
from reconciler.frames import MEMBERSHIP_CHANGES, RELATIONSHIP_CHANGES
from reconciler.targets import Batch
from reconciler.undo import invert
from tests.support import directories as d
from tests.support import plans

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.model import Changes
    from reconciler.targets import Target
    from tests.support.plans import Row

OTHERS = "another account has this Host ID by now; both it and the one that the run created stay as they are"
GONE = "the account that the run created is not there any more under this Host ID; it stays as it is"


class Directory:
    """A directory with two grades, and the journal of the runs that were applied to it."""

    def __init__(self, file: Path, *, tells_ids: bool) -> None:
        self.file = file
        self.target: Target = d.new_directory(file)
        d.apply(self.target, "groups", d.group_creation("Grade 1"), d.group_creation("Grade 2"))
        self.runs: list[dict[str, pl.DataFrame]] = []
        self.tells_ids = tells_ids

    def run(self, outcome: str = "applied", /, **kinds: list[Row]) -> None:
        """A run with these changes, all of which can be made."""
        journal = {}
        for kind, schema in d.SCHEMAS.items():
            rows = kinds.get(kind, [])
            frame = plans.frame(schema, [{"id": n} | row for n, row in enumerate(rows, start=1)])
            made: pl.Expr | pl.Series = pl.lit("")
            if outcome:
                told = self.target.apply(Batch(kind, frame, d.YEAR))
                assert set(told["outcome"]) <= {outcome}
                made = told["made_id"] if self.tells_ids else made
            journal[kind] = frame.with_columns(outcome=pl.lit(outcome), detail=pl.lit(""), made_id=made)
        self.runs.append(journal)

    def undo(self, number: int, *, apply: bool = False) -> tuple[list[str], list[tuple[str, str]]]:
        """What undoing a run would change, and its conflicts; as another run, if it is to be applied."""
        since = [run["users"] for run in self.runs[number:]]
        later = pl.concat(since) if since else None
        inversion = invert(self.runs[number - 1], self.target.read(), later)
        changes = diff(inversion.after, inversion.before)
        if apply:
            self.run(**{kind: frame.drop("id").to_dicts() for kind, frame in changes.frames().items()})
        conflicts = inversion.findings.filter(code="undo-conflict").select("host_id", "detail").rows()
        return told(changes), conflicts


def told(changes: Changes) -> list[str]:
    users = [f"{action} {who}" for action, who in changes.users.select("action", "host_id").rows()]
    for frame, schema in (
        (changes.memberships, MEMBERSHIP_CHANGES),
        (changes.relationships, RELATIONSHIP_CHANGES),
    ):
        ends = [name for name in schema if name.endswith(("host_id", "group_key"))]
        users += [" ".join(row) for row in frame.select("action", *ends).rows()]
    return users


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    """One of which the journal does not tell which accounts were created, as journals of before."""
    return Directory(tmp_path / "one.db", tells_ids=False)


@pytest.fixture
def telling(tmp_path: Path) -> Directory:
    """One of which the journal tells it."""
    return Directory(tmp_path / "one.db", tells_ids=True)


def test_who_was_created_leaves_every_group_of_ours(directory: Directory) -> None:
    directory.run(users=[d.creation("S1")], memberships=[d.joining("S1")])
    directory.run(memberships=[d.leaving(directory.target, "S1"), d.joining("S1", "Grade 2")])
    d.add_group(directory.file, "Chess")
    d.add_member(directory.file, "S1", "Chess")
    assert directory.undo(1) == (["deactivate S1", "remove grade:2 S1"], [])


@pytest.mark.parametrize("email", ["", "s900@example.org"])
def test_an_old_account_that_got_the_host_id_since_stays(directory: Directory, email: str) -> None:
    same = {"first_name": "Robin", "last_name": "Reed"}
    directory.run(users=[d.creation("S900", email=email, **same)], memberships=[d.joining("S900")])
    directory.run(users=[d.creation("S100", email="", **same)], memberships=[d.joining("S100")])
    d.edit_user(directory.file, "S100", host_id="dup-S100")
    directory.run(users=[d.change(directory.target, "S900", "rekey", host_id="S100")])
    assert directory.undo(2) == ([], [("S100", OTHERS)])
    directory.run(users=[d.change(directory.target, "S100", first_name="Robyn")])
    assert directory.undo(2) == ([], [("S100", OTHERS)])


def test_an_account_that_was_told_by_a_later_run_is_held_against_it(directory: Directory) -> None:
    directory.run(users=[d.creation("S1")])
    directory.run(users=[d.change(directory.target, "S1", grad_year="2030")])
    d.edit_user(directory.file, "S1", host_id="S1-old")
    directory.run(users=[d.creation("S2", first_name="FirstS1", last_name="LastS1")])
    d.edit_user(directory.file, "S2", host_id="S1")
    assert directory.undo(1) == (
        [],
        [("S1", OTHERS)],
    )


def test_an_account_that_had_another_host_id_after_the_run_is_another(directory: Directory) -> None:
    same = {"first_name": "Robin", "last_name": "Reed"}
    directory.run(users=[d.creation("S900", **same)])
    directory.run(users=[d.creation("S100", **same)])
    directory.run(users=[d.change(directory.target, "S900", grad_year="2030")])
    d.edit_user(directory.file, "S100", host_id="dup-S100")
    d.edit_user(directory.file, "S900", host_id="S100")
    assert directory.undo(2) == ([], [("S100", OTHERS)])


def test_an_account_made_by_hand_stays(directory: Directory) -> None:
    directory.run(users=[d.creation("P1", first_name="Robin", last_name="Hand")])
    d.edit_user(directory.file, "P1", host_id="P1-old")
    d.add_user(directory.file, "P1")
    assert directory.undo(1) == ([], [("P1", OTHERS)])


def test_who_has_another_host_id_since_stays(directory: Directory) -> None:
    directory.run(users=[d.creation("T5")], memberships=[d.joining("T5")])
    directory.run(users=[d.change(directory.target, "T5", "rekey", host_id="P9", member_type="parent")])
    where = "the account that the run created as T5 has another Host ID by now; it stays as it is"
    assert directory.undo(1) == ([], [("P9", where)])


def test_who_is_not_found_is_told(directory: Directory) -> None:
    directory.run(users=[d.creation("S1")])
    d.edit_user(directory.file, "S1", host_id="S1-old")
    assert directory.undo(1) == ([], [("S1", GONE)])


def test_what_was_perhaps_never_created_is_no_conflict(directory: Directory) -> None:
    directory.run("", users=[d.creation("S1")], memberships=[d.joining("S1")])
    assert directory.undo(1) == ([], [])


@pytest.mark.parametrize("field", ["last_name", "email"])
def test_who_was_changed_by_a_later_run_stays_with_all_links(directory: Directory, field: str) -> None:
    directory.run(
        users=[d.creation("S1"), d.creation("P1")],
        memberships=[d.joining("S1")],
        relationships=[d.linking("S1", "P1")],
    )
    directory.run(users=[d.change(directory.target, "S1", **{field: "new@example.org"})])
    assert directory.undo(1) == (
        ["deactivate P1"],
        [("S1", f"has been changed since in {field}; it stays, though the run created it")],
    )


def test_runs_are_undone_one_after_the_other(directory: Directory) -> None:
    directory.run(users=[d.creation("S1")], memberships=[d.joining("S1")])
    directory.run(users=[d.change(directory.target, "S1", "rekey", host_id="S2", last_name="Reed")])
    assert directory.undo(2, apply=True) == (["rekey S1"], [])
    assert directory.undo(1, apply=True) == (["deactivate S1", "remove grade:1 S1"], [])
    assert directory.undo(1) == ([], [])
    assert directory.undo(4) == (["reactivate S1", "add grade:1 S1"], [])


def test_who_has_left_since_gets_nothing_back(directory: Directory) -> None:
    directory.run(
        users=[d.creation("S1"), d.creation("P1")],
        memberships=[d.joining("S1")],
        relationships=[d.linking("S1", "P1")],
    )
    directory.run(
        memberships=[d.leaving(directory.target, "S1"), d.joining("S1", "Grade 2")],
        relationships=[d.unlinking(directory.target, "S1", "P1")],
    )
    directory.run(
        users=[d.change(directory.target, "S1", "deactivate", active=False)],
        memberships=[d.leaving(directory.target, "S1", "Grade 2")],
    )
    left = "is not active by now, so the {} that the run removed are not added again"
    assert directory.undo(2) == (
        [],
        [("S1", left.format("memberships")), ("S1", left.format("relationships"))],
    )
    assert directory.undo(3) == (["reactivate S1", "add grade:2 S1"], [])


# Where the journal tells which accounts were created


def test_an_account_that_was_created_is_known_by_its_id(telling: Directory) -> None:
    telling.run(users=[d.creation("S1"), d.creation("S2")], memberships=[d.joining("S1")])
    assert telling.undo(1) == (["deactivate S1", "deactivate S2", "remove grade:1 S1"], [])


def test_another_account_of_the_same_name_and_host_id_stays(telling: Directory) -> None:
    telling.run(users=[d.creation("S1")])
    d.edit_user(telling.file, "S1", host_id="S1-old", email="")
    d.execute(
        telling.file,
        "INSERT INTO users (host_id, member_type, first_name, last_name, origin)"
        " VALUES ('S1', 'student', 'FirstS1', 'LastS1', 'sync')",
    )
    assert telling.undo(1) == ([], [("S1", OTHERS)])


def test_an_account_that_has_another_host_id_by_now_is_found(telling: Directory) -> None:
    telling.run(users=[d.creation("S1")])
    d.edit_user(telling.file, "S1", host_id="S7")
    assert telling.undo(1) == (
        [],
        [("S7", "the account that the run created as S1 has another Host ID by now; it stays as it is")],
    )


def test_whom_a_stopped_run_created_the_run_that_went_on_tells(telling: Directory) -> None:
    telling.run(users=[d.creation("S1")])
    telling.runs[0]["users"] = telling.runs[0]["users"].with_columns(outcome=pl.lit(""), made_id=pl.lit(""))
    telling.run("already", users=[d.creation("S1")])
    assert telling.undo(1) == (["deactivate S1"], [])
    d.edit_user(telling.file, "S1", host_id="S1-old", email="")
    telling.run(users=[d.creation("S1")])
    assert telling.undo(1) == ([], [("S1", OTHERS)])


def test_whom_a_run_created_and_who_was_forgotten_stays_and_is_told(telling: Directory) -> None:
    telling.run(users=[d.creation("S1"), d.creation("S2")])
    ids = ["host_id", "after_host_id"]
    theirs = pl.col("host_id") == "S1"
    hidden = {name: pl.when(theirs).then(pl.lit("(forgotten)")).otherwise(name) for name in ids}
    blank = pl.when(~theirs).then("made_id").otherwise(pl.lit(""))
    telling.runs[0]["users"] = telling.runs[0]["users"].with_columns(**hidden, made_id=blank)
    untold = "whom the run created as well, and who was forgotten since, stays: nothing tells who it was"
    assert telling.undo(1) == (["deactivate S2"], [("(forgotten)", untold)])
