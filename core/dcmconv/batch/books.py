"""The books: what becomes of each input, published, written down and tabled, in that order."""

from __future__ import annotations

from dataclasses import dataclass

from dcmconv.batch.crews import failed_from
from dcmconv.batch.destination import Destination
from dcmconv.batch.findings import Findings
from dcmconv.batch.publish import Publisher
from dcmconv.batch.records import Report
from dcmconv.batch.tag_table import TagTable
from dcmconv.batch.window import Item
from dcmconv.errors import OutputError
from dcmconv.executor import Lost
from dcmconv.inputs import Refusal
from dcmconv.outcome import Converted, Failed, Outcome, Skipped

__all__ = ["Books", "outcome_of_refusal"]


@dataclass(frozen=True)
class Books:
    """Settles one input after the other."""

    destination: Destination
    table: TagTable | None
    publisher: Publisher
    findings: Findings

    def begun(self, item: Item) -> None:
        """Write down that an input is about to be read in this process."""
        if self.destination.journal is not None:
            self.destination.journal.begun(item.key, item.locator)

    def settle(self, item: Item) -> Outcome:
        """Publish what came back for an input, write it down, and return the outcome.

        Raises
        ------
        OutputError
            If the destination is full: the run cannot go on, and the input stays to be done.
        """
        if isinstance(item.answer, Report):
            outcome = self._published(item.answer)
        elif isinstance(item.answer, Lost):
            self.destination.sweep(f"{item.label}-")
            outcome = failed_from(item, item.answer)
        else:
            raise TypeError(f"{item.key}: an executor answered {item.answer!r:.80}")
        try:
            self._write_down(outcome)
        except OSError as error:
            raise OutputError(
                f"The journal or the tag table cannot be written: {error.strerror}.",
                hint="Make room, then run again: what is finished stays.",
                reason="disk-full",
            ) from error
        return outcome

    def _published(self, report: Report) -> Outcome:
        outcome = report.outcome
        if isinstance(outcome, Failed) and outcome.reason == "disk-full":
            raise OutputError(outcome.message, outcome.hint, outcome.reason)
        return self.publisher.publish(report)

    def _write_down(self, outcome: Outcome) -> None:
        is_news = not (isinstance(outcome, Converted) and outcome.unchanged)
        if self.destination.journal is not None and is_news:
            self.destination.journal.record(outcome, self.findings.chain_of(outcome.locator))
        if self.table is not None:
            self.table.add(outcome)


def outcome_of_refusal(refusal: Refusal) -> Outcome:
    """Return the outcome of something that a source met and cannot hand over."""
    verdict = Failed if refusal.failed else Skipped
    return verdict(
        input=refusal.key,
        locator=refusal.locator,
        reason=refusal.reason,
        message=refusal.message,
        hint=refusal.hint,
    )
