"""The bench's plot: CPU and peak memory over people. It needs matplotlib (`pip install -e '.[bench]'`)."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from matplotlib.axes import Axes

    from tests.bench.measure import Cost

MOST_MB = 1_200
"""What a plan of a million people may take."""
STYLES = {
    "plan of 1 % changed": {"color": "#0b62a4", "marker": "o"},
    "plan of creates, saved": {"color": "#7a3e9d", "marker": "s"},
    "its show": {"color": "#2e8b57", "marker": "^"},
    "apply of creates": {"color": "#c0392b", "marker": "D"},
    "parse": {"color": "#777777", "marker": ".", "linestyle": "--"},
    "bulk load": {"color": "#777777", "marker": ".", "linestyle": ":"},
}
"""What is drawn; the floors in grey."""
LABELS = {
    "its show": "show of that plan",
    "parse": "floor: Polars merely parses the exports",
    "bulk load": "floor: SQLite merely loads the rows",
}


def can_plot() -> bool:
    """Whether matplotlib is installed."""
    return find_spec("matplotlib") is not None


def draw(sizes: Mapping[int, Mapping[str, Cost]], file: Path) -> None:
    """Write the plot of these costs by number of people; the file's ending says in which format."""
    import matplotlib as mpl  # noqa: PLC0415 - an extra
    from matplotlib.figure import Figure  # noqa: PLC0415

    with mpl.rc_context({"svg.fonttype": "none", "font.size": 10, "axes.spines.top": False}):
        figure = Figure(figsize=(11, 5), layout="constrained")
        cpu, memory = figure.subplots(1, 2)
        for name in STYLES:
            _line(cpu, name, {people: costs[name].cpu for people, costs in sizes.items() if name in costs})
            _line(
                memory,
                name,
                {people: costs[name].peak_mb for people, costs in sizes.items() if name in costs},
            )
        memory.axhline(MOST_MB, color="black", linewidth=1, linestyle="-.", label="1.2 GB: most for a plan")
        _axes(cpu, "CPU, all threads", "seconds", sizes)
        _axes(memory, "Peak memory", "MB", sizes)
        figure.legend(*memory.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
        figure.savefig(file)


def _line(axes: Axes, name: str, points: Mapping[int, float]) -> None:
    style = STYLES[name]
    axes.plot(
        list(points),
        list(points.values()),
        label=LABELS.get(name, name),
        color=style["color"],
        marker=style["marker"],
        linestyle=style.get("linestyle", "-"),
    )


def _axes(axes: Axes, title: str, unit: str, sizes: Mapping[int, object]) -> None:
    from matplotlib.ticker import LogLocator  # noqa: PLC0415 - an extra

    axes.set(title=title, xlabel="people", ylabel=unit, xscale="log", yscale="log")
    axes.set_xticks(list(sizes), [f"{people:,}" for people in sizes])
    axes.minorticks_off()
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.grid(visible=True, color="#dddddd", linewidth=0.6)
