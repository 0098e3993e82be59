from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.config import load_school

if TYPE_CHECKING:
    from tests.config.conftest import Load, Write

LISTS = """\
exclude: {file: exclude.csv}
email: {overrides: overrides.csv}
identity: {same_person: same.csv}
groups: {mapping: [grade, membership_list], membership_list: clubs.csv}
"""


def test_digest_does_not_depend_on_where_things_are(load: Load, good: str, write: Write) -> None:
    here = load(LISTS)
    moved = good.replace("path: exports/", "path: /mnt/").replace("users.csv", "2026/users.tsv")
    moved = moved.replace("maple-grove.db", "/var/lib/directory.db")
    lists = LISTS.replace(".csv", "-new.csv")
    there = load_school(write(moved + lists, "elsewhere/other.yaml"), {})
    assert there.effective == here.effective
    assert there.settings_digest == here.settings_digest
    assert there.source != here.source


def test_digest_does_not_depend_on_order_or_spelling_of_the_year(load: Load, good: str) -> None:
    lines = good.splitlines(keepends=True)
    turned = "".join([lines[-1], *lines[:-1]]).replace("${SCHOOL_YEAR:-2025-26}\nsource", "2026\nsource")
    assert turned != good
    assert load(text=turned).settings_digest == load().settings_digest


def test_what_a_school_says_stays_out_of_the_next_one_with_its_rule_sets(load: Load) -> None:
    before = load()
    load("tables: {students: {filters: {status: null}}}\nmembers: {student: {prefix: X}}\n")
    assert load() == before


@pytest.mark.parametrize(
    "more",
    [
        "plan: {max_age: 1 day}\n",
        "members: {student: {prefix: X}}\n",
        "exclude: {file: exclude.csv}\n",
        "tables: {students: {filters: {status: null}}}\n",
    ],
)
def test_digest_changes_with_a_setting(load: Load, more: str) -> None:
    assert load(more).settings_digest != load().settings_digest


def test_a_plan_made_on_trial_stands_when_the_trial_is_over(load: Load) -> None:
    on_trial, over = load("sync: plan_only\n"), load("sync: apply\n")
    assert on_trial.sync != over.sync
    assert on_trial.settings_digest == over.settings_digest


def test_digest_changes_with_a_value_from_the_environment(load: Load) -> None:
    assert load(SCHOOL_YEAR="2026-27").settings_digest != load().settings_digest


def test_effective_settings_are_plain_data_without_locations(load: Load) -> None:
    effective = load(LISTS).effective
    text = json.dumps(effective)
    assert not [word for word in (".csv", ".txt", ".db", "exports") if word in text]
    assert (effective["school_year"], effective["target"]) == ("2025-26", {"kind": "embedded"})
    assert effective["groups"]["mapping"] == ["grade", "membership_list"]  # type: ignore[index]
    assert "extends" not in effective


def test_rule_sets_are_known_by_the_digest_of_their_bytes(good: str, write: Write) -> None:
    text = "rule_set: local\n"
    write(text, "rules/mine.yaml")
    school = load_school(write(good.replace("vidigami-v2]", "vidigami-v2, rules/mine.yaml]")), {})
    shipped = Path(__file__).parents[2] / "rules" / "powerschool.yaml"
    assert school.rule_set_digests["local"] == hashlib.sha256(text.encode()).hexdigest()
    assert school.rule_set_digests["powerschool"] == hashlib.sha256(shipped.read_bytes()).hexdigest()


def test_how_long_values_are_remembered_says_nothing_of_a_plan(load: Load) -> None:
    assert load("retention: 30 days\n").settings_digest == load().settings_digest
