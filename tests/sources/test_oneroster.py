"""OneRoster bundles, 1.1 and 1.2: who is who in them, their faults, and the school that comes of them."""

from __future__ import annotations

import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.config import load_school
from reconciler.errors import InputError
from reconciler.pipeline import plan_school
from reconciler.sources import open_source
from tests.support.grand_bend import SAMPLE, needs_grand_bend
from tests.support.oneroster import bundle, from_powerschool, user, write_folder, write_zip

SCHOOL = """\
name: Larkspur Hall
extends: [oneroster, vidigami-v2]
school_year: 2025-26
source: {kind: oneroster, path: bundle}
target: {kind: embedded, path: larkspur.db}
sync: apply
preflight: {minimum: {students: 0, staff: 0, parents: 0}}
"""
PEOPLE = [
    user("s1", "student", grades="05", agents="p1,p2", email="s1@example.org", school="o1,o2"),
    user("s2", "student", grades="KG", agents="t1"),
    user("s3", "student", grades="09,10", enabledUser="true"),
    user("s4", "student", grades="12", enabledUser="false"),
    user("p1", "guardian", email="p1@example.org"),
    user("p2", "relative", email="p2@example.org"),
    user("p3", "parent", agents="s2,s9", email="p3@example.org"),
    user("t1", "teacher", email="t1@example.org", school="o1,o2"),
    user("t2", "aide", email="t2@example.org"),
]
CLASSES = (
    "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,schoolSourcedId\r\n"
    "c1,,,Biology,,,B1,o1\r\n"
)
ENROLMENTS = (
    "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary\r\n"
    "e1,,,c1,o1,t2,teacher,false\r\ne2,,,c1,o1,t1,teacher,true\r\ne3,,,c1,o1,s1,student,\r\n"
    "e4,tobedeleted,,c1,o1,s2,student,\r\n"
)


@pytest.fixture
def school(tmp_path):
    """The school of a bundle: writes it as a folder, and loads the school file."""

    def load(files, text=SCHOOL, path="bundle"):
        if files is not None:
            write_folder(tmp_path / path, files)
        file = tmp_path / "larkspur.yaml"
        file.write_text(text)
        return load_school(file, {})

    return load


def rows(frame, *columns):
    return frame.select(columns).rows()


@pytest.fixture(params=["1.1", "1.2"])
def version(request):
    return request.param


def test_people_are_what_their_roles_say(school, version):
    tables = open_source(school(bundle(PEOPLE, version))).read()
    assert rows(tables.frames["students"], "id", "grade", "status", "school_id") == [
        ("s1", "05", "true", "o1"),
        ("s1", "05", "true", "o2"),
        ("s2", "KG", "true", "o1"),
        ("s3", "09,10", "true", "o1"),
        ("s4", "12", "false", "o1"),
    ]
    assert rows(tables.frames["staff"], "id", "school_id") == [("t1", "o1"), ("t1", "o2"), ("t2", "o1")]
    assert rows(tables.frames["parents"], "id", "email") == [
        ("p1", "p1@example.org"),
        ("p2", "p2@example.org"),
        ("p3", "p3@example.org"),
        ("t1", "t1@example.org"),  # whom a student names
    ]
    assert tables.frames["students"]["_file"].unique().to_list() == ["users.csv"]
    assert tables.frames["students"]["_line"].to_list() == [2, 2, 3, 4, 5]


def test_links_count_in_either_direction_each_once(school, version):
    people = [*PEOPLE, user("p4", "parent", agents="s1"), user("s5", "student", grades="01", agents="p4")]
    people[4]["agentSourcedIds"] = "s1"  # p1 names s1, who names p1
    contacts = open_source(school(bundle(people, version))).read().frames["contacts"]
    assert rows(contacts, "student_id", "parent_id", "relationship", "is_guardian") == [
        ("s1", "p1", "guardian", "true"),
        ("s1", "p2", "relative", "false"),
        ("s2", "t1", "teacher", "true"),
        ("s5", "p4", "parent", "true"),
        ("s2", "p3", "parent", "true"),
        ("s1", "p4", "parent", "true"),
    ]


