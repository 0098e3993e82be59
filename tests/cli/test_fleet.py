"""Many schools side by side: one that hangs, fails, is broken or is held touches no other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import pytest

from tests.support.dask_cluster import dask_cluster
from tests.support.workers import for_workers

Run = Callable[..., tuple[int, str, str]]
T = TypeVar("T")
SCHOOL = """\
name: {name}
extends: [powerschool, vidigami-v2]
school_year: 2025-26
source:
  kind: files
  path: maple-grove/2025-26
  files: {{students: students.txt, staff: users.csv, parents: persons.csv, contacts: contacts.csv,
          emails: emails.csv}}
target: {{kind: embedded, path: ../directories/{name}.db}}
sync: apply
"""
PANIC = "from polars.exceptions import PanicException; raise PanicException(school.name)"
HELD = "preflight: {minimum: {students: 9999}}\n"


@pytest.fixture
def schools(demo: Path) -> list[str]:
    """Six schools with the demo school's people."""
    return write_schools(demo, ["ash", "birch", "cedar", "elm", "fir", "oak"])


def write_schools(demo: Path, names: list[str]) -> list[str]:
    """Schools of these ids, with the demo school's people in place of itself."""
    (demo / "schools" / "maple-grove.yaml").unlink()
    (demo / "directories").mkdir()
    for name in names:
        (demo / "schools" / f"{name}.yaml").write_text(SCHOOL.format(name=name), encoding="utf-8")
    return names


def lines(shown: str) -> dict[str, str]:
    """School -> what its line says."""
    found = [line.split(maxsplit=1) for line in shown.splitlines()[2:] if line.startswith("  ")]
    return {words[0]: words[1] for words in found if len(words) == 2}


@pytest.fixture(params=["local", pytest.param("dask", marks=pytest.mark.slow)])
def engine(request: pytest.FixtureRequest) -> Iterator[Callable[[], tuple[str, ...]]]:
    """Gives the options of an engine; a cluster begins then, and sees what workers are to do by then."""
    with ExitStack() as running:

        def begin() -> tuple[str, ...]:
            if request.param == "local":
                return ("--jobs", "2")
            return ("--engine", "dask", "--scheduler", running.enter_context(dask_cluster()))

        yield begin


def let_a_student_leave(demo: Path, name: str) -> None:
    """Give a school that has been applied an export without a student, and allow nobody to leave a group."""
    exports = demo / "schools" / "maple-grove"
    shutil.copytree(exports / "2025-26", exports / "left")
    students = exports / "left" / "students.txt"
    header, first, *others = students.read_text(encoding="utf-8").splitlines()
    cells = first.split("\t")
    cells[header.split("\t").index("Enroll_Status")] = "2"
    students.write_text("\n".join([header, "\t".join(cells), *others, ""]), encoding="utf-8")
    whole = SCHOOL.format(name=name).replace("2025-26\n  files", "left\n  files")
    (demo / "schools" / f"{name}.yaml").write_text(
        whole + "guards: {memberships: {remove: 0}}\n", encoding="utf-8"
    )


def test_among_a_hundred_one_that_hangs_fails_is_broken_or_is_held_touches_no_other(
    demo: Path, reconcile: Run, monkeypatch: pytest.MonkeyPatch, engine: Callable[[], tuple[str, ...]]
) -> None:
    names = write_schools(demo, [f"s{number:03}" for number in range(100)])
    assert reconcile("apply", "s003", "--auto-approve")[0] == 0
    for_workers(monkeypatch, s001="time.sleep(1000)", s002="1 / 0", s005=PANIC)
    let_a_student_leave(demo, "s003")
    Path("schools/s004.yaml").write_text("nam: Four\n", encoding="utf-8")
    code, shown, _ = reconcile("plan", "--all", "--timeout", "6", "--out", "plans", *engine())
    told = lines(shown)
    assert code == 1
    assert shown.splitlines()[0] == "100 schools: 4 failed, 1 held, 95 with changes"
    assert told["s001"] == "failed        gave up after 6 seconds (--timeout)"
    assert told["s002"].startswith("failed        a defect in reconcile (ZeroDivisionError)")
    assert told["s003"].startswith("held          by memberships.remove; ")
    assert told["s004"].startswith("failed        schools/s004.yaml: ")
    assert told["s005"].startswith("failed        a defect in reconcile (PanicError)")
    others = names[:1] + names[6:]
    assert {told[name] for name in others} == {told["s000"]}
    assert told["s000"].startswith("with changes  users +813, ")
    assert sorted(path.stem for path in Path("plans").iterdir()) == sorted([*others, "s003"])


