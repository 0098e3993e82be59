"""Blackbaud's SKY API, against a server that rotates tokens, pages by marker and is moody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.config import load_school
from reconciler.errors import InputError, ReconcileError
from reconciler.pipeline import plan_school
from reconciler.sources import open_source
from tests.support.api_school import school_at, without_waiting
from tests.support.sky_api import (
    CLIENT,
    KEY,
    PARENT,
    SECRET,
    STUDENT,
    TEACHER,
    from_lists,
    relationship,
    serving,
    user,
)

LISTS = Path(__file__).parents[1] / "sis" / "blackbaud"
SCHOOL = """\
name: Rowan Bay
extends: [blackbaud, vidigami-v3]
school_year: 2025-26
source: {kind: blackbaud, url: '%s', token_url: '%s/token', credentials: ROWAN%s}
target: {kind: embedded, path: rowan.db}
preflight: {minimum: {students: 0, staff: 0, parents: 0}}
"""


@pytest.fixture(autouse=True)
def waited(monkeypatch):
    return without_waiting(monkeypatch, ROWAN_ID=CLIENT, ROWAN_SECRET=SECRET, ROWAN_SUBSCRIPTION_KEY=KEY)


@pytest.fixture
def token(tmp_path):
    """The file that a sign-in has left."""
    path = tmp_path / ".reconcile" / "rowan.token"
    path.parent.mkdir()
    path.touch(mode=0o600)
    path.write_text(json.dumps({"refresh_token": "refresh-0"}))
    return path


@pytest.fixture
def api(token):
    assert token.exists()
    with serving(from_lists(LISTS)) as server:
        yield server


@pytest.fixture
def school(tmp_path):
    def load(api, more="", rest=""):
        return school_at(tmp_path, "rowan", SCHOOL % (api.url, api.host, more) + rest)

    return load


def failure(school):
    with pytest.raises(ReconcileError) as raised:
        open_source(school).read()
    told = str(raised.value)
    assert not any(secret in told for secret in (SECRET, KEY, "refresh-", "access-"))
    return told


def test_the_api_gives_the_school_that_its_lists_give(api, school, tmp_path):
    """Compared whole."""
    lists = load_school(LISTS / "school.yaml", {"DIRECTORY": str(tmp_path / "x.db")})
    expected, plan = plan_school(lists), plan_school(school(api))
    places = {"target_id", "file", "line"}
    for kind, frame in plan.changes.frames().items():
        columns = [name for name in frame.columns if name not in places]
        assert frame.select(columns).equals(expected.changes.frames()[kind].select(columns)), kind
    assert plan.changes.users.height == 9


def test_relationships_are_told_by_number_and_read_by_name(api, school):
    contacts = open_source(school(api)).read().frames["contacts"]
    assert ("6100301", "6100101", "Parent_Child") in contacts.select(
        "parent_id", "student_id", "relationship"
    ).rows()
    assert {"Husband_Wife", "Guardian_Ward", "StepParent_StepChild"} < set(contacts["relationship"])


def test_a_relationship_may_come_by_name_or_by_a_number_of_tomorrow(api, school):
    api.users = [
        user(1, STUDENT, student_info={"grade_level": "K"}),
        user(2, TEACHER),
        user(
            3,
            PARENT,
            relationships=[relationship(3, 1, "Parent_Child"), relationship(3, 2, 99, access=False)],
        ),
    ]
    frames = open_source(school(api)).read().frames
    assert frames["contacts"]["relationship"].to_list() == ["Parent_Child", "99"]
    assert frames["students"]["grade"].to_list() == ["K"]


@pytest.mark.parametrize("most", [1, 2, 3, 4, 5, 1000])
def test_pages_end_where_one_is_empty(api, school, most):
    api.most = most
    tables = open_source(school(api)).read()
    assert {name: frame.height for name, frame in tables.frames.items()} == {
        "students": 4,
        "staff": 2,
        "parents": 5,
        "contacts": 8,
    }


def test_a_busy_server_is_waited_for_and_a_dropped_connection_made_anew(api, school, waited):
    api.most, api.every_busy, api.every_dropped = 1, 3, 5
    assert open_source(school(api)).read().frames["contacts"].height == 8
    assert waited


def test_each_renewal_is_kept_before_it_is_used(api, school, token):
    api.most, api.uses_of_a_token = 1, 3
    assert open_source(school(api)).read().frames["students"].height == 4
    assert api.renewals > 3
    assert json.loads(token.read_bytes()) == {"refresh_token": api.refresh_token}
    assert token.stat().st_mode & 0o777 == 0o600
    open_source(school(api)).read()  # goes on from there


def test_a_refusal_that_no_token_helps_costs_no_renewals(api, school, monkeypatch):
    monkeypatch.setenv("ROWAN_SUBSCRIPTION_KEY", "another")
    told = failure(school(api))
    assert told == (
        "127.0.0.1/users/extended: GET was answered with 401; the token is wrong or has expired (see the"
        " subscription key, and whether the user who signed in has the role SKY API Data Sync)"
    )
    assert api.renewals == 1


def test_a_revoked_sign_in_says_how_to_sign_in_again(api, school, token):
    api.refresh_token = "another"  # noqa: S105 - of nothing
    assert (
        failure(school(api))
        == f"{token}: the sign-in has expired or was revoked; run 'reconcile sign-in rowan'"
    )
    assert json.loads(token.read_bytes()) == {"refresh_token": "refresh-0"}


def test_nobody_has_signed_in(api, school, token):
    token.unlink()
    assert failure(school(api)) == f"{token}: nobody has signed in yet; run 'reconcile sign-in rowan'"


def test_a_wrong_secret_is_told_as_such(api, school, monkeypatch):
    monkeypatch.setenv("ROWAN_SECRET", "another")
    assert failure(school(api)) == "127.0.0.1: no token was given (401); see client id and secret"


@pytest.mark.parametrize(
    ("role", "fault", "told"),
    [
        (14, "repeat", "students: the API lists 2 users twice; run it again"),
        (14, 401, "GET was answered with 401"),
        (16, 403, "GET was answered with 403"),
        (14, {"count": 0, "value": []}, "the API lists nobody as students: an empty answer is no empty"),
        (15, {"count": 0, "value": []}, "the API lists nobody as staff: an empty answer is no empty"),
        (16, {"count": 0, "value": []}, "the API lists no parents: an empty answer is no empty school"),
        (14, {"users": []}, "students: the API's answer has another shape than documented"),
        (14, {"value": ["x"]}, "students: the API's answer has another shape than documented"),
        (14, [], "students: the API's answer has another shape than documented"),
        (14, {"count": 2, "value": [user(1)]}, "students: a page says that it has 2 rows, and has 1"),
        (14, {"value": [user("")]}, "students: a user has no id; see what the user who signed in may"),
        (15, {"value": [{"first_name": "x"}]}, "staff: a user has no id"),
    ],
)
def test_what_does_not_add_up_is_an_error_and_no_school(api, school, role, fault, told):
    api.most = 2
    api.faults[str(role)] = fault
    assert told in failure(school(api))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"relationships": []}, "the API lists no relationships: an empty answer is no empty school"),
        ({"relationships": None}, "the API lists no relationships: an empty answer is no empty school"),
        ({"relationships": "x"}, "relationships: the API's answer has another shape than documented"),
        ({"relationships": [{"user_one_id": 3}]}, "relationships: a relationship lacks one of its two users"),
        ({"email": ["x"]}, "parents: the API's answer has another shape than documented"),
    ],
)
def test_users_of_another_shape_are_an_error(api, school, changed, told):
    api.users = [user(1, STUDENT), user(2, TEACHER), user(3, PARENT) | changed]
    if "email" in changed:
        api.users[-1]["relationships"] = [relationship(3, 1)]
    assert told in failure(school(api))


def test_a_user_without_relationships_is_not_one_with_none(api, school):
    api.users = [user(1, STUDENT), user(2, TEACHER), user(3, PARENT)]
    del api.users[-1]["relationships"]
    assert "relationships: the API's answer has another shape than documented" in failure(school(api))


def test_a_school_without_parents_says_so(api, school):
    api.users = [user(1, STUDENT, student_info={"grade_level_name": "K"}), user(2, TEACHER)]
    frames = open_source(school(api, rest="members: {parent: null}\n")).read().frames
    assert (frames["students"].height, frames["parents"].height) == (1, 0)


def test_a_school_may_name_roles_of_its_own(api, school):
    away = {"id": 13240, "base_role_id": STUDENT, "name": "Student on Leave"}
    api.users.append(user(6100999, student_info={"grade_level_name": "K"}) | {"roles": [away]})
    by_default = open_source(school(api)).read().frames["students"]
    by_name = open_source(school(api, ", roles: {students: [student], staff: [Staff, 15]}")).read().frames
    assert "6100999" in by_default["id"]
    assert by_name["students"]["id"].to_list() == [one for one in by_default["id"] if one != "6100999"]
    assert by_name["staff"].height == 2


def test_a_role_that_the_school_does_not_have_is_told_with_those_it_has(api, school):
    with pytest.raises(InputError) as raised:
        open_source(school(api, ", roles: {students: [Pupil]}")).read()
    assert str(raised.value).endswith(
        "rowan.yaml: source.roles.students: no role Pupil; there are Parent, Staff, Student, Student on Leave"
        ", Teacher"
    )


def test_roles_are_part_of_what_a_plan_was_made_under(api, school):
    plain, named = school(api), school(api, ", roles: {students: [14, Student]}")
    assert plain.settings_digest != named.settings_digest
    assert named.effective["source"]["roles"] == {"students": [14, "Student"]}


def test_the_subscription_key_has_to_be_set(api, school, monkeypatch):
    monkeypatch.delenv("ROWAN_SUBSCRIPTION_KEY")
    assert failure(school(api)).startswith(
        "the variable ROWAN_SUBSCRIPTION_KEY (or ROWAN_SUBSCRIPTION_KEY_FILE) is not set"
    )
