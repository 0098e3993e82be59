"""A school whose source is an API, and a clock that does not wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler import http
from reconciler.config import load_school

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from reconciler.model import School


def without_waiting(monkeypatch: pytest.MonkeyPatch, **secrets: str) -> list[float]:
    """Gives the seconds that would have been waited; `secrets` are those of the environment."""
    seconds: list[float] = []
    monkeypatch.setattr(http.SystemClock, "sleep", lambda _self, one: seconds.append(one))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("RECONCILE_STATE", raising=False)
    for name, secret in secrets.items():
        monkeypatch.setenv(name, secret)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    return seconds


def school_at(folder: Path, name: str, text: str) -> School:
    """The school of a file `name`.yaml with this text."""
    file = folder / f"{name}.yaml"
    file.write_text(text, encoding="utf-8")
    return load_school(file, {})