def test_json_tells_of_every_school(
    schools: list[str], reconcile: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for_workers(monkeypatch, ash="os._exit(7)", birch="1 / 0")
    code, shown, _ = reconcile("plan", "--all", "--format", "json")
    told = json.loads(shown)["schools"]
    assert code == 1
    assert [one["school"] for one in told] == schools
    assert [one["verdict"] for one in told] == ["failed", "failed", *["changes"] * 4]
    assert [bool(one["error"]) for one in told] == [True, True, *[False] * 4]
    alone = json.loads(reconcile("plan", "cedar", "--format", "json")[1])
    assert {**told[2]["plan"], "created": "", "directory": ""} == {**alone, "created": "", "directory": ""}


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_however_many_at_a_time_the_plans_are_the_same(schools: list[str], reconcile: Run, jobs: str) -> None:
    code, shown, _ = reconcile("plan", "--all", "--jobs", jobs, "--format", "json", "--out", "plans")
    alone = [reconcile("plan", name, "--format", "json")[1] for name in schools[:1]]
    assert code == 0
    assert sorted(path.stem for path in Path("plans").iterdir()) == schools
    assert '"school": "ash"' in alone[0]
    names = [line.split('"')[3] for line in shown.splitlines() if line.startswith('      "school": ')]
    assert names == schools


def test_all_are_applied_and_the_same_command_goes_on(
    schools: list[str], reconcile: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as during:
        for_workers(during, ash="os._exit(7)")
        code, shown, _ = reconcile("apply", "--all", "--auto-approve")
    assert code == 1
    assert "6 schools: 1 failed, 5 with changes" in shown
    assert "5 schools: 5 applied" in shown
    code, shown, _ = reconcile("apply", "--all", "--auto-approve")
    assert code == 0
    assert "1 school: 1 applied" in shown
    code, shown, log = reconcile("apply", "--all")
    assert (code, log) == (0, "")
    assert shown.splitlines()[0] == f"{len(schools)} schools: 6 up to date"


class Ends:
    """An engine that plans all there is, and ends in the middle of what comes next."""

    def __init__(self, error: BaseException) -> None:
        self._error, self._runs = error, 0

    def run(
        self, work: Callable[[str], T], names: Sequence[str], failed: Callable[[str, str], T]
    ) -> Iterator[T]:
        """As of Engine."""
        del failed
        self._runs += bool(names)
        for number, name in enumerate(names):
            if self._runs == 2 and number == 1:
                raise self._error
            yield work(name)


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (KeyboardInterrupt(), 130, "What was done stays done; the same command goes on from there.\n"),
        (ZeroDivisionError(), 1, "This is a defect in reconcile "),
    ],
)
def test_whatever_ends_it_says_what_was_done(
    demo: Path,
    reconcile: Run,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    says: str,
) -> None:
    write_schools(demo, ["ash", "birch"])
    engine = Ends(error)
    monkeypatch.setattr("reconciler.cli.engines.EngineOptions.open", lambda _: engine)
    found, shown, log = reconcile("apply", "--all", "--auto-approve")
    assert found == code
    assert log.startswith(says)
    assert shown.partition("1 school: ")[2].splitlines()[:2] == ["1 applied", ""]
    assert "  ash  applied" in shown
    assert [path.name for path in Path("directories").glob("*.db")] == ["ash.db"]


def test_schools_that_are_held_are_left_out(schools: list[str], reconcile: Run) -> None:
    with Path("schools/elm.yaml").open("a", encoding="utf-8") as file:
        file.write(HELD)
    code, shown, _ = reconcile("apply", "--all", "--auto-approve")
    assert code == 3
    assert f"{len(schools) - 1} schools: 5 applied" in shown
    assert not Path("directories/elm.db").exists()


@pytest.mark.parametrize("trouble", ["nam: Ash\n", HELD])
def test_the_others_wait_for_a_canary_that_is_not_well(
    schools: list[str], reconcile: Run, trouble: str
) -> None:
    whole = Path("schools/ash.yaml").read_text(encoding="utf-8")
    Path("schools/ash.yaml").write_text(whole + trouble, encoding="utf-8")
    code, shown, _ = reconcile("apply", "--all", "--canary", "ash", "--auto-approve")
    assert code in (1, 3)
    assert "5 schools: 5 not begun" in shown
    assert not list(Path("directories").iterdir())
    code, shown, _ = reconcile("apply", "--all", "--canary", "birch", "--auto-approve")
    assert code in (1, 3)
    assert f"{len(schools) - 1} schools: 5 applied" in shown


def put_on_trial(name: str) -> None:
    Path(f"schools/{name}.yaml").write_text(
        SCHOOL.format(name=name).replace("sync: apply", "sync: plan_only"), encoding="utf-8"
    )


def test_nothing_goes_by_a_canary_on_trial(schools: list[str], reconcile: Run) -> None:
    put_on_trial(schools[0])
    code, _, log = reconcile("apply", "--all", "--canary", "ash", "--auto-approve")
    assert code == 3
    assert "the canary ash is on trial (sync: plan_only), so that it would prove nothing" in log
    assert not list(Path("directories").iterdir())


def test_a_school_on_trial_is_planned_and_neither_counted_nor_applied(
    schools: list[str], reconcile: Run
) -> None:
    for name in schools[1:]:
        put_on_trial(name)
    _, told, _ = reconcile("plan", "ash", "--format", "json")
    changes = json.loads(told)["changes"]
    most = str(sum(map(len, changes.values())) if isinstance(changes, dict) else len(changes))
    code, shown, _ = reconcile("apply", "--all", "--max-changes", most, "--auto-approve")
    assert code == 0
    assert lines(shown)["birch"].endswith("; on trial")
    assert "1 school: 1 applied" in shown
    assert [path.name for path in Path("directories").glob("*.db")] == ["ash.db"]


