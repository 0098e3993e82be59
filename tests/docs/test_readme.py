from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from reconciler import environment
from reconciler.cli.main import INTERRUPTED, app, main
from reconciler.config import load_school
from reconciler.config.resources import rule_set_names, schema
from reconciler.errors import HeldError, ReconcileError
from reconciler.model import (
    DEFAULT_GUARDS,
    FINDING_CODES,
    LIST_TABLES,
    NONE_ALLOWED,
    Limit,
    School,
    Window,
    fold_header,
)
from reconciler.model.plan import ACTIONS
from reconciler.model.settings import (
    EmailSettings,
    ExcludeSettings,
    GroupSettings,
    IdentitySettings,
    ParentSettings,
)
from reconciler.sources import SOURCES
from reconciler.targets import TARGETS
from tests.docs.readme import FENCED, PROSE, ROOT, TEXT, block, codes, section, table, tables

if TYPE_CHECKING:
    from reconciler.model import TableRules

COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]  # a group has them
SETTINGS = "## A school file explained"


def load(path: Path) -> School:
    return load_school(path, {})


@pytest.fixture(scope="module")
def maple_grove() -> School:
    return load(ROOT / "schools" / "maple-grove.yaml")


# Commands


def synopsis(name: str) -> tuple[str, set[str]]:
    """What the command line says of a command: its arguments, and its options with their values."""
    arguments, options = [], set()
    for parameter in COMMANDS[name].params:
        if parameter.param_type_name == "argument":
            bare = (parameter.metavar or "").removesuffix("...").strip("[]")
            many = "..." if parameter.nargs == -1 else ""
            arguments.append((bare if parameter.required else f"[{bare}]") + many)
        else:
            kind = type(parameter.default)
            choices = "|".join(kind) if issubclass(kind, StrEnum) else ""
            value = "" if parameter.is_flag else f" {choices or parameter.metavar}"
            options.add(parameter.opts[0] + value)
    return " ".join(arguments), options


def written_synopses() -> dict[str, tuple[str, set[str]]]:
    found = {}
    for entry in re.split(r"^reconcile ", block("commands"), flags=re.MULTILINE)[1:]:
        head, *options = re.split(r"\s+(?=--)", entry.strip())
        name, _, arguments = head.partition(" ")
        found[name] = (arguments, set(options))
    return found


def all_options() -> set[str]:
    root = [one.opts[0] for one in typer.main.get_command(app).params]
    return {*root, *(one.opts[0] for command in COMMANDS.values() for one in command.params)}


def test_commands_stand_with_every_argument_and_option() -> None:
    assert written_synopses() == {name: synopsis(name) for name in COMMANDS}


def test_every_command_and_every_option_is_described() -> None:
    commands, options, of_all = tables(section("## Commands"))
    assert [codes(row[0])[0] for row in commands] == list(COMMANDS)
    flags = {name for name in all_options() if name.startswith("--")} - {"--help"}
    assert {codes(row[0])[0] for row in [*options, *of_all]} == flags


def test_every_variable_is_described_and_none_is_invented() -> None:
    named = {one.envvar for one in typer.main.get_command(app).params if one.envvar}
    named |= {one.envvar for command in COMMANDS.values() for one in command.params if one.envvar}
    named |= {environment.PSEUDONYM_KEY}
    assert named == set(re.findall(r"RECONCILE_[A-Z_]+", PROSE))


def test_no_command_or_option_is_invented() -> None:
    said = [text for text in [*codes(PROSE), *FENCED.splitlines()] if re.search(r"(^|[ /])reconcile ", text)]
    used = {name for text in said for name in re.findall(r"(?:^|[ /])reconcile ([a-z-]+)", text)}
    assert used == set(COMMANDS)
    assert {name for text in said for name in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)} <= all_options()


