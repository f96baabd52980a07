"""Normalizer ``minmax``: the darkest pixel becomes black, the brightest white."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from dcmconv.plugin import Curve, Frame, Normalizer, Opt, Scope, StatisticsRequest
from dcmconv_builtins.normalizers.origins import minmax_curve

__all__ = ["MinMax"]


@dataclass(frozen=True, kw_only=True)
class MinMax(Normalizer):
    """From the least to the greatest modality value, without padding.

    The extremes are those of each frame, or of all frames of the instance, the series or the run,
    so that their gray levels can be compared.  Values in different units are never combined.  A
    series or a run is read twice: once for its extremes, and once for the pictures.
    """

    shorthand: ClassVar[tuple[tuple[str, ...], ...]] = (("scope",),)
    also_called: ClassVar[tuple[str, ...]] = ("min-max", "min-max-window", "autoscale", "rescale")

    scope: Annotated[Scope, Opt("Over which frames the extremes are taken")] = "frame"

    def statistics_request(self) -> StatisticsRequest:
        """Ask for the extremes of the scope."""
        return StatisticsRequest(self.scope)

    def curve(self, frame: Frame) -> Curve:
        """Return the line between the extremes; a constant frame is black."""
        return minmax_curve(frame)
