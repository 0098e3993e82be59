"""A plan on disk: read back equal, closed to others, and refused when it is not whole."""

from __future__ import annotations

import dataclasses
import json
import os
import stat
import zipfile

import pytest

from reconciler import __version__
from reconciler.apply.planfile import read_plan, write_plan
from reconciler.apply.planheader import FITS
from reconciler.errors import ReconcileError
from reconciler.model import Digests, Figures, PlanHeader, TableFigures, Verdict
from reconciler.saved import is_plan_file
from tests.support.schools import contact, email, make_school, make_tables, parent, plan_for, student

NOT_WHOLE = "not a whole plan file; plan again with --out"


@pytest.fixture
def plan():
    tables = make_tables(
        students=[student("1", first_name="Zoë"), student("", last_name="Nobody")],
        parents=[parent("1")],
        contacts=[contact("1", "1")],
        emails=[email("1")],
    )
    return plan_for(make_school(), tables)


@pytest.fixture
def file(plan, tmp_path):
    path = tmp_path / "maple-grove.plan"
    write_plan(plan, path)
    return path


def rewrite(path, name, change):
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    members[name] = change(members[name])
    with zipfile.ZipFile(path, "w") as archive:
        for member, data in members.items():
            archive.writestr(member, data)


def refusal(path):
    with pytest.raises(ReconcileError) as caught:
        read_plan(path)
    return str(caught.value).removeprefix(f"{path}: ")


def test_a_plan_is_read_back_as_it_was(plan, file):
    again = read_plan(file)
    assert again.header == plan.header
    assert again.findings.equals(plan.findings)
    assert again.people.equals(plan.people)
    assert again.ready.equals(plan.ready)
    for kind, frame in plan.changes.frames().items():
        assert again.changes.frames()[kind].equals(frame), kind


def test_a_plan_is_its_owner_s_alone(file):
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_older_file_is_replaced_and_closed(plan, file):
    file.write_text("old")
    file.chmod(0o644)
    write_plan(plan, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_plan(file).header == plan.header
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_plan_is_known_by_its_first_bytes(file, tmp_path):
    other = tmp_path / "school.plan"
    other.write_text("name: not a plan\n")
    assert is_plan_file(str(file))
    assert not is_plan_file(str(other))
    assert not is_plan_file(str(tmp_path / "nowhere"))


def test_a_plan_of_another_version_is_refused(file):
    rewrite(file, "plan.json", lambda data: json.dumps(json.loads(data) | {"format": 9}).encode())
    with pytest.raises(ReconcileError) as caught:
        read_plan(file)
    assert str(caught.value) == (
        f"{file}: the plan has format 9, this version reads 4; plan again with the version that applies it"
    )


def test_a_plan_of_a_version_whose_header_says_more_is_told_by_it(file):
    def of_later(data):
        document = json.loads(data)
        document["header"] |= {"tool_version": "9.1.0", "moon": "full"}
        return json.dumps(document).encode()

    rewrite(file, "plan.json", of_later)
    assert refusal(file) == (
        f"reconcile 9.1.0 made this plan, and {__version__} cannot read it; plan again with the version that"
        " applies it"
    )


@pytest.mark.parametrize("keep", [0, 10, 400, -30])
def test_a_plan_that_was_cut_off_is_refused(file, keep):
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(ReconcileError) as caught:
        read_plan(file)
    assert str(caught.value) == f"{file}: not a whole plan file; plan again with --out"


def test_a_plan_with_a_damaged_frame_is_refused(file):
    rewrite(file, "users.parquet", lambda data: data[: len(data) // 2])
    with pytest.raises(ReconcileError, match="not a whole plan file"):
        read_plan(file)


def test_a_plan_cannot_be_written_into_a_folder_that_is_not_there(plan, tmp_path):
    path = tmp_path / "nowhere" / "x.plan"
    with pytest.raises(ReconcileError) as caught:
        write_plan(plan, path)
    assert str(caught.value) == (
        f"{path}: cannot write the plan: No such file or directory; name a file in a folder that you can"
        " write to"
    )


def test_a_plan_never_takes_the_place_of_a_device(plan, tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(ReconcileError) as caught:
        write_plan(plan, path)
    assert str(caught.value) == f"{path}: cannot write the plan: that is no file; name a file"
    assert path.is_fifo()


def test_a_path_that_is_no_text_comes_back_as_it_was(plan, file):
    strange = dataclasses.replace(plan, header=dataclasses.replace(plan.header, school_file="\udcff.yaml"))
    write_plan(strange, file)
    assert read_plan(file).header.school_file == "\udcff.yaml"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("created", "yesterday"),
        ("max_age_days", "7"),
        ("max_age_days", float("nan")),
        ("directory_id", None),
        ("settings", []),
        ("new_directory", 1),
        ("undoes", True),
        ("part", "S1"),
        ("part", [1]),
        ("user_types", {"student": 1}),
        ("tables", []),
        ("tables", {"students": {}}),
        ("verdicts", {}),
        ("verdicts", [{"guard": "users.create", "figure": "1", "population": 0, "limit": 0, "basis": "off"}]),
        ("figures", []),
        ("digests", {"settings": "", "rule_sets": [], "sources": {}}),
    ],
)
def test_a_plan_with_a_header_of_the_wrong_kind_is_refused(file, name, value):
    def garble(data):
        document = json.loads(data)
        document["header"][name] = value
        return json.dumps(document).encode()

    rewrite(file, "plan.json", garble)
    assert refusal(file) == NOT_WHOLE


@pytest.mark.parametrize("text", [b"[]", b"7", b"{}", b"[" * 100_000, b"\xff"])
def test_a_plan_whose_header_is_no_object_is_refused(file, text):
    rewrite(file, "plan.json", lambda _: text)
    assert refusal(file) in (
        NOT_WHOLE,
        "the plan has format None, this version reads 4; plan again with the version that applies it",
    )


@pytest.mark.parametrize("part", [Digests, Figures, PlanHeader, TableFigures, Verdict])
def test_every_field_of_a_header_is_looked_at(part):
    assert {str(field.type) for field in dataclasses.fields(part)} <= set(FITS)


@pytest.mark.parametrize("how", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_plan_that_was_packed_again_and_damaged_is_refused(file, how):
    with zipfile.ZipFile(file) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(file, "w", how) as archive:
        for member, data in members.items():
            archive.writestr(member, data)
    read_plan(file)
    whole = file.read_bytes()
    at = whole.find(b"plan.json") + len("plan.json")
    file.write_bytes(whole[:at] + b"\xff" * 40 + whole[at + 40 :])
    assert refusal(file) == NOT_WHOLE


def test_a_plan_that_takes_a_password_is_refused(file):
    data = bytearray(file.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := data.find(signature, at + 1)) >= 0:
            data[at + flags] |= 1
    file.write_bytes(data)
    assert refusal(file) == NOT_WHOLE


def test_a_plan_larger_than_any_is_refused_unread(file, monkeypatch):
    monkeypatch.setattr("reconciler.apply.planfile.LARGEST", 999)
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("it was read"))
    assert refusal(file) == NOT_WHOLE


def test_a_missing_plan_is_a_clear_error(tmp_path):
    with pytest.raises(ReconcileError, match="cannot read the plan: No such file or directory"):
        read_plan(tmp_path / "x.plan")
