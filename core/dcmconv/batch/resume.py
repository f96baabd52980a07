"""Resume: which inputs need no work, by the journal and by what stands in the output folder."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from dcmconv.batch.destination import Destination
from dcmconv.batch.findings import Findings
from dcmconv.chain.plan import Plan
from dcmconv.inputs import Reference
from dcmconv.outcome import Converted, Outcome, Skipped

__all__ = ["Resume"]


@dataclass(frozen=True)
class Resume:
    """Looks inputs up in the journal before any work is done."""

    destination: Destination
    plan: Plan
    findings: Findings

    def known_outcome(self, reference: Reference) -> Outcome | None:
        """Return the outcome of an input that is done already; None where there is work.

        Under ``resume``, done means the same size and time of change, the same chain (with the same
        statistics of the series and the run), and every picture there with its size.  Under
        ``skip``, the pictures are enough.
        """
        journal, policy = self.destination.journal, self.plan.run.on_existing
        if journal is None or policy not in ("resume", "skip"):
            return None
        entry = journal.find(reference.locator)
        if entry is None or not self._all_there(entry.outcome):
            return None
        if policy == "skip":
            return _skipped(reference, entry.outcome)
        same_input = (reference.size, reference.mtime_ns) == (
            entry.outcome.size,
            entry.outcome.mtime_ns,
        )
        # Without a fingerprint nobody can tell whether the input is still the same.
        same_chain = entry.chain == self.findings.chain_of(reference.locator)
        if same_input and reference.mtime_ns is not None and same_chain:
            return replace(entry.outcome, input=reference.key, unchanged=True)
        return None

    def _all_there(self, outcome: Converted) -> bool:
        return all(self._size(output.path) == output.size for output in outcome.outputs)

    def _size(self, path: str) -> int | None:
        try:
            return os.stat(self.destination.folder / path).st_size  # noqa: PTH116 - 400,000 a second
        except OSError:
            return None


def _skipped(reference: Reference, known: Converted) -> Skipped:
    return Skipped(
        input=reference.key,
        locator=reference.locator,
        size=reference.size,
        mtime_ns=reference.mtime_ns,
        reason="exists",
        message=f"Its pictures are there already ({len(known.outputs)}).",
    )
