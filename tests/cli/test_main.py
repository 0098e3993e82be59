"""The one place where errors become messages and exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from polars.exceptions import PanicException
from typer.testing import CliRunner

from reconciler import __version__
from reconciler.cli import main as command_line
from reconciler.errors import HeldError, InputError, Mistake, ReconcileError
from reconciler.model import FINDING_CODES

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
COMMANDS = (
    *("init", "validate", "sources", "plan", "diff-config", "comment", "show", "apply", "report", "findings"),
    *("letters", "explain", "whois", "match", "plugin", "sign-in", "schema", "status", "history", "undo"),
    *("unlock", "forget", "audit"),
)

Run = tuple[int, str, str]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    def invoke(*args: str) -> Run:
        with pytest.raises(SystemExit) as leaving:
            command_line.main(args)
        captured = capsys.readouterr()
        return int(leaving.value.code or 0), captured.out, captured.err

    return invoke


DEFECT = (
    f"This is a defect in reconcile {__version__} (%s), not in your files. Please report it;"
    " RECONCILE_DEBUG=1 in front of the command shows where it happened.\n"
)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ReconcileError("a.yaml: cannot be read; check it"), 1, "a.yaml: cannot be read; check it\n"),
        (HeldError("The plan is held."), 3, "The plan is held.\n"),
        (
            InputError(
                [Mistake("b.csv", 3, 0, "too short", "export again"), Mistake("a.csv", 1, 0, "empty")]
            ),
            1,
            "a.csv:1: empty\nb.csv:3: too short; export again\n",
        ),
        (KeyboardInterrupt(), 130, "Interrupted.\n"),
        (SystemExit(130), 130, "Interrupted.\n"),
        (ZeroDivisionError("S12 Ada"), 1, DEFECT % "ZeroDivisionError"),
        (PanicException("S12 Ada"), 1, DEFECT % "PanicError"),
    ],
)
def test_every_error_is_a_message_and_an_exit_code(
    run: Callable[..., Run],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    message: str,
) -> None:
    def fail(**_: object) -> NoReturn:
        raise error

    monkeypatch.delenv("RECONCILE_DEBUG", raising=False)
    monkeypatch.setattr(command_line, "app", fail)
    assert run() == (code, "", message)


@pytest.mark.parametrize("error", [ZeroDivisionError(), PanicException("S12 Ada")])
def test_a_defect_shows_its_traceback_when_asked_for(
    run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fail(**_: object) -> NoReturn:
        raise error

    monkeypatch.setenv("RECONCILE_DEBUG", "1")
    monkeypatch.setattr(command_line, "app", fail)
    code, _, message = run()
    assert code == 1
    assert "Traceback (most recent call last):" in message
    assert "in fail\n" in message
    assert "Ada" not in message


def test_version(run: Callable[..., Run]) -> None:
    assert run("--version") == (0, f"reconcile {__version__}\n", "")


def test_unknown_option_is_a_usage_error(run: Callable[..., Run]) -> None:
    code, shown, message = run("plan", "--ful")
    assert (code, shown) == (2, "")
    assert "No such option: --ful" in message


def test_every_command_and_option_has_help() -> None:
    """Help is the documentation that everybody has: nothing stands in it without a word."""
    runner = CliRunner()
    shown = runner.invoke(
        command_line.app, ["--help"], env={"COLUMNS": "200", "TERMINAL_WIDTH": "200"}
    ).stdout
    listed = [line.split() for line in shown.partition("Commands:")[2].splitlines() if line.startswith("  ")]
    assert tuple(words[0] for words in listed[: len(COMMANDS)]) == COMMANDS
    assert all(len(words) > 3 for words in listed[: len(COMMANDS)])
    for command in COMMANDS:
        page = runner.invoke(command_line.app, [command, "--help"], env={"COLUMNS": "200"}).stdout
        assert "Example" in page
        options = page.partition("Arguments:")[2].partition("Example")[0]
        bare = [line for line in options.splitlines() if line.startswith("  ") and "  " not in line.strip()]
        assert not [line for line in bare if line.lstrip().startswith("--")]


def test_schema_prints_it(run: Callable[..., Run]) -> None:
    for name in ("school", "ruleset", "plan", "report"):
        code, shown, _ = run("schema", name)
        assert code == 0
        assert shown == (ROOT / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8")
        assert json.loads(shown)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_unknown_schema(run: Callable[..., Run]) -> None:
    assert run("schema", "scool") == (1, "", "no schema 'scool'; did you mean 'school'?\n")


def test_explain_says_what_a_code_means(run: Callable[..., Run]) -> None:
    assert run("explain", "bad-id") == (
        0,
        (
            "bad-id: an id that does not look like one\n"
            "Level: blocked (this person or group is not carried on)\n"
            "\n"
            "The id does not match the rule set's pattern; scientific notation (1E5), which a\n"
            "spreadsheet makes of a long number, is one such. The row was left out.\n"
            "\n"
            "What to do: Export straight from the SIS, without opening the file in a spreadsheet; if\n"
            "the school's ids really look so, set members.<type>.id_pattern.\n"
        ),
        "",
    )


def test_explain_lists_all_codes(run: Callable[..., Run]) -> None:
    code, shown, _ = run("explain")
    assert code == 0
    assert [line.split()[0] for line in shown.splitlines()] == list(FINDING_CODES)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("shared-emial", "no finding code 'shared-emial'; did you mean 'shared-email'?\n"),
        ("xyzzy", "no finding code 'xyzzy'; 'reconcile explain' lists them all\n"),
    ],
)
def test_explain_knows_near_misses(run: Callable[..., Run], code: str, message: str) -> None:
    assert run("explain", code) == (1, "", message)


@pytest.mark.parametrize("args", [["--help"], ["plan", "--help"], ["validate"], ["explain"]])
def test_quick_commands_import_nothing_heavy(args: list[str]) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "reconciler", *args]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line}
    assert "reconciler.errors" in imported
    assert not imported & {"polars", "deepdiff", "requests"}


@pytest.mark.parametrize(
    ("shell", "code", "message"),
    [
        ("{reconcile} schema school >&-", 0, ""),
        ("{reconcile} schema scool >&- 2>&-", 1, ""),
        (
            "{reconcile} schema school >/dev/full",
            1,
            "standard output cannot be written: No space left on device; make room, or write elsewhere\n",
        ),
        (
            "{reconcile} apply maple-grove <&- >/dev/null",
            1,
            (
                "apply asks before it writes, and there is no terminal to ask on; nothing was written. Review"
                " the plan, then run apply with --auto-approve.\n"
            ),
        ),
    ],
)
def test_a_stream_that_is_closed_or_full_is_no_defect(
    tmp_path: Path, shell: str, code: int, message: str
) -> None:
    done = subprocess.run(
        ["bash", "-c", shell.format(reconcile=f"'{sys.executable}' -m reconciler")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "DIRECTORY": str(tmp_path / "directory.db")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (code, message)


def test_a_reader_who_has_seen_enough_gets_no_traceback() -> None:
    done = subprocess.run(
        ["bash", "-c", f"'{sys.executable}' -m reconciler schema school | head -c 1"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("{", "")
