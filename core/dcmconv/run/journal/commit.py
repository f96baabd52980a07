"""Commits inputs: publishes the files of one, writes its journal line and its table rows."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from dcmconv.errors import OutputError
from dcmconv.model.executor import Lost
from dcmconv.model.inputs import Reference, Rejected
from dcmconv.model.outcome import Converted, Failed, NotConverted, Outcome
from dcmconv.model.records import record
from dcmconv.run.dispatcher import PendingInput
from dcmconv.run.failure import failure_of_lost
from dcmconv.run.journal.line import Entry
from dcmconv.run.messages import ConversionReport
from dcmconv.run.output.destination import Destination
from dcmconv.run.output.os_errors import ENDS_THE_RUN, output_error
from dcmconv.run.output.publish import Publisher
from dcmconv.run.output.state_dir import open_state_file
from dcmconv.run.progress import Tally
from dcmconv.run.statistics_pass import GatheredStatistics

if TYPE_CHECKING:
    from dcmconv.run.output.tag_table import TagTable

__all__ = ["Committer"]


@record(frozen=True)
class Committer:
    """Commits one input after the other."""

    destination: Destination
    table: TagTable | None
    publisher: Publisher
    gathered: GatheredStatistics
    tally: Tally

    def begun(self, reference: Reference | Rejected) -> None:
        """Write a line that an input is about to be read in this process."""
        if self.destination.journal is not None:
            with _output_errors:
                self.destination.journal.write_begun(reference.key, reference.locator)

    def left(self, reference: Reference | Rejected) -> None:
        """Write a line that an input was read in this process and has no outcome yet."""
        if self.destination.journal is not None:
            with _output_errors:
                self.destination.journal.write_left(reference.key, reference.locator)

    def commit(self, pending: PendingInput) -> Outcome:
        """Publish the files of an input, write its journal line, and return its outcome.

        Raises
        ------
        OutputError
            If the destination is full: the run cannot continue, and a later run converts the input.
        """
        answer = pending.answer
        if isinstance(answer, ConversionReport):
            self._log_traceback(pending.reference.key, answer.traceback)
            outcome = self._publish(answer)
            if pending.slices and not isinstance(outcome, Converted):
                # Other slices of it may have finished files.
                self.destination.remove_parts(f"{pending.label}-")
        elif isinstance(answer, Lost):
            self.destination.remove_parts(f"{pending.label}-")
            outcome = failure_of_lost(pending.reference, answer, seconds=pending.seconds)
        else:
            raise TypeError(f"{pending.reference.key}: an executor answered {answer!r:.80}")
        # Pictures, then the line, then the parts: after a kill in between, the next run finds both
        # links of a picture and knows whose it is.
        with _output_errors:
            self._write(pending.before, outcome)
        if isinstance(answer, ConversionReport):
            self.publisher.remove_parts(answer)
        return outcome

    def _publish(self, report: ConversionReport) -> Outcome:
        outcome = report.outcome
        # An unchanged failure is that of an earlier run, and says nothing about the disk now.
        if isinstance(outcome, Failed) and outcome.reason in ENDS_THE_RUN and not outcome.unchanged:
            raise OutputError(outcome.message, outcome.hint, outcome.reason)
        return self.publisher.publish(report)

    def _write(self, before: Entry | None, outcome: Outcome) -> None:
        journal = self.destination.journal
        # What the journal says already is not written again.
        if journal is not None and not outcome.unchanged and not _still_holds(before, outcome):
            self.tally.left_behind(_left_behind(before, outcome))
            journal.write(outcome, self.gathered.chain_of(outcome.locator))
        if self.table is not None:
            self.table.add(outcome)

    def _log_traceback(self, key: str, traceback: str) -> None:
        log = self.destination.traceback_log if traceback else None
        if log is None:
            return
        with suppress(OSError, OutputError):  # the journal has the same in one line
            descriptor = open_state_file(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            with os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace") as stream:
                stream.write(f"{key}\n{traceback}\n")


class _OutputErrors:
    """Raises an ``OutputError``: no run continues without its journal or its tag table."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None and isinstance(error, OSError):
            raise output_error("The journal or the tag table", error) from error


_output_errors = _OutputErrors()


def _still_holds(before: Entry | None, now: Outcome) -> bool:
    """Return whether the earlier line of an input holds, because its own pictures are in the way.

    A line that says "exists" would make the next run forget which pictures are from this input.
    """
    if before is None or not isinstance(before.outcome, Converted):
        return False
    is_in_the_way = isinstance(now, NotConverted) and now.reason == "exists"
    is_same_input = (now.size, now.mtime_ns) == (before.outcome.size, before.outcome.mtime_ns)
    return is_in_the_way and is_same_input


def _left_behind(before: Entry | None, now: Outcome) -> int:
    """Return how many pictures of the earlier outcome are not among the pictures of this one."""
    if before is None or not isinstance(before.outcome, Converted):
        return 0
    current = now.outputs if isinstance(now, Converted) else ()
    return len({each.path for each in before.outcome.outputs} - {each.path for each in current})
