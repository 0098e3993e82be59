"""Maple Grove, whose exports are on another machine: a real server on loopback, by SFTP and by HTTPS."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from reconciler.config import load_school
from reconciler.errors import ReconcileError
from reconciler.sources import open_source
from tests.support import https_server, sftp_server

SCHOOLS = Path(__file__).parents[2] / "schools"
EXPORTS = SCHOOLS / "maple-grove" / "2025-26"


@pytest.fixture(autouse=True)
def credentials(monkeypatch, tmp_path):
    """Those of the account, and no others."""
    for name in ("USER", "PASSWORD", "PASSWORD_FILE", "KEY_FILE", "KEY_PASSPHRASE", "KNOWN_HOSTS"):
        monkeypatch.delenv(f"MAPLE_{name}", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    yield
    assert list((tmp_path / "temporary").iterdir()) == [], "a copy was left behind"


@pytest.fixture
def sftp(tmp_path, monkeypatch):
    """A server with the exports in /out, and an archive of them beside."""
    shutil.copytree(EXPORTS, tmp_path / "server" / "out")
    _zip(tmp_path / "server" / "sent.zip")
    with sftp_server.serving(tmp_path / "server") as server:
        monkeypatch.setenv("MAPLE_USER", sftp_server.USER)
        monkeypatch.setenv("MAPLE_PASSWORD", sftp_server.PASSWORD)
        monkeypatch.setenv("MAPLE_KNOWN_HOSTS", str(server.known_hosts(tmp_path / "known_hosts")))
        yield server


@pytest.fixture
def https(tmp_path, monkeypatch):
    """A server with the exports in /out, and an archive of them beside."""
    with https_server.serving(tmp_path / "ca.pem") as server:
        server.files = {f"/out/{path.name}": path.read_bytes() for path in EXPORTS.iterdir()}
        server.files["/sent.zip"] = _zip(tmp_path / "sent.zip").read_bytes()
        monkeypatch.setenv("MAPLE_USER", https_server.USER)
        monkeypatch.setenv("MAPLE_PASSWORD", https_server.PASSWORD)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        yield server


@pytest.fixture
def maple_grove(tmp_path):
    """Loads the school, with its exports elsewhere, or where it has them."""

    def load(path=""):
        text = (SCHOOLS / "maple-grove.yaml").read_text(encoding="utf-8")
        place = "path: maple-grove/${SCHOOL_YEAR:-2025-26}"
        assert place in text
        there = f"path: {path}\n  credentials: MAPLE" if path else f"path: {EXPORTS}"
        (tmp_path / "maple-grove.yaml").write_text(text.replace(place, there), encoding="utf-8")
        shutil.copytree(SCHOOLS / "maple-grove", tmp_path / "maple-grove", dirs_exist_ok=True)
        return load_school(tmp_path / "maple-grove.yaml", {"DIRECTORY": str(tmp_path / "directory.db")})

    return load


@pytest.fixture
def failure():
    """Reads a school, which must fail; gives what is told, which is no secret, and of where the files are."""

    def tell(school):
        with pytest.raises(ReconcileError) as raised:
            open_source(school).read()
        told = str(raised.value)
        for word in (sftp_server.PASSWORD, https_server.PASSWORD, "temporary"):
            assert word not in told
        return told

    return tell


def _zip(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(EXPORTS.iterdir()):
            archive.writestr(file.name, file.read_bytes())
    return path
