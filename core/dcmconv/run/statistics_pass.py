"""The statistics pass: what each input adds to the statistics of its series and of the run."""

from __future__ import annotations

import hashlib
from dataclasses import field
from typing import TYPE_CHECKING, cast

from dcmconv.chain.plan import Plan
from dcmconv.model.components import Normalizer
from dcmconv.model.inputs import Reference
from dcmconv.model.records import record
from dcmconv.model.statistics import PartialStatistics, StatisticsRequest, WiderStatistics
from dcmconv.render.frames import WIDE_SCOPES, gather
from dcmconv.run.journal.digests import digest_of
from dcmconv.run.messages import StatisticsGroup, StatisticsReport

if TYPE_CHECKING:
    from dcmconv.render import OpenInput

__all__ = ["GatheredStatistics", "needs_statistics_pass", "statistics_report"]


def needs_statistics_pass(plan: Plan) -> bool:
    """Return whether any lane needs statistics of more than one input."""
    normalizers = (cast("Normalizer", lane.normalizer.load()) for lane in plan.all_lanes)
    return any(normalizer.statistics_request().scope in WIDE_SCOPES for normalizer in normalizers)


def statistics_report(opened: OpenInput, reference: Reference) -> StatisticsReport:
    """Read every frame, if a lane asks for statistics of the series or of the run.

    An input without Series Instance UID (0020,000E) counts as a separate series.
    """
    requests = opened.wide_requests
    if not requests:
        return StatisticsReport()
    series = str(opened.attributes.get("SeriesInstanceUID") or reference.locator)
    by_units = gather(opened.frames(), percentiles=any(each.percentiles for each in requests))
    return StatisticsReport(
        added=tuple(
            (StatisticsGroup(request, _group(request, series), units), gathered)
            for request in requests
            for units, gathered in by_units.items()
        )
    )


def _group(request: StatisticsRequest, series: str) -> str:
    return series if request.scope == "series" else ""


@record
class GatheredStatistics:
    """The statistics of each series and of the run, and which of them each input needs.

    Memory holds two numbers for each input, and for each group what ``PartialStatistics`` holds.
    """

    plan: Plan
    _groups: dict[StatisticsGroup, PartialStatistics] = field(default_factory=dict)
    _of_input: dict[int, tuple[StatisticsGroup, ...]] = field(default_factory=dict)
    _shared: dict[tuple[StatisticsGroup, ...], tuple[StatisticsGroup, ...]] = field(
        default_factory=dict
    )
    _known: dict[StatisticsGroup, WiderStatistics] = field(default_factory=dict)

    def add(self, locator: str, report: StatisticsReport) -> None:
        """Add what was found in one input."""
        for group, gathered in report.added:
            before = self._groups.get(group)
            self._groups[group] = before.merged(gathered) if before else gathered
        if report.is_whole:
            groups = tuple(group for group, _ in report.added)
            # One tuple for all inputs of a series, not one for each.
            self._of_input[digest_of(locator)] = self._shared.setdefault(groups, groups)

    def known(self, locator: str) -> tuple[WiderStatistics, ...] | None:
        """Return the statistics that an input needs, when all inputs have been added.

        None if there was no statistics pass, or it could not read the input.
        """
        if not self._of_input:
            return None
        groups = self._of_input.get(digest_of(locator))
        return None if groups is None else tuple(map(self._statistics_of, groups))

    def chain_of(self, locator: str) -> str:
        """Return the digest that the journal keeps: of the chain and of the input's statistics.

        The pixel count is not part of it: an input that changes no other number changes no picture.
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

    def _statistics_of(self, group: StatisticsGroup) -> WiderStatistics:
        if group not in self._known:
            partial = self._groups[group]
            self._known[group] = partial.statistics(group.request, group.units)
        return self._known[group]
