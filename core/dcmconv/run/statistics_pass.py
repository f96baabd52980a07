"""The statistics pass: what it gathered, and which of it each input needs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import cast

from dcmconv.chain.plan import Plan
from dcmconv.model.components import Normalizer
from dcmconv.model.inputs import Reference
from dcmconv.model.statistics import PartialStatistics, StatisticsRequest, WiderStatistics
from dcmconv.render import OpenInput
from dcmconv.render.frames import WIDE_SCOPES, gather
from dcmconv.run.journal.digests import digest_of
from dcmconv.run.messages import StatisticsGroup, StatisticsReport

__all__ = ["GatheredStatistics", "needs_statistics_pass", "statistics_report"]


def statistics_report(opened: OpenInput, reference: Reference) -> StatisticsReport:
    """Look at every frame, if a lane asks for statistics of the series or of the run.

    An input without Series Instance UID (0020,000E) is a series of its own.
    """
    asked = opened.wide_requests
    if not asked:
        return StatisticsReport()
    series = str(opened.attributes.get("SeriesInstanceUID") or reference.locator)
    held = gather(opened.frames(), percentiles=any(request.percentiles for request in asked))
    return StatisticsReport(
        added=tuple(
            (StatisticsGroup(request, _group(request, series), units), gathered)
            for request in asked
            for units, gathered in held.items()
        )
    )


def _group(request: StatisticsRequest, series: str) -> str:
    return series if request.scope == "series" else ""


def needs_statistics_pass(plan: Plan) -> bool:
    """Say whether any lane needs statistics that reach beyond one input."""
    references = {id(lane.normalizer): lane.normalizer for lane in plan.all_lanes}
    normalizers = [cast("Normalizer", reference.load()) for reference in references.values()]
    return any(normalizer.statistics_request().scope in WIDE_SCOPES for normalizer in normalizers)


@dataclass
class GatheredStatistics:
    """Pools of values, and which input draws from which.

    Memory holds two numbers for each input, and for each pool what ``PartialStatistics`` holds.
    """

    plan: Plan
    _pools: dict[StatisticsGroup, PartialStatistics] = field(default_factory=dict)
    _of_input: dict[int, tuple[StatisticsGroup, ...]] = field(default_factory=dict)
    _shared: dict[tuple[StatisticsGroup, ...], tuple[StatisticsGroup, ...]] = field(
        default_factory=dict
    )
    _known: dict[StatisticsGroup, WiderStatistics] = field(default_factory=dict)

    def add(self, locator: str, report: StatisticsReport) -> None:
        """Take in what was found in one input."""
        for pool, gathered in report.added:
            before = self._pools.get(pool)
            self._pools[pool] = before.merged(gathered) if before else gathered
        if report.is_whole:
            drawn = tuple(pool for pool, _ in report.added)
            # One tuple for all inputs of a series, not one for each.
            self._of_input[digest_of(locator)] = self._shared.setdefault(drawn, drawn)

    def known(self, locator: str) -> tuple[WiderStatistics, ...] | None:
        """Return the statistics that an input needs, when all inputs have been added.

        None where there was no statistics pass, or it could not read the input.
        """
        if not self._of_input:
            return None
        pools = self._of_input.get(digest_of(locator))
        return None if pools is None else tuple(map(self._statistics_of, pools))

    def chain_of(self, locator: str) -> str:
        """Return the chain as the journal knows it: its digest, and that of the input's statistics.

        The count is no part of it: another input that changes no number changes no picture.
        """
        known = self.known(locator)
        if not known:
            return self.plan.digest
        numbers = [
            (each.request, each.units, each.minimum, each.maximum, each.values) for each in known
        ]
        # Journals of 0.1.0 hold the digest of this text, where a request was called a survey.
        text = repr(numbers).replace("StatisticsRequest(", "Survey(")
        fingerprint = hashlib.sha256(text.encode()).hexdigest()[:16]
        return f"{self.plan.digest}+{fingerprint}"

    def _statistics_of(self, pool: StatisticsGroup) -> WiderStatistics:
        if pool not in self._known:
            self._known[pool] = self._pools[pool].statistics(pool.request, pool.units)
        return self._known[pool]
