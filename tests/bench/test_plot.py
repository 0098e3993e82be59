"""The plot shows every size, every command and the line that a plan has to stay under."""

from __future__ import annotations

import pytest

from tests.bench.measure import Cost
from tests.bench.plot import LABELS, STYLES, can_plot, draw


@pytest.mark.skipif(not can_plot(), reason="matplotlib is not installed: pip install -e '.[bench]'")
def test_all_that_was_measured_is_drawn_and_named(tmp_path):
    sizes = {
        people: {
            name: Cost(1.0, people / 1_000 + number, 50.0 + number) for number, name in enumerate(STYLES)
        }
        for people in (1_000, 1_000_000)
    }
    draw(sizes, tmp_path / "bench.svg")
    drawing = (tmp_path / "bench.svg").read_text()
    for text in (*(LABELS.get(name, name) for name in STYLES), "1,000,000", "1.2 GB", "Peak memory"):
        assert text in drawing


@pytest.mark.skipif(not can_plot(), reason="matplotlib is not installed: pip install -e '.[bench]'")
def test_a_size_may_lack_a_command(tmp_path):
    draw({1_000: {"parse": Cost(1.0, 1.0, 50.0)}}, tmp_path / "bench.png")
    assert (tmp_path / "bench.png").read_bytes().startswith(b"\x89PNG")
