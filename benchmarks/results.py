"""The measurements as plain data, and the figures derived from them."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.cost import Cost
from benchmarks.referee import Measured

__all__ = ["Gain", "Results", "Row", "machine", "row_of"]


@dataclass
class Row:
    """One tool at one task: CPU seconds of each round, for the smaller and the larger count.

    ``pictures`` is the number of pictures per file, ``size`` the bytes of one on average.
    """

    task: str
    tool: str
    pictures: int
    counts: tuple[int, int]
    words: str
    agree: bool
    size: int = 0
    small: list[float] = field(default_factory=list)
    large: list[float] = field(default_factory=list)

    @property
    def slopes(self) -> list[float]:
        """Marginal CPU of one picture in ms, by round; contains no start-up."""
        pictures = (self.counts[1] - self.counts[0]) * self.pictures
        pairs = zip(self.small, self.large, strict=True)
        return [(large - small) / pictures * 1000 for small, large in pairs]

    @property
    def marginal(self) -> float | None:
        """The median of the slopes; None if nothing was timed."""
        return statistics.median(self.slopes) if self.small else None

    @property
    def start(self) -> float | None:
        """CPU seconds of a run before its first picture: where the line meets zero."""
        if self.marginal is None:
            return None
        pictures = self.counts[0] * self.pictures
        return max(0.0, statistics.median(self.small) - pictures * self.marginal / 1000)


@dataclass
class Gain:
    """Wall seconds of the same run with one process and with two, by round."""

    tool: str
    one: list[float]
    two: list[float]

    @property
    def gain(self) -> float:
        """How many times as fast two processes are."""
        return statistics.median(self.one) / statistics.median(self.two)


@dataclass
class Results:
    """A whole session of the referee."""

    machine: dict[str, str]
    quick: bool
    rounds: int
    tools: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    gains: list[Gain] = field(default_factory=list)
    memory: dict[str, dict[str, int]] = field(default_factory=dict)
    starts: dict[str, list[float]] = field(default_factory=dict)
    imports: dict[str, float] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        """Return the results as plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Results:
        """Return the results that ``as_data`` turned into data."""
        rows = [Row(**{**row, "counts": tuple(row["counts"])}) for row in data["rows"]]
        return cls(**{**data, "rows": rows, "gains": [Gain(**gain) for gain in data["gains"]]})

    def add(self, rows: Sequence[Row]) -> None:
        """Add the rows of a task in place of those of an earlier measurement."""
        tasks = {row.task for row in rows}
        self.rows = [*(row for row in self.rows if row.task not in tasks), *rows]

    def row(self, task: str, tool: str) -> Row | None:
        """Return the row of a tool at a task; None if it has none."""
        return next((row for row in self.rows if (row.task, row.tool) == (task, tool)), None)

    def times(self, task: str, peer: str, ours: str = "dcmconv") -> float | None:
        """Return how many times as much CPU a picture takes a peer."""
        mine, theirs = self.row(task, ours), self.row(task, peer)
        if mine is None or theirs is None or not mine.marginal or theirs.marginal is None:
            return None
        return theirs.marginal / mine.marginal

    def span(self, task: str, peer: str, ours: str = "dcmconv") -> tuple[float, float] | None:
        """Return the smallest and the largest of these ratios, taken round by round."""
        mine, theirs = self.row(task, ours), self.row(task, peer)
        if mine is None or theirs is None or not mine.small or not theirs.small:
            return None
        pairs = zip(theirs.slopes, mine.slopes, strict=True)
        ratios = [other / own if own > 0 else float("inf") for other, own in pairs]
        return min(ratios), max(ratios)


def row_of(measured: Measured) -> Row:
    """Return the measurements of a tool as a row."""
    return Row(
        task=measured.task.name,
        tool=measured.tool.name,
        pictures=measured.task.pictures,
        counts=measured.counts,
        words=measured.verdict.words,
        agree=measured.verdict.agree,
        size=measured.size,
        small=_cpu(measured.small),
        large=_cpu(measured.large),
    )


def machine(anatomy: str) -> dict[str, str]:
    """Describe the machine, without host name and paths."""
    processor = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        lines = information.read_text().splitlines()
        models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
        processor = models[0] if models else processor
    return {
        "processor": f"{processor}, {len(os.sched_getaffinity(0))} usable",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "anatomy": anatomy,
        "load at the start": f"{os.getloadavg()[0]:.1f}",
    }


def _cpu(costs: Sequence[Cost]) -> list[float]:
    return [round(cost.cpu, 4) for cost in costs]
