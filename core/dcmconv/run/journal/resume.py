"""Resume: which inputs need no work, according to the journal and the output folder."""

from __future__ import annotations

from dataclasses import replace

from dcmconv.chain.plan import Plan
from dcmconv.model.inputs import Reference
from dcmconv.model.outcome import Converted, Failed, Outcome, Skipped
from dcmconv.model.records import record
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
"""Reasons outside the input: trying again may succeed even if file and chain are unchanged."""


@record(frozen=True)
class Resume:
    """Compares each input with its journal line before any work is done."""

    destination: Destination
    plan: Plan
    gathered: GatheredStatistics
    tally: Tally

    def known_outcome(
        self, reference: Reference, entry: Entry | None, *, for_table: bool = False
    ) -> Outcome | None:
        """Return the outcome of an input that is done already; None if there is work.

        In the mode ``resume``, an input is done if its size and modification time, the chain (with
        the statistics of the series and the run) and every picture are unchanged.  In the mode
        ``skip``, the pictures are enough; ``for_table`` returns them as converted, not as skipped,
        so that the table has their rows.  A failure counts as done, unless ``retry_failed``.
        """
        mode = self.plan.run.on_existing
        if entry is None or mode not in ("resume", "skip"):
            return None
        if mode == "skip" and isinstance(entry.outcome, Converted):
            if not self._all_whole(entry.outcome, entry):
                return None
            if not for_table:
                return _skipped(reference, entry.outcome)
            return replace(entry.outcome, input=reference.key, unchanged=True)
        if not (self._is_current(reference, entry) and self._still_counts(entry)):
            return None
        return replace(entry.outcome, input=reference.key, unchanged=True)

    def as_before(self, outcome: Outcome, entry: Entry | None) -> Outcome:
        """Return the outcome of a rejected input, marked as unchanged if the journal has it."""
        known = entry.outcome if entry else None
        is_same = type(known) is type(outcome) and all(
            getattr(known, name) == getattr(outcome, name) for name in ("reason", "message")
        )
        return replace(outcome, unchanged=True) if is_same else outcome

    def _is_current(self, reference: Reference, entry: Entry) -> bool:
        """Return whether neither the input nor its chain has changed."""
        # Without a modification time, there is no way to know whether the input changed.
        return (
            reference.mtime_ns is not None
            and (reference.size, reference.mtime_ns) == (entry.outcome.size, entry.outcome.mtime_ns)
            and entry.chain == self.gathered.chain_of(reference.locator)
            and self._policy_agrees(entry)
        )

    def _policy_agrees(self, entry: Entry) -> bool:
        """Return whether the present policy gives the same outcome as the earlier one."""
        policy, outcome = self.plan.run.policy, entry.outcome
        if entry.policy == policy or isinstance(outcome, Skipped):
            return True
        # Another policy may salvage what failed, or fail what was salvaged.
        if not isinstance(outcome, Converted) or outcome.salvaged:
            return False
        # strict fails an input that has a note.
        return policy != "strict" or not outcome.notes

    def _still_counts(self, entry: Entry) -> bool:
        outcome = entry.outcome
        if isinstance(outcome, Converted):
            return self._all_whole(outcome, entry)
        if isinstance(outcome, Skipped | Failed) and outcome.reason in TRIED_AGAIN:
            return False
        return not (isinstance(outcome, Failed) and self.plan.run.retry_failed)

    def _all_whole(self, outcome: Converted, entry: Entry) -> bool:
        """Check every picture of an input, and count the missing and altered ones."""
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
    message = f"Its pictures already exist ({len(known.outputs)})."
    skipped = Skipped.of(reference, reason="exists", message=message)
    return replace(skipped, notes=known.notes, unchanged=True)
