"""The engine: walks the inputs, hands out the work, and commits what comes back."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from dcmconv.chain.plan import ComponentRef, Plan
from dcmconv.errors import OutputError, UsageError
from dcmconv.model.executor import WorkerPool
from dcmconv.model.outcome import Failed, Outcome, Summary
from dcmconv.run.executors import (
    HANDFUL,
    at_hand,
    default_executor,
    number_of_workers,
    open_pool,
)
from dcmconv.run.journal.commit import Committer
from dcmconv.run.journal.resume import Resume
from dcmconv.run.journal.run_record import RunRecord
from dcmconv.run.messages import StatisticsReport
from dcmconv.run.output.destination import Destination, open_destination
from dcmconv.run.output.publish import Publisher
from dcmconv.run.output.tag_table import TableFile, open_tag_table
from dcmconv.run.progress import Listener, Tally
from dcmconv.run.statistics_pass import GatheredStatistics, needs_statistics_pass
from dcmconv.run.stopping import FailureLimit, Stop
from dcmconv.run.walk import EVERYTHING, Found, Selection, Walk
from dcmconv.run.window import Window
from dcmconv.run.worklist import WorkList

if TYPE_CHECKING:
    from dcmconv.plugins.registry import Events, Registry

__all__ = ["Run"]


@dataclass
class Run:
    """A batch: iterate over it to do the work, and read ``summary`` afterwards.

    Each input ends as exactly one ``Converted``, ``Skipped`` or ``Failed``, in the walk's order.
    Nothing is done before the first outcome is asked for; leaving the loop ends the workers.

    Parameters
    ----------
    plan : Plan
        What to do.
    inputs : sequence of str
        INPUT arguments: files, folders, or what another source claims.
    out : Path
        The output folder, or one picture's name where there is one picture to make.
    selection : Selection
        Which inputs are wanted.
    tag_table : Path, optional
        A table of ``plan.tags``, one row for every picture of this run: ``.csv`` or ``.jsonl``.
    listener : Listener, optional
        Told of progress.
    events : Events, optional
        The lifecycle hooks of the plugins.
    registry : Registry, optional
        Where executors are found that the plan does not name; found anew if left out.
    argv : sequence of str
        The command line, for the records.

    Raises
    ------
    UsageError
        Before the run: an input that is not there, an output that cannot be what it is named.
    OutputError
        If the destination is in use, full or read-only; what is finished stays.
    """

    plan: Plan
    inputs: Sequence[str]
    out: Path
    selection: Selection = EVERYTHING
    tag_table: Path | None = None
    listener: Listener | None = None
    events: Events | None = None
    registry: Registry | None = None
    argv: Sequence[str] = ()
    summary: Summary = field(default=Summary(), init=False)
    _stop: Stop = field(default_factory=Stop, init=False, repr=False)
    _found: int = field(default=0, init=False, repr=False)

    def stop(self, reason: str = "interrupted") -> None:
        """Begin no new input, and end when what is in hand is done, or has had ten seconds.

        May be called from a signal handler or another thread; what is left is for the next run.
        """
        self._stop.ask(reason)

    def __iter__(self) -> Iterator[Outcome]:
        """Do the work, and yield what became of each input."""
        walk = Walk(self.plan.sources, self.inputs, self._avoid(), self.selection)
        walk.check()
        place = None
        if self.tag_table is not None:
            asked = (*self.inputs, *self.selection.include, *self.selection.exclude)
            place = TableFile.of(self.tag_table, self.out, asked)
            place.check(may_replace=self.plan.run.on_existing == "replace")
        if self.events is not None:
            self.events.configure(self.plan)
        tally, self._found = Tally(stopped="interrupted"), 0
        about = RunRecord(self.plan, self.argv)
        with ExitStack() as stack:
            destination = stack.enter_context(open_destination(self.out, self.plan, about))
            # Runs before the destination is closed, however the run ends.
            stack.callback(self._finish, tally, destination)
            table = stack.enter_context(open_tag_table(place, self.plan.tags, destination))
            publisher = Publisher(destination, self.plan.run)
            committer = Committer(
                destination, table, publisher, GatheredStatistics(self.plan), tally
            )
            # Closed before the destination is: no worker writes into a folder that is given up.
            outcomes = self._outcomes(walk, committer, tally)
            for outcome in stack.enter_context(closing(outcomes)):
                tally.add(outcome)
                self._tell(outcome)
                yield outcome
            if table is not None:
                table.is_complete = not tally.stopped

    def _outcomes(
        self, walk: Walk, committer: Committer, tally: Tally
    ) -> Generator[Outcome, None, None]:
        found = walk.found()
        first = list(islice(found, HANDFUL + 1))
        self._check_single(committer.destination, first)
        suspects = self._suspects(first, committer.destination)
        executor = self._executor(first, suspects)
        pool = open_pool(self.plan, executor, committer.destination.parts)
        try:
            self._start(first, suspects, pool, committer.destination)
            yield from self._settled(walk, chain(first, found), pool, committer, tally)
        except OutputError as error:
            tally.stopped = error.message
            raise
        finally:
            pool.close(now=bool(tally.stopped))

    def _settled(
        self,
        walk: Walk,
        found: Iterator[Found],
        pool: WorkerPool,
        committer: Committer,
        tally: Tally,
    ) -> Iterator[Outcome]:
        window = Window(pool, self._stop, number_of_workers(self.plan))
        limit = FailureLimit(str(self.plan.run.max_failures))
        work = WorkList(
            self.plan,
            committer,
            Resume(committer.destination, self.plan, committer.gathered, tally),
            here=pool.in_this_process,
            wants_attributes=bool(self.tag_table and self.plan.tags),
            tell=self._tell_found,
        )
        if needs_statistics_pass(self.plan):
            self._gather_statistics(walk, window, work, committer)
        for item in window.in_order(work.to_convert(found)):
            outcome = committer.commit(item)
            limit.add(outcome)
            yield outcome
            reason = limit.passed or self._on_error(outcome)
            if reason:
                tally.stopped = reason
                return
        tally.stopped = self._stop.reason

    def _gather_statistics(
        self, walk: Walk, window: Window, work: WorkList, committer: Committer
    ) -> None:
        """Read every input once: normalizers ask for statistics of the series or of the run."""
        if self.listener is not None:
            self.listener.statistics_pass_started()
        for item in window.in_order(work.to_gather(walk.found())):
            if work.here:
                committer.left(item)
            # An input that cannot be read adds nothing; its conversion says why.
            if isinstance(item.answer, StatisticsReport):
                committer.gathered.add(item.locator, item.answer)

    def _on_error(self, outcome: Outcome) -> str:
        stops = isinstance(outcome, Failed) and self.plan.run.on_error == "stop"
        return f"{outcome.input} failed" if stops else ""

    def _executor(self, first: Sequence[Found], suspects: Sequence[Found]) -> ComponentRef:
        if self.plan.executor is not None:
            return self.plan.executor
        here = at_hand(first) and not suspects and not self.plan.run.needs_workers
        return default_executor(self.plan.run, self.registry, here=here)

    def _suspects(self, first: Sequence[Found], destination: Destination) -> list[Found]:
        """Return what a run was reading in its own process when it ended without a word."""
        journal = destination.journal
        if journal is None:
            return []
        return [each for each in first if journal.is_suspect(each.item.locator)]

    def _avoid(self) -> list[Path]:
        return [self.out, self.out / ".dcmconv"]

    def _check_single(self, destination: Destination, first: Sequence[Found]) -> None:
        if destination.file_name and len(first) > 1:
            raise UsageError(
                f"{self.out} names one file, but there is more than one input.",
                hint="Name a folder: -o pictures/",
            )

    def _start(
        self,
        first: Sequence[Found],
        suspects: Sequence[Found],
        pool: WorkerPool,
        destination: Destination,
    ) -> None:
        if self.events is not None:
            self.events.run_started(self.plan, self.out)
        if self.listener is None:
            return
        workers = 0 if pool.in_this_process else number_of_workers(self.plan)
        self.listener.started(len(first) if len(first) <= HANDFUL else None, workers)
        if destination.change is not None:
            self.listener.chain_changed(destination.change)
        for each in suspects:
            self.listener.suspected(each.item.key)

    def _tell_found(self, number: int) -> None:
        # A second walk, after a statistics pass, finds nothing new for most of its way.
        if self.listener is not None and number > self._found:
            self._found = number
            self.listener.found(number)

    def _tell(self, outcome: Outcome) -> None:
        if self.events is not None:
            self.events.record(outcome)
        if self.listener is not None:
            self.listener.finished(outcome)

    def _finish(self, tally: Tally, destination: Destination) -> None:
        self.summary = tally.summary
        if not tally.stopped:
            destination.unjournaled.remove_parts()
        if destination.record is not None:
            destination.record.close(destination.folder, self.summary)
        if self.events is not None:
            self.events.run_finished(self.summary)
