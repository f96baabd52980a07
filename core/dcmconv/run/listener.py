"""What a progress display is told."""

from __future__ import annotations

from typing import Protocol

from dcmconv.model.outcome import Outcome
from dcmconv.run.journal.chain_change import ChainChange

__all__ = ["Listener"]


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
