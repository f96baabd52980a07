"""The tables of docs/explanation/performance.md, made only from the results."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path

from benchmarks.goals import goal_lines
from benchmarks.results import Results, Row

__all__ = ["BEGIN", "END", "publish", "tables"]

BEGIN = "<!-- referee: begin -->"
END = "<!-- referee: end -->"

TITLES = {
    "ct": "CT, 512 x 512, 16 bits",
    "cr": "CR, 2500 x 2048, 12 bits",
    "ct-jll": "CT in JPEG Lossless",
    "ct-jls": "CT in JPEG-LS",
    "ct-rle": "CT in RLE",
    "ct-htj2k": "CT in HTJ2K",
    "ct-j2k": "CT in JPEG 2000",
    "enhanced": "Enhanced CT, 300 frames",
    "us": "Color ultrasound, 120 frames, JPEG baseline",
}


def publish(results: Results, page: Path) -> None:
    """Put the tables between the markers of a page.

    Raises
    ------
    ValueError
        If a marker is missing.
    """
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} must have the lines {BEGIN} and {END}.")
    page.write_text(f"{before}{BEGIN}\n{tables(results)}\n{END}{after}", encoding="utf-8")


def tables(results: Results) -> str:
    """Return all tables as Markdown."""
    parts = [*_setting(results), *_goals(results), *_tasks(results)]
    parts += [*_gains(results), *_memory(results), *_starts(results)]
    return "\n".join(parts).rstrip() + "\n"


def title_of(task: str) -> str:
    """Return the title of a task: ``ct-jpg-window`` is CT to JPG with a window."""
    corpus, writer, normalizer = task.rsplit("-", 2)
    contrast = {"window": "explicit window", "minmax": "min-max", "auto": "colors unchanged"}
    return f"{TITLES[corpus]} → {writer.upper()}, {contrast[normalizer]}"


def _setting(results: Results) -> Iterator[str]:
    if results.quick:
        yield "**A quick run: good for comparing, not for quoting.**\n"
    yield "; ".join(f"{key}: {value}" for key, value in results.machine.items()) + "."
    yield f"{results.rounds} rounds, in turns.\n"
    yield "Tools: " + "; ".join(f"{n} ({v})" for n, v in results.tools.items()) + ".\n"
    if results.missing:
        yield (
            "Not measured: "
            + "; ".join(f"{n}: {why}" for n, why in results.missing.items())
            + ".\n"
        )


def _goals(results: Results) -> Iterator[str]:
    lines = list(goal_lines(results))
    if not lines:
        return
    yield "### Goals\n"
    yield "| goal | wanted | measured | |\n|---|---|---|---|"
    yield from lines
    yield ""


def _tasks(results: Results) -> Iterator[str]:
    for task in dict.fromkeys(row.task for row in results.rows):
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
