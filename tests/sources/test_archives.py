"""Exports in a zip archive: the same school as from a folder, and no school from one that is not whole."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from reconciler.archive import LARGEST, on_disk, open_members, read_stored
from reconciler.config import load_school
from reconciler.errors import InputError
from reconciler.pipeline import exports_of, plan_school
from reconciler.sources import open_source

SCHOOLS = Path(__file__).parents[2] / "schools"
YEAR = "2025-26"


def archive_of(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


@pytest.fixture
def zipped(tmp_path):
    """Maple Grove, whose exports are given an archive's names by `named`."""

    def make(named=str):
        text = (SCHOOLS / "maple-grove.yaml").read_text(encoding="utf-8")
        place = "path: maple-grove/${SCHOOL_YEAR:-2025-26}"
        assert place in text
        (tmp_path / "maple-grove.yaml").write_text(text.replace(place, "path: sent.zip"), encoding="utf-8")
        shutil.copytree(SCHOOLS / "maple-grove", tmp_path / "maple-grove", dirs_exist_ok=True)
        exports = {named(path.name): path.read_bytes() for path in (SCHOOLS / "maple-grove" / YEAR).iterdir()}
        archive_of(tmp_path / "sent.zip", exports)
        return load_school(tmp_path / "maple-grove.yaml", {"DIRECTORY": str(tmp_path / "directory.db")})

    return make


@pytest.mark.parametrize(
    "named",
    [str, str.upper, "2025-26/{}".format, "Exports/2025-26/{}".format],
    ids=["as", "AS", "a/", "a/b/"],
)
def test_an_archive_gives_the_plan_that_its_folder_gives(zipped, tmp_path, named):
    """Compared whole."""
    folder = load_school(SCHOOLS / "maple-grove.yaml", {"DIRECTORY": str(tmp_path / "another.db")})
    expected, plan = plan_school(folder), plan_school(zipped(named))
    assert expected.changes.users.height > 100
    for kind, frame in plan.changes.frames().items():
        assert frame.equals(expected.changes.frames()[kind]), kind
    assert plan.findings.equals(expected.findings)


def test_an_archive_is_the_export_whose_age_counts(zipped, tmp_path):
    school = zipped()
    assert exports_of(school) == [tmp_path / "sent.zip"]
    assert open_source(school).read().info["students"].modified
    assert set(open_source(school).digests()) >= {"students", "staff", "parents", "contacts", "emails"}


def test_what_is_not_in_the_archive_is_named_with_what_is(zipped, tmp_path):
    school = zipped()
    archive_of(tmp_path / "sent.zip", {"students.csv": b"x\n"})
    with pytest.raises(InputError) as raised:
        open_source(school).read()
    assert f"{tmp_path}/sent.zip: there is no students.txt in the archive; there is students.csv" in str(
        raised.value
    )


def test_two_files_that_may_be_meant_are_not_chosen_from(tmp_path):
    path = archive_of(tmp_path / "b.zip", {"a/s.csv": b"1", "b/S.csv": b"2"})
    with pytest.raises(InputError, match=r"a/s\.csv and b/S\.csv may both be s\.csv; name the file with its"):
        read_stored(f"{path}/s.csv")
    assert read_stored(f"{path}/a/s.csv") == b"1"
    assert read_stored(f"{path}/b/s.csv") == b"2"


def test_a_name_is_a_whole_one(tmp_path):
    path = archive_of(tmp_path / "b.zip", {"old-s.csv": b"1"})
    with pytest.raises(InputError, match=r"there is no s\.csv in the archive; there is old-s\.csv"):
        read_stored(f"{path}/s.csv")


def test_what_macs_add_is_none_of_the_files(tmp_path):
    path = archive_of(tmp_path / "b.zip", {"s.csv": b"1", "__MACOSX/s.csv": b"2", "folder/": b""})
    assert list(open_members(path)) == ["s.csv"]
    assert read_stored(f"{path}/s.csv") == b"1"


@pytest.mark.parametrize("cut", [10, 60, -10])
def test_an_archive_that_is_cut_off_gives_no_school(zipped, tmp_path, cut):
    school, path = zipped(), tmp_path / "sent.zip"
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(InputError, match=r"sent\.zip: not a whole zip archive"):
        open_source(school).read()


def test_damage_is_found(tmp_path):
    path = archive_of(tmp_path / "b.zip", {"s.csv": b"name\nAda\n"}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"Ada", b"Eda"))
    with pytest.raises(InputError, match=r"b\.zip/s\.csv: damaged: Bad CRC-32"):
        read_stored(f"{path}/s.csv")


def test_an_encrypted_archive_is_told_so(tmp_path):
    path = archive_of(tmp_path / "b.zip", {"s.csv": b"1"}, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"s\.csv: encrypted: it takes a password; have it sent without"):
        read_stored(f"{path}/s.csv")


def test_the_same_name_twice_is_not_chosen_from(tmp_path):
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("s.csv", b"1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("s.csv", b"2")
    with pytest.raises(InputError, match=r"s\.csv is in it twice"):
        read_stored(f"{path}/s.csv")


def test_what_would_unpack_to_more_than_a_school_is_not_unpacked(tmp_path, monkeypatch):
    path = archive_of(tmp_path / "b.zip", {"s.csv": b"0" * 1000})
    assert LARGEST > 10**9
    monkeypatch.setattr("reconciler.archive.LARGEST", 999)
    with pytest.raises(InputError, match=r"s\.csv is larger than any school"):
        read_stored(f"{path}/s.csv")


def test_what_stands_outside_of_archives_is_read_as_ever(tmp_path):
    file = tmp_path / "s.csv"
    file.write_bytes(b"1")
    assert read_stored(str(file)) == b"1"
    assert on_disk(str(file)) == file
    assert on_disk(str(tmp_path / "none.csv")) == tmp_path / "none.csv"
    with pytest.raises(FileNotFoundError):
        read_stored(str(tmp_path / "none.csv"))
    with pytest.raises(InputError, match=r"s\.csv: not a whole zip archive"):
        read_stored(str(file / "s.csv"))


@pytest.mark.parametrize("place", [0, -1], ids=["at the file", "in the list"])
def test_an_archive_whose_names_are_damaged_is_an_error_like_others(tmp_path, place):
    path = archive_of(tmp_path / "sent.zip", {"stüd.csv": b"1"})
    parts = path.read_bytes().split("ü".encode())
    damaged = [b"\xff\xff", "ü".encode()][:: 1 if place == 0 else -1]
    path.write_bytes(parts[0] + damaged[0] + parts[1] + damaged[1] + parts[2])
    with pytest.raises(InputError, match=r"not a whole zip archive|damaged"):
        next(iter(open_members(path).values()))()


def test_an_archive_that_is_replaced_while_it_is_read_is_an_error(tmp_path):
    path = archive_of(tmp_path / "sent.zip", {"students.csv": b"1"})
    members = open_members(path)
    archive_of(path, {"staff.csv": b"1"})
    with pytest.raises(InputError, match="damaged: "):
        members["students.csv"]()