def test_more_changes_than_allowed_are_none(schools: list[str], reconcile: Run) -> None:
    assert schools
    code, shown, log = reconcile("apply", "--all", "--max-changes", "100", "--auto-approve")
    assert code == 3
    assert shown.startswith("6 schools: 6 with changes\n")
    assert log.startswith("1")
    assert "changes are more than --max-changes 100; nothing was written." in log
    assert not list(Path("directories").iterdir())


def test_plans_on_their_way_are_hidden_from_git_and_from_others(
    schools: list[str], reconcile: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert schools
    seen: list[tuple[str, int]] = []

    def look(*_: object) -> None:
        (folder,) = (path for path in Path().glob(".reconcile-*") if path.is_dir())
        seen.append(((folder / ".gitignore").read_text(encoding="ascii"), folder.stat().st_mode & 0o777))

    monkeypatch.setattr("reconciler.cli.apply_many._see_that_they_are_few", look)
    reconcile("apply", "--all")
    assert seen == [("*\n", 0o700)]
    assert not list(Path().glob(".reconcile-*"))


def test_a_folder_that_cannot_be_written_is_told(
    schools: list[str], reconcile: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    assert schools
    monkeypatch.setattr("reconciler.cli.apply_many.mkstemp", refuse)
    code, _, log = reconcile("apply", "--all", "--auto-approve")
    assert code == 1
    assert f"{Path.cwd()}: cannot be used: Permission denied; plans are kept there" in log


def test_it_asks_before_it_writes(schools: list[str], reconcile: Run) -> None:
    assert schools
    code, _, log = reconcile("apply", "--all")
    assert code == 1
    assert "there is no terminal to ask on; nothing was written" in log
    assert not list(Path("directories").iterdir())
    assert not list(Path().glob(".reconcile-*"))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "name a school or a saved plan, or say --all"),
        (("elm", "--all"), "not together with --all"),
        (("elm", "--canary", "ash"), "only together with --all"),
        (("elm", "--max-changes", "0"), "only together with --all"),
        (("--all", "--canary", "ahs"), "there is no school 'ahs'; did you mean 'ash'?"),
        (("--all", "--engine", "dask"), "the address of the cluster's scheduler"),
        (("--all", "--scheduler", "tcp://127.0.0.1:1"), "only with --engine dask"),
        (("--all", "--full"), "not together with --all"),
        (("--all", "--show-names"), "not together with --all"),
        (("--all", "--reason", "a new year"), "not together with --all"),
        (("elm", "--timeout", "30"), "only of several schools"),
        (("elm", "--jobs", "2"), "only of several schools"),
        (("elm", "--engine", "dask"), "only of several schools"),
        (("elm", "--scheduler", "tcp://127.0.0.1:1"), "only of several schools"),
    ],
)
def test_what_does_not_go_together_is_told(
    schools: list[str], reconcile: Run, words: tuple[str, ...], says: str
) -> None:
    assert schools
    code, _, log = reconcile("apply", *words)
    assert code == 2
    assert says in " ".join(log.split())


@pytest.mark.parametrize("command", ["plan", "status"])
def test_two_files_of_one_id_are_refused_and_one_named_twice_is_one(
    schools: list[str], reconcile: Run, command: str
) -> None:
    assert schools
    Path("east").mkdir()
    shutil.copy("schools/elm.yaml", "east/elm.yaml")
    code, _, log = reconcile(command, "elm", "east/elm.yaml")
    assert code == 2
    assert "elm and east/elm.yaml have the same id; name one of them" in " ".join(log.split())
    code, shown, _ = reconcile(command, "elm", "schools/elm.yaml", "./schools/elm.yaml", "fir")
    assert code == 0
    assert shown.count("elm") == 1


def test_of_one_school_nothing_is_said_of_many(schools: list[str], reconcile: Run) -> None:
    code, _, log = reconcile("plan", schools[0], "--jobs", "4")
    assert code == 2
    assert "only of several schools" in " ".join(log.split())


@pytest.mark.parametrize("command", ["plan", "status"])
def test_an_id_may_have_dots(demo: Path, reconcile: Run, command: str) -> None:
    names = write_schools(demo, ["st.anne", "st.marys"])
    code, shown, _ = reconcile(command, *names)
    assert code == 0
    assert {line.split()[0] for line in shown.splitlines() if " st." in f" {line}"} == set(names)


@pytest.mark.parametrize("option", ["--out", "--out-html", "--out-csv"])
def test_a_file_where_a_folder_is_due_is_told(demo: Path, reconcile: Run, option: str) -> None:
    (demo / "plans").write_text("")
    told = "plans: no folder for a file of each school: File exists; name a new folder where you can write\n"
    assert reconcile("plan", "--all", option, "plans") == (1, "", told)