def test_a_school_comes_of_it(school, version):
    plan = plan_school(school(bundle(PEOPLE, version)))
    users = plan.changes.users.select("host_id", "after_member_type", "after_grad_year").rows()
    assert sorted(users) == [
        ("p1", "parent", ""),
        ("p3", "parent", ""),
        ("s1", "student", "2033"),
        ("s2", "student", "2038"),
        ("s3", "student", ""),
        ("t1", "staff", ""),
        ("t2", "staff", ""),
    ]
    links = plan.changes.relationships.select("student_host_id", "parent_host_id").rows()
    assert sorted(links) == [("s1", "p1"), ("s2", "p3"), ("s2", "t1")]
    found = set(plan.findings.select("code", "host_id").rows())
    assert {("unknown-grade", "s3"), ("orphan-parent", "p2")} <= found
    groups = {
        (key, host_id) for key, host_id in plan.changes.memberships.select("group_key", "host_id").rows()
    }
    assert {("grade:5", "s1"), ("grade:5", "p1"), ("grade:0", "t1"), ("faculty", "t1")} <= groups


def test_in_1_2_one_user_may_teach_and_be_a_parent(school):
    people = [
        user("s1", "student", grades="05", agents="x"),
        user("x", "teacher,guardian", email="x@example.org"),
    ]
    plan = plan_school(school(bundle(people, "1.2")))
    assert sorted(plan.changes.users.select("host_id", "after_member_type").rows()) == [
        ("s1", "student"),
        ("x", "staff"),
    ]
    assert plan.changes.relationships.select("student_host_id", "parent_host_id").rows() == [("s1", "x")]


def test_classes_are_read_where_the_school_has_groups_of_them(school, version):
    text = SCHOOL + "groups: {mapping: [classes]}\n"
    files = bundle(PEOPLE, version, classes=CLASSES, enrollments=ENROLMENTS)
    tables = open_source(school(files, text)).read()
    assert rows(tables.frames["sections"], "section_id", "course", "section", "teacher_id") == [
        ("c1", "Biology", "B1", "t1")
    ]
    assert rows(tables.frames["enrolments"], "section_id", "student_id") == [("c1", "s1")]
    without = open_source(school(bundle(PEOPLE, version))).read()
    assert "sections" not in without.frames


@pytest.mark.parametrize("inside", ["", "export 2025/"])
def test_an_archive_is_read_like_a_folder(school, tmp_path, version, inside):
    whole = open_source(school(bundle(PEOPLE, version))).read()
    write_zip(tmp_path / "b.zip", bundle(PEOPLE, version), inside)
    tables = open_source(school(None, SCHOOL.replace("path: bundle", "path: b.zip"))).read()
    for name in ("students", "staff", "parents", "contacts"):
        assert tables.frames[name].drop("_file").equals(whole.frames[name].drop("_file"))


# -- faults of the real world -----------------------------------------------------------------------------


def test_headers_and_names_of_files_may_be_spelt_otherwise(school, tmp_path):
    files = bundle(PEOPLE, "1.1")
    users = files.pop("users.csv").replace("sourcedId", "SourcedID", 1)
    files["Users.CSV"] = users.replace("orgSourcedIds", "orgSourceIds").replace("\r\n", "\r")
    files["MANIFEST.csv"] = files.pop("manifest.csv").replace("\r\n", "\n")
    tables = open_source(school(files)).read()
    assert tables.frames["students"].height == 5
    assert tables.info["students"].file == "Users.CSV"
    assert tmp_path


def test_rows_that_say_that_they_are_gone_are_none(school, version):
    people = [*PEOPLE, user("s8", "student", grades="01") | {"status": "tobedeleted"}]
    tables = open_source(school(bundle(people, version))).read()
    assert "s8" not in tables.frames["students"]["id"]


def test_without_a_manifest_the_files_tell_the_version(school, version):
    files = bundle(PEOPLE, version)
    del files["manifest.csv"]
    assert open_source(school(files)).read().frames["staff"].height == 3


def test_a_role_that_nobody_knows_is_told(school, version):
    people = [*PEOPLE, user("z1", "wizard")]
    found = plan_school(school(bundle(people, version))).findings.filter(code="ignored-column")
    assert found.select("file", "detail").rows() == [("users.csv", "the role 'wizard' was not read")]


