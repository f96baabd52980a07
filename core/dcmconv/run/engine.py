"""The engine: walks the inputs, hands out the work, and commits the results."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import field
from itertools import chain, islice
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from dcmconv.chain.plan import Plan
from dcmconv.errors import OutputError, UsageError
from dcmconv.model.executor import WorkerPool
from dcmconv.model.outcome import Failed, Outcome, Summary
from dcmconv.model.records import record
from dcmconv.run.dispatcher import Dispatcher, Stop
from dcmconv.run.executors import (
    HANDFUL,
    available_workers,
    default_executor,
    is_handful,
    open_pool,
)
from dcmconv.run.journal.commit import Committer
from dcmconv.run.journal.digests import hex_of
from dcmconv.run.journal.resume import Resume
from dcmconv.run.journal.run_record import RunRecord
from dcmconv.run.messages import StatisticsReport
from dcmconv.run.output.destination import Destination, open_destination
from dcmconv.run.output.naming import STATE_FOLDER
from dcmconv.run.output.publish import Publisher
from dcmconv.run.progress import Listener, Pace, Progress, Tally
from dcmconv.run.statistics_pass import GatheredStatistics, needs_statistics_pass
from dcmconv.run.walk import EVERYTHING, Found, Selection, Walk
from dcmconv.run.worklist import WorkList

if TYPE_CHECKING:
    from dcmconv.plugins.registry import Events, Registry
    from dcmconv.run.input_list import InputList
    from dcmconv.run.journal.chain_change import ChainChange, Replacement
    from dcmconv.run.output.tag_table import TableFile

__all__ = ["Run"]

SECONDS_UNCOUNTED = 1.0
"""A shorter run needs no total.  Its workers have started by then, which a thread would delay."""


@record
class Run:
    """A batch: iterate over it to do the work, and read ``summary`` afterwards.

    Each input ends as exactly one ``Converted``, ``Skipped`` or ``Failed``, in the walk's order.
    No work is done before the first outcome is requested; leaving the loop ends the workers.

    Parameters
    ----------
    plan : Plan
        What to do.
    inputs : sequence of str
        INPUT arguments: files, folders, or what another source claims.
    out : Path
        The output folder, or the name of one picture if there is only one to make.
    selection : Selection
        Which inputs are wanted.
    tag_table : Path, optional
        A table of ``plan.tags``, one row for every picture of this run: ``.csv`` or ``.jsonl``.
    listener : Listener, optional
        Receives the events of the run.
    tell : callable, optional
        Called with the progress after each input.
    events : Events, optional
        The lifecycle hooks of the plugins.
    registry : Registry, optional
        Where to find the executor if the plan names none; discovered if left out.
    argv : sequence of str
        The command line, for the run record.
    out_is_folder : bool
        ``out`` is a folder even if it has the suffix of a picture.
    lists : sequence of InputList
        More inputs, in files that list them.
    counts_ahead : bool
        After the first second, all inputs are counted in a thread, so that ``progress`` has a
        total.  The walk itself is only as far as the workers need it.
    replace : bool or callable
        Whether pictures that another chain made from the same inputs may be replaced; a callable
        is asked before anything is written, and only if there are any.
    avoid : sequence of Path
        Further folders in which no input is looked for.

    Raises
    ------
    UsageError
        Before the run: an input does not exist, the output cannot be what its name says, or
        pictures of another chain may not be replaced.
    OutputError
        If the destination is in use, full or read-only; finished pictures stay.
    """

    plan: Plan
    inputs: Sequence[str]
    out: Path
    selection: Selection = EVERYTHING
    tag_table: Path | None = None
    listener: Listener | None = None
    tell: Callable[[Progress], object] | None = None
    events: Events | None = None
    registry: Registry | None = None
    argv: Sequence[str] = ()
    out_is_folder: bool = False
    lists: Sequence[InputList] = ()
    counts_ahead: bool = False
    folder: Path | None = field(default=None, init=False)
    """Where the paths of the pictures begin; known once the run has begun."""
    replace: bool | Callable[[Replacement], bool] = False
    avoid: Sequence[Path] = ()
    summary: Summary = field(default=Summary(), init=False)
    tally: Tally = field(default_factory=Tally, init=False, repr=False)
    _stop: Stop = field(default_factory=Stop, init=False, repr=False)
    _found: int = field(default=0, init=False, repr=False)
    _total: int | None = field(default=None, init=False, repr=False)
    _pace: Pace = field(default_factory=Pace, init=False, repr=False)
    _dispatcher: Dispatcher | None = field(default=None, init=False, repr=False)

    @property
    def progress(self) -> Progress:
        """How far the run is; may be asked for at any time, also from another thread."""
        pace = self._pace.rate(self.tally.done)
        return self.tally.progress(found=self._found, total=self._total, recent_rate=pace)

    @property
    def at_work(self) -> list[tuple[str, float]]:
        """The input that each busy worker has, and for how many seconds; empty in this process."""
        return [] if self._dispatcher is None else self._dispatcher.at_work()

    def stop(self, reason: str = "interrupted") -> None:
        """Start no new input, and end when running tasks are done, after ten seconds at most.

        May be called from a signal handler or another thread; the next run does the rest.
        """
        self._stop.ask(reason)

    def walk(self) -> Walk:
        """Return the walk over the inputs, which exist.

        Raises
        ------
        InputNotFoundError
            If there is no file, folder or source for one of them.
        """
        walk = Walk(self.plan.sources, self.inputs, self._avoid(), self.selection, self.lists)
        walk.check()
        return walk

    def __iter__(self) -> Iterator[Outcome]:
        """Do the work, and yield the outcome of each input."""
        walk = self.walk()
        table_file = self._table_file()
        # Before the output folder is made: a plugin that refuses the plan leaves no trace.
        if self.events is not None:
            self.events.configure(self.plan)
        # Holds until the end is reached: a caller who leaves the loop interrupts the run.
        tally = self.tally = Tally(stopped="interrupted")
        self._found, self._total, self._pace = 0, None, Pace()
        record = RunRecord(self.plan, self.argv)
        with ExitStack() as stack:
            destination = stack.enter_context(
                open_destination(self.out, self.plan, record, is_folder=self.out_is_folder)
            )
            self.folder = destination.folder
            self._check_replacement(destination, walk)
            if destination.record is not None:
                destination.record.write(destination.folder)
            # Runs before the destination is closed, however the run ends.
            stack.callback(self._finish, tally, destination)
            table = None
            if table_file is not None:
                from dcmconv.run.output.tag_table import open_tag_table

                table = stack.enter_context(open_tag_table(table_file, self.plan.tags, destination))
            publisher = Publisher(destination, self.plan.run)
            gathered = GatheredStatistics(self.plan)
            committer = Committer(destination, table, publisher, gathered, tally)
            # Closed before the destination is: no worker writes into a folder without a lock.
            yield from stack.enter_context(closing(self._outcomes(walk, committer)))
            if table is not None:
                table.is_complete = not tally.stopped

    def _check_replacement(self, destination: Destination, walk: Walk) -> None:
        """Ask before pictures of another chain are replaced; nothing has been written yet."""
        record, journal = destination.record, destination.journal
        if record is None or journal is None or not record.has_others:
            return
        inputs = hex_of("\n".join(map(os.path.realpath, self._asked_for)))
        if record.agreed == inputs or self.plan.run.on_existing != "resume":
            return
        from dcmconv.run.journal.chain_change import find_replacement

        found = find_replacement(destination.before or {}, self.plan, journal, walk)
        if found is not None and not self._may_replace(found):
            raise UsageError(
                "".join([f"{self.out}: {found}.", *(f"\n  {line}" for line in found.lines)]),
                hint="To replace them, add --yes. To keep them, choose another output folder, or "
                "add --separate.",
            )
        record.agreed = inputs

    def _may_replace(self, found: Replacement) -> bool:
        return self.replace if isinstance(self.replace, bool) else self.replace(found)

    @property
    def _asked_for(self) -> tuple[str, ...]:
        """The INPUT arguments, and the patterns that select from them."""
        lists = (each.path for each in self.lists)
        return (*self.inputs, *lists, *self.selection.include, *self.selection.exclude)

    def _outcomes(self, walk: Walk, committer: Committer) -> Generator[Outcome, None, None]:
        """Convert and commit the inputs, in the order of the walk."""
        destination = committer.destination
        found = walk.inputs()
        # One more than a handful tells few inputs from many, without walking all of them.
        first = list(islice(found, HANDFUL + 1))
        self._check_single(destination, first)
        tally, workers = committer.tally, self.plan.run.worker_count or available_workers()
        suspects = self._suspects(first, destination)
        # By default, a suspect is read in a worker process, so that a crash does not end the run.
        few = is_handful(first) and not suspects and not self.plan.run.needs_workers
        executor = self.plan.executor or default_executor(self.registry, few=few)
        pool = open_pool(self.plan, executor, destination.parts, workers=workers)
        try:
            dispatcher = self._dispatcher = Dispatcher(pool, self._stop, workers)
            worklist = self._worklist(committer, pool)
            self._tell_started(
                first, suspects, destination.change, 0 if pool.in_this_process else workers
            )
            if needs_statistics_pass(self.plan):
                self._gather_statistics(walk, dispatcher, worklist)
            for pending in dispatcher.in_order(worklist.to_convert(chain(first, found))):
                outcome = committer.commit(pending)
                tally.add(outcome)
                self._tell_finished(outcome, tally)
                if self.counts_ahead:
                    self._start_counting(walk, tally)
                yield outcome
                reason = tally.exceeded(str(self.plan.run.max_failures)) or self._on_error(outcome)
                if reason:
                    tally.stopped = reason
                    return
            tally.stopped = self._stop.reason
            if destination.journal is not None:
                destination.journal.check_exists()
        except OutputError as error:
            tally.stopped = error.message
            raise
        finally:
            self._dispatcher = None
            pool.close(now=bool(tally.stopped))

    def _worklist(self, committer: Committer, pool: WorkerPool) -> WorkList:
        resume = Resume(committer.destination, self.plan, committer.gathered, committer.tally)
        return WorkList(
            self.plan,
            committer,
            resume,
            in_this_process=pool.in_this_process,
            wants_attributes=bool(self.tag_table and self.plan.tags),
            tell=self._tell_found,
            tell_total=self._tell_all_found,
        )

    def _gather_statistics(self, walk: Walk, dispatcher: Dispatcher, worklist: WorkList) -> None:
        """Read every input once, for normalizers with statistics of the series or of the run."""
        committer = worklist.committer
        if self.listener is not None:
            self.listener.statistics_pass_started()
        for pending in dispatcher.in_order(worklist.to_gather(walk.inputs())):
            if worklist.in_this_process:
                # Ends what to_gather began: a later crash is not this input's fault.
                committer.left(pending.reference)
            # An input that cannot be read adds nothing; its conversion reports why.
            if isinstance(pending.answer, StatisticsReport):
                committer.gathered.add(pending.reference.locator, pending.answer)

    def _on_error(self, outcome: Outcome) -> str:
        stops = isinstance(outcome, Failed) and self.plan.run.on_error == "stop"
        return f"{outcome.input} failed" if stops else ""

    def _suspects(self, first: Sequence[Found], destination: Destination) -> list[str]:
        """Return the keys of inputs that a previous run was reading when its process crashed."""
        journal = destination.journal
        if journal is None:
            return []
        # Only the first few: with more inputs, worker processes are the default anyway.
        return [each.key for each, _ in first if journal.is_suspect(each.locator)]

    def _avoid(self) -> list[Path]:
        return [self.out, self.out / STATE_FOLDER, *self.avoid]

    def _table_file(self) -> TableFile | None:
        if self.tag_table is None:
            return None
        from dcmconv.run.output.tag_table import TableFile

        table_file = TableFile.of(self.tag_table, self.out, self._asked_for)
        table_file.check(may_replace=self.plan.run.on_existing == "replace")
        before = table_file.columns_before()
        if self.listener is not None and before and before != self.plan.tags:
            self.listener.table_changed(table_file.path, before, self.plan.tags)
        return table_file

    def _check_single(self, destination: Destination, first: Sequence[Found]) -> None:
        if destination.file_name and len(first) > 1:
            raise UsageError(
                f"{self.out} names one file, but there is more than one input.",
                hint="Name a folder: -o pictures/",
            )

    def _tell_started(
        self,
        first: Sequence[Found],
        suspects: Sequence[str],
        change: ChainChange | None,
        workers: int,
    ) -> None:
        if self.events is not None:
            self.events.run_started(self.plan, self.out)
        # The walk is lazy: only of a handful is the total known now.
        self._total = len(first) if len(first) <= HANDFUL else None
        if self.listener is None:
            return
        self.listener.started(self._total, workers)
        if change is not None:
            self.listener.chain_changed(change)
        for key in suspects:
            self.listener.suspected(key)

    def _start_counting(self, walk: Walk, tally: Tally) -> None:
        if time.monotonic() - tally.began >= SECONDS_UNCOUNTED:
            self.counts_ahead = False
            Thread(target=self._count_ahead, args=(walk, tally), daemon=True).start()

    def _count_ahead(self, walk: Walk, tally: Tally) -> None:
        """Count all inputs, for the progress; the work does not wait for it."""
        number = 0
        # What goes wrong here goes wrong in the walk of the run as well, and is reported there.
        with suppress(Exception):
            for number, _ in enumerate(walk.inputs(), start=1):
                if tally is not self.tally or self._dispatcher is None:
                    return
                self._found = max(self._found, number)
            self._total = max(number, self._found)

    def _tell_found(self, number: int) -> None:
        # After a statistics pass the second walk counts from 1 again.
        if number > self._found:
            self._found = number
            if self.listener is not None:
                self.listener.found(number)

    def _tell_all_found(self, total: int) -> None:
        if self._total is None:
            self._total = total
            if self.listener is not None:
                self.listener.all_found(total)

    def _tell_finished(self, outcome: Outcome, tally: Tally) -> None:
        if self.events is not None:
            self.events.record(outcome)
        if self.listener is not None:
            self.listener.finished(outcome, tally)
        if self.tell is not None:
            self.tell(self.progress)

    def _finish(self, tally: Tally, destination: Destination) -> None:
        self.summary = tally.summary
        # A stopped run may not have reached these inputs: the next one needs the parts.
        if not tally.stopped:
            destination.unjournaled.remove_parts()
        if destination.record is not None:
            destination.record.close(destination.folder, self.summary)
        if self.events is not None:
            self.events.run_finished(self.summary)
