"""The engine: walks the inputs, hands out work, publishes what comes back, and keeps the books."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from dcmconv.batch.books import Books, outcome_of_refusal
from dcmconv.batch.crews import HANDFUL, at_hand, default_executor, open_crew
from dcmconv.batch.destination import Destination, close_run, open_destination
from dcmconv.batch.findings import Findings, asks_for_surveys
from dcmconv.batch.listener import Listener
from dcmconv.batch.publish import Publisher
from dcmconv.batch.records import Assignment, Report, SurveyAssignment, SurveyReport
from dcmconv.batch.resume import Resume
from dcmconv.batch.selection import EVERYTHING, Selection
from dcmconv.batch.tag_table import open_tag_table
from dcmconv.batch.tally import Tally
from dcmconv.batch.walk import Found, Walk
from dcmconv.batch.window import Item, Window
from dcmconv.chain.plan import ComponentRef, Plan
from dcmconv.errors import OutputError, UsageError
from dcmconv.inputs import Reference, Refusal
from dcmconv.outcome import Converted, Failed, Outcome, Summary

if TYPE_CHECKING:
    from dcmconv.registry import Events, Registry

__all__ = ["Run"]

BYTES_A_SECOND = 1_000_000
"""How fast an input is read at worst: big inputs get more time than ``plan.run.timeout``."""


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
        A table of ``plan.tags``, one row for every picture.
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
    _found: int = field(default=0, init=False, repr=False)

    def __iter__(self) -> Iterator[Outcome]:
        """Do the work, and yield what became of each input."""
        walk = Walk(self.plan.sources, self.inputs, self._avoid(), self.selection)
        walk.check()
        if self.events is not None:
            self.events.configure(self.plan)
        tally, self._found = Tally(stopped="interrupted"), 0
        with ExitStack() as stack:
            destination = stack.enter_context(open_destination(self.out, self.plan, self.argv))
            # Runs before the destination is closed, however the run ends.
            stack.callback(self._finish, tally, destination)
            table = stack.enter_context(open_tag_table(self.tag_table, self.plan.tags))
            publisher = Publisher(destination, self.plan.run)
            books = Books(destination, table, publisher, Findings(self.plan))
            # Closed before the destination is: no worker writes into a folder that is given up.
            outcomes = self._outcomes(walk, books, tally)
            for outcome in stack.enter_context(closing(outcomes)):
                tally.add(outcome)
                self._tell(outcome)
                yield outcome

    def _outcomes(self, walk: Walk, books: Books, tally: Tally) -> Generator[Outcome, None, None]:
        found = walk.found()
        first = list(islice(found, HANDFUL + 1))
        self._check_single(books.destination, first)
        self._start(first)
        crew = open_crew(self.plan, self._executor(first), books.destination.parts)
        window, here = Window(crew), at_hand(first)
        try:
            if asks_for_surveys(self.plan):
                self._survey(walk, window, books, here=here)
            for item in window.in_order(self._items(chain(first, found), books, here=here)):
                outcome = books.settle(item)
                yield outcome
                if isinstance(outcome, Failed) and self.plan.run.on_error == "stop":
                    tally.stopped = f"{outcome.input} failed"
                    return
            tally.stopped = ""
        except OutputError as error:
            tally.stopped = error.message
            raise
        finally:
            crew.close(now=bool(tally.stopped))

    def _survey(self, walk: Walk, window: Window, books: Books, *, here: bool) -> None:
        """Read every input once: normalizers ask for statistics of the series or of the run."""
        if self.listener is not None:
            self.listener.surveying()
        for item in window.in_order(self._survey_items(walk, books, here=here)):
            # An input that cannot be read adds nothing; its conversion says why.
            if isinstance(item.answer, SurveyReport):
                books.findings.add(item.locator, item.answer)

    def _survey_items(self, walk: Walk, books: Books, *, here: bool) -> Iterator[Item]:
        for number, each in enumerate(walk.found(), start=1):
            self._tell_found(number)
            reference = each.item
            if isinstance(reference, Refusal):
                continue
            item = Item(f"{os.getpid()}-s{number}", reference.key, reference.locator)
            item.assignment = SurveyAssignment(reference, each.source)
            item.seconds = self._seconds_for(reference)
            if here:
                books.begun(item)
            yield item

    def _items(self, found: Iterable[Found], books: Books, *, here: bool) -> Iterator[Item]:
        """Yield the work, with the answer already where none is needed."""
        resume = Resume(books.destination, self.plan, books.findings)
        for number, each in enumerate(found, start=1):
            self._tell_found(number)
            item = Item(f"{os.getpid()}-{number}", each.item.key, each.item.locator)
            if isinstance(each.item, Refusal):
                item.answer = Report(outcome_of_refusal(each.item))
            else:
                self._assign(item, each.item, each.source, resume)
            if here and item.answer is None:
                books.begun(item)
            yield item

    def _assign(self, item: Item, reference: Reference, source: int, resume: Resume) -> None:
        known = resume.known_outcome(reference)
        wants_attributes = isinstance(known, Converted) and self.tag_table and self.plan.tags
        if known is not None and not wants_attributes:
            item.answer = Report(known)
            return
        known = known if isinstance(known, Converted) else None
        surveyed = resume.findings.known(reference.locator)
        item.assignment = Assignment(reference, source, item.label, known, surveyed)
        item.seconds = self._seconds_for(reference)

    def _seconds_for(self, reference: Reference) -> float:
        return self.plan.run.timeout + (reference.size or 0) / BYTES_A_SECOND

    def _executor(self, first: Sequence[Found]) -> ComponentRef:
        if self.plan.run.executor is not None:
            return self.plan.run.executor
        return default_executor("inline" if at_hand(first) else "processes", self.registry)

    def _avoid(self) -> list[Path]:
        return [self.out, self.out / ".dcmconv"]

    def _check_single(self, destination: Destination, first: Sequence[Found]) -> None:
        if destination.file_name and len(first) > 1:
            raise UsageError(
                f"{self.out} names one file, but there is more than one input.",
                hint="Name a folder: -o pictures/",
            )

    def _start(self, first: Sequence[Found]) -> None:
        if self.events is not None:
            self.events.run_started(self.plan, self.out)
        if self.listener is not None:
            self.listener.started(len(first) if len(first) <= HANDFUL else None)

    def _tell_found(self, number: int) -> None:
        # A second walk, after a survey, finds nothing new for most of its way.
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
        close_run(destination, self.summary)
        if self.events is not None:
            self.events.run_finished(self.summary)
