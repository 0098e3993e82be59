"""The Grand Bend sample, which is not part of this repository: where it lies, if it does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SAMPLE = Path(os.environ.get("GRAND_BEND") or Path(__file__).parents[3] / "shared" / "samples" / "grand-bend")
"""The folder of its two school years: `GRAND_BEND`, or else beside the checkout."""

needs_grand_bend = pytest.mark.skipif(
    not SAMPLE.is_dir(), reason="the Grand Bend sample is not here: set GRAND_BEND to its folder"
)
