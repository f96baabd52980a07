"""The work list: turns what the walk finds into pending inputs, with a task or an answer."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field

from dcmconv.chain.plan import Plan
from dcmconv.model.inputs import Reference, Rejected
from dcmconv.model.outcome import Converted, Failed
from dcmconv.model.records import record
from dcmconv.run.dispatcher import PendingInput
from dcmconv.run.failure import outcome_of_rejected
from dcmconv.run.journal.commit import Committer
from dcmconv.run.journal.resume import Resume
from dcmconv.run.messages import ConversionReport, ConversionTask, StatisticsTask
from dcmconv.run.split_frames import SPLIT_BYTES
from dcmconv.run.walk import Found

__all__ = ["WorkList"]

BYTES_A_SECOND = 1_000_000
"""The slowest expected reading speed: large inputs get more time than ``plan.run.timeout``."""


@record(frozen=True)
class WorkList:
    """Makes a pending input of each found input, one at a time.

    Parameters
    ----------
    plan : Plan
        What to do with the inputs.
    committer : Committer
        Writes the journal's ``begun`` lines if ``in_this_process``.
    resume : Resume
        What earlier runs have done.
    in_this_process : bool
        The work is done in this process, so the journal must show what a crash interrupted.
    wants_attributes : bool
        A tag table is written, so inputs that are already converted are opened as well.
    tell : callable
        Called with the number of inputs found so far.
    tell_total : callable
        Called with the number of all inputs when the last one has been found.
    """

    plan: Plan
    committer: Committer
    resume: Resume
    in_this_process: bool
    wants_attributes: bool
    tell: Callable[[int], None]
    tell_total: Callable[[int], None]
    process_id: int = field(default_factory=os.getpid)

    def to_gather(self, found: Iterable[Found]) -> Iterator[PendingInput]:
        """Yield every input that can be read, with a statistics task."""
        number = 0
        for number, (reference, source) in enumerate(found, start=1):
            self.tell(number)
            if isinstance(reference, Rejected):
                continue
            task = StatisticsTask(reference, source)
            if self.in_this_process:
                # Its conversion reports that it crashed an earlier run.
                if self._is_suspect(reference):
                    continue
                self.committer.begun(reference)
            yield PendingInput(reference, task, self._seconds_for(reference))
        self.tell_total(number)

    def to_convert(self, found: Iterable[Found]) -> Iterator[PendingInput]:
        """Yield every input, with an answer if no work is needed."""
        journal = self.committer.destination.journal
        number = 0
        for number, (reference, source) in enumerate(found, start=1):
            self.tell(number)
            before = journal.find(reference.locator) if journal is not None else None
            pending = PendingInput(reference, before=before)
            if isinstance(reference, Rejected):
                outcome = outcome_of_rejected(reference)
                pending.answer = ConversionReport(self.resume.as_before(outcome, before))
            else:
                self._assign(pending, reference, source, number)
            if self.in_this_process and pending.answer is None:
                self.committer.begun(reference)
            yield pending
        self.tell_total(number)

    def _assign(
        self, pending: PendingInput, reference: Reference, source: int, number: int
    ) -> None:
        known = self.resume.known_outcome(
            reference, pending.before, for_table=self.wants_attributes
        )
        is_converted = isinstance(known, Converted)
        if known is not None and not (self.wants_attributes and is_converted):
            pending.answer = ConversionReport(known)
            return
        if self.in_this_process and self._is_suspect(reference):
            pending.answer = ConversionReport(_crashed_before(reference))
            return
        pending.task = ConversionTask(
            reference,
            source,
            # The process id comes first: remove_dead_parts looks there for it.
            f"{self.process_id}-{number}",
            known if isinstance(known, Converted) else None,
            self.resume.gathered.known(reference.locator),
            may_split=self._may_split(reference),
        )
        pending.seconds = self._seconds_for(reference)

    def _may_split(self, reference: Reference) -> bool:
        is_big = (reference.size or 0) >= SPLIT_BYTES
        return is_big and not self.in_this_process and self.plan.run.workers != 1

    def _is_suspect(self, reference: Reference) -> bool:
        journal = self.committer.destination.journal
        return journal is not None and journal.is_suspect(reference.locator)

    def _seconds_for(self, reference: Reference) -> float:
        return self.plan.run.timeout + (reference.size or 0) / BYTES_A_SECOND


def _crashed_before(reference: Reference) -> Failed:
    return Failed.of(
        reference,
        reason="crash",
        message="A previous run crashed while reading this file in its own process.",
        hint="Remove run.executor from the chain: worker processes contain a crash.",
    )
