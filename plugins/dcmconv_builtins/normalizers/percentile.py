"""Normalizer ``percentile``: min-max that a few extreme pixels cannot spoil."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from dcmconv.plugin import Curve, Frame, Normalizer, Opt
from dcmconv_builtins.normalizers.origins import because, minmax_curve, span

__all__ = ["Percentile"]


@dataclass(frozen=True, kw_only=True)
class Percentile(Normalizer):
    """From a low to a high percentile of the frame's modality values, padding left out.

    Where both percentiles are one value, as in a frame that is empty but for a few pixels, the
    extremes are taken instead, and the origin says so.
    """

    low: Annotated[float, Opt("Percentile that becomes black", unit="%", ge=0, le=100)] = 1
    high: Annotated[float, Opt("Percentile that becomes white", unit="%", ge=0, le=100)] = 99

    def __post_init__(self) -> None:
        if not 0 <= self.low < self.high <= 100:
            raise ValueError(
                f"low is {self.low:g} and high is {self.high:g}; 0 <= low < high <= 100 is needed"
            )

    def curve(self, frame: Frame) -> Curve:
        """Return the line between the percentiles; a constant frame is black."""
        black = frame.statistics.percentile(self.low)
        white = frame.statistics.percentile(self.high)
        words = f"percentiles {self.low:g} and {self.high:g}"
        if black == white:
            return because(minmax_curve(frame), [f"{words} are both {black:.10g}"])
        return span(black, white, f"{words},", frame)
