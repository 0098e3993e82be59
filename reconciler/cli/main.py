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
    explain,
    findings,
    forget,
    history,
    match,
    plan,
    report,
    schema,
    show,
    undo,
    unlock,
    validate,
)
from reconciler.cli.screen import prepare, remark, write
from reconciler.errors import ReconcileError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

app = typer.Typer(
    name="reconcile",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="'reconcile COMMAND --help' says more of a command. Exit codes: 0 done, 1 error, 2 usage, 3 held,"
    " 4 apply incomplete, 5 changes pending (plan --detailed-exitcode).",
)
app.command(epilog=validate.EXAMPLES)(validate.validate)
app.command(epilog=plan.EXAMPLES)(plan.plan)
app.command(epilog=show.EXAMPLES)(show.show)
app.command(epilog=apply.EXAMPLES)(apply.apply)
app.command(epilog=report.EXAMPLES)(report.report)
app.command(epilog=findings.EXAMPLES)(findings.findings)
app.command(epilog=explain.EXAMPLES)(explain.explain)
app.command(epilog=match.EXAMPLES)(match.match)
app.command(epilog=schema.EXAMPLES)(schema.schema)
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
        app(args=args, prog_name="reconcile")
    except SystemExit as leaving:
        if leaving.code == INTERRUPTED:
            remark("Interrupted.")
        raise
    except ReconcileError as error:
        remark(str(error))
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        remark("Interrupted.")
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
    remark(
        f"This is a defect in reconcile {__version__} ({type(error).__name__}), not in your files. Please"
        " report it; RECONCILE_DEBUG=1 in front of the command shows where it happened."
    )
    if os.environ.get("RECONCILE_DEBUG") == "1":
        remark("".join(traceback.format_exception(error)))


def _show_version(wanted: bool) -> None:
    if wanted:
        write(f"reconcile {__version__}\n")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
]


@app.callback()
def reconcile(*, version: Version = False) -> None:
    """Keep a school's people in Vidigami as its student information system has them."""
    del version
