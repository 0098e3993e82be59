"""`reconcile`: the commands, and the one place where an error becomes a message and an exit code."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import traceback
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler import __version__
from reconciler.allocator import reuse_memory
from reconciler.cli import (
    apply,
    audit,
    comment,
    diff_config,
    explain,
    findings,
    forget,
    history,
    init,
    letters,
    match,
    plan,
    plugin,
    report,
    schema,
    show,
    sign_in,
    sources,
    status,
    undo,
    unlock,
    validate,
    whois,
)
from reconciler.cli.screen import complain, prepare, settle, write
from reconciler.environment import DEBUG, IDENTITY, PSEUDONYM_KEY_FILE, STATE
from reconciler.errors import ReconcileError, panics_as_errors

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

app = typer.Typer(
    name="reconcile",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="'reconcile COMMAND --help' says more of a command. Exit codes: 0 done, 1 error, 2 usage, 3 held,"
    " 4 apply incomplete, 5 changes pending (plan --detailed-exitcode).",
)
app.command(epilog=init.EXAMPLES)(init.init)
app.command(epilog=validate.EXAMPLES)(validate.validate)
app.command(epilog=sources.EXAMPLES)(sources.sources)
app.command(epilog=plan.EXAMPLES)(plan.plan)
app.command("diff-config", epilog=diff_config.EXAMPLES)(diff_config.diff_config)
app.command(epilog=comment.EXAMPLES)(comment.comment)
app.command(epilog=show.EXAMPLES)(show.show)
app.command(epilog=apply.EXAMPLES)(apply.apply)
app.command(epilog=report.EXAMPLES)(report.report)
app.command(epilog=findings.EXAMPLES)(findings.findings)
app.command(epilog=letters.EXAMPLES)(letters.letters)
app.command(epilog=explain.EXAMPLES)(explain.explain)
app.command(epilog=whois.EXAMPLES)(whois.whois)
app.command(epilog=match.EXAMPLES)(match.match)
app.command(epilog=plugin.EXAMPLES)(plugin.plugin)
app.command("sign-in", epilog=sign_in.EXAMPLES)(sign_in.sign_in)
app.command(epilog=schema.EXAMPLES)(schema.schema)
app.command(epilog=status.EXAMPLES)(status.status)
app.command(epilog=history.EXAMPLES)(history.history)
app.command(epilog=undo.EXAMPLES)(undo.undo)
app.command(epilog=unlock.EXAMPLES)(unlock.unlock)
app.command(epilog=forget.EXAMPLES)(forget.forget)
app.command(epilog=audit.EXAMPLES)(audit.audit)

INTERRUPTED = 130


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run a command, and leave with its exit code: the only place that knows of all errors."""
    prepare()
    reuse_memory()
    _collect_garbage_rarely()
    try:
        with panics_as_errors():
            app(args=_globals_first(sys.argv[1:] if args is None else args), prog_name="reconcile")
    except SystemExit as leaving:
        if leaving.code == INTERRUPTED:
            complain("Interrupted.")
        raise
    except ReconcileError as error:
        complain(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        complain("Interrupted.")
        sys.exit(INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - the last stop: whoever reads it cannot use a traceback
        _report_defect(error)
        sys.exit(1)
    sys.exit(0)


def _collect_garbage_rarely() -> None:
    """A command is short, and nearly all that it makes stays to its end: looking for cycles is in vain."""
    gc.set_threshold(100_000)
    # The system takes all memory back at once; Python would first look through all of it once more.
    atexit.register(gc.freeze)


def _report_defect(error: Exception) -> None:
    complain(
        f"This is a defect in reconcile {__version__} ({type(error).__name__}), not in your files. Please"
        " report it; RECONCILE_DEBUG=1 in front of the command shows where it happened."
    )
    if os.environ.get(DEBUG) == "1":
        complain("".join(traceback.format_exception(error)))


def _show_version(wanted: bool) -> None:
    if wanted:
        write(f"reconcile {__version__}\n")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
]


Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet",
        "-q",
        envvar="RECONCILE_QUIET",
        help="Say only what has to be known, nothing if all is well.",
    ),
]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose", "-v", envvar="RECONCILE_VERBOSE", help="Tell each step, with the time it took."
    ),
]
State = Annotated[
    str,
    typer.Option(
        "--state",
        metavar="PATH|URL",
        envvar=STATE,
        help="The state store; default: .reconcile by the directory.",
    ),
]
Identity = Annotated[
    str,
    typer.Option("--identity", metavar="FILE", envvar=IDENTITY, help="The key that opens encrypted plans."),
]
PseudonymKey = Annotated[
    str,
    typer.Option(
        "--pseudonym-key-file", metavar="FILE", envvar=PSEUDONYM_KEY_FILE, help="The key of --pseudonyms."
    ),
]
Debug = Annotated[
    bool, typer.Option("--debug", envvar=DEBUG, help="Show where in the code a defect happened.")
]
ANYWHERE = {"--quiet": 0, "-q": 0, "--verbose": 0, "-v": 0, "--debug": 0}
ANYWHERE |= {"--state": 1, "--identity": 1, "--pseudonym-key-file": 1}
"""Option of `reconcile` itself -> its values; they may stand behind the command, too."""


@app.callback()
def reconcile(  # noqa: PLR0913 - one parameter an option
    *,
    quiet: Quiet = False,
    verbose: Verbose = False,
    state: State = "",
    identity: Identity = "",
    pseudonym_key_file: PseudonymKey = "",
    debug: Debug = False,
    version: Version = False,
) -> None:
    """Keep a school's people in Vidigami as its student information system has them."""
    del version
    settle(quiet=quiet, verbose=verbose)
    said = {
        STATE: state,
        IDENTITY: identity,
        PSEUDONYM_KEY_FILE: pseudonym_key_file,
        DEBUG: "1" if debug else "",
    }
    os.environ.update({name: value for name, value in said.items() if value})


def _globals_first(args: Sequence[str]) -> list[str]:
    """The command line with the options of `reconcile` itself in front, wherever they stood."""
    first: list[str] = []
    rest: list[str] = []
    left = list(args)
    while left:
        arg = left.pop(0)
        if arg == "--":
            return [*first, *rest, arg, *left]
        name = arg.partition("=")[0]
        values = ANYWHERE.get(name)
        if values is None or (arg != name and not values):
            rest.append(arg)
            continue
        first.append(arg)
        if values and arg == name and left:
            first.append(left.pop(0))
    return [*first, *rest]
