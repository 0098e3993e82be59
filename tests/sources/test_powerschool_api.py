"""PowerSchool's API, against a server that pages, throttles, forgets its tokens, drops out and lies."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from reconciler.config import load_school
from reconciler.errors import InputError, ReconcileError
from reconciler.pipeline import plan_school
from reconciler.saved import save_plan
from reconciler.sources import open_source
from tests.support.api_school import school_at, without_waiting
from tests.support.grand_bend import SAMPLE, needs_grand_bend
from tests.support.powerschool_api import CLIENT, SECRET, from_exports, people, serving

SCHOOL = """\
name: Elm
extends: [powerschool, vidigami-v2]
school_year: 2025-26
source: {kind: powerschool, url: '%s', credentials: ELM}
target: {kind: embedded, path: elm.db}
preflight: {minimum: {students: 0, staff: 0, parents: 0}}
"""


@pytest.fixture(autouse=True)
def waited(monkeypatch):
    return without_waiting(monkeypatch, ELM_ID=CLIENT, ELM_SECRET=SECRET)


@pytest.fixture
def api():
    with serving(people()) as server:
        yield server


@pytest.fixture
def school(tmp_path):
    def load(api, text=SCHOOL):
        return school_at(tmp_path, "elm", text % api.url)

    return load


def read(school, api):
    return open_source(school(api)).read()


def test_every_table_comes_whole_as_the_exports_have_it(api, school):
    tables = read(school, api)
    heights = {name: frame.height for name, frame in tables.frames.items()}
    assert heights == {"students": 250, "staff": 2, "parents": 250, "contacts": 250, "emails": 250}
    student = tables.frames["students"].row(0, named=True)
    assert student == {
        "id": "1001",
        "alternate_id": "1",
        "person_id": "",
        "first_name": "Given1",
        "last_name": "Byron",
        "grade": "1",
        "grad_year": "",
        "status": "0",
        "school_id": "1",
        "_file": "students (API)",
        "_line": 1,
    }
    contact = tables.frames["contacts"].row(1, named=True)
    assert (contact["student_alternate_id"], contact["parent_id"], contact["relationship"]) == (
        "2",
        "2",
        "Mother",
    )
    assert (contact["is_custodial"], contact["is_active"]) == ("0", "1")
    assert tables.frames["staff"].select("id", "status", "school_id").rows() == [
        ("7", "1", "1"),
        ("7", "1", "2"),
    ]


def test_a_plan_comes_of_it(api, school):
    plan = plan_school(school(api))
    types = dict(plan.changes.users.group_by("after_member_type").len().rows())
    assert types == {"student": 250, "staff": 1, "parent": 125}
    assert plan.header.digests.sources == dict.fromkeys(
        ("students", "staff", "parents", "contacts", "emails"), ""
    )


@pytest.mark.parametrize("size", [1, 7, 100, 1000])
def test_pages_are_as_large_as_the_server_allows(api, school, size):
    api.records = people(15)
    api.page_size = size
    assert read(school, api).frames["students"].height == 15
    assert sum("/students?" in path for path in api.asked) == 2 * -(-15 // size)


def test_one_record_alone_and_none_at_all_are_lists_like_others(api, school):
    api.records = people(1)
    api.records["emailaddress"] = api.records["personemailaddressassoc"] = []
    tables = read(school, api)
    assert (tables.frames["students"].height, tables.frames["emails"].height) == (1, 0)


# -- a server that is moody -----------------------------------------------------------------------------


def test_a_token_is_renewed_once_for_all_threads(api, school):
    api.page_size = 10
    api.uses_of_a_token = 40
    assert read(school, api).frames["students"].height == 250
    assert 3 <= len(api.tokens) <= 10


@pytest.mark.parametrize("lasts", ["1", 31])
def test_a_token_that_ends_soon_is_renewed_and_may_be_told_as_text(api, school, lasts):
    api.token_lasts = lasts
    assert read(school, api).frames["students"].height == 250


def test_a_busy_server_is_asked_again_and_all_wait(api, school, waited):
    api.page_size = 10
    api.every_busy = 9
    assert read(school, api).frames["students"].height == 250
    assert max(waited) >= 0.9


def test_dropped_connections_are_tried_again(api, school):
    api.page_size = 10
    api.every_dropped = 11
    assert read(school, api).frames["students"].height == 250


def test_all_of_it_at_once(api, school):
    api.page_size, api.every_busy, api.every_dropped, api.uses_of_a_token = 10, 13, 17, 60
    tables = read(school, api)
    assert {name: frame.height for name, frame in tables.frames.items()}["contacts"] == 250


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("short", "students: the API says that there are 250 records, and lists 247"),
        ("lie", "students: the API says that there are 251 records, and lists 250"),
        ("repeat", "students: the API lists 200 records twice; run it again"),
        ("grow", "students: the API says that there are 251 records, and lists 250"),
        (403, "/ws/schema/table/students/count: GET was answered with 403; the token may not do this"),
        (404, "GET was answered with 404; there is no such thing, or the token may not see it"),
        (500, "GET was answered with 500; try again later"),
        (302, "GET was answered with 302; it redirects: see the address"),
        ({"count": "many"}, "students: the API does not say how many records there are"),
        ({"count": 250}, "students: the API says that there are 250 records, and lists 0"),
        (
            {"count": 250, "record": [{"id": 1}]},
            "students: the API's answer has another shape than documented",
        ),
        (
            {"count": 1, "record": {"tables": {"students": {"first_name": "x"}}}},
            "students: a record has no dcid; see which fields the plugin may read",
        ),
        (
            {"count": 1, "record": {"tables": {"students": {"dcid": "1", "first_name": {"given": "Ada"}}}}},
            "students: the API's answer has another shape than documented",
        ),
    ],
)
def test_what_does_not_add_up_is_an_error_and_no_school(api, school, fault, told):
    api.faults["students"] = fault
    with pytest.raises(ReconcileError) as raised:
        read(school, api)
    assert told in str(raised.value)


def test_who_goes_while_somebody_comes_takes_nobody_else_along(api, school, monkeypatch):
    """The others move up by one, so that one is on no page; and the count is what it was."""
    monkeypatch.setattr("reconciler.http.client.WORKERS", 1)

    def change():
        _, *others = api.records["students"]
        api.records["students"] = [*others, others[-1] | {"dcid": "999"}]

    api.once_asked["students"] = change
    with pytest.raises(ReconcileError, match="students: the API lists others the second time; run it again"):
        read(school, api)
    assert read(school, api).frames["students"].height == 250


@pytest.mark.parametrize(
    ("table", "field", "name", "other"),
    [
        ("schoolstaff", "users_dcid", "staff", "users"),
        ("studentcontactdetail", "studentcontactassocid", "contacts", "studentcontactassoc"),
        ("personemailaddressassoc", "emailaddressid", "emails", "emailaddress"),
    ],
)
def test_records_that_refer_to_none_are_told(api, school, table, field, name, other):
    """One may well be left behind; where all do, the plugin may not read the field."""
    api.records[table][0][field] = "4711"
    tables = read(school, api)
    assert tables.info[name].ignored[-1] == (
        f"what of {table} has a {field} that {other} does not (records: 1)"
    )
    for record in api.records[table]:
        record[field] = ""
    with pytest.raises(ReconcileError, match=f"and {other} for no {field} of them: see which fields"):
        read(school, api)


@pytest.mark.parametrize("table", ["students", "schoolstaff"])
def test_an_empty_answer_is_no_empty_school(api, school, table):
    api.records[table] = []
    with pytest.raises(ReconcileError, match="an empty answer is no empty school; see what"):
        read(school, api)


def test_a_server_that_is_not_there_is_an_error(api, school):
    loaded = school(api)
    api.shutdown()
    api.server_close()
    with pytest.raises(ReconcileError, match=r"no token could be asked for|cannot be reached"):
        open_source(loaded).read()


# -- secrets --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gone", ["ELM_ID", "ELM_SECRET"])
def test_a_secret_that_is_missing_names_its_variable(api, school, monkeypatch, gone):
    monkeypatch.delenv(gone)
    with pytest.raises(ReconcileError, match=f"the variable {gone}"):
        read(school, api)


def test_a_secret_may_stand_in_a_file(api, school, monkeypatch, tmp_path):
    monkeypatch.delenv("ELM_SECRET")
    (tmp_path / "secret").write_text(SECRET + "\n")
    monkeypatch.setenv("ELM_SECRET_FILE", str(tmp_path / "secret"))
    assert read(school, api).frames["students"].height == 250
    monkeypatch.setenv("ELM_SECRET_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(ReconcileError, match="the secret cannot be read: No such file"):
        read(school, api)


def test_no_secret_and_no_token_is_in_an_error_a_log_or_the_plan(api, school, monkeypatch, caplog, tmp_path):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("ELM_SECRET", SECRET + "-wrong")
    said = []
    for fault in (None, 403, 500):
        api.faults["person"] = fault
        with pytest.raises(ReconcileError) as raised:
            read(school, api)
        said += [str(raised.value), repr(raised.value), repr(raised.value.__dict__)]
        monkeypatch.setenv("ELM_SECRET", SECRET)
    api.faults.clear()
    plan = plan_school(school(api))
    save_plan(plan, tmp_path / "elm.plan")
    said += [caplog.text, (tmp_path / "elm.plan").read_bytes().decode("latin-1")]
    assert [one for one in said if SECRET in one or "t0ken-" in one] == []


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("{kind: powerschool}", "source.url: missing; name the address of the server"),
        ("{kind: powerschool, url: elm.example.org}", "is no address; write https:// and the server's name"),
        (
            "{kind: powerschool, url: 'https://elm.example.org', credentials: a b}",
            "is no beginning of a",
        ),
    ],
)
def test_a_school_file_that_does_not_fit_is_told_so(tmp_path, source, told):
    file = tmp_path / "elm.yaml"
    file.write_text(SCHOOL.replace("{kind: powerschool, url: '%s', credentials: ELM}", source))
    with pytest.raises(InputError) as raised:
        load_school(file, {})
    assert told in str(raised.value)


# -- the same people as exports and by the API ----------------------------------------------------------


@needs_grand_bend
@pytest.mark.parametrize("year", ["2025-26", "2026-27"])
def test_grand_bend_by_the_api_is_the_school_that_it_is_as_exports(school, tmp_path, year):
    """Compared whole, but for the preferred name, which is no field of the table."""
    text = SCHOOL.replace("2025-26", year)
    folders = {"EXPORTS": str(SAMPLE / year), "DIRECTORY": str(tmp_path / "x.db"), "SCHOOL_YEAR": year}
    file = Path(__file__).parents[1] / "acceptance" / "powerschool.yaml"
    exports = plan_school(load_school(file, folders))
    with serving(from_exports(SAMPLE / year)) as api:
        api.page_size = 250
        plan = plan_school(school(api, text))
    for kind, frame in plan.changes.frames().items():
        left_out = {"id", "reason", "fields", "step", "target_id", "after_preferred_name"}
        columns = [name for name in frame.columns if name not in left_out]
        other = exports.changes.frames()[kind].select(columns)
        assert frame.select(columns).sort(columns).equals(other.sort(columns)), kind
    assert plan.changes.users.height == {"2025-26": 2900, "2026-27": 2661}[year]
