"""Runs the tools A B A B and keeps what each run cost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.agreement import Verdict, compare, pictures_in
from benchmarks.corpora import Corpora
from benchmarks.cost import CommandError, Cost, measure, peak_memory
from benchmarks.tasks import Counts, Task, counts_of
from benchmarks.tools import Tool

__all__ = ["Measured", "Referee"]

COMPARED = 8
"""More than a handful, so that our own pictures come out of the pool."""
COMPARED_ONE_BY_ONE = 4


@dataclass
class Measured:
    """All runs of one tool at one task."""

    task: Task
    tool: Tool
    counts: Counts
    verdict: Verdict
    small: list[Cost] = field(default_factory=list)
    large: list[Cost] = field(default_factory=list)


@dataclass(frozen=True)
class Referee:
    """Knows the folders, and tells what it does through ``say``."""

    corpora: Corpora
    folder: Path
    workers: int
    quick: bool
    say: Callable[[str], None]

    @property
    def _log(self) -> Path:
        return self.folder / "command.log"

    def judge(self, task: Task, tools: Sequence[Tool], rounds: int) -> list[Measured]:
        """Check the pictures of every tool, then let them run in turns, round after round."""
        entered = [self._entered(task, tool) for tool in tools if tool.handles(task)]
        running = [each for each in entered if each.verdict.agree]
        for number in range(rounds):
            # Turned around every second time: who comes first finds the cache colder.
            for each in running if number % 2 == 0 else running[::-1]:
                small, large = each.counts
                each.small.append(self.run(task, each.tool, small, self.workers))
                each.large.append(self.run(task, each.tool, large, self.workers))
                self.say(
                    f"  round {number + 1}  {each.tool.name:10}"
                    f" {small}: {each.small[-1].cpu:.2f} s, {large}: {each.large[-1].cpu:.2f} s CPU"
                )
        return entered

    def run(self, task: Task, tool: Tool, count: int, workers: int) -> Cost:
        """Run a tool over so many files; fails unless every picture is there."""
        source, out = self._folders(task, count)
        cost = measure(tool.command(task, source, out, workers), self._log, tool.env)
        found = len(pictures_in(out))
        if found != count * task.frames:
            raise CommandError(f"{tool.name} wrote {found} pictures of {count * task.frames}.")
        return cost

    def memory(self, task: Task, tool: Tool, count: int) -> int:
        """Return the peak memory of a run."""
        source, out = self._folders(task, count)
        return peak_memory(tool.command(task, source, out, self.workers), self._log, tool.env)

    def _entered(self, task: Task, tool: Tool) -> Measured:
        counts = counts_of(task, tool.pace, quick=self.quick)
        try:
            verdict = self._verdict(task, tool)
        except CommandError as error:
            verdict = Verdict(False, str(error).splitlines()[0][:200])
        self.say(f"  {tool.name}: {verdict.words}{'' if verdict.agree else ': not timed'}")
        return Measured(task, tool, counts, verdict)

    def _verdict(self, task: Task, tool: Tool) -> Verdict:
        if tool.name == "dcmconv":
            return Verdict(True, "the reference")
        if tool.gray_levels is None:
            return Verdict(True, "draws a figure, which is not compared")
        if tool.pace == "fast":
            count = min(COMPARED, COMPARED if task.frames == 1 else 1)
            return compare(self._ours(task, count), self._made(task, tool, count), tool.gray_levels)
        count = COMPARED_ONE_BY_ONE if task.frames == 1 else 1
        ours = self._ours(task, COMPARED if task.frames == 1 else 1)[: count * task.frames]
        theirs = [path for number in range(count) for path in self._of_one(task, tool, number)]
        return compare(ours, theirs, tool.gray_levels)

    def _ours(self, task: Task, count: int) -> list[Path]:
        """Return our own pictures, made once, to compare with."""
        from benchmarks.tools import find_tools
        from benchmarks.limit import Limit

        kept = self.folder / "reference" / f"{task.name}@{count}"
        if not kept.exists():
            ours = find_tools(Limit(None, "", ""))[0][0]
            source = self.corpora.folder(task.corpus, count)
            measure(ours.command(task, source, kept, self.workers), self._log)
        return pictures_in(kept)

    def _made(self, task: Task, tool: Tool, count: int) -> list[Path]:
        source, out = self._folders(task, count)
        measure(tool.command(task, source, out, self.workers), self._log, tool.env)
        return pictures_in(out)

    def _of_one(self, task: Task, tool: Tool, number: int) -> list[Path]:
        """Convert one file alone, so that it does not matter how the tool names its pictures."""
        source = self.folder / "one"
        shutil.rmtree(source, ignore_errors=True)
        source.mkdir(parents=True)
        file = self.corpora.folder(task.corpus, max(number + 1, 1)) / f"{number:06d}.dcm"
        os.link(file.resolve(), source / "one.dcm")
        out = self.folder / f"one-out-{number}"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        measure(tool.command(task, source, out, self.workers), self._log, tool.env)
        return pictures_in(out)

    def _folders(self, task: Task, count: int) -> tuple[Path, Path]:
        """Return the input, and an empty output; what earlier runs wrote is on the disk by then."""
        source, out = self.corpora.folder(task.corpus, count), self.folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        os.sync()
        return source, out
