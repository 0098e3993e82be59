"""What a cluster adds: workers that are lost, that are not like this machine, and that have the secrets."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, cast

import pytest
from distributed import Client, Future

from reconciler import __version__
from reconciler.errors import ReconcileError
from reconciler.fleet import DaskEngine, LocalEngine
from reconciler.fleet.dask_engine import _do, _look, _results, _silence
from reconciler.fleet.plans import PlanOrder, plan_one
from reconciler.model.fleet import SchoolLine, SchoolPlan
from tests.support.dask_cluster import dask_cluster, start_scheduler, start_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAMES = [f"schools/s{number}.yaml" for number in range(25)]
WITHOUT = """\
import sys


class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "reconciler":
            raise ModuleNotFoundError(name)


sys.meta_path.insert(0, Without())
"""
OLDER = 'import reconciler\n\nreconciler.__version__ = "0.0.1"\n'


def shout(name: str) -> str:
    return name.upper()


def lose_a_worker_once(name: str, *, marks: str) -> str:
    """What `shout` gives; but for one name, the worker is gone in the middle of it, the first time."""
    mark = Path(marks) / Path(name).name
    if name.endswith("s12.yaml") and not mark.exists():
        mark.touch()
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(1000)  # a process that has lost its worker ends
    return shout(name)


def mark_slowly(name: str, *, marks: str) -> str:
    (Path(marks) / Path(name).name).touch()
    time.sleep(0.1)
    return name


class Leaving:
    """A client of a cluster whose only worker leaves just after it was waited for."""

    def wait_for_workers(self, number: int, timeout: float) -> None:
        del number, timeout

    def run(self, look: Callable[[], str], on_error: str) -> dict[str, str]:
        assert on_error == "ignore"
        del look
        return {}

    def nthreads(self) -> dict[str, int]:
        return {}


@dataclass
class Failed:
    """The future of a batch that ended in an error."""

    error: Exception

    def result(self) -> NoReturn:
        raise self.error

    def release(self) -> None:
        """As of a future."""


def gave_up(name: str, why: str) -> str:
    return f"{name}: {why}"


def plan_failed(name: str, why: str) -> SchoolPlan:
    return SchoolPlan(SchoolLine(name, "", "failed", {}, error=why))


@pytest.fixture
def cluster() -> Iterator[str]:
    with dask_cluster() as address:
        yield address


def customised(folder: Path, text: str) -> dict[str, str]:
    """The environment of a Python that runs a text as it begins."""
    (folder / "sitecustomize.py").write_text(text, encoding="utf-8")
    return {"PYTHONPATH": str(folder)}


def test_what_a_lost_worker_was_at_is_done_by_another(cluster: str, tmp_path: Path) -> None:
    work = partial(lose_a_worker_once, marks=str(tmp_path))
    found = sorted(DaskEngine(cluster).run(work, NAMES, gave_up))
    assert (tmp_path / "s12.yaml").exists()
    assert found == sorted(LocalEngine(jobs=2).run(work, NAMES, gave_up))


def test_with_the_scheduler_goes_what_became_of_the_rest(tmp_path: Path) -> None:
    with ExitStack() as running:
        scheduler = start_scheduler()
        running.callback(scheduler.end)
        address = scheduler.said.split()[-1]
        running.callback(start_worker(address).end)
        work = partial(mark_slowly, marks=str(tmp_path))
        found = DaskEngine(address, patience=2).run(work, NAMES, gave_up)
        first = next(found)
        scheduler.process.kill()
        rest = list(found)
    assert first in NAMES
    assert len(rest) == len(NAMES) - 1
    lost = [told for told in rest if told not in NAMES]
    assert {told.partition(": ")[2] for told in lost} == {
        "the scheduler was lost, and with it what became of this"
    }


def test_without_a_worker_the_rest_is_told_as_failed(tmp_path: Path) -> None:
    with ExitStack() as running:
        address = running.enter_context(dask_cluster(0))
        worker = start_worker(address)
        work = partial(mark_slowly, marks=str(tmp_path))
        try:
            found = DaskEngine(address, patience=1).run(work, NAMES, gave_up)
            first = next(found)
        finally:
            worker.end()
        rest = list(found)
    assert first in NAMES
    lost = [told for told in rest if told not in NAMES]
    assert len(rest) == len(NAMES) - 1
    assert {told.partition(": ")[2] for told in lost} == {"the cluster has no worker any more"}


def test_workers_that_leave_as_they_are_looked_at_are_waited_for() -> None:
    assert DaskEngine("tcp://10.0.0.5:8786")._see_the_workers(cast("Client", Leaving()), lambda: "") == 1


def test_a_batch_that_ends_in_a_defect_is_told_of_each_school() -> None:
    future = cast("Future[bytes]", Failed(KeyError("Ada")))
    assert list(_results(future, NAMES[:2], gave_up)) == [
        f"{name}: a defect in reconcile (KeyError): plan this school alone, with --debug, and report it"
        for name in NAMES[:2]
    ]


def test_whoever_goes_away_cancels_what_waits(cluster: str, tmp_path: Path) -> None:
    found = DaskEngine(cluster).run(partial(mark_slowly, marks=str(tmp_path)), NAMES, gave_up)
    next(found)
    found.close()  # type: ignore[attr-defined]  # as KeyboardInterrupt does
    with Client(cluster) as client:
        while client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)):
            time.sleep(0.1)
    assert 0 < len(list(tmp_path.iterdir())) < len(NAMES)


@pytest.mark.parametrize(
    ("is_like", "why"),
    [
        (WITHOUT, "does not have reconcile: install the same version there"),
        (OLDER, f"has reconcile 0.0.1, and this is {__version__}: install the same version there"),
    ],
)
def test_a_worker_that_cannot_do_it_is_told_before_anything_is_begun(
    tmp_path: Path, is_like: str, why: str
) -> None:
    with (
        dask_cluster(1, customised(tmp_path, is_like)) as address,
        pytest.raises(ReconcileError, match="nothing was begun") as told,
    ):
        list(DaskEngine(address).run(shout, NAMES, gave_up))
    _, line = str(told.value).splitlines()
    assert line.startswith("tcp://127.0.0.1:")
    assert line.endswith(f" {why}")


@pytest.mark.parametrize(
    ("version", "folder", "store", "why"),
    [
        ("0.0.1", ".", "", f"has reconcile {__version__}, and this is 0.0.1: install the same version there"),
        (__version__, "no", "", "does not see no: workers need the same files, in the same place"),
        (
            __version__,
            ".",
            "another",
            "has another RECONCILE_STATE than this command: set the same there",
        ),
    ],
)
def test_a_worker_that_comes_later_looks_at_itself(
    monkeypatch: pytest.MonkeyPatch, version: str, folder: str, store: str, why: str
) -> None:
    monkeypatch.setenv("RECONCILE_STATE", "state.db")
    with pytest.raises(ImportError, match=f"^{re.escape(why)}"):
        _do(_look(version, folder, "salt", store))(b"")


def test_workers_that_keep_what_is_remembered_elsewhere_are_told_before_anything_is_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere = {"RECONCILE_STATE": "postgresql://ana:secret@another.invalid/fleet"}
    with dask_cluster(1, elsewhere) as address:
        monkeypatch.setenv("RECONCILE_STATE", "postgresql://ana:secret@db.invalid/fleet")
        with pytest.raises(ReconcileError, match="nothing was begun") as told:
            list(DaskEngine(address).run(shout, NAMES, gave_up))
    _, line = str(told.value).splitlines()
    assert " has another RECONCILE_STATE than this command: " in line


def test_a_scheduler_need_not_have_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as during:
        for name, value in customised(tmp_path, WITHOUT).items():
            during.setenv(name, value)
        with dask_cluster(1, {"PYTHONPATH": ""}) as address:
            found = list(DaskEngine(address).run(shout, NAMES[:3], gave_up))
    assert sorted(found) == [name.upper() for name in NAMES[:3]]


def test_a_cluster_that_is_not_there_is_told() -> None:
    engine = DaskEngine("tcp://127.0.0.1:9", patience=0.5)
    with pytest.raises(
        ReconcileError, match=r"^tcp://127\.0\.0\.1:9: there is no scheduler; see --scheduler$"
    ):
        list(engine.run(shout, NAMES, gave_up))


@pytest.mark.parametrize("address", ["10.0.0.5", "tcp://x:abc", "foo://x:1"])
def test_what_is_no_address_is_told(address: str) -> None:
    with pytest.raises(ReconcileError) as told:
        list(DaskEngine(address, patience=0.5).run(shout, NAMES, gave_up))
    assert str(told.value).startswith(f"{address}: there can be no scheduler (")
    assert str(told.value).endswith("); --scheduler takes an address such as tcp://10.0.0.5:8786")


def test_dask_itself_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("distributed.client").setLevel(logging.WARNING)  # as it has by Dask's own settings
    _silence("distributed")
    for name in ("distributed", "distributed.client", "distributed.core"):
        logging.getLogger(name).critical("a connection was lost")
    assert not caplog.records


def test_a_cluster_without_workers_is_told() -> None:
    with dask_cluster(0) as address, pytest.raises(ReconcileError) as told:
        list(DaskEngine(address, patience=1).run(shout, NAMES, gave_up))
    assert str(told.value) == f"{address}: it has no workers; start some: dask worker {address}"


@contextmanager
def overheard(address: str) -> Iterator[tuple[str, bytearray]]:
    """Another address of a scheduler, and all that is said through it, either way."""
    host, port = address.removeprefix("tcp://").split(":")
    heard, sockets = bytearray(), list[socket.socket]()

    def pass_on(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                heard.extend(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def serve() -> None:
        while True:
            try:
                one, _ = listening.accept()
            except OSError:
                return
            other = socket.create_connection((host, int(port)))
            sockets.extend((one, other))
            for pair in ((one, other), (other, one)):
                threading.Thread(target=pass_on, args=pair, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, daemon=True).start()
        yield f"tcp://127.0.0.1:{listening.getsockname()[1]}", heard
        listening.shutdown(socket.SHUT_RDWR)
    for one in sockets:
        one.close()


def test_no_secret_passes_the_scheduler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "schools").mkdir()
    (tmp_path / "schools" / "elm.yaml").write_text("nam: Elm\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name in ("ELM_SECRET", "ELM_TOKEN", "RECONCILE_PSEUDONYM_KEY"):
        monkeypatch.setenv(name, "planted-secret-0123456789")
    # Of the workers' own store the password is another, as of another user's.
    store = "postgresql://ana:{}@db.invalid/fleet?passfile=planted-secret"
    theirs = {"RECONCILE_STATE": store.format("their-secret-0123456789")}
    monkeypatch.setenv("RECONCILE_STATE", store.format("planted-secret-0123456789"))
    with dask_cluster(1, theirs) as cluster, overheard(cluster) as (address, heard):
        (planned,) = DaskEngine(address).run(
            partial(plan_one, order=PlanOrder()), ["schools/elm.yaml"], plan_failed
        )
    assert "'nam'" in planned.line.error
    assert b"elm.yaml" in heard
    for secret in (b"planted-secret", b"their-secret", b"db.invalid"):
        assert secret not in heard
