"""Surveys: what is known of the values of many frames before the first of them is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple

from dcmconv.errors import PluginError
from dcmconv.model.frame import Frame
from dcmconv.model.histogram import Histogram
from dcmconv.model.statistics import Scope, Statistics

__all__ = ["PartialStatistics", "StatisticsRequest", "WiderStatistics"]


class StatisticsRequest(NamedTuple):
    """What a normalizer asks of ``frame.statistics`` (see ``Normalizer.statistics_request``).

    ``percentiles`` are those that it will ask for; the extremes are always there.
    """

    scope: Scope = "frame"
    percentiles: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WiderStatistics(Statistics):
    """Statistics of all frames of a scope that are in the same units, worked out beforehand.

    Parameters
    ----------
    request : StatisticsRequest
        What was asked for.
    units : str
        Of the values: those in other units have statistics of their own.
    minimum, maximum : float
        The extremes, exact; 0 where no pixel counts.
    count : int
        How many pixels count.
    values : tuple of float
        One for each of the request's percentiles.
    error : float
        By how much less a percentile may be than the right one; 0 where exact.
    """

    request: StatisticsRequest
    units: str = ""
    minimum: float = 0.0
    maximum: float = 0.0
    count: int = 0
    values: tuple[float, ...] = ()
    error: float = 0.0

    @property
    def scope(self) -> Scope:
        """Over which frames they reach."""
        return self.request.scope

    def percentile(self, percent: float) -> float:
        """Return one of the percentiles that were asked for.

        Raises
        ------
        PluginError
            If the normalizer did not say that it would ask for it.
        """
        known = dict(zip(self.request.percentiles, self.values, strict=True))
        if percent not in known:
            raise PluginError(
                f"The normalizer asks for percentile {percent:g} of the {self.scope}, and its "
                "statistics_request() does not name it.",
                hint="Name it there: StatisticsRequest(scope=self.scope, percentiles=(1.0, 99.0)).",
            )
        return known[percent]


@dataclass(frozen=True)
class PartialStatistics:
    """What some frames hold, small and ready to be merged with what others hold.

    ``histogram`` is None where no percentile is wanted, or no pixel counts.
    """

    count: int = 0
    minimum: float = 0.0
    maximum: float = 0.0
    histogram: Histogram | None = None

    @classmethod
    def of(cls, frame: Frame, *, percentiles: bool) -> PartialStatistics:
        """Look at one gray frame; ``percentiles`` tells whether any is wanted."""
        statistics = Statistics.of(frame)
        if not percentiles:
            low, high = statistics.minimum + 0.0, statistics.maximum + 0.0
            is_finite = isfinite(low) and isfinite(high)
            return cls(statistics.count, low, high) if is_finite else cls()
        histogram = Histogram.of(statistics.image_values, statistics.modality)
        if histogram is None:
            return cls()
        return cls(histogram.count, histogram.minimum, histogram.maximum, histogram)

    def merged(self, other: PartialStatistics) -> PartialStatistics:
        """Return what both hold together; the order never matters."""
        if not self.count or not other.count:
            return self if self.count else other
        histogram = None
        if self.histogram is not None and other.histogram is not None:
            histogram = self.histogram.merged(other.histogram)
        return PartialStatistics(
            self.count + other.count,
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
            histogram,
        )

    def statistics(self, request: StatisticsRequest, units: str) -> WiderStatistics:
        """Return the numbers that a request is for."""
        histogram = self.histogram
        wanted = request.percentiles
        return WiderStatistics(
            request=request,
            units=units,
            minimum=self.minimum,
            maximum=self.maximum,
            count=self.count,
            values=tuple(histogram.percentile(each) if histogram else 0.0 for each in wanted),
            error=histogram.error if histogram else 0.0,
        )