def change(name, old, new):
    def broken(files):
        assert old in files[name]
        files[name] = files[name].replace(old, new)

    return broken


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (
            change("manifest.csv", "file.users,bulk", "file.users,delta"),
            "users is a delta: it holds changes",
        ),
        (change("manifest.csv", "file.users,bulk", "file.users,bulk\r\nfile.roles,bulk"), "no"),
        (lambda files: files.pop("users.csv"), "the manifest promises users.csv, which is not there"),
        (lambda files: files.clear(), "no users.csv is in the bundle; there is no CSV file"),
        (change("users.csv", "givenName", "firstName"), "no column givenname"),
        (change("users.csv", ",role,", ",roll,"), "no column role"),
        (change("users.csv", "\r\ns2,", "\r\ns2,,"), "row has "),
        (lambda files: files.update({"USERS.csv": files["users.csv"]}), "are the same file twice"),
        (change("users.csv", "middleName", "givenName"), "two columns are called givenname"),
    ],
)
def test_a_bundle_that_is_not_whole_is_an_error_and_no_school(school, damage, told):
    files = bundle(PEOPLE, "1.1")
    damage(files)
    if told == "no":  # roles.csv is promised, and 1.1 needs none
        assert open_source(school(files)).read().frames["staff"].height == 3
        return
    with pytest.raises(InputError) as raised:
        open_source(school(files)).read()
    assert told in str(raised.value)


def test_a_roles_file_is_needed_in_1_2(school):
    files = bundle(PEOPLE, "1.2")
    del files["roles.csv"]
    files["manifest.csv"] = files["manifest.csv"].replace("file.roles,bulk", "file.roles,absent")
    with pytest.raises(InputError, match=r"no roles\.csv is in the bundle; there is manifest, users"):
        open_source(school(files)).read()


@pytest.mark.parametrize("cut", [10, 200, -30])
def test_an_archive_that_is_cut_off_is_an_error(school, tmp_path, cut):
    whole = write_zip(tmp_path / "b.zip", bundle(PEOPLE, "1.1"))
    whole.write_bytes(whole.read_bytes()[:cut])
    with pytest.raises(InputError, match="not a whole zip archive"):
        open_source(school(None, SCHOOL.replace("path: bundle", "path: b.zip"))).read()


def test_a_damaged_file_in_an_archive_is_an_error(school, tmp_path):
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("users.csv", bundle(PEOPLE, "1.1")["users.csv"])
    path.write_bytes(path.read_bytes().replace(b"Givens1", b"Givens9", 1))
    with pytest.raises(InputError, match=r"b\.zip/users\.csv: damaged: Bad CRC-32"):
        open_source(school(None, SCHOOL.replace("path: bundle", "path: b.zip"))).read()


def test_a_bundle_that_is_not_there_says_which_setting_names_it(school):
    with pytest.raises(InputError, match=r"source\.path names a folder or a zip archive"):
        open_source(school(None)).read()


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("{kind: oneroster}", "source.path: missing; name the bundle: a folder, or a zip archive"),
        (
            "{kind: oneroster, path: b, files: {students: s.csv}}",
            "source.files: a source of the kind oneroster has none",
        ),
        ("{kind: files, path: b}", "source.files: missing; say which file holds which table"),
    ],
)
def test_a_school_file_that_does_not_fit_is_told_so(school, source, told):
    with pytest.raises(InputError) as raised:
        school(None, SCHOOL.replace("{kind: oneroster, path: bundle}", source))
    assert told in str(raised.value)


def test_digests_tell_which_tables_a_change_touches(school, tmp_path):
    text = SCHOOL + "groups: {mapping: [classes]}\n"
    loaded = school(bundle(PEOPLE, "1.1", classes=CLASSES, enrollments=ENROLMENTS), text)
    source = open_source(loaded)
    before = source.digests()
    assert {name: info.digest for name, info in source.read().info.items()} == before
    path = tmp_path / "bundle" / "enrollments.csv"
    path.write_text(path.read_text().replace("e3", "e33"))
    changed = {name for name, digest in source.digests().items() if digest != before[name]}
    assert changed == {"sections", "enrolments"}
    path.unlink()
    (tmp_path / "bundle" / "users.csv").unlink()
    assert source.digests().keys() & {"students", "enrolments"} == set()


