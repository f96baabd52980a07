"""The work list: from what the walk finds to items for the window, with a task or an answer."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from dcmconv.chain.plan import Plan
from dcmconv.model.inputs import Reference, Rejected
from dcmconv.model.outcome import Converted, Failed
from dcmconv.run.journal.commit import Committer, outcome_of_rejected
from dcmconv.run.journal.resume import Resume
from dcmconv.run.messages import ConversionReport, ConversionTask, StatisticsTask
from dcmconv.run.split_frames import SPLIT_BYTES
from dcmconv.run.walk import Found
from dcmconv.run.window import PendingInput

__all__ = ["WorkList"]

BYTES_A_SECOND = 1_000_000
"""How fast an input is read at worst: big inputs get more time than ``plan.run.timeout``."""


@dataclass(frozen=True)
class WorkList:
    """Makes items of what is found, one after the other.

    Parameters
    ----------
    plan : Plan
        What is done with them.
    committer : Committer
        Where it is written down that an input is begun, if ``here``.
    resume : Resume
        What earlier runs have done.
    here : bool
        The work is done in this process: a crash there must be known to the next run.
    wants_attributes : bool
        A table is written, so that inputs which are done are opened all the same.
    tell : callable
        Called with the number of inputs found so far.
    """

    plan: Plan
    committer: Committer
    resume: Resume
    here: bool
    wants_attributes: bool
    tell: Callable[[int], None]

    def to_gather(self, found: Iterable[Found]) -> Iterator[PendingInput]:
        """Yield one item for every input that can be read."""
        for number, each in enumerate(found, start=1):
            self.tell(number)
            reference = each.item
            if isinstance(reference, Rejected):
                continue
            item = PendingInput(f"{os.getpid()}-s{number}", reference.key, reference.locator)
            item.assignment = StatisticsTask(reference, each.source)
            item.seconds = self._seconds_for(reference)
            if self.here and self._is_suspect(reference):
                continue
            if self.here:
                self.committer.begun(item)
            yield item

    def to_convert(self, found: Iterable[Found]) -> Iterator[PendingInput]:
        """Yield one item for every input, with the answer already where no work is needed."""
        for number, each in enumerate(found, start=1):
            self.tell(number)
            item = PendingInput(f"{os.getpid()}-{number}", each.item.key, each.item.locator)
            if isinstance(each.item, Rejected):
                item.answer = ConversionReport(
                    self.resume.as_before(outcome_of_rejected(each.item))
                )
            else:
                self._assign(item, each.item, each.source)
            if self.here and item.answer is None:
                self.committer.begun(item)
            yield item

    def _assign(self, item: PendingInput, reference: Reference, source: int) -> None:
        known = self.resume.known_outcome(reference, for_table=self.wants_attributes)
        if known is not None and not (self.wants_attributes and isinstance(known, Converted)):
            item.answer = ConversionReport(known)
            return
        if self.here and self._is_suspect(reference):
            item.answer = ConversionReport(_not_again(reference))
            return
        known = known if isinstance(known, Converted) else None
        wider_statistics = self.resume.gathered.known(reference.locator)
        item.assignment = ConversionTask(
            reference,
            source,
            item.label,
            known,
            wider_statistics,
            may_split=self._may_split(reference),
        )
        item.seconds = self._seconds_for(reference)

    def _may_split(self, reference: Reference) -> bool:
        is_big = (reference.size or 0) >= SPLIT_BYTES
        return is_big and not self.here and self.plan.run.workers != 1

    def _is_suspect(self, reference: Reference) -> bool:
        journal = self.committer.destination.journal
        return journal is not None and journal.is_suspect(reference.locator)

    def _seconds_for(self, reference: Reference) -> float:
        return self.plan.run.timeout + (reference.size or 0) / BYTES_A_SECOND


def _not_again(reference: Reference) -> Failed:
    return Failed(
        input=reference.key,
        locator=reference.locator,
        size=reference.size,
        mtime_ns=reference.mtime_ns,
        reason="crash",
        message="A run ended, without a word, while it read this input in its own process.",
        hint="Leave out the executor 'inline': worker processes contain a crash.",
    )
