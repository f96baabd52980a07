"""Run the tools in turns and record what each run costs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.agreement import Verdict, compare, pictures_in
from benchmarks.corpora import Corpora
from benchmarks.cost import CommandError, Cost, measure, peak_memory, touch_memory
from benchmarks.tasks import Counts, Task, counts_of
from benchmarks.tools import Tool

__all__ = ["Measured", "Referee"]

COMPARED = 8
"""More than a handful, so that our own pictures are made by worker processes."""
COMPARED_ONE_BY_ONE = 4
TOUCHED_BYTES = 2 << 30
"""More than any run writes."""


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
    """Runs and compares tools; reports what it does through ``say``."""

    dcmconv: Tool
    corpora: Corpora
    folder: Path
    workers: int
    quick: bool
    say: Callable[[str], None]

    @property
    def _log(self) -> Path:
        return self.folder / "command.log"

    def forget(self) -> None:
        """Delete earlier reference pictures: another version of dcmconv may have made them."""
        shutil.rmtree(self.folder / "reference", ignore_errors=True)

    def judge(self, task: Task, tools: Sequence[Tool], rounds: int) -> list[Measured]:
        """Check the pictures of every tool, then run the tools in turns, round after round.

        Raises
        ------
        CommandError
            If dcmconv itself fails.  A peer that fails is left out, and the result says why.
        """
        self._ours(task)
        entered = [self._entered(task, tool) for tool in tools if tool.handles(task)]
        for number in range(rounds):
            # Every second round is reversed: the first tool finds colder caches.
            for each in entered if number % 2 == 0 else entered[::-1]:
                if each.verdict.agree:
                    self._let_run(each, number)
        return entered

    def _let_run(self, each: Measured, number: int) -> None:
        try:
            costs = [self.run(each.task, each.tool, count, self.workers) for count in each.counts]
        except CommandError as error:
            if each.tool is self.dcmconv:
                raise
            each.verdict = Verdict(False, _first_line(error))
            each.small.clear()
            each.large.clear()
            self.say(f"  {each.tool.name}: {each.verdict.words}")
            return
        each.small.append(costs[0])
        each.large.append(costs[1])
        words = ", ".join(f"{n}: {c.cpu:.2f} s" for n, c in zip(each.counts, costs, strict=True))
        self.say(f"  round {number + 1}  {each.tool.name:10} {words} CPU")

    def run(self, task: Task, tool: Tool, count: int, workers: int) -> Cost:
        """Run a tool on ``count`` files; fails unless every picture was written."""
        source, out = self._folders(task, count)
        # Otherwise the first run would pay for the memory that all the others use.
        size = sum(path.stat().st_size for path in source.iterdir())
        touch_memory(min(size, TOUCHED_BYTES))
        cost = measure(tool.command(task, source, out, workers), self._log, tool.env)
        found = len(pictures_in(out))
        if found != count * task.frames:
            raise CommandError(f"{tool.name} wrote {found} of {count * task.frames} pictures.")
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
            verdict = Verdict(False, _first_line(error))
        self.say(f"  {tool.name}: {verdict.words}{'' if verdict.agree else ': not timed'}")
        return Measured(task, tool, counts, verdict)

    def _verdict(self, task: Task, tool: Tool) -> Verdict:
        if tool is self.dcmconv:
            return Verdict(True, "the reference")
        if tool.gray_levels is None:
            return Verdict(True, "draws a figure, which is not compared")
        if tool.pace == "fast":
            source, out = self._folders(task, _compared(task))
            measure(tool.command(task, source, out, self.workers), self._log, tool.env)
            return compare(self._ours(task), pictures_in(out), tool.gray_levels)
        count = min(COMPARED_ONE_BY_ONE, _compared(task))
        theirs = [path for number in range(count) for path in self._of_one(task, tool, number)]
        return compare(self._ours(task)[: count * task.frames], theirs, tool.gray_levels)

    def _ours(self, task: Task) -> list[Path]:
        """Return our own pictures to compare with; made once."""
        kept = self.folder / "reference" / task.name
        if not kept.exists():
            source, out = self._folders(task, _compared(task))
            measure(self.dcmconv.command(task, source, out, self.workers), self._log)
            kept.parent.mkdir(parents=True, exist_ok=True)
            out.rename(kept)
        return pictures_in(kept)

    def _of_one(self, task: Task, tool: Tool, number: int) -> list[Path]:
        """Convert a single file, so that the tool's names for pictures do not matter."""
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
        """Return the input and an empty output folder, after flushing earlier files to disk."""
        source, out = self.corpora.folder(task.corpus, count), self.folder / "out"
        self._put_away(out)
        out.mkdir(parents=True)
        os.sync()
        return source, out

    def _put_away(self, out: Path) -> None:
        """Truncate the pictures of an earlier run, and keep the empty files until the end.

        For minutes after a file was deleted, ext4 does not reuse its inode, and checks every such
        inode that it skips: a run after a thousand deletions pays more for this than for its own
        work.  Empty files cost nothing.
        """
        if not out.exists():
            return
        for path in pictures_in(out):
            os.truncate(path, 0)
        away = self.folder / "away"
        away.mkdir(exist_ok=True)
        out.rename(away / f"{len(list(away.iterdir())):06d}")

    def tidy_up(self) -> None:
        """Delete the moved folders, after the last measurement."""
        shutil.rmtree(self.folder / "away", ignore_errors=True)


def _compared(task: Task) -> int:
    return COMPARED if task.frames == 1 else 1


def _first_line(error: CommandError) -> str:
    return " ".join(str(error).splitlines()[-1].split())[:120]
