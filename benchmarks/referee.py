"""Run the tools in turns and record what each run costs."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.agreement import Verdict, compare, compare_resampled, mean_size, pictures_in
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
    size: int = 0
    """Bytes of a picture, on average."""
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
        cost = measure(_command(task, tool, source, out, workers), self._log, tool.env)
        found = len(pictures_in(out))
        if found != count * task.pictures:
            raise CommandError(f"{tool.name} wrote {found} of {count * task.pictures} pictures.")
        return cost

    def memory(self, task: Task, tool: Tool, count: int) -> int:
        """Return the peak memory of a run."""
        source, out = self._folders(task, count)
        command = tool.command(task, source, out, self.workers)
        return peak_memory(command, self._log, tool.env)

    def _entered(self, task: Task, tool: Tool) -> Measured:
        measured = Measured(task, tool, counts_of(task, tool.pace, quick=self.quick), _REFERENCE)
        try:
            pictures = self._pictures(task, tool)
            measured.size = mean_size(pictures)
            measured.verdict = self._verdict(task, tool, pictures)
        except CommandError as error:
            measured.verdict = Verdict(False, _first_line(error))
        verdict = measured.verdict
        self.say(f"  {tool.name}: {verdict.words}{'' if verdict.agree else ': not timed'}")
        return measured

    def _pictures(self, task: Task, tool: Tool) -> list[Path]:
        """Return the pictures of a tool to compare with ours."""
        if tool is self.dcmconv:
            return self._ours(task)
        if tool.pace in {"fast", "near"}:
            source, out = self._folders(task, _compared(task))
            measure(_command(task, tool, source, out, self.workers), self._log, tool.env)
            return pictures_in(out)
        count = min(COMPARED_ONE_BY_ONE, _compared(task))
        return [path for number in range(count) for path in self._of_one(task, tool, number)]

    def _verdict(self, task: Task, tool: Tool, theirs: list[Path]) -> Verdict:
        ours = self._ours(task)[: len(theirs)]
        if task.compared in {"stretched", "fitted"}:
            full = replace(task, name=f"{task.name}-full-size", arguments=task.at_full_size)
            originals = self._ours(full)[: len(theirs)]
            return compare_resampled(ours, theirs, originals, is_padded=task.compared == "fitted")
        if tool is self.dcmconv:
            return _REFERENCE
        if tool.gray_levels is None:
            return Verdict(True, "draws a figure, which is not compared")
        return compare(ours, theirs, tool.gray_levels, drawn=task.compared == "drawn")

    def _ours(self, task: Task) -> list[Path]:
        """Return our own pictures to compare with; made once."""
        kept = self.folder / "reference" / task.name
        if not kept.exists():
            source, out = self._folders(task, _compared(task))
            measure(_command(task, self.dcmconv, source, out, self.workers), self._log)
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


_REFERENCE = Verdict(True, "the reference")


def _compared(task: Task) -> int:
    """Return the number of files whose pictures are compared."""
    if task.cost > 1000:
        return 2
    return COMPARED if task.pictures < COMPARED else 1


def _command(task: Task, tool: Tool, source: Path, out: Path, workers: int) -> list[str]:
    if not task.one_by_one:
        return tool.command(task, source, out, workers)
    calls = [
        shlex.join(tool.command(task, path, out / path.stem, workers))
        for path in sorted(source.iterdir())
    ]
    return ["sh", "-c", " && ".join(calls)]


def _first_line(error: CommandError) -> str:
    return " ".join(str(error).splitlines()[-1].split())[:120]
