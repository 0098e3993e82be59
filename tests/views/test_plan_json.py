from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler.frames import PERSON_FIELDS
from reconciler.model import FINDING_CODES, Plan, Verdict
from reconciler.model.plan import ACTIONS
from reconciler.views import plan_json
from tests.support.plans import finding, group, make_header, make_plan, membership, person, relationship, user

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "plan.schema.json").read_text(encoding="utf-8"))


def document(plan: Plan) -> dict[str, Any]:
    """The plan's JSON, which keeps to its schema."""
    Draft202012Validator.check_schema(SCHEMA)
    data: dict[str, Any] = json.loads(plan_json(plan))
    errors = [error.message for error in Draft202012Validator(SCHEMA).iter_errors(data)]
    assert errors == []
    return data


def test_a_plan_without_changes() -> None:
    assert document(make_plan()) == {
        "format": 1,
        "school": "maple-grove",
        "school_name": "Maple Grove School",
        "school_year": "2025-26",
        "directory": {"id": "dir-1", "school_year": "2025-26", "new": False},
        "created": "2025-09-01T08:00:00Z",
        "tool_version": "0.1.0",
        "additions_only": False,
        "digests": {"settings": "aa", "rule_sets": {"powerschool": "bb"}, "sources": {"students": "cc"}},
        "part": None,
        "undoes": None,
        "baseline": "run 1, 2025-08-25",
        "settings_changes": "",
        "verdict": "none",
        "guards": [],
        "summary": {
            "users": {"create": 0, "update": 0, "rekey": 0, "deactivate": 0, "reactivate": 0},
            "groups": {"create": 0, "update": 0},
            "memberships": {"add": 0, "remove": 0},
            "relationships": {"add": 0, "remove": 0},
        },
        "changes": [],
        "findings": [],
    }


def test_every_change_has_its_key_and_the_fields_that_change() -> None:
    plan = make_plan(
        users=[
            user(1, "create", "S1", fields=" ".join(PERSON_FIELDS), reason="new in the SIS"),
            user(2, "update", "T1", fields="email"),
            user(
                3,
                "rekey",
                "T5",
                before_host_id="P5",
                before_member_type="parent",
                fields="host_id member_type",
            ),
            user(4, "reactivate", "P7", fields="active last_name"),
            user(5, "deactivate", "S9", fields="active"),
        ],
        groups=[
            group(6, "create", "Grade 1", fields="key category name"),
            group(7, "update", "Grade 2", before_category="Academics", before_name="Two", fields="name"),
        ],
        memberships=[membership(8, "add", "S1"), membership(9, "remove", "S9", "Grade 12")],
        relationships=[relationship(10, "add", "S1", "P1"), relationship(11, "remove", "S9", "P9")],
    )
    data = document(plan)
    assert data["verdict"] == "changes"
    assert data["summary"] == {
        "users": {"create": 1, "update": 1, "rekey": 1, "deactivate": 1, "reactivate": 1},
        "groups": {"create": 1, "update": 1},
        "memberships": {"add": 1, "remove": 1},
        "relationships": {"add": 1, "remove": 1},
    }
    changes = {change.pop("id"): change for change in data["changes"]}
    assert changes[1] == {
        "kind": "user",
        "action": "create",
        "host_id": "S1",
        "before": None,
        "after": {
            "host_id": "S1",
            "member_type": "student",
            "first_name": "FirstS1",
            "last_name": "LastS1",
            "preferred_name": "",
            "email": "s1@example.org",
            "grad_year": "",
            "active": True,
        },
        "fields": list(PERSON_FIELDS),
        "reason": "new in the SIS",
    }
    sides = {id_: (change["before"], change["after"]) for id_, change in changes.items()}
    assert sides[2] == ({"email": "old@example.org"}, {"email": "t1@example.org"})
    assert sides[3] == ({"host_id": "P5", "member_type": "parent"}, {"host_id": "T5", "member_type": "staff"})
    assert sides[4] == ({"last_name": "LastP7", "active": False}, {"last_name": "LastP7", "active": True})
    assert sides[5] == ({"active": True}, {"active": False})
    assert sides[6] == (None, {"key": "grade:1", "category": "Academics", "name": "Grade 1"})
    assert sides[7] == ({"name": "Two"}, {"name": "Grade 2"})
    assert (changes[7]["group_key"], changes[7]["group"]) == ("grade:2", "Academics/Grade 2")
    assert changes[8] == {
        "kind": "membership",
        "action": "add",
        "group_key": "grade:1",
        "group": "Academics/Grade 1",
        "host_id": "S1",
        "before": None,
        "after": {"group_key": "grade:1", "host_id": "S1"},
        "fields": [],
        "reason": "",
    }
    assert sides[9] == ({"group_key": "grade:12", "host_id": "S9"}, None)
    assert changes[10] == {
        "kind": "relationship",
        "action": "add",
        "student_host_id": "S1",
        "parent_host_id": "P1",
        "before": None,
        "after": {"student_host_id": "S1", "parent_host_id": "P1"},
        "fields": [],
        "reason": "",
    }
    assert sides[11] == ({"student_host_id": "S9", "parent_host_id": "P9"}, None)