def test_exit_codes_are_those_of_the_command_line() -> None:
    rows = {int(code): word for code, word, _ in table("## Exit codes")}
    assert rows.pop(INTERRUPTED) == "interrupted"
    said = typer.main.get_command(app).epilog.partition("Exit codes: ")[2]  # type: ignore[union-attr]  # it has one
    assert rows == {int(code): word for code, word in re.findall(r"(\d) ([a-z ]+[a-z])", said)}
    assert rows[ReconcileError.exit_code] == "error"
    assert rows[HeldError.exit_code] == "held"


# What plans and findings hold


def test_every_finding_has_its_level_and_title() -> None:
    rows = [(codes(code)[0], level, title) for code, level, title, _ in table("## Findings")]
    assert rows == [(one.code, one.level, one.title) for one in FINDING_CODES.values()]


def test_every_finding_says_what_to_do() -> None:
    assert all(remedy for *_, remedy in table("## Findings"))


def test_actions_are_those_of_plans() -> None:
    rows = {codes(kind)[0]: tuple(codes(actions)) for kind, actions in table("### What a plan can hold")}
    assert rows == dict(ACTIONS)


# School files


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    definitions: dict[str, Any] = schema("school")["$defs"]
    return definitions[node["$ref"].rsplit("/", 1)[1]] | node if "$ref" in node else node


def setting_paths() -> set[str]:
    """Every setting of a school file; those that rule sets are made of, as a whole."""
    whole = {"members", "tables", "grades", "leaving", "user_types", "blank", "leavers"}
    paths = set()
    for name, node in schema("school")["properties"].items():
        inner = resolve(node).get("properties", {})
        paths |= {name} if name in whole or not inner else {f"{name}.{key}" for key in inner}
    return paths


def described_settings() -> dict[str, tuple[str, str]]:
    return {codes(name)[0]: (default, meaning) for name, default, meaning in table(SETTINGS)}


def test_every_setting_is_explained_and_none_is_invented() -> None:
    assert set(described_settings()) == setting_paths()


@pytest.mark.parametrize(
    ("path", "settings"),
    [
        ("groups", GroupSettings()),
        ("email", EmailSettings()),
        ("exclude", ExcludeSettings()),
        ("identity", IdentitySettings()),
        ("parents", ParentSettings()),
    ],
)
def test_defaults_are_those_of_the_settings(path: str, settings: object) -> None:
    assert is_dataclass(settings)
    rows = described_settings()
    checked = {one.name: getattr(settings, one.name) for one in fields(settings) if one.name != "templates"}
    assert {name: rows[f"{path}.{name}"][0] for name in checked} == {
        name: "none" if not value and not isinstance(value, bool) else f"`{_as_written(value)}`"
        for name, value in checked.items()
    }


