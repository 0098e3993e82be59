"""The options that say who does the work of many schools."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from reconciler.fleet import Engine


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
