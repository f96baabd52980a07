"""When a run ends before its inputs do: because it is asked to, or because too many fail."""

from __future__ import annotations

import time
from dataclasses import dataclass

from dcmconv.model.outcome import Failed, Outcome

__all__ = ["SECONDS_OF_GRACE", "FailureLimit", "Stop"]

SECONDS_OF_GRACE = 10.0
"""How long what is in hand may take; SLURM and Kubernetes kill after 30."""
FEWEST = 100
"""A share of the inputs means nothing before so many are done."""


@dataclass
class Stop:
    """Whether the run has been asked to end, and how long it may still take.

    ``ask`` may be called from a signal handler or another thread.
    """

    reason: str = ""
    _until: float = float("inf")

    def ask(self, reason: str) -> None:
        """Have no new input begun; only the first call counts."""
        if not self.reason:
            self._until = time.monotonic() + SECONDS_OF_GRACE
            self.reason = reason

    @property
    def asked(self) -> bool:
        """Whether the run should end."""
        return bool(self.reason)

    @property
    def is_over(self) -> bool:
        """Whether what is still in hand has had its time."""
        return self.asked and time.monotonic() >= self._until


@dataclass
class FailureLimit:
    """Counts the failures of this run against ``--max-failures``: a number, or a share in percent.

    An empty text is no limit.  Failures that an earlier run had are not counted.
    """

    text: str
    _failed: int = 0
    _done: int = 0

    def add(self, outcome: Outcome) -> None:
        """Count one outcome."""
        self._done += 1
        self._failed += isinstance(outcome, Failed) and not outcome.unchanged

    @property
    def passed(self) -> str:
        """Why the run should end; empty as long as it should not."""
        if not self.text:
            return ""
        number = float(self.text.removesuffix("%"))
        if not self.text.endswith("%"):
            found = "input" if number == 1 else "inputs"
            return f"more than {number:g} {found} failed" if self._failed > number else ""
        if self._done < FEWEST or self._failed * 100 <= number * self._done:
            return ""
        return f"{self._failed} of {self._done} inputs failed, more than {number:g} %"