def _as_written(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(one) for one in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_rule_sets_sources_and_targets_are_those_there_are() -> None:
    rows = described_settings()
    assert set(codes(rows["extends"][1])) == {*rule_set_names(), ".yaml"}
    assert set(codes(rows["source.kind"][1])) == set(SOURCES)
    assert set(codes(rows["target.kind"][1])) == set(TARGETS)


def test_guards_are_those_there_are_with_their_defaults() -> None:
    rows = {codes(guard)[0]: [int(one) for one in limit] for guard, *limit, _ in table("## Guards")}
    assert list(rows) == list(DEFAULT_GUARDS)
    assert {guard: Limit(*limit) for guard, limit in rows.items()} == DEFAULT_GUARDS


def test_written_guards_are_valid(tmp_path: Path) -> None:
    path = tmp_path / "riverside.yaml"
    path.write_text(block("school file") + block("guards"), encoding="utf-8")
    guards = load(path).guards
    assert guards["users.deactivate"] == Limit(percent=15, count=5, floor=50)
    assert (guards["users.reactivate"], guards["memberships.add"]) == (NONE_ALLOWED, None)


def test_written_calendar_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "riverside.yaml"
    path.write_text(block("school file") + block("calendar"), encoding="utf-8")
    calendar = load(path).calendar
    assert calendar.freeze == (Window("2025-12-20", "2026-01-05"),)
    assert calendar.rollover[0].limits["memberships.remove_per_group"] is None


def test_written_workflow_follows_githubs_schema(tmp_path: Path) -> None:
    path = tmp_path / "nightly.yml"
    path.write_text(block("matrix"), encoding="utf-8")
    checker = Path(sys.executable).parent / "check-jsonschema"
    command = [str(checker), "--builtin-schema", "vendor.github-workflows", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_written_crosswalk_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "riverside.yaml"
    path.write_text(block("school file") + block("crosswalk"), encoding="utf-8")
    school = load(path)
    assert len(school.source.files["crosswalk"].sha256) == 64
    assert school.identity.previous_prefixes == {"student": ("PUP",)}


def test_kinds_of_groups_are_those_of_the_schema() -> None:
    kinds = schema("school")["$defs"]["groups"]["properties"]["mapping"]["items"]["enum"]
    assert sorted(codes(row[0])[0] for row in table("### Groups")) == sorted(kinds)


def test_lists_have_the_columns_that_are_read() -> None:
    rows = {codes(name)[0]: codes(columns) for name, columns in table("### Lists beside the school file")}
    keys = {
        "exclude": "exclude.file",
        "email_overrides": "email.overrides",
        "same_person": "identity.same_person",
        "crosswalk": "identity.crosswalk",
        "membership_list": "groups.membership_list",
    }
    assert {name: set(columns) for name, columns in rows.items()} == {
        keys[name]: {aliases[0] for aliases in rules.columns.values()} for name, rules in LIST_TABLES.items()
    }


def test_school_file_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "riverside.yaml"
    path.write_text(block("school file"), encoding="utf-8")
    school = load(path)
    assert (school.name, school.sync, school.leavers["graduated"]) == (
        "Riverside Academy",
        "plan_only",
        "keep",
    )


def test_the_schools_of_a_bundle_and_of_apis_are_valid(tmp_path: Path) -> None:
    file = tmp_path / "larkspur.yaml"
    file.write_text(block("oneroster"), encoding="utf-8")
    assert load(file).source.kind == "oneroster"
    file.write_text(block("powerschool"), encoding="utf-8")
    assert load(file).source.credentials == "ELM"
    file.write_text(block("oneroster_rest"), encoding="utf-8")
    assert load(file).source.scope.endswith("roster-core.readonly")
    file.write_text(block("powerschool").replace("source: {", "# {") + block("elsewhere"), encoding="utf-8")
    assert load(file).source.files["staff"].path == "sftp://vidigami@files.example.org/elm/staff.csv"
    file.write_text(block("blackbaud"), encoding="utf-8")
    assert load(file).source.credentials == "ROWAN"
    file.write_text(block("veracross"), encoding="utf-8")
    assert load(file).source.url == "https://api.veracross.com/larkspur/v3"
    file.write_text(block("scim"), encoding="utf-8")
    assert load(file).target.url == "https://directory.example.org/scim/v2"


# Exports


def written_fields(title: str) -> list[tuple[str, ...]]:
    """`part, field, headers, needed` of each row; the part is '' for a table of its own."""
    return [
        ("", *row[:-1]) if len(row) == 4 else (codes(row[0])[0], *row[1:-1])
        for row in tables(section(title))[0]
    ]


def expected_fields(rules: TableRules, flags: tuple[str, ...]) -> list[tuple[str, ...]]:
    parts = rules.parts or {"": rules}
    return [
        (
            part,
            f"`{name}`",
            ", ".join(f"`{fold_header(alias)}`" for alias in aliases),
            _need(one, name, flags),
        )
        for part, one in parts.items()
        for name, aliases in one.columns.items()
    ]


def _need(rules: TableRules, name: str, flags: tuple[str, ...]) -> str:
    if name in flags or (name in rules.filters and rules.filters[name].required):
        return "yes: access"
    for alternatives in rules.required:
        if name in alternatives:
            others = [f"`{other}`" for other in alternatives if other != name]
            return f"yes, or {' or '.join(others)}" if others else "yes"
    return "no"


POWERSCHOOL = {
    "students": "### Students: `students`",
    "staff": "### Staff: `staff`",
    "parents": "### Persons: `parents`",
    "contacts": "### Contacts: `contacts`",
    "emails": "### E-mails: `emails`",
    "contacts_dataset": "### Contacts data set: `contacts_dataset`",
    "sections": "### Sections: `sections`",
    "enrolments": "### Enrolments: `enrolments`",
}


def test_every_powerschool_table_has_its_section(maple_grove: School) -> None:
    assert list(POWERSCHOOL) == list(maple_grove.tables)


@pytest.mark.parametrize("name", POWERSCHOOL)
def test_powerschool_fields_are_those_of_the_rule_set(name: str, maple_grove: School) -> None:
    rows = [
        (part, field, headers.casefold(), need)
        for part, field, headers, need in written_fields(POWERSCHOOL[name])
    ]
    assert rows == expected_fields(maple_grove.tables[name], maple_grove.parents.any_of)


@pytest.mark.parametrize("name", POWERSCHOOL)
def test_refused_headers_are_named(name: str, maple_grove: School) -> None:
    _, _, refused = section(POWERSCHOOL[name]).partition("Refused: ")
    sentence = refused.partition(" Each is")[0].partition(" It is")[0]
    assert {header.casefold() for header in codes(sentence)} == {*maple_grove.tables[name].refuse}


def test_host_ids_have_the_prefixes_of_the_rule_set(maple_grove: School) -> None:
    rows = {person: codes(made)[0] for person, made in table("## What to export from PowerSchool")}
    assert rows == {member: rules.prefix for member, rules in maple_grove.members.items()}


# What a run shows


def shows(output: str, lines: list[str]) -> bool:
    """Whether these lines stand in the output, in this order."""
    rest = iter(output.splitlines())
    return all(any(line == one for one in rest) for line in lines)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    return int(leaving.value.code or 0)


def test_demo_school_prints_what_the_readme_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("DIRECTORY", str(tmp_path / "directory.db"))
    monkeypatch.delenv("SCHOOL_YEAR", raising=False)
    assert run("apply", "maple-grove", "--auto-approve") == 0
    first = capsys.readouterr().out
    assert shows(first, block("output: first year").splitlines()), first
    assert run("apply", "maple-grove", "--auto-approve") == 0
    assert capsys.readouterr().out.startswith("No changes.")
    monkeypatch.setenv("SCHOOL_YEAR", "2026-27")
    assert run("plan", "maple-grove") == 0
    second = capsys.readouterr().out
    assert shows(second, block("output: next year").splitlines()), second


def test_after_the_roll_over_the_year_before_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("DIRECTORY", str(tmp_path / "directory.db"))
    for year, code in (("2025-26", 0), ("2026-27", 0), ("2025-26", 3)):
        monkeypatch.setenv("SCHOOL_YEAR", year)
        assert run("apply", "maple-grove", "--auto-approve") == code


# Commands of the head, links, the look of the text


def test_the_two_commands_stand_alone() -> None:
    for marker in ("main job", "tests"):
        (command,) = block(marker).splitlines()
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install -q ")


def test_links_to_files_lead_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", TEXT) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link.partition("#")[0]).exists()] == []


def test_files_named_in_code_exist() -> None:
    names = [name for name in codes(PROSE) if re.fullmatch(r"(?:rules|schemas|tests)/[\w./-]+\w", name)]
    assert names
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_tables_are_aligned() -> None:
    ragged = []
    for lines in re.findall(r"(?:^\|.*\n)+", TEXT, re.MULTILINE):
        bars = {tuple(at for at, sign in enumerate(line) if sign == "|") for line in lines.splitlines()}
        ragged += [lines.splitlines()[0]] if len(bars) > 1 else []
    assert ragged == []


def test_prose_fits_a_page() -> None:
    assert [line for line in PROSE.splitlines() if len(line) > 120 and not line.startswith("|")] == []
