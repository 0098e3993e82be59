"""The table shows what was measured, and why something was not."""

from __future__ import annotations

from tests.bench.measure import Cost
from tests.bench.peers.table import Row, as_markdown, as_text
from tests.bench.peers.tools import TOOLS

ROWS = [
    Row("reconcile", "1.0", whole=True, cells={"1k": Cost(0.5, 0.4, 100), "20k": Cost(0.6, 0.5, 120)}),
    Row("Terraform", "1.11", whole=False, cells={"1k": Cost(9, 16, 160), "20k": "not run: 5k took 99 s"}),
]


def test_markdown_is_aligned():
    assert as_markdown(ROWS, ["1k", "20k"]).splitlines() == [
        "| tool           | whole job | 1k people       | 20k people            |",
        "| -------------- | --------- | --------------- | --------------------- |",
        "| reconcile 1.0  | yes       | 0.40 s, 100 MB  | 0.50 s, 120 MB        |",
        "| Terraform 1.11 | no        | 16.00 s, 160 MB | not run: 5k took 99 s |",
    ]


def test_text_says_how_many_times_our_cpu_a_tool_takes():
    lines = as_text(ROWS, ["1k"]).splitlines()
    assert lines[1].split() == ["reconcile", "1.0", "yes", "0.50", "0.40", "100", "1.00"]
    assert lines[2].split()[-1] == "40.00"
    assert "Every tool found what it had to find." in lines


def test_remarks_are_shown():
    wrong = Row("octoDNS", "1", whole=False, remarks=["1k: found nothing"])
    assert "octoDNS: 1k: found nothing" in as_text([wrong], ["1k"])


def test_only_we_and_the_model_do_the_whole_job():
    assert [name for name, tool in TOOLS.items() if tool.whole] == ["reconcile", "plain Python"]
