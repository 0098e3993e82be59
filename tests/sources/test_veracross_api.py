"""Veracross's API, against a server that pages by headers, tells values by lists, and limits the rate."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.config import load_school
from reconciler.errors import ReconcileError
from reconciler.pipeline import plan_school
from reconciler.sources import open_source
from reconciler.sources.veracross.source import token_url
from tests.support.api_school import school_at, without_waiting
from tests.support.veracross_api import CLIENT, SECRET, from_queries, serving

QUERIES = Path(__file__).parents[1] / "sis" / "veracross"
SCHOOL = """\
name: Larkspur Hall
extends: [veracross, vidigami-v2]
school_year: 2025-26
source: {kind: veracross, url: '%s', credentials: LARK}
target: {kind: embedded, path: lark.db}
preflight: {minimum: {students: 0, staff: 0, parents: 0}}
"""


@pytest.fixture(autouse=True)
def waited(monkeypatch):
    return without_waiting(monkeypatch, LARK_ID=CLIENT, LARK_SECRET=SECRET)


@pytest.fixture
def api():
    with serving(from_queries(QUERIES)) as server:
        yield server


@pytest.fixture
def school(tmp_path):
    def load(api):
        return school_at(tmp_path, "lark", SCHOOL % api.url)

    return load


def test_the_api_gives_the_school_that_its_queries_give(api, school, tmp_path):
    """Compared whole."""
    queries = load_school(QUERIES / "school.yaml", {"DIRECTORY": str(tmp_path / "x.db")})
    expected, plan = plan_school(queries), plan_school(school(api))
    for kind, frame in plan.changes.frames().items():
        columns = [name for name in frame.columns if name != "target_id"]
        assert frame.select(columns).equals(expected.changes.frames()[kind].select(columns)), kind
    assert plan.changes.users.height == 12


def test_a_grade_is_told_by_the_words_of_its_value_list(api, school):
    students = open_source(school(api)).read().frames["students"]
    grades = dict(students.select("id", "grade").rows())
    assert grades["20101"] == "Kindergarten"
    assert grades["20103"] == "12th Grade"


def test_a_number_that_the_value_list_does_not_have_is_no_grade(api, school):
    """Grade 9 is the number 29 here, and the 9 somebody else."""
    api.lists["students"][0]["grade_level"] = 9
    students = open_source(school(api)).read().frames["students"]
    assert students["grade"][0] == "9 (not in the value list)"


def test_numbers_without_any_value_list_are_no_grades(api, school, monkeypatch):
    monkeypatch.setattr("tests.support.veracross_api.GRADES", {})
    with pytest.raises(ReconcileError, match="students: grade_level comes as numbers, and without the value"):
        open_source(school(api)).read()


def test_a_value_list_that_comes_with_the_first_page_alone_tells_the_others_too(api, school, monkeypatch):
    monkeypatch.setattr("reconciler.sources.veracross.listing.PAGE", 3)
    api.first_page_tells = True
    students = open_source(school(api)).read().frames["students"]
    assert not [grade for grade in students["grade"] if grade.isdecimal() and grade != "20"]


@pytest.mark.parametrize("most", [1, 2, 3, 6, 1000])
def test_pages_end_where_one_is_empty(api, school, most, monkeypatch):
    api.most = most
    monkeypatch.setattr("reconciler.sources.veracross.listing.PAGE", most)
    tables = open_source(school(api)).read()
    assert {name: frame.height for name, frame in tables.frames.items()} == {
        "students": 6,
        "staff": 3,
        "parents": 7,
        "contacts": 14,
    }


def test_the_rate_limit_is_waited_for(api, school, waited):
    api.limit = 3
    assert open_source(school(api)).read().frames["contacts"].height == 14
    assert waited


@pytest.mark.parametrize(
    ("name", "fault", "told"),
    [
        ("students", "short", "students: the API gives a page after one that is not full; run it again"),
        ("parents", "repeat", "parents: the API lists 4 rows twice; run it again"),
        ("students", 401, "127.0.0.1/students: GET was answered with 401; the token is wrong or has expired"),
        ("students", 404, "GET was answered with 404"),
        ("staff_faculty", {"data": []}, "the API lists nobody as staff: an empty answer is no empty school"),
        ("students", {"students": []}, "students: the API's answer has another shape than documented"),
        ("parents", {"data": [{"first_name": "x"}]}, "parents: a row has no id; see which scopes"),
        ("parents", {"data": {"id": 1}}, "parents: the API's answer has another shape than documented"),
    ],
)
def test_what_does_not_add_up_is_an_error_and_no_school(api, school, monkeypatch, name, fault, told):
    monkeypatch.setattr("reconciler.sources.veracross.listing.PAGE", 2)
    api.faults[name] = fault
    with pytest.raises(ReconcileError) as raised:
        open_source(school(api)).read()
    assert told in str(raised.value)
    assert SECRET not in str(raised.value)


def test_several_values_are_no_name(api, school):
    api.lists["parents"][0]["first_name"] = {"given": "Ada"}
    with pytest.raises(ReconcileError, match="parents: the API's answer has another shape than documented"):
        open_source(school(api)).read()


def test_somebody_who_is_removed_between_two_pages_takes_nobody_else_along(api, school, monkeypatch):
    """The others move up by one, and whoever comes first on the second page was never listed."""
    monkeypatch.setattr("reconciler.sources.veracross.listing.PAGE", 2)
    api.once_asked["students"] = lambda: api.lists["students"].pop(0)
    with pytest.raises(ReconcileError, match="students: the API lists others the second time; run it again"):
        open_source(school(api)).read()
    assert open_source(school(api)).read().frames["students"].height == 5


@pytest.mark.parametrize(
    ("url", "token"),
    [
        ("https://api.veracross.com/elm/v3", "https://accounts.veracross.com/elm/oauth/token"),
        ("https://api.veracross.eu/oak/v3/", "https://accounts.veracross.eu/oak/oauth/token"),
        ("http://127.0.0.1:8000/elm/v3", "http://127.0.0.1:8000/elm/oauth/token"),
    ],
)
def test_tokens_are_given_by_the_accounts_server_of_the_school(url, token):
    assert token_url(url) == token
