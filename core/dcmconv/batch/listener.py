"""What a progress display is told."""

from __future__ import annotations

from typing import Protocol

from dcmconv.outcome import Outcome

__all__ = ["Listener"]


class Listener(Protocol):
    """Hears of a run while it goes on; called in the main process, and quick."""

    def started(self, total_known: int | None) -> None:
        """Hear that the run begins, with the number of inputs where it is known already."""

    def surveying(self) -> None:
        """Hear that every input is read once before, for statistics of its series or the run."""

    def found(self, count: int) -> None:
        """Hear how many inputs have been found so far."""

    def finished(self, outcome: Outcome) -> None:
        """Hear what became of one input, in the order of the walk."""
