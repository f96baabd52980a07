"""The tables of docs/explanation/performance.md, made only from the results."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path

from benchmarks.goals import goal_lines
from benchmarks.results import Results, Row
from benchmarks.tasks import TASKS

__all__ = ["BEGIN", "END", "EXPECT", "EXPECTED", "publish", "tables", "title_of"]

BEGIN = "<!-- referee: begin -->"
END = "<!-- referee: end -->"
EXPECT = "<!-- referee: expect -->", "<!-- referee: expected -->"

EXPECTED = {
    "ct-png-window": "CT slices to PNG",
    "ct-jpg-window": "CT slices to JPG",
    "ct-windows": "CT slices to PNG, several windows of each",
    "ct-viridis-jpg": "CT slices to JPG, in colors",
    "ct-j2k-jpg-window": "CT slices in JPEG 2000 to JPG",
    "ct-jll-jpg-window": "CT slices in JPEG Lossless to JPG",
    "enhanced": "Frames of enhanced CT to JPG",
    "cr-ml-8bit": "X-rays to squares of 512 pixels (`preset:ml-8bit`)",
    "cr-png-window": "X-rays to PNG, full size",
    "cr-jpg-window": "X-rays to JPG, full size",
    "cr-16bit": "X-rays to PNG, 16 bits, full size",
    "us": "Ultrasound frames in JPEG to JPG, copied",
    "us-resize": "Ultrasound frames in JPEG to JPG, resized",
    "small": "Pictures of 64 x 64 to PNG",
}
"""What the first table of the page shows, in plain words."""

MS_OF_AN_HOUR = 3.6
"""A million pictures of 1 ms each take a million milliseconds: 1 / 3.6 hours."""


def publish(results: Results, page: Path) -> None:
    """Put the tables between the markers of a page.

    Raises
    ------
    ValueError
        If a marker is missing.
    """
    text = page.read_text(encoding="utf-8")
    text = _between(text, EXPECT, "\n".join(_expected(results)), page)
    page.write_text(_between(text, (BEGIN, END), tables(results), page), encoding="utf-8")


def _between(text: str, markers: tuple[str, str], new: str, page: Path) -> str:
    before, begin, rest = text.partition(markers[0])
    _, end, after = rest.partition(markers[1])
    if not begin or not end:
        raise ValueError(f"{page} must have the lines {markers[0]} and {markers[1]}.")
    return f"{before}{begin}\n{new}\n{end}{after}"


def tables(results: Results) -> str:
    """Return all tables as Markdown."""
    parts = [*_setting(results), *_goals(results), *_overview(results), *_programs(results)]
    parts += [*_gains(results), *_memory(results), *_starts(results)]
    return "\n".join(parts).rstrip() + "\n"


def title_of(name: str) -> str:
    """Return the title of a task."""
    return next((task.title for task in TASKS if task.name == name), name)


def _expected(results: Results) -> Iterator[str]:
    """Yield the core-hours of a million pictures of each kind."""
    yield "| a million of these | core-hours | pictures per second and core |"
    yield "|---|---|---|"
    for name, words in EXPECTED.items():
        row = results.row(name, "dcmconv")
        if row is not None and row.marginal is not None and row.marginal > 0:
            hours = row.marginal / MS_OF_AN_HOUR
            yield f"| {words} | {hours:.2g} | {_rounded(1000 / row.marginal)} |"


def _rounded(value: float) -> str:
    """Return two digits of a number, without an exponent."""
    return f"{float(f'{value:.2g}'):,.0f}"


def _setting(results: Results) -> Iterator[str]:
    if results.quick:
        yield "**A quick run: good for comparing, not for quoting.**\n"
    yield "; ".join(f"{key}: {value}" for key, value in results.machine.items()) + "."
    yield f"Rounds, in turns: {results.rounds}.\n"
    yield "Tools: " + "; ".join(f"{n} ({v})" for n, v in results.tools.items()) + ".\n"
    # A peer that is not there today may have been measured in an earlier measurement.
    measured = {row.tool for row in results.rows}
    missing = [f"{n}: {why}" for n, why in results.missing.items() if n not in measured]
    if missing:
        yield f"Not measured: {'; '.join(missing)}.\n"


def _goals(results: Results) -> Iterator[str]:
    lines = list(goal_lines(results))
    if not lines:
        return
    yield "### Goals\n"
    yield "| goal | wanted | measured | |\n|---|---|---|---|"
    yield from lines
    yield ""


def _overview(results: Results) -> Iterator[str]:
    """Yield a line for each task: dcmconv, the careful script, and version 0.1.0."""
    names = list(dict.fromkeys(row.task for row in results.rows))
    if not names:
        return
    yield "### Every task\n"
    yield (
        "CPU per picture in ms; *times* is how many times as long the script and 0.1.0 take. "
        "Sizes in kB per picture.\n"
    )
    yield (
        "| task | dcmconv | careful script | times | 0.1.0 | times | sizes: dcmconv, script "
        "| pictures of the script |\n|---|---|---|---|---|---|---|---|"
    )
    for name in names:
        yield _overview_line(results, name)
    yield ""


def _overview_line(results: Results, name: str) -> str:
    rows = [results.row(name, tool) for tool in ("dcmconv", "careful", "0.1.0")]
    costs = [f"{r.marginal:.2f}" if r and r.marginal is not None else "-" for r in rows]
    times = [
        "" if (found := results.times(name, tool)) is None else f"{found:.2f} x"
        for tool in ("careful", "0.1.0")
    ]
    sizes = " and ".join(f"{row.size / 1000:.0f}" if row else "-" for row in rows[:2])
    words = rows[1].words if rows[1] else ""
    return (
        f"| {title_of(name)} | {costs[0]} | {costs[1]} | {times[0]} | {costs[2]} | {times[1]} "
        f"| {sizes} | {words} |"
    )


def _programs(results: Results) -> Iterator[str]:
    """Yield a table for each task that programs of others were given, with rounds and start-up."""
    usual = {"dcmconv", "careful", "0.1.0"}
    for task in dict.fromkeys(row.task for row in results.rows if row.tool not in usual):
        yield f"### {title_of(task)}\n"
        yield (
            "| tool | CPU per picture, ms | rounds | start-up, s CPU | compared with dcmconv "
            "| pictures |\n|---|---|---|---|---|---|"
        )
        for row in results.rows:
            if row.task == task:
                yield _task_line(results, row)
        yield ""


def _task_line(results: Results, row: Row) -> str:
    if row.marginal is None:
        return f"| {row.tool} | - | | | | {row.words} |"
    spread = f"{min(row.slopes):.2f} to {max(row.slopes):.2f}"
    times = results.times(row.task, row.tool)
    against = "" if row.tool == "dcmconv" or times is None else f"{times:.2f} x"
    if row.tool == "C limit" and times is not None:
        against = f"dcmconv reaches {times * 100:.0f} %"
    start = f"{row.start:.2f}" if row.start is not None and row.start >= 0.005 else "0"
    return f"| {row.tool} | {row.marginal:.2f} | {spread} | {start} | {against} | {row.words} |"


def _gains(results: Results) -> Iterator[str]:
    if results.gains:
        yield "### Two processes compared with one\n"
        yield "| tool | one, s | two, s | gain |\n|---|---|---|---|"
        for gain in results.gains:
            one, two = statistics.median(gain.one), statistics.median(gain.two)
            yield f"| {gain.tool} | {one:.2f} | {two:.2f} | {gain.gain:.2f} x |"
        yield ""


def _memory(results: Results) -> Iterator[str]:
    if results.memory:
        counts = list(next(iter(results.memory.values())))
        yield "### Peak memory of all processes together (PSS), MB\n"
        yield f"| tool | {' | '.join(f'{count} files' for count in counts)} |"
        yield "|---|" + "---|" * len(counts)
        for tool, peaks in results.memory.items():
            yield f"| {tool} | {' | '.join(f'{peak / 1e6:.0f}' for peak in peaks.values())} |"
        yield ""


def _starts(results: Results) -> Iterator[str]:
    if results.starts:
        yield "### Start-up\n"
        yield "| what | CPU, ms |\n|---|---|"
        for name, seconds in results.starts.items():
            yield f"| {name} | {statistics.median(seconds) * 1000:.0f} |"
        slowest = ", ".join(f"{name} {ms:.0f}" for name, ms in results.imports.items())
        yield f"\nImport time by package for one CT to JPG, in ms (`-X importtime`): {slowest}.\n"
