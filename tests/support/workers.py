"""What becomes of certain schools in the processes that plan them."""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

_BEGIN = """\
import os, time
from reconciler import pipeline

whole = pipeline.plan_school


def plan_school(school, **options):
"""
_CASE = """\
    if school.id == {school!r}:
        {statement}
"""
_END = """\
    return whole(school, **options)


pipeline.plan_school = plan_school
"""


def for_workers(monkeypatch: pytest.MonkeyPatch, **statements: str) -> None:
    """School -> what a process does in place of planning it; Python runs it as each of them begins."""
    folder = Path(mkdtemp(prefix="workers-"))
    cases = "".join(_CASE.format(school=school, statement=one) for school, one in statements.items())
    (folder / "sitecustomize.py").write_text(_BEGIN + cases + _END, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))
