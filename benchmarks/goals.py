"""The performance goals of dcmconv, and how the results compare with them."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.results import Results
from benchmarks.tasks import TASKS

__all__ = ["goal_lines"]


@dataclass(frozen=True)
class Goal:
    """How many times as fast as a tool dcmconv should be, or which share of the C limit's speed."""

    task: str
    peer: str
    wanted: float


LIMITS = {"ct": 0.70, "cr": 0.80}
GOALS = [
    *(
        Goal(f"{corpus}-{writer}-{normalizer}", "C limit", limit)
        for corpus, limit in LIMITS.items()
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
SAME = 0.97
"""Of the time of 0.1.0: rounds of the same program differ by a few percent."""
GAIN = 0.95
LEAST_GAIN = 1.5
MEMORY_GROWTH = 1.10
MEMORY_MOST = 200e6
HELP = 1.25
ONE_PICTURE = 1.5
START = 0.5


def goal_lines(results: Results) -> Iterator[str]:
    """Yield a table line for every goal that has a measurement."""
    yield from _every_task(results)
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


def _every_task(results: Results) -> Iterator[str]:
    """Yield lines about the careful scripts and 0.1.0, which name the tasks that miss the goal."""
    for words, wanted in (
        ("at least twice as fast as the careful script", 2.0),
        ("at least 1.5 times as fast as the careful script", 1.5),
        ("not slower than the careful script", 1.0),
    ):
        tasks = [task.name for task in TASKS if task.least == wanted]
        yield from _all_of(results, words, "careful", tasks, wanted)
    yield from _all_of(results, "not slower than 0.1.0", "0.1.0", [t.name for t in TASKS], SAME)
    for name in ("ct-smallest", "cr-smallest"):
        ours, theirs = results.row(name, "dcmconv"), results.row(name, "careful")
        if ours and theirs and theirs.size:
            words = f"{name}: size, share of oxipng's"
            yield _line(words, 1.0, ours.size / theirs.size, "{:.1%}", least=False)


def _all_of(
    results: Results, words: str, peer: str, tasks: list[str], wanted: float
) -> Iterator[str]:
    times = {name: found for name in tasks if (found := results.times(name, peer)) is not None}
    if not times:
        return
    missed = {name: found for name, found in times.items() if found < wanted}
    names = ", ".join(f"{name} {found:.2f} x" for name, found in missed.items())
    found = f"{len(times) - len(missed)} of {len(times)}" + (f"; not {names}" if missed else "")
    yield f"| tasks {words} | all | {found} | {'**not reached**' if missed else 'reached'} |"


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
