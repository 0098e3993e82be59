"""What every source promises, whatever it reads from."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import ReconcileError
from reconciler.frames import ORIGIN, check
from reconciler.sources import SOURCES, open_source
from tests.sources.exports import make_rules, make_school, rule_set_tables, write_file
from tests.support.oneroster import bundle, user, write_folder
from tests.support.oneroster_api import CLIENT as ONEROSTER_CLIENT
from tests.support.oneroster_api import SCOPE, collections
from tests.support.oneroster_api import SECRET as ONEROSTER_SECRET
from tests.support.oneroster_api import serving as oneroster
from tests.support.powerschool_api import CLIENT, SECRET, people, serving
from tests.support.sky_api import CLIENT as SKY_CLIENT
from tests.support.sky_api import KEY, PARENT, STUDENT, TEACHER, relationship
from tests.support.sky_api import SECRET as SKY_SECRET
from tests.support.sky_api import serving as sky
from tests.support.sky_api import user as sky_user
from tests.support.veracross_api import CLIENT as VERACROSS_CLIENT
from tests.support.veracross_api import SECRET as VERACROSS_SECRET
from tests.support.veracross_api import serving as veracross

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.model import School

MADE = ("students", "staff", "parents", "contacts")
RULES = {"people": make_rules(), "links": make_rules()}


def school_of_files(folder: Path) -> School:
    """Two tables and a side list, as files."""
    files = {
        "people": write_file(folder / "people.csv", "id,name\n007,Zoë\n1E5,NA\n".encode()),
        "links": write_file(folder / "links.txt", b"id\tname\tnote\r1\ttrue\t\r"),
        "exclude": write_file(folder / "out.csv", b"host_id,reason\nS1,asked\n"),
    }
    return make_school(files, RULES)


def break_files(folder: Path) -> None:
    """Make a read of `school_of_files` fail."""
    (folder / "links.txt").unlink()


ONEROSTER_PEOPLE = [
    user("007", "student", givenName="Zoë", grades="05", agents="p1"),
    user("1E5", "student", givenName="NA", grades="KG"),
    user("p1", "parent"),
    user("t1", "teacher"),
]


def school_of_a_bundle(folder: Path) -> School:
    """The same people as a bundle of OneRoster, and a side list."""
    path = write_folder(folder / "bundle", bundle(ONEROSTER_PEOPLE, "1.1"))
    lists = {"exclude": write_file(folder / "out.csv", b"host_id,reason\nS1,asked\n")}
    made = make_school(lists, rule_set_tables("oneroster"))
    return replace(made, source=replace(made.source, kind="oneroster", path=str(path)))


def break_bundle(folder: Path) -> None:
    """Make a read of `school_of_a_bundle` fail."""
    (folder / "bundle" / "users.csv").unlink()


_SERVERS = ExitStack()


def school_of_an_api(folder: Path) -> School:
    """The same people at a PowerSchool server, and a side list."""
    api = _SERVERS.enter_context(serving(people(2)))
    for record, (number, name) in zip(api.records["students"], (("007", "Zoë"), ("1E5", "NA")), strict=True):
        record |= {"student_number": number, "first_name": name}
    lists = {"exclude": write_file(folder / "out.csv", b"host_id,reason\nS1,asked\n")}
    made = make_school(lists)
    return replace(made, source=replace(made.source, kind="powerschool", url=api.url, credentials="CONTRACT"))


def break_api(_folder: Path) -> None:
    """Make a read of `school_of_an_api` fail, in the middle of it."""
    os.environ["CONTRACT_SECRET"] = "another"  # noqa: S105 - of nothing


def school_of_a_oneroster_server(folder: Path) -> School:
    """The same people at a OneRoster server, and a side list."""
    api = _SERVERS.enter_context(oneroster(collections(ONEROSTER_PEOPLE, "1.2"), "1.2"))
    side = {"exclude": write_file(folder / "out.csv", b"host_id,reason\nS1,asked\n")}
    made = make_school(side, rule_set_tables("oneroster"))
    source = replace(
        made.source,
        kind="oneroster_rest",
        url=api.url,
        token_url=f"{api.host}/oauth2/token",
        scope=SCOPE,
        credentials="OAK",
    )
    return replace(made, source=source)


def break_oneroster(_folder: Path) -> None:
    """Make a read of `school_of_a_oneroster_server` fail."""
    os.environ["OAK_SECRET"] = "another"  # noqa: S105 - of nothing


def school_of_veracross(folder: Path) -> School:
    """The same people at a Veracross server, and a side list."""
    names = {"last_name": "Byron", "email_1": None}
    lists: dict[str, list[dict[str, Any]]] = {
        "students": [
            {"id": number, "first_name": name, "grade_level": 20, **names}
            for number, name in (("007", "Zoë"), ("1E5", "NA"))
        ],
        "staff_faculty": [{"id": 1, "first_name": "Grace", **names}],
        "parents": [{"id": 2, "first_name": "Anne", **names}],
        "relationships": [{"id": 3, "person_id": "007", "related_person_id": 2, "legal_custody": True}],
    }
    api = _SERVERS.enter_context(veracross(lists))
    side = {"exclude": write_file(folder / "out.csv", b"host_id,reason\nS1,asked\n")}
    made = make_school(side, rule_set_tables("veracross"))
    return replace(made, source=replace(made.source, kind="veracross", url=api.url, credentials="LARK"))


def break_veracross(_folder: Path) -> None:
    """Make a read of `school_of_veracross` fail."""
    os.environ["LARK_SECRET"] = "another"  # noqa: S105 - of nothing


def school_of_blackbaud(folder: Path) -> School:
    """The same people at Blackbaud, signed in to, and a side list."""
    users = [
        sky_user("007", STUDENT, first_name="Zoë"),
        sky_user("1", TEACHER),
        sky_user("2", PARENT, relationships=[relationship(2, 7)]),
        sky_user("1E5", STUDENT, first_name="NA"),
    ]
    api = _SERVERS.enter_context(sky(users))
    token = folder / "rowan.token"
    token.touch(mode=0o600)
    token.write_text('{"refresh_token": "refresh-0"}')
    os.environ["ROWAN_TOKEN_FILE"] = str(token)
    side = {"exclude": write_file(folder / "out.csv", b"host_id,reason\nS1,asked\n")}
    made = make_school(side, rule_set_tables("blackbaud"))
    source = replace(
        made.source, kind="blackbaud", url=api.url, token_url=f"{api.host}/token", credentials="ROWAN"
    )
    return replace(made, source=source)


def break_blackbaud(_folder: Path) -> None:
    """Make a read of `school_of_blackbaud` fail."""
    os.environ["ROWAN_SECRET"] = "another"  # noqa: S105 - of nothing


@pytest.fixture(autouse=True)
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Secrets, and servers that end with the test."""
    monkeypatch.setenv("CONTRACT_ID", CLIENT)
    monkeypatch.setenv("CONTRACT_SECRET", SECRET)
    monkeypatch.setenv("OAK_ID", ONEROSTER_CLIENT)
    monkeypatch.setenv("OAK_SECRET", ONEROSTER_SECRET)
    monkeypatch.setenv("LARK_ID", VERACROSS_CLIENT)
    monkeypatch.setenv("LARK_SECRET", VERACROSS_SECRET)
    monkeypatch.setenv("ROWAN_ID", SKY_CLIENT)
    monkeypatch.setenv("ROWAN_SECRET", SKY_SECRET)
    monkeypatch.setenv("ROWAN_SUBSCRIPTION_KEY", KEY)
    monkeypatch.setenv("ROWAN_TOKEN_FILE", "")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with _SERVERS:
        yield


