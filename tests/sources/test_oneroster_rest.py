"""OneRoster by REST, against a server that pages, expires tokens, is busy and drops connections."""

from __future__ import annotations

import pytest

from reconciler import http
from reconciler.config import load_school
from reconciler.errors import InputError, ReconcileError
from reconciler.pipeline import plan_school
from reconciler.sources import open_source
from tests.sources.test_oneroster import CLASSES, ENROLMENTS, PEOPLE
from tests.support.grand_bend import SAMPLE, needs_grand_bend
from tests.support.oneroster import bundle, from_powerschool, user, write_folder
from tests.support.oneroster_api import CLIENT, SCOPE, SECRET, collections, serving

HEAD = """\
name: Larkspur Hall
extends: [oneroster, vidigami-v2]
school_year: 2025-26
target: {kind: embedded, path: larkspur.db}
preflight: {minimum: {students: 0, staff: 0, parents: 0}}
"""
SOURCE = "source: {{kind: oneroster_rest, url: {0.url}, token_url: {0.host}/oauth2/token, scope: '{1}'}}\n"


@pytest.fixture(autouse=True)
def waited(monkeypatch):
    seconds = []
    monkeypatch.setattr(http.SystemClock, "sleep", lambda _self, one: seconds.append(one))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("ONEROSTER_REST_ID", CLIENT)
    monkeypatch.setenv("ONEROSTER_REST_SECRET", SECRET)
    return seconds


@pytest.fixture(params=["1.1", "1.2"])
def version(request):
    return request.param


@pytest.fixture
def api(version):
    with serving(collections(PEOPLE, version), version) as server:
        yield server


@pytest.fixture
def school(tmp_path):
    """Loads the school of a server, or of a bundle in a folder."""

    def load(source, more=""):
        where = source if isinstance(source, str) else SOURCE.format(source, SCOPE)
        file = tmp_path / "larkspur.yaml"
        file.write_text(HEAD + where + more, encoding="utf-8")
        return load_school(file, {})

    return load


def assert_the_same(found, expected):
    """But for the name of the file, which is none here, and its lines."""
    assert found.frames.keys() == expected.frames.keys()
    for name, frame in expected.frames.items():
        columns = [one for one in frame.columns if one in found.frames[name].columns and one[0] != "_"]
        assert {"id", "parent_id", "section_id"} & set(columns)
        assert found.frames[name].select(columns).equals(frame.select(columns)), name


def test_a_server_gives_the_tables_that_a_bundle_gives(api, school, version, tmp_path):
    files = {"classes": CLASSES, "enrollments": ENROLMENTS}
    write_folder(tmp_path / "bundle", bundle(PEOPLE, version, **files))
    api.collections = collections(PEOPLE, version, **files)
    groups = "groups: {mapping: [classes]}\n"
    expected = open_source(school("source: {kind: oneroster, path: bundle}\n", groups)).read()
    assert expected.frames["sections"].height == 1
    assert_the_same(open_source(school(api, groups)).read(), expected)
    assert_the_same(
        open_source(school(api)).read(),
        open_source(school("source: {kind: oneroster, path: bundle}\n")).read(),
    )


@needs_grand_bend
def test_grand_bend_by_rest_is_grand_bend_in_a_bundle(school, version, tmp_path):
    """Compared whole, over many pages. (1.1 has no preferred name.)"""
    people = from_powerschool(SAMPLE / "2025-26")
    write_folder(tmp_path / "bundle", bundle(people, version))
    expected = plan_school(school("source: {kind: oneroster, path: bundle}\n"))
    with serving(collections(people, version), version) as api:
        plan = plan_school(school(api))
    assert len(api.asked) > 20
    assert plan.changes.users.height == 2900
    places = {"file", "line"}
    for kind, frame in plan.changes.frames().items():
        columns = [name for name in frame.columns if name not in places]
        assert frame.select(columns).equals(expected.changes.frames()[kind].select(columns)), kind


@pytest.mark.parametrize("most", [1, 2, 4, 9, 100])
@pytest.mark.parametrize("tells_total", [True, False])
def test_every_page_is_read_whatever_its_size(api, school, most, tells_total):
    api.most, api.tells_total = most, tells_total
    frames = open_source(school(api)).read().frames
    assert {name: frame.height for name, frame in frames.items()} == {
        "students": 5,
        "staff": 3,
        "parents": 4,
        "contacts": 4,
    }


def test_who_says_that_they_are_gone_is_none_but_counts(api, school, version):
    gone = user("s8", "student", grades="01") | {"status": "tobedeleted"}
    api.collections = collections([*PEOPLE, gone], version)
    assert "s8" not in open_source(school(api)).read().frames["students"]["id"]


def test_a_role_that_nobody_knows_is_told(api, school, version):
    api.collections = collections([*PEOPLE, user("z1", "wizard")], version)
    found = plan_school(school(api)).findings.filter(code="ignored-column")
    assert found["detail"].to_list() == ["the role 'wizard' was not read"]


def test_an_expired_token_is_renewed_and_a_busy_server_waited_for(api, school, waited):
    api.most, api.expires_after, api.busy_every = 1, 4, 5
    assert open_source(school(api)).read().frames["students"].height == 5
    assert api.tokens > 1
    assert waited


def test_a_connection_that_drops_is_made_anew(api, school):
    api.faults["users"] = "drop"
    assert open_source(school(api)).read().frames["students"].height == 5
    assert len(api.asked) == 3  # twice in the first listing, once in the second


@pytest.mark.parametrize(
    ("fault", "tells_total", "told"),
    [
        ("lie", True, "users: the API says that there are 10 rows, and lists 9: it was changed meanwhile"),
        ("removed", True, "users: the API lists others the second time; run it again"),
        ("removed", False, "users: the API lists others the second time; run it again"),
        ("repeat", True, "users: the API lists 2 rows twice; run it again"),
        ("repeat", False, "users: the API lists 2 rows twice; run it again"),
        (403, True, "GET was answered with 403; the token may not do this"),
        ({"users": []}, False, "the API lists nobody as students: an empty answer is no empty school"),
        ({"people": []}, True, "users: the API's answer has another shape than documented"),
        ({"users": [{"givenName": "x"}]}, True, "users: a row has no sourcedId; see the scopes"),
        ({"users": [{"sourcedId": "x", "roles": "x"}]}, False, "users: the API lists 1 rows twice"),
    ],
)
def test_what_does_not_add_up_is_an_error_and_no_school(api, school, fault, tells_total, told):
    api.most, api.tells_total = 2, tells_total
    api.faults["users"] = fault
    with pytest.raises(ReconcileError) as raised:
        open_source(school(api)).read()
    assert told in str(raised.value)
    assert SECRET not in str(raised.value)


def test_roles_of_another_shape_are_an_error(api, school):
    api.collections["users"][0] = {"sourcedId": "x", "roles": "teacher"}
    with pytest.raises(ReconcileError, match="users: the API's answer has another shape than documented"):
        open_source(school(api)).read()


def test_schools_of_another_shape_are_an_error(school):
    with serving(collections(PEOPLE, "1.1"), "1.1") as api:
        api.collections["users"][0]["orgs"] = {"sourcedId": "o1"}
        with pytest.raises(ReconcileError, match="users: the API's answer has another shape than documented"):
            open_source(school(api)).read()


def test_it_has_to_be_said_where_tokens_are_given(school):
    with pytest.raises(InputError, match=r"source\.token_url: missing; name the address where the server"):
        school("source: {kind: oneroster_rest, url: 'https://sis.example.org/ims/oneroster/v1p1'}\n")
