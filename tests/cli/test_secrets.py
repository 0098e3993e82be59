"""Secrets are planted, commands run as somebody runs them, and everything that they leave is searched."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.support import powerschool_api, sky_api
from tests.support.searched import everything_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.loopback import Loopback

POWERSCHOOL = """\
name: Maple Grove School
extends: [powerschool, vidigami-v3]
school_year: 2025-26
source: {{kind: powerschool, url: "{host}", credentials: SIS}}
target: {{kind: embedded, path: maple-grove.db}}
sync: apply
"""
BLACKBAUD = """\
name: Rowan Bay
extends: [blackbaud, vidigami-v3]
school_year: 2025-26
source: {{kind: blackbaud, url: "{host}/school/v1", token_url: "{host}/token", credentials: SIS}}
target: {{kind: embedded, path: rowan-bay.db}}
sync: apply
"""
CRASH = """\
import sys
from reconciler.http import Client
from reconciler.cli.main import main

def ask(self, *args, **named):
    self._sign_in.headers()
    raise RuntimeError("as a defect would")

Client.ask = ask
main(sys.argv[1:])
"""


@dataclass
class Desk:
    """A folder with a school, and an environment with secrets."""

    folder: Path
    server: Loopback
    secrets: dict[str, str]
    tokens: re.Pattern[bytes]
    """What a token of the server looks like."""
    said: list[bytes] = field(default_factory=list)

    def run(self, *args: str, code: int | None = 0, program: tuple[str, ...] = ("-m", "reconciler")) -> None:
        """Run a command in a process of its own, with everything switched on that shows more."""
        env = {
            name: value for name, value in os.environ.items() if not name.startswith(("RECONCILE_", "SIS_"))
        }
        env |= self.secrets | {"RECONCILE_DEBUG": "1", "no_proxy": "127.0.0.1"}
        command = [sys.executable, "-X", "dev", *program, "--verbose", *args]
        done = subprocess.run(command, cwd=self.folder, env=env, capture_output=True, check=False, timeout=60)
        self.said += [done.stdout, done.stderr]
        if code is not None:
            assert done.returncode == code, done.stderr.decode()

    def found(self) -> list[str]:
        """Where a secret stands that should not."""
        values = [
            value.encode() for name, value in self.secrets.items() if not name.endswith(("_FILE", "_ID"))
        ]
        places = [*((f"output {number}", text) for number, text in enumerate(self.said))]
        places += everything_in(self.folder)
        return [
            where
            for where, data in places
            if any(value in data for value in values) or self.tokens.search(data)
        ]


@pytest.fixture
def powerschool(tmp_path: Path) -> Iterator[Desk]:
    with powerschool_api.serving(powerschool_api.people(60)) as server:
        _write_school(tmp_path, POWERSCHOOL.format(host=server.host))
        secrets = {"SIS_ID": powerschool_api.CLIENT, "SIS_SECRET": powerschool_api.SECRET}
        yield Desk(tmp_path, server, secrets, re.compile(rb"t0ken-\d"))


@pytest.fixture
def blackbaud(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    users = [
        *(sky_api.user(str(number), sky_api.STUDENT) for number in range(1, 41)),
        sky_api.user("100", sky_api.TEACHER),
        sky_api.user("101", sky_api.PARENT, relationships=[sky_api.relationship(101, 1)]),
    ]
    with sky_api.serving(users) as server:
        _write_school(tmp_path, BLACKBAUD.format(host=server.host))
        token = tmp_path_factory.mktemp("kept") / "rowan-bay.token"
        token.touch(mode=0o600)
        token.write_text('{"refresh_token": "refresh-0"}', encoding="utf-8")
        secrets = {
            "SIS_ID": sky_api.CLIENT,
            "SIS_SECRET": sky_api.SECRET,
            "SIS_SUBSCRIPTION_KEY": sky_api.KEY,
            "SIS_TOKEN_FILE": str(token),
        }
        yield Desk(tmp_path, server, secrets, re.compile(rb"(access|refresh)-\d"))


def _write_school(folder: Path, text: str) -> None:
    (folder / "schools").mkdir()
    (folder / "schools" / "oak.yaml").write_text(text, encoding="utf-8")


@pytest.fixture(params=["powerschool", "blackbaud"])
def desk(request: pytest.FixtureRequest) -> Desk:
    """Each kind of sign-in."""
    made: Desk = request.getfixturevalue(request.param)
    return made


def test_no_secret_is_in_what_commands_say_and_leave(desk: Desk) -> None:
    desk.run("validate")
    desk.run("sources", "oak")
    desk.run("plan", "oak", "--out", "oak.plan", "--out-html", "oak.html", "--out-json", "oak.json")
    desk.run("show", "oak.plan", "--format", "markdown", "--show-names")
    desk.run("apply", "oak.plan", "--auto-approve")
    for command in ("report", "findings", "status", "history", "audit"):
        desk.run(command, *(["oak"] if command != "status" else []), code=None)
    assert len(list(desk.folder.rglob("*.db"))) == 2
    assert desk.found() == []


BROKEN: dict[str, Callable[[Desk], object]] = {
    "another secret": lambda desk: desk.secrets.update({"SIS_SECRET": "an0ther-s3cret"}),
    "no access": lambda desk: desk.server.faults.update({"students": 403, "14": 403}),  # type: ignore[attr-defined]
    "odd answers": lambda desk: desk.server.faults.update({"students": {"odd": 1}, "14": {"odd": 1}}),  # type: ignore[attr-defined]
    "nobody there": lambda desk: desk.server.server_close(),
}


@pytest.mark.parametrize("fault", sorted(BROKEN))
def test_no_secret_is_in_an_error(desk: Desk, fault: str) -> None:
    BROKEN[fault](desk)
    desk.run("plan", "oak", code=1)
    desk.run("sources", "oak", code=1)
    assert desk.found() == []


def test_no_secret_is_in_what_a_defect_shows(desk: Desk) -> None:
    desk.run("plan", "oak", code=1, program=("-c", CRASH))
    assert b"RuntimeError: as a defect would" in desk.said[-1]
    assert desk.found() == []


def test_the_search_finds_what_is_packed(desk: Desk) -> None:
    desk.run("plan", "oak", "--out", "oak.plan")
    desk.run("apply", "oak.plan", "--auto-approve")
    secret = desk.secrets.pop("SIS_SECRET")
    desk.secrets["SIS_SECRET"] = "Given1" if secret == powerschool_api.SECRET else "Byron"
    names = {where.partition(":")[0].partition("/")[0] for where in desk.found()}
    assert {"oak.plan", "state.db"} <= names
