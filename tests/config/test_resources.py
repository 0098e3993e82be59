from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from reconciler.config import SCHEMA_NAMES, load_school, resources, rule_set_names, schema_text, validate
from reconciler.config.fields import FIELD_NAMES, TABLE_NAMES
from reconciler.errors import ReconcileError

TOP = Path(__file__).parents[2]
WITHOUT_PARENTS = ("clever",)


@pytest.mark.parametrize("name", rule_set_names())
def test_shipped_rule_set_is_right_and_named_as_its_file(name: str) -> None:
    path = TOP / "rules" / f"{name}.yaml"
    assert validate([path], {}) == []
    assert f"\nrule_set: {name}\n" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("vidigami", [name for name in rule_set_names() if name.startswith("vidigami")])
@pytest.mark.parametrize("sis", [name for name in rule_set_names() if not name.startswith("vidigami")])
def test_every_sis_goes_with_every_version_of_vidigami(sis: str, vidigami: str, tmp_path: Path) -> None:
    path = tmp_path / "school.yaml"
    families = "" if sis in WITHOUT_PARENTS else ", parents: c, contacts: d"
    path.write_text(
        f"""
name: Oak
extends: [{sis}, {vidigami}]
school_year: 2026
source: {{kind: files, files: {{students: a, staff: b{families}}}}}
target: {{kind: embedded, path: oak.db}}
groups: {{mapping: [grade, grad_year, faculty]}}
"""
    )
    school = load_school(path, {})
    assert set(school.members) == {"student", "staff", *(["parent"] if families else [])}
    assert {field for rules in school.tables.values() for field in rules.columns} <= set(FIELD_NAMES)
    plain = {name for name, rules in school.tables.items() if rules.columns}
    assert plain <= set(TABLE_NAMES)


def test_schools_of_the_repository_are_right() -> None:
    assert validate(sorted((TOP / "schools").glob("*.yaml")), {}) == []


@pytest.mark.parametrize("name", SCHEMA_NAMES)
def test_schema_is_one_and_says_its_draft(name: str) -> None:
    schema = json.loads(schema_text(name))
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", ["school", "ruleset"])
def test_every_property_is_described_for_an_editor(name: str) -> None:
    def undescribed(schema: object, path: str) -> list[str]:
        if isinstance(schema, list):
            return [found for one in schema for found in undescribed(one, path)]
        if not isinstance(schema, dict):
            return []
        found = [
            f"{path}.{key}" for key, one in schema.get("properties", {}).items() if not one.get("description")
        ]
        return found + [deep for key, one in schema.items() for deep in undescribed(one, f"{path}.{key}")]

    assert undescribed(json.loads(schema_text(name)), name) == []


def test_rule_set_may_hold_what_a_school_may_but_what_is_the_schools_own() -> None:
    school, ruleset = (set(json.loads(schema_text(name))["properties"]) for name in ("school", "ruleset"))
    assert school - ruleset == {"name", "extends", "onboarding", "school_year", "source", "target"}
    assert ruleset - school == {"rule_set"}


def test_unknown_schema_says_which_there_are() -> None:
    with pytest.raises(ReconcileError) as caught:
        schema_text("shcool")
    assert str(caught.value) == "no schema 'shcool'; did you mean 'school'?"
    with pytest.raises(ReconcileError, match=r"no schema 'x'; known are .*ruleset.*, school"):
        schema_text("x")


def test_installed_package_finds_what_it_carries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "reconciler"
    for kind in ("rules", "schemas"):
        (package / "_data" / kind).mkdir(parents=True)
    (package / "_data" / "rules" / "own.yaml").write_text("rule_set: own\n")
    (package / "_data" / "schemas" / "one.schema.json").write_text("{}")
    monkeypatch.setattr(resources, "files", lambda _: package)
    assert rule_set_names() == ("own",)
    assert resources.schema_names() == ("one",)
    assert schema_text("one") == "{}"