# -- the same people as exports and as bundles ----------------------------------------------------------


@needs_grand_bend
@pytest.mark.parametrize("year", ["2025-26", "2026-27"])
def test_grand_bend_as_a_bundle_is_the_school_that_it_is_as_exports(school, tmp_path, version, year):
    """Compared whole. OneRoster 1.1 has no preferred name, and neither has a graduation year of its own."""
    exports = Path(__file__).parents[1] / "acceptance" / "powerschool.yaml"
    folders = {"EXPORTS": str(SAMPLE / year), "DIRECTORY": str(tmp_path / "x.db"), "SCHOOL_YEAR": year}
    expected = plan_school(load_school(exports, folders))
    text = SCHOOL.replace("2025-26", year)
    plan = plan_school(school(bundle(from_powerschool(SAMPLE / year), version), text))
    for kind, frame in plan.changes.frames().items():
        left_out = {"id", "reason", "fields", "step", "target_id"}
        if version == "1.1":
            left_out |= {"after_preferred_name"}
        columns = [name for name in frame.columns if name not in left_out]
        other = expected.changes.frames()[kind].select(columns)
        assert frame.select(columns).sort(columns).equals(other.sort(columns)), kind
    assert plan.changes.users.height == {"2025-26": 2900, "2026-27": 2661}[year]
    assert datetime.fromisoformat(plan.header.created) <= datetime.now(UTC)


def test_a_file_that_cannot_be_read_is_an_error(school, tmp_path, version):
    loaded = school(bundle(PEOPLE, version))
    (tmp_path / "bundle" / "users.csv").unlink()
    (tmp_path / "bundle" / "users.csv").mkdir()
    with pytest.raises(
        InputError, match=r"users\.csv: cannot be read: Is a directory; see that it is a file"
    ):
        open_source(loaded).read()


def test_what_else_lies_in_a_bundle_is_not_read(school, tmp_path, version):
    loaded = school(bundle(PEOPLE, version))
    (tmp_path / "bundle" / "demographics.csv").mkdir()
    (tmp_path / "bundle" / "notes.txt").symlink_to(tmp_path / "nowhere")
    assert open_source(loaded).read().frames["students"].height


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("absent", "says that users.csv is absent, and it is there: it may be of before"),
        ("incremental", "says 'incremental' of users, which is none of bulk, delta and absent"),
    ],
)
def test_a_file_of_which_the_manifest_says_something_else_is_not_taken_for_bulk(school, word, told):
    files = bundle(PEOPLE, "1.1")
    files["manifest.csv"] = files["manifest.csv"].replace("file.users,bulk", f"file.users,{word}")
    with pytest.raises(InputError, match=re.escape(told)):
        open_source(school(files)).read()


def test_whoever_has_no_role_is_told(school):
    files = bundle(PEOPLE, "1.2")
    *kept, last = files["roles.csv"].splitlines(keepends=True)
    assert ",t2," in last
    files["roles.csv"] = "".join(kept)
    about = open_source(school(files)).read().info["students"]
    assert about.ignored == ("whoever has no role (users: 1)",)


def test_mistakes_of_all_files_are_told_at_once(school):
    files = bundle(PEOPLE, "1.2", classes=CLASSES, enrollments=ENROLMENTS)
    files["users.csv"] = files["users.csv"].replace("givenName", "given")
    files["roles.csv"] = files["roles.csv"][:-20]
    files["enrollments.csv"] = files["enrollments.csv"][:-20]
    del files["classes.csv"]
    text = SCHOOL + "groups: {mapping: [grade, classes]}\n"
    with pytest.raises(InputError) as raised:
        open_source(school(files, text)).read()
    told = str(raised.value)
    assert "users.csv:1: no column givenname" in told
    assert "roles.csv:12: row has" in told
    assert "the manifest promises classes.csv" in told
    assert "enrollments.csv:5: row has" in told
