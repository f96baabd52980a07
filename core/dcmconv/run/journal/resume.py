"""Resume: which inputs need no work, by the journal and by what stands in the output folder."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dcmconv.chain.plan import Plan
from dcmconv.model.inputs import Reference
from dcmconv.model.outcome import Converted, Failed, Outcome, Skipped
from dcmconv.run.journal.line import Entry
from dcmconv.run.output.destination import Destination
from dcmconv.run.output.verify import PictureState, picture_state
from dcmconv.run.progress import Tally
from dcmconv.run.statistics_pass import GatheredStatistics

__all__ = ["Resume"]

TRIED_AGAIN = frozenset(
    {
        *("exists", "collision", "output", "no-permission", "name-too-long", "too-large"),
        *("io-error", "disk-full", "read-only", "vanished"),
        *("changed", "unreadable", "not-a-file", "not-installed"),
    }
)
"""Reasons outside the file: they may be gone, though the file and the chain are the same."""


@dataclass(frozen=True)
class Resume:
    """Looks inputs up in the journal before any work is done."""

    destination: Destination
    plan: Plan
    gathered: GatheredStatistics
    tally: Tally

    def known_outcome(
        self, reference: Reference, entry: Entry | None, *, for_table: bool = False
    ) -> Outcome | None:
        """Return the outcome of an input that is done already; None where there is work.

        Under ``resume``, done means the same size and time of change, the same chain (with the same
        statistics of the series and the run), and every picture there as it was.  Under ``skip``,
        the pictures are enough; ``for_table``, they are not passed over but known, so that a table
        has their rows.  A failure stands until something changes, or ``retry_failed``.
        """
        policy = self.plan.run.on_existing
        if entry is None or policy not in ("resume", "skip"):
            return None
        if policy == "skip" and isinstance(entry.outcome, Converted):
            if not self._all_there(entry.outcome, entry):
                return None
            if not for_table:
                return _skipped(reference, entry.outcome)
            return replace(entry.outcome, input=reference.key, unchanged=True)
        if not self._is_current(reference, entry) or not self._stands(entry):
            return None
        return replace(entry.outcome, input=reference.key, unchanged=True)

    def as_before(self, outcome: Outcome, entry: Entry | None) -> Outcome:
        """Return what a source refuses, marked as unchanged where the journal has it already."""
        known = entry.outcome if entry else None
        is_same = type(known) is type(outcome) and all(
            getattr(known, name) == getattr(outcome, name) for name in ("reason", "message")
        )
        return replace(outcome, unchanged=True) if is_same else outcome

    def _is_current(self, reference: Reference, entry: Entry) -> bool:
        """Say whether neither the input nor what is done with it has changed."""
        # Without a fingerprint nobody can tell whether the input is still the same.
        return (
            reference.mtime_ns is not None
            and (reference.size, reference.mtime_ns) == (entry.outcome.size, entry.outcome.mtime_ns)
            and entry.chain == self.gathered.chain_of(reference.locator)
            and self._holds_under_this_policy(entry)
        )

    def _holds_under_this_policy(self, entry: Entry) -> bool:
        """Say whether another policy would have had the same outcome."""
        policy, outcome = self.plan.run.policy, entry.outcome
        if entry.policy == policy or isinstance(outcome, Skipped):
            return True
        if not isinstance(outcome, Converted) or outcome.salvaged:
            return False
        return policy != "strict" or not outcome.notes

    def _stands(self, entry: Entry) -> bool:
        outcome = entry.outcome
        if isinstance(outcome, Converted):
            return self._all_there(outcome, entry)
        if isinstance(outcome, Skipped | Failed) and outcome.reason in TRIED_AGAIN:
            return False
        return not (isinstance(outcome, Failed) and self.plan.run.retry_failed)

    def _all_there(self, outcome: Converted, entry: Entry) -> bool:
        """Look at every picture of an input, and count those that are gone or not the same."""
        written = float("-inf") if self.plan.run.verify else entry.time
        states = [
            picture_state(self.destination.folder, output, written=written)
            for output in outcome.outputs
        ]
        self.tally.found_damage(
            missing=states.count(PictureState.MISSING), altered=states.count(PictureState.ALTERED)
        )
        return all(state is PictureState.WHOLE for state in states)


def _skipped(reference: Reference, known: Converted) -> Skipped:
    message = f"Its pictures are there already ({len(known.outputs)})."
    return replace(Skipped.of(reference, reason="exists", message=message), unchanged=True)
