"""A process is told from another one that has its number by now, and from one of another container."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from reconciler.pipeline import process
from reconciler.pipeline.process import is_there, this_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells it")


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as started:
        yield started
        started.kill()


def test_this_process_is_there() -> None:
    assert is_there(this_process()) is True
    assert this_process() == this_process()


def test_one_that_has_ended_is_not(other: subprocess.Popen[bytes]) -> None:
    assert is_there(str(other.pid)) is True
    other.kill()
    other.wait()
    assert is_there(str(other.pid)) is False


@on_linux
def test_one_that_was_killed_and_whose_parent_has_not_looked_is_not(other: subprocess.Popen[bytes]) -> None:
    os.kill(other.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while is_there(str(other.pid)) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(other.pid, 0)  # its number is taken still
    assert is_there(str(other.pid)) is False


@on_linux
def test_another_process_with_its_number_is_not_it() -> None:
    number, began, realm = this_process().split(":")
    assert is_there(f"{number}:{int(began) - 1}:{realm}") is False


@on_linux
def test_of_another_container_or_an_earlier_boot_it_is_not_known() -> None:
    number, began, _ = this_process().split(":")
    assert is_there(f"{number}:{began}:0123456789abcdef") is None


def test_a_name_of_no_number_is_in_doubt_there() -> None:
    assert is_there("somebody") is True


def test_where_the_system_does_not_tell_the_number_is_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(process, "_PROC", tmp_path)
    assert this_process() == str(os.getpid())
    assert is_there(this_process()) is True
