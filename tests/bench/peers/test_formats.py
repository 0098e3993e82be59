"""People in other tools' formats say what the directory says."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
import yaml

from reconciler.targets.embedded.schema import SCHEMA
from tests.bench.peers.formats import ZONE, write_octodns, write_terraform, zone_text
from tests.bench.peers.people import count_changes, read_people

PEOPLE = """
    INSERT INTO users (id, host_id, member_type, first_name, last_name, email, email_key, active, origin)
    VALUES
        (1, 'S1', 'student', 'Dóra', 'O''Neil "Bo"', '', '', 1, 'sync'),
        (2, 'P1', 'parent', 'Ada', 'Ito; Jr', 'ada@example.org', 'ada@example.org', 0, 'sync');
    INSERT INTO groups (id, external_id, category, name, origin) VALUES
        (1, 'grade:5', 'Academics', 'Grade 5', 'sync'), (2, 'grade:6', 'Academics', 'Grade 6', 'sync');
    INSERT INTO memberships VALUES (1, 1, 'sync'), (2, 2, 'sync'), (1, 2, 'sync');
    INSERT INTO relationships VALUES (1, 2, 'sync');
"""


@pytest.fixture
def people(tmp_path):
    path = tmp_path / "directory.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(";".join(SCHEMA) + ";" + PEOPLE)
    return read_people(path)


def test_a_person_is_one_flat_record(people):
    assert people["P1"] == {
        "member_type": "parent",
        "first_name": "Ada",
        "last_name": "Ito; Jr",
        "preferred_name": "",
        "email": "ada@example.org",
        "grad_year": "",
        "active": "no",
        "groups": "grade:5 grade:6",
        "children": "S1",
    }


def test_changes_are_counted_by_record(people):
    desired = {"S1": people["S1"] | {"active": "no"}, "S2": people["S1"]}
    assert count_changes(people, desired) == {"create": 1, "update": 1, "delete": 1}


def test_a_zone_holds_every_value_in_plain_ascii(people):
    text = zone_text(people)
    assert text.isascii()
    assert yaml.safe_load(text)["s1"] == {
        "type": "TXT",
        "values": [
            "active=yes",
            "first_name=D%C3%B3ra",
            "groups=grade:5",
            "last_name=O'Neil %22Bo%22",
            "member_type=student",
        ],
    }
    assert "last_name=Ito%3B Jr" in text


def test_octodns_compares_the_two_sides(people, tmp_path):
    write_octodns(tmp_path, people, people)
    config = yaml.safe_load((tmp_path / "octodns.yaml").read_text(encoding="utf-8"))
    assert config["zones"] == {ZONE: {"sources": ["desired"], "targets": ["current"]}}
    for side in ("current", "desired"):
        assert config["providers"][side]["directory"] == str(tmp_path / side)
        assert (tmp_path / side / f"{ZONE}yaml").exists()


def test_terraform_has_a_resource_for_each_person(people, tmp_path):
    write_terraform(tmp_path, people, people)
    assert "for_each = var.people" in (tmp_path / "main.tf").read_text(encoding="utf-8")
    state = json.loads((tmp_path / "terraform.tfstate").read_text(encoding="utf-8"))
    (resource,) = state["resources"]
    assert [instance["index_key"] for instance in resource["instances"]] == ["P1", "S1"]
    assert resource["instances"][1]["attributes"]["input"]["value"] == people["S1"]
