"""Findings: what the survey of a run has found, and which of it each input needs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import cast

from dcmconv.batch.digests import digest_of
from dcmconv.batch.records import Pool, SurveyReport
from dcmconv.chain.plan import Plan
from dcmconv.kinds import Normalizer
from dcmconv.render.surveys import WIDE_SCOPES
from dcmconv.survey import Gathered, Surveyed

__all__ = ["Findings", "asks_for_surveys"]


def asks_for_surveys(plan: Plan) -> bool:
    """Say whether any lane needs statistics that reach beyond one input."""
    lanes = [*plan.lanes, *(lane for rule in plan.rules for lane in rule.lanes)]
    references = {id(lane.normalizer): lane.normalizer for lane in lanes}
    normalizers = [cast("Normalizer", reference.load()) for reference in references.values()]
    return any(normalizer.survey().scope in WIDE_SCOPES for normalizer in normalizers)


@dataclass
class Findings:
    """Pools of values, and which input draws from which.

    Memory holds two numbers for each input, and for each pool what ``Gathered`` holds.
    """

    plan: Plan
    _pools: dict[Pool, Gathered] = field(default_factory=dict)
    _of_input: dict[int, tuple[Pool, ...]] = field(default_factory=dict)
    _shared: dict[tuple[Pool, ...], tuple[Pool, ...]] = field(default_factory=dict)
    _known: dict[Pool, Surveyed] = field(default_factory=dict)

    def add(self, locator: str, report: SurveyReport) -> None:
        """Take in what was found in one input."""
        for pool, gathered in report.added:
            before = self._pools.get(pool)
            self._pools[pool] = before.merged(gathered) if before else gathered
        if report.is_whole:
            drawn = tuple(pool for pool, _ in report.added)
            # One tuple for all inputs of a series, not one for each.
            self._of_input[digest_of(locator)] = self._shared.setdefault(drawn, drawn)

    def known(self, locator: str) -> tuple[Surveyed, ...] | None:
        """Return the statistics that an input needs, when all inputs have been added.

        None where there was no survey, or it could not read the input.
        """
        if not self._of_input:
            return None
        pools = self._of_input.get(digest_of(locator))
        return None if pools is None else tuple(map(self._surveyed, pools))

    def chain_of(self, locator: str) -> str:
        """Return the chain as the journal knows it: its digest, and that of the input's statistics.

        The count is no part of it: another input that changes no number changes no picture.
        """
        known = self.known(locator)
        if not known:
            return self.plan.digest
        numbers = [
            (each.survey, each.units, each.minimum, each.maximum, each.values) for each in known
        ]
        fingerprint = hashlib.sha256(repr(numbers).encode()).hexdigest()[:16]
        return f"{self.plan.digest}+{fingerprint}"

    def _surveyed(self, pool: Pool) -> Surveyed:
        if pool not in self._known:
            self._known[pool] = self._pools[pool].statistics(pool.survey, pool.units)
        return self._known[pool]
