"""The tables as a bar chart with a logarithmic scale, in SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator
from xml.sax.saxutils import escape

from benchmarks.report import EXPECTED, title_of
from benchmarks.results import Results, Row

__all__ = ["chart"]

WIDTH = 860
LEFT, RIGHT = 110, 90
BAR, GAP, HEAD = 16, 5, 26
COLORS = {"dcmconv": "#0b7285", "C limit": "#868e96"}
OTHER = "#f08c00"
STYLE = (
    "text{font:12px sans-serif;fill:#343a40}.t{font-weight:bold}"
    "@media(prefers-color-scheme:dark){text{fill:#dee2e6}}"
)


def chart(results: Results) -> str:
    """Return the chart: CPU per picture in ms, one group of bars for each kind of picture."""
    timed = [
        row
        for row in results.rows
        if row.marginal is not None and row.marginal > 0 and row.task in EXPECTED
    ]
    tasks = list(dict.fromkeys(row.task for row in timed))
    height = 24 + sum(
        HEAD + sum(row.task == task for row in timed) * (BAR + GAP) + 8 for task in tasks
    )
    body = "\n".join(_groups(tasks, timed))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" role="img">\n'
        f"<title>CPU time per picture in milliseconds; shorter is faster; logarithmic</title>\n"
        f"<style>{STYLE}</style>\n{body}\n</svg>\n"
    )


def _groups(tasks: list[str], timed: list[Row]) -> Iterator[str]:
    values = [row.marginal or 1.0 for row in timed]
    low = 10 ** math.floor(math.log10(min(values, default=1.0)))
    high = 10 ** math.ceil(math.log10(max(values, default=10.0)))
    y = 8
    for task in tasks:
        y += HEAD
        yield f'<text class="t" x="8" y="{y - 9}">{escape(title_of(task))}</text>'
        for row in sorted((r for r in timed if r.task == task), key=lambda r: r.marginal or 0):
            yield from _bar(row, y, low, high)
            y += BAR + GAP
        y += 8
    words = "CPU milliseconds per picture, logarithmic; shorter is faster"
    yield f'<text x="8" y="{y + 10}">{words}</text>'


def _bar(row: Row, y: int, low: float, high: float) -> Iterator[str]:
    value = row.marginal or low
    share = math.log(value / low) / math.log(max(high / low, 10))
    width = max(2.0, share * (WIDTH - LEFT - RIGHT))
    color = COLORS.get(row.tool, OTHER)
    yield f'<text x="8" y="{y + 12}">{escape(row.tool)}</text>'
    yield f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{color}"/>'
    yield f'<text x="{LEFT + width + 6:.1f}" y="{y + 12}">{value:.3g} ms</text>'
