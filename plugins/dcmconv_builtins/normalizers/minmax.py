"""Normalizer ``minmax``: the darkest pixel becomes black, the brightest white."""

from __future__ import annotations

from dataclasses import dataclass

from dcmconv.plugin import Curve, Frame, Normalizer
from dcmconv_builtins.normalizers.origins import minmax_curve

__all__ = ["MinMax"]


@dataclass(frozen=True, kw_only=True)
class MinMax(Normalizer):
    """From the least to the greatest modality value of the frame, padding left out."""

    def curve(self, frame: Frame) -> Curve:
        """Return the line between the extremes; a constant frame is black."""
        return minmax_curve(frame)
