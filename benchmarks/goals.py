"""The performance goals of dcmconv, and how the results compare with them."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.results import Results

__all__ = ["goal_lines"]


@dataclass(frozen=True)
class Goal:
    """How many times as fast as a tool dcmconv should be, or which share of the C limit's speed."""

    task: str
    peer: str
    wanted: float


LIMIT = 0.80
GOALS = [
    *(
        Goal(f"{corpus}-{writer}-{normalizer}", "C limit", LIMIT)
        for corpus in ("ct", "cr")
        for writer in ("jpg", "png")
        for normalizer in ("window", "minmax")
    ),
    Goal("ct-jpg-window", "dcm2img", 8),
    Goal("ct-png-window", "dcm2img", 12),
    Goal("cr-jpg-window", "dcm2img", 6),
    Goal("cr-png-window", "dcm2img", 30),
    Goal("ct-jpg-window", "dcmj2pnm", 16),
    Goal("ct-jpg-window", "dicom2jpg", 10),
    Goal("ct-jpg-minmax", "article", 100),
    Goal("ct-jll-jpg-window", "dcm2img", 6),
    Goal("ct-jls-jpg-window", "dcm2img", 3),
    Goal("ct-rle-jpg-window", "dcm2img", 8),
]
GAIN = 0.95
LEAST_GAIN = 1.5
MEMORY_GROWTH = 1.10
MEMORY_MOST = 200e6
HELP = 1.25
ONE_PICTURE = 1.3
START = 0.5


def goal_lines(results: Results) -> Iterator[str]:
    """Yield a table line for every goal that has a measurement."""
    for goal in GOALS:
        times, span = results.times(goal.task, goal.peer), results.span(goal.task, goal.peer)
        if times is None or span is None:
            continue
        is_limit = goal.peer == "C limit"
        words = "share of the C limit" if is_limit else f"times {goal.peer}"
        form = "{:.0%}" if is_limit else "{:.1f} x"
        yield _line(f"{goal.task}: {words}", goal.wanted, times, form, span=span)
    yield from _starting(results)
    yield from _running(results)


def _starting(results: Results) -> Iterator[str]:
    row = results.row("ct-jpg-window", "dcmconv")
    if row is not None and row.start is not None:
        yield _line("start-up of a run, s CPU", START, row.start, "{:.2f}", least=False)
    seconds = {name: statistics.median(each) for name, each in results.starts.items()}
    for ours, theirs, wanted in (
        ("dcmconv --help", "a bare typer", HELP),
        ("dcmconv run, one", "bare: typer running", ONE_PICTURE),
    ):
        mine = [value for name, value in seconds.items() if name.startswith(ours)]
        other = [value for name, value in seconds.items() if name.startswith(theirs)]
        if mine and other:
            words = f"{ours} … against {theirs} …"
            yield _line(words, wanted, mine[0] / other[0], "{:.2f} x", least=False)


def _running(results: Results) -> Iterator[str]:
    gains = {gain.tool: gain.gain for gain in results.gains}
    if {"dcmconv", "C limit"} <= set(gains):
        share = gains["dcmconv"] / gains["C limit"]
        # If even the C program gains little, the second processor was busy with other programs.
        is_free = gains["C limit"] >= LEAST_GAIN
        doubt = "" if is_free else "undecided: no second processor was free"
        yield _line("gain of two workers, share of C's", GAIN, share, "{:.0%}", doubt=doubt)
    peaks = list(results.memory.get("dcmconv", {}).values())
    if len(peaks) == 2:
        growth = peaks[1] / peaks[0]
        yield _line(
            "peak memory, larger run to smaller", MEMORY_GROWTH, growth, "{:.2f}", least=False
        )
        yield _line("peak memory, MB", MEMORY_MOST / 1e6, peaks[1] / 1e6, "{:.0f}", least=False)


def _line(
    words: str,
    wanted: float,
    found: float,
    form: str,
    *,
    least: bool = True,
    span: tuple[float, float] | None = None,
    doubt: str = "",
) -> str:
    """Return a table line; the goal is undecided if single rounds fall on both sides of it."""
    reached = found >= wanted if least else found <= wanted
    bound = "≥" if least else "≤"
    mark = "reached" if reached else "**not reached**"
    text = form.format(found)
    if span is not None:
        text += f" ({form.format(span[0])} to {form.format(span[1])})"
        mark = "undecided: the rounds differ too much" if span[0] < wanted <= span[1] else mark
    return f"| {words} | {bound} {form.format(wanted)} | {text} | {doubt or mark} |"
