"""A run in numbers, while it goes on."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from dcmconv.model.outcome import Converted, Failed, Outcome, Skipped, Summary
from dcmconv.run.journal.chain_change import ChainChange

__all__ = ["Listener", "Tally"]


class Listener(Protocol):
    """Hears of a run while it goes on; called in the main process, and quick."""

    def started(self, total_known: int | None, workers: int) -> None:
        """Hear that the run begins.

        ``total_known`` is the number of inputs where it is known already, ``workers`` that of
        worker processes, 0 where the program does the work itself.
        """

    def chain_changed(self, change: ChainChange) -> None:
        """Hear that the last run in the folder did something else, before anything is redone."""

    def suspected(self, key: str) -> None:
        """Hear that a run ended, without a word, while it read this input in its own process."""

    def statistics_pass_started(self) -> None:
        """Hear that every input is read once before, for statistics of its series or the run."""

    def found(self, count: int) -> None:
        """Hear how many inputs have been found so far."""

    def finished(self, outcome: Outcome) -> None:
        """Hear what became of one input, in the order of the walk."""


@dataclass
class Tally:
    """Counts outcomes."""

    began: float = field(default_factory=time.monotonic)
    stopped: str = ""
    _counts: Counter[str] = field(default_factory=Counter)
    _reasons: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        """Count one outcome."""
        self._counts[outcome.status] += 1
        if isinstance(outcome, Converted):
            self._counts["unchanged"] += outcome.unchanged
            self._counts["salvaged"] += outcome.salvaged
            self._counts["pictures"] += len(outcome.outputs)
        elif isinstance(outcome, Skipped | Failed):
            self._reasons[outcome.reason] += 1
            self._counts["failed_before"] += isinstance(outcome, Failed) and outcome.unchanged

    def found_damage(self, *, missing: int, altered: int) -> None:
        """Count pictures of earlier runs that are not what they were."""
        self._counts["missing"] += missing
        self._counts["altered"] += altered

    def left_behind(self, pictures: int) -> None:
        """Count pictures of earlier runs that their input has no more, and that stay."""
        self._counts["left_behind"] += pictures

    @property
    def summary(self) -> Summary:
        """The numbers so far."""
        return Summary(
            converted=self._counts["converted"],
            unchanged=self._counts["unchanged"],
            skipped=self._counts["skipped"],
            failed=self._counts["failed"],
            pictures=self._counts["pictures"],
            seconds=round(time.monotonic() - self.began, 3),
            reasons=dict(self._reasons.most_common()),
            stopped=self.stopped,
            failed_before=self._counts["failed_before"],
            salvaged=self._counts["salvaged"],
            missing=self._counts["missing"],
            altered=self._counts["altered"],
            left_behind=self._counts["left_behind"],
        )
