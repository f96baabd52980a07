"""Commits inputs: publishes the files of one, writes its journal line and its table rows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from dcmconv.errors import OutputError
from dcmconv.model.executor import Lost
from dcmconv.model.inputs import Rejected
from dcmconv.model.outcome import Converted, Failed, Outcome, Skipped
from dcmconv.run.executors import failed_from
from dcmconv.run.journal.writer import Entry
from dcmconv.run.messages import ConversionReport
from dcmconv.run.output.destination import Destination
from dcmconv.run.output.os_errors import ENDS_THE_RUN, output_error
from dcmconv.run.output.publish import Publisher
from dcmconv.run.output.state_dir import open_state_file
from dcmconv.run.output.tag_table import TagTable
from dcmconv.run.progress import Tally
from dcmconv.run.statistics_pass import GatheredStatistics
from dcmconv.run.window import PendingInput

__all__ = ["Committer", "outcome_of_rejected"]


@dataclass(frozen=True)
class Committer:
    """Settles one input after the other."""

    destination: Destination
    table: TagTable | None
    publisher: Publisher
    gathered: GatheredStatistics
    tally: Tally

    def begun(self, item: PendingInput) -> None:
        """Write down that an input is about to be read in this process."""
        if self.destination.journal is not None:
            with _refusing():
                self.destination.journal.write_begun(item.key, item.locator)

    def left(self, item: PendingInput) -> None:
        """Write down that an input was read in this process, and has no outcome yet."""
        if self.destination.journal is not None:
            with _refusing():
                self.destination.journal.write_left(item.key, item.locator)

    def commit(self, item: PendingInput) -> Outcome:
        """Publish what came back for an input, write it down, and return the outcome.

        Raises
        ------
        OutputError
            If the destination is full: the run cannot go on, and the input stays to be done.
        """
        if isinstance(item.answer, ConversionReport):
            self._log(item.key, item.answer.traceback)
            outcome = self._published(item.answer)
            if item.pieces and not isinstance(outcome, Converted):
                # Other pieces of it may have been finished.
                self.destination.remove_parts(f"{item.label}-")
        elif isinstance(item.answer, Lost):
            self.destination.remove_parts(f"{item.label}-")
            outcome = failed_from(item, item.answer)
        else:
            raise TypeError(f"{item.key}: an executor answered {item.answer!r:.80}")
        with _refusing():
            self._write_down(outcome)
        if isinstance(item.answer, ConversionReport):
            self.publisher.remove_parts(item.answer)
        return outcome

    def _published(self, report: ConversionReport) -> Outcome:
        outcome = report.outcome
        if isinstance(outcome, Failed) and outcome.reason in ENDS_THE_RUN and not outcome.unchanged:
            raise OutputError(outcome.message, outcome.hint, outcome.reason)
        return self.publisher.publish(report)

    def _write_down(self, outcome: Outcome) -> None:
        journal = self.destination.journal
        if journal is not None and not outcome.unchanged:
            before = journal.find(outcome.locator)
            if not _stands(before, outcome):
                self.tally.left_behind(_left_behind(before, outcome))
                journal.write(outcome, self.gathered.chain_of(outcome.locator))
        if self.table is not None:
            self.table.add(outcome)

    def _log(self, key: str, traceback: str) -> None:
        log = self.destination.traceback_log if traceback else None
        if log is None:
            return
        with suppress(OSError, OutputError):  # the journal says the same in one line
            descriptor = open_state_file(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            with os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace") as stream:
                stream.write(f"{key}\n{traceback}\n")


@contextmanager
def _refusing() -> Iterator[None]:
    """Say in words that the books cannot be kept; the run cannot go on without them."""
    try:
        yield
    except OSError as error:
        raise output_error("The journal or the tag table", error) from error


def _stands(before: Entry | None, now: Outcome) -> bool:
    """Say whether an input was not converted because its pictures, which have a line, are there."""
    if before is None or not isinstance(before.outcome, Converted):
        return False
    is_in_the_way = isinstance(now, Failed | Skipped) and now.reason == "exists"
    is_the_same = (now.size, now.mtime_ns) == (before.outcome.size, before.outcome.mtime_ns)
    return is_in_the_way and is_the_same


def _left_behind(before: Entry | None, now: Outcome) -> int:
    """Return how many pictures of an input's earlier outcome are none of its pictures now."""
    if before is None or not isinstance(before.outcome, Converted):
        return 0
    current = now.outputs if isinstance(now, Converted) else ()
    return len({each.path for each in before.outcome.outputs} - {each.path for each in current})


def outcome_of_rejected(refusal: Rejected) -> Skipped | Failed:
    """Return the outcome of something that a source met and cannot hand over."""
    verdict = Failed if refusal.failed else Skipped
    return verdict(
        input=refusal.key,
        locator=refusal.locator,
        reason=refusal.reason,
        message=refusal.message,
        hint=refusal.hint,
    )
