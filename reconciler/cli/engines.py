"""The options that say who does the work of many schools."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from reconciler.fleet import Engine


JOBS, TIMEOUT = 0, 600.0
"""What holds where nothing is said."""


class EngineKind(StrEnum):
    """Where the work is done."""

    LOCAL = "local"
    DASK = "dask"


Jobs = Annotated[
    int,
    typer.Option(
        "--jobs", metavar="N", min=0, help="Of several schools, how many at a time; 0: one a processor."
    ),
]
SchoolTimeout = Annotated[
    float,
    typer.Option(
        "--timeout", metavar="SECONDS", min=0.001, help="Of several schools, the time that each may take."
    ),
]
Kind = Annotated[
    EngineKind,
    typer.Option("--engine", metavar="ENGINE", help="local: processes of this machine; dask: a cluster's."),
]
Scheduler = Annotated[
    str,
    typer.Option("--scheduler", metavar="ADDRESS", help="Where the cluster is, such as tcp://10.0.0.5:8786."),
]


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What was said of the engine."""

    jobs: int
    timeout: float
    kind: EngineKind
    scheduler: str

    def refuse(self) -> None:
        """See that nothing was said of it where there is but one school, which is planned or applied here.

        Raises:
            BadParameter: something was.
        """
        for option, said in (
            ("--jobs", self.jobs != JOBS),
            ("--timeout", self.timeout != TIMEOUT),
            ("--engine", self.kind is not EngineKind.LOCAL),
            ("--scheduler", bool(self.scheduler)),
        ):
            if said:
                raise typer.BadParameter("only of several schools", param_hint=option)

    def open(self) -> Engine:
        """The engine that is meant."""
        from reconciler.fleet import DaskEngine, LocalEngine

        if bool(self.scheduler) != (self.kind is EngineKind.DASK):
            hint = (
                "--engine dask needs it: the address of the cluster's scheduler"
                if self.kind is EngineKind.DASK
                else "only with --engine dask"
            )
            raise typer.BadParameter(hint, param_hint="--scheduler")
        if self.kind is EngineKind.DASK:
            return DaskEngine(self.scheduler, self.timeout)
        return LocalEngine(self.jobs, self.timeout)
