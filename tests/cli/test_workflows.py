"""The workflows and the action: their form, what they may do, and their scripts, run for real."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pyrage
import pytest
import yaml

from tests.docs.readme import block
from tests.support.comments_api import TOKEN, serving

ROOT = Path(__file__).parents[2]
ACTION = ROOT / ".github" / "actions" / "reconcile"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SCRIPTS = sorted(ACTION.glob("*.sh"))


def tool(name):
    """A tool beside this Python, wherever that is."""
    return str(Path(sys.executable).with_name(name))


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def steps():
    """Every step of every workflow, and of the action."""
    for file in WORKFLOWS:
        for job in yaml.safe_load(file.read_text())["jobs"].values():
            yield from job.get("steps", [])
    yield from yaml.safe_load((ACTION / "action.yml").read_text())["runs"]["steps"]


# -- their form -----------------------------------------------------------------------------------------


def test_workflows_and_action_follow_githubs_schemas():
    for schema, files in (("workflows", WORKFLOWS), ("actions", [ACTION / "action.yml"])):
        command = [tool("check-jsonschema"), "--builtin-schema", f"vendor.github-{schema}"]
        done = run(*command, *map(str, files))
        assert done.returncode == 0, done.stdout + done.stderr


def test_scripts_are_sound_and_may_be_run():
    done = run(tool("shellcheck"), *map(str, SCRIPTS))
    assert done.returncode == 0, done.stdout
    assert all(os.access(script, os.X_OK) for script in SCRIPTS)
    assert all("set -euo pipefail" in script.read_text() for script in SCRIPTS)


def test_no_text_of_others_gets_into_a_script_but_as_a_variable():
    assert [step["run"] for step in steps() if "${{" in step.get("run", "")] == []


def test_each_job_may_do_no_more_than_it_has_to():
    allowed = {}
    for file in WORKFLOWS:
        workflow = yaml.safe_load(file.read_text())
        top = workflow.get("permissions")
        assert top in ({}, {"contents": "read"}), file.name
        for name, job in workflow["jobs"].items():
            allowed[f"{file.stem}.{name}"] = job.get("permissions", top)
    read, comment = {"contents": "read"}, {"contents": "read", "pull-requests": "write"}
    assert allowed == {
        "ci.check": read,
        "reconcile.plan": read,
        "reconcile.comment": comment,
        "schools.plan": comment,  # what it may hand on
    }


def test_what_a_pull_request_holds_never_meets_a_token_that_writes():
    for file in WORKFLOWS:
        text = file.read_text()
        assert "pull_request_target" not in text
        assert "workflow_run" not in text
    jobs = yaml.safe_load((ROOT / ".github/workflows/reconcile.yml").read_text())["jobs"]
    checkout = jobs["comment"]["steps"][0]
    assert checkout["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"


def test_checkouts_keep_no_token_and_actions_are_githubs_own():
    used = {step["uses"] for step in steps() if "uses" in step}
    assert {name for name in used if not re.match(r"actions/[a-z-]+@v\d+$", name)} == {
        "./.github/actions/reconcile"
    }
    for step in steps():
        if step.get("uses", "").startswith("actions/checkout"):
            assert step["with"]["persist-credentials"] is False


def test_each_input_reaches_the_action_and_is_described_in_the_readme():
    workflow = yaml.safe_load((ROOT / ".github/workflows/reconcile.yml").read_text())
    inputs = workflow[True]["workflow_call"]["inputs"]  # YAML 1.1 takes `on` for a truth value
    handed = workflow["jobs"]["plan"]["steps"][1]["with"]
    action = yaml.safe_load((ACTION / "action.yml").read_text())["inputs"]
    assert set(handed) <= set(action)
    assert set(inputs) - {"runs-on"} <= set(handed)
    readme = (ROOT / "README.md").read_text()
    assert [name for name in inputs if f"| `{name}`" not in readme] == []
    defaults = {name: str(one["default"]).lower() for name, one in action.items() if name in inputs}
    assert {name: str(inputs[name]["default"]).lower() for name in defaults} == defaults


def test_the_readmes_workflow_is_the_one_of_this_repository():
    assert block("workflow") == (ROOT / ".github/workflows/schools.yml").read_text()


def test_the_readmes_gitlab_job_follows_gitlabs_schema(tmp_path):
    file = tmp_path / ".gitlab-ci.yml"
    file.write_text(block("gitlab"))
    done = run(tool("check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci", str(file))
    assert done.returncode == 0, done.stdout + done.stderr


# -- their scripts --------------------------------------------------------------------------------------


@pytest.fixture
def job(demo, tmp_path_factory):
    """A job in a checkout of the demo school: runs a script of the action, and gives what it left."""
    for words in (
        ["init", "-q", "-b", "main"],
        ["add", "-A"],
        ["-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "-m", "all"],
    ):
        assert run("git", *words).returncode == 0
    runner = tmp_path_factory.mktemp("runner")
    outside = {
        name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "RECONCILE_"))
    }

    def script(name, **variables):
        output = runner / "output"
        output.unlink(missing_ok=True)
        output.touch()
        environment = outside | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "RUNNER_TEMP": str(runner),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_ACTION_PATH": str(ACTION),
        }
        done = run(str(ACTION / name), env=environment | variables, cwd=demo)
        left = dict(line.split("=", 1) for line in output.read_text().splitlines())
        return done, left

    return script


def touch_the_school():
    path = Path("schools/maple-grove.yaml")
    path.write_text(path.read_text().replace("name: Maple Grove School", "name: Maple Grove Academy"))


def test_a_pull_request_is_planned_and_no_plan_is_left_behind(job):
    done, left = job("plan.sh", BASE="HEAD")
    assert done.returncode == 0, done.stderr
    assert left["code"] == "0"
    assert Path(left["comment"]).read_text() == "### No school is touched\n"
    touch_the_school()
    done, left = job("plan.sh", BASE="HEAD")
    assert (done.returncode, left["code"], left["keep"]) == (0, "5", "false")
    assert Path(left["comment"]).read_text().startswith("### 1 school: 1 with changes\n")
    assert not Path(left["plans"]).exists()
    assert "@example.org" not in done.stdout + done.stderr + Path(left["comment"]).read_text()


def test_plans_are_kept_encrypted_for_those_who_are_named(job, tmp_path):
    identity = pyrage.x25519.Identity.generate()
    other = pyrage.x25519.Identity.generate()
    recipients = f"{other.to_public()},{identity.to_public()}"
    done, left = job("plan.sh", ENCRYPT_TO=recipients)
    assert (done.returncode, left["code"], left["keep"]) == (0, "5", "true")
    (plan,) = Path(left["plans"]).iterdir()
    assert plan.read_bytes().startswith(b"age-encryption.org/v1")
    key = tmp_path / "key"
    key.write_text(str(identity))
    shown = run(tool("reconcile"), "show", str(plan), "--identity", str(key))
    assert shown.stdout.startswith("Maple Grove School (maple-grove), 2025-26, a new directory\n")


def test_plans_are_kept_open_only_where_that_is_asked_for(job):
    _, left = job("plan.sh", KEEP_UNENCRYPTED="true")
    assert left["keep"] == "true"
    assert [path.name for path in Path(left["plans"]).iterdir()] == ["maple-grove.plan"]


def test_variables_reach_the_school_file_and_nothing_else(job):
    done, left = job("plan.sh", VARIABLES="# a note\nSCHOOL_YEAR=2026-27\n\n")
    assert (done.returncode, left["code"]) == (0, "5")
    assert "2026-27" in Path(left["comment"]).read_text()
    done, _ = job("plan.sh", VARIABLES="SCHOOL_YEAR=2026-27\n; touch evil")
    assert done.returncode == 2
    assert "write NAME=value, a line each" in done.stdout
    done, _ = job("plan.sh", VARIABLES="SCHOOL_YEAR=$(touch evil)", BASE="$(touch evil)")
    assert not Path("evil").exists()
    assert done.returncode == 0


def test_pseudonyms_stand_in_the_comment_where_they_are_asked_for(job):
    done, left = job(
        "plan.sh", PSEUDONYMS="true", RECONCILE_PSEUDONYM_KEY="a secret of thirty-two characters"
    )
    assert left["code"] == "5", done.stderr
    comment = Path(left["comment"]).read_text()
    assert re.search(r"\| x[a-z2-7]{12} \|", comment)
    assert not re.search(r"\| [STP]1\d{3} ", comment)
    _, left = job("plan.sh", PSEUDONYMS="true")
    assert left["code"] == "1"
    assert Path(left["comment"]).read_text().startswith("### \U0001f534 reconcile plan failed\n")


def test_a_fork_is_checked_and_not_planned(job):
    shutil.rmtree("schools/maple-grove/2025-26")  # there are no exports there
    done, left = job("plan.sh", FORK="true", BASE="HEAD", ENCRYPT_TO="age1x")
    assert (done.returncode, left["code"], left["keep"]) == (0, "0", "false")
    comment = Path(left["comment"]).read_text()
    assert comment.startswith("### Checked, not planned\n")
    assert "1 file is valid." in comment
    Path("schools/maple-grove.yaml").write_text("nam: x\n")
    _, left = job("plan.sh", FORK="true")
    assert left["code"] == "1"
    assert "schools/maple-grove.yaml:1:1: unknown key 'nam'" in Path(left["comment"]).read_text()


def test_mistakes_become_annotations_and_do_not_stop_the_plan(job):
    Path("schools/maple-grove.yaml").write_text("nam: x\n")
    done, _ = job("validate.sh")
    assert done.returncode == 0
    assert (
        "::error file=schools/maple-grove.yaml,line=1,col=1,title=reconcile::unknown key 'nam'; "
        in done.stdout
    )


@pytest.mark.parametrize(("code", "leaves"), [("0", 0), ("5", 0), ("3", 3), ("1", 1), ("2", 2)])
def test_the_job_ends_as_the_plan_ended(job, code, leaves):
    done, _ = job("verdict.sh", CODE=code)
    assert done.returncode == leaves
    assert ("::error" in done.stdout) is bool(leaves)


def test_comment_and_plan_go_together_over_two_pushes(job):
    """What the two jobs of the workflow do, one after the other, twice."""
    event = Path("event.json")
    event.write_text(json.dumps({"pull_request": {"number": 7}}))
    touch_the_school()
    with serving() as api:
        said = os.environ | {
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_REPOSITORY": "schools/schools",
            "GITHUB_API_URL": api.url,
            "no_proxy": "127.0.0.1",
        }
        for expected in ("Comment created.\n", "Comment updated.\n"):
            _, left = job("plan.sh", BASE="HEAD")
            done = run(tool("reconcile"), "comment", left["comment"], env=said)
            assert (done.stdout, done.stderr) == (expected, "")
            Path("schools/maple-grove/exclude.csv").write_text("host_id,reason\n")
        assert len(api.bodies) == 1
        assert api.bodies[1].startswith("<!-- reconcile: plan -->\n### 1 school: 1 with changes\n")