# How to give each kind of source a school to read, and how to make its read fail.
SCHOOLS: dict[str, tuple[Callable[[Path], School], Callable[[Path], None]]] = {
    "blackbaud": (school_of_blackbaud, break_blackbaud),
    "files": (school_of_files, break_files),
    "oneroster": (school_of_a_bundle, break_bundle),
    "oneroster_rest": (school_of_a_oneroster_server, break_oneroster),
    "powerschool": (school_of_an_api, break_api),
    "veracross": (school_of_veracross, break_veracross),
}
TABLES = {
    "blackbaud": {*MADE, "exclude"},
    "files": {"people", "links", "exclude"},
    "oneroster": {*MADE, "exclude"},
    "oneroster_rest": {*MADE, "exclude"},
    "powerschool": {*MADE, "emails", "exclude"},
    "veracross": {*MADE, "exclude"},
}
TEXT = {
    "blackbaud": ("students", "first_name"),
    "files": ("people", "name"),
    "oneroster": ("students", "first_name"),
    "oneroster_rest": ("students", "first_name"),
    "powerschool": ("students", "first_name"),
    "veracross": ("students", "first_name"),
}
"""Kind -> the tables that it gives, and where in them somebody is called Zoë."""
LEFT = {
    "blackbaud": {"exclude"},
    "files": {"people", "exclude"},
    "oneroster": {"exclude"},
    "oneroster_rest": {"exclude"},
    "powerschool": {"exclude"},
    "veracross": {"exclude"},
}
"""Kind -> the tables that are left once it is broken."""


def test_every_source_is_held_to_the_contract() -> None:
    assert set(SCHOOLS) == set(SOURCES)


@pytest.fixture(params=sorted(SOURCES))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def school(kind: str, tmp_path: Path) -> School:
    return SCHOOLS[kind][0](tmp_path)


def test_the_same_school_gives_the_same_tables(school: School) -> None:
    first, again = open_source(school).read(), open_source(school).read()
    assert first.info == again.info
    assert set(first.frames) == set(again.frames)
    assert all(first.frames[name].equals(again.frames[name]) for name in first.frames)


def test_every_table_asked_for_is_there_with_rows_and_origin(kind: str, school: School) -> None:
    tables = open_source(school).read()
    assert set(tables.frames) == set(tables.info) == TABLES[kind]
    for name, frame in tables.frames.items():
        check(frame, dict.fromkeys(tables.info[name].mapped, ORIGIN["_file"]) | ORIGIN)
        assert frame.height == tables.info[name].rows > 0


def test_text_survives(kind: str, school: School) -> None:
    table, name = TEXT[kind]
    frame = open_source(school).read().frames[table]
    assert frame.select("id", name).rows() == [("007", "Zoë"), ("1E5", "NA")]


def test_a_failed_read_raises_and_gives_no_table(kind: str, school: School, tmp_path: Path) -> None:
    SCHOOLS[kind][1](tmp_path)
    with pytest.raises(ReconcileError):
        open_source(school).read()


def test_digests_tell_what_was_read(school: School) -> None:
    source = open_source(school)
    known = {name: info.digest for name, info in source.read().info.items() if info.digest}
    assert source.digests() == known
    assert "exclude" in known  # a server cannot tell without being asked for everything


def test_digests_leave_out_what_is_missing(kind: str, school: School, tmp_path: Path) -> None:
    SCHOOLS[kind][1](tmp_path)
    assert set(open_source(school).digests()) == LEFT[kind]
