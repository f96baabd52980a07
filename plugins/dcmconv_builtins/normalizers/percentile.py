"""Normalizer ``percentile``: min-max that ignores a few extreme pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from dcmconv.plugin import Curve, Frame, Normalizer, Opt, Scope, StatisticsRequest
from dcmconv_builtins.normalizers.origins import because, minmax_curve, reach, span

__all__ = ["Percentile"]


@dataclass(frozen=True, kw_only=True)
class Percentile(Normalizer):
    """From a low to a high percentile of the modality values, without padding.

    The percentiles are those of each frame, or of all frames of the instance, the series or the
    run.  They are exact for a frame, and for frames with the same Rescale Slope and Intercept and
    at most 16 bits.  Otherwise values are counted in bins narrower than 1/32767 of their range: a
    percentile is less than one bin too low, and the origin gives the greatest error.  Values in
    different units are never combined.  A series or a run is read twice.

    If both percentiles are the same value, as in a frame that is empty but for a few pixels, the
    extremes are used instead, and the origin says so.
    """

    shorthand: ClassVar[tuple[tuple[str, ...], ...]] = (("low", "high"),)
    also_called: ClassVar[tuple[str, ...]] = ("percentiles", "clip")

    low: Annotated[float, Opt("Percentile that becomes black", unit="%", ge=0, le=100)] = 1
    high: Annotated[float, Opt("Percentile that becomes white", unit="%", ge=0, le=100)] = 99
    scope: Annotated[Scope, Opt("Over which frames the percentiles are taken")] = "frame"

    def __post_init__(self) -> None:
        if not 0 <= self.low < self.high <= 100:
            raise ValueError(
                f"low is {self.low:g} and high is {self.high:g}; expected 0 <= low < high <= 100"
            )

    def statistics_request(self) -> StatisticsRequest:
        """Ask for both percentiles of the scope."""
        return StatisticsRequest(self.scope, (self.low, self.high))

    def curve(self, frame: Frame) -> Curve:
        """Return the line between the percentiles; a constant frame is black."""
        statistics = frame.statistics
        black, white = statistics.percentile(self.low), statistics.percentile(self.high)
        words = f"percentiles {self.low:g} and {self.high:g}"
        if black == white:
            return because(minmax_curve(frame), [f"{words} are both {black:.10g}"])
        within = f", less than {statistics.error:.3g} too low" if statistics.error else ""
        return span(black, white, f"{words},", frame, after=f"{reach(statistics)}{within}")