def test_findings_are_in_the_order_of_their_places() -> None:
    findings = [
        finding("shared-email", "S2", file="s.csv", line=10, detail="with others", others="P1 P2"),
        finding("missing-id", file="s.csv", line=9),
    ]
    data = document(make_plan(findings=findings))
    assert data["findings"] == [
        {
            "code": "missing-id",
            "level": "blocked",
            "host_id": "",
            "file": "s.csv",
            "line": 9,
            "detail": "",
            "others": [],
        },
        {
            "code": "shared-email",
            "level": "blocked",
            "host_id": "S2",
            "file": "s.csv",
            "line": 10,
            "detail": "with others",
            "others": ["P1", "P2"],
        },
    ]


@pytest.mark.parametrize(
    ("plan", "verdict"),
    [
        (make_plan(findings=[finding("school-year-mismatch")]), "held"),
        (make_plan(header=make_header(school_year="2026-27")), "changes"),
        (make_plan(findings=[finding("no-email", "S1")]), "none"),
    ],
)
def test_verdict(plan: Plan, verdict: str) -> None:
    assert document(plan)["verdict"] == verdict


@settings(deadline=None, max_examples=50)
@given(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_any_text_survives(name: str, detail: str) -> None:
    """Quotes, braces and control characters in a name must not break the document."""
    plan = make_plan(
        users=[user(1, "create", "S1", after_last_name=name)],
        groups=[group(2, "create", name, after_category=detail)],
        findings=[finding("no-email", "S1", detail=detail)],
        people=[person("S1")],
        header=make_header(school_name=name),
    )
    data = document(plan)
    assert data["school_name"] == name
    assert data["changes"][0]["after"]["last_name"] == name
    assert data["changes"][1]["group"] == f"{detail}/{name}"
    assert data["findings"][0]["detail"] == detail


def test_the_schema_knows_every_action_level_and_code() -> None:
    definitions = SCHEMA["$defs"]
    for kind, actions in ACTIONS.items():
        assert tuple(SCHEMA["properties"]["summary"]["properties"][kind]["required"]) == actions
        change = definitions[f"{kind.removesuffix('s')}_change"]
        assert tuple(change["properties"]["action"]["enum"]) == actions
    levels = definitions["finding"]["properties"]["level"]["enum"]
    assert {code.level for code in FINDING_CODES.values()} <= set(levels)
    for code in FINDING_CODES:
        Draft202012Validator(definitions["finding"]["properties"]["code"]).validate(code)


def test_the_schema_refuses_what_is_not_in_it() -> None:
    data = document(make_plan(users=[user(1, "create", "S1")]))
    data["changes"][0]["action"] = "delete"
    assert not Draft202012Validator(SCHEMA).is_valid(data)


def test_guards_are_told_with_limit_and_figure() -> None:
    verdicts = (
        Verdict("users.deactivate", 11, 100, 10, "percent", 10),
        Verdict("users.create", 3, 0, None, "first import"),
    )
    told = document(make_plan(header=replace(make_header(), verdicts=verdicts)))
    assert told["verdict"] == "held"
    shared = {"percent": None, "detail": "", "tripped": False}
    assert told["guards"] == [
        {
            "guard": "users.deactivate",
            "figure": 11,
            "population": 100,
            "limit": 10,
            "basis": "percent",
            "percent": 10,
            "detail": "",
            "tripped": True,
        },
        {"guard": "users.create", "figure": 3, "population": 0, "limit": None, "basis": "first import"}
        | shared,
    ]
