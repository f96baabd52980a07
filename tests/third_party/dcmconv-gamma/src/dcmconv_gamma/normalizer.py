"""Min-max with a gamma exponent."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from dcmconv.plugin import Curve, Frame, Normalizer, Opt


@dataclass(frozen=True, kw_only=True)
class Power(Curve):
    """A power of the position between black and white."""

    black: float
    white: float
    exponent: float

    def __call__(self, modality_values):
        """Map modality values to 0..1."""
        span = (self.white - self.black) or 1.0
        return np.clip((modality_values - self.black) / span, 0, 1) ** self.exponent


@dataclass(frozen=True, kw_only=True)
class Gamma(Normalizer):
    """Min-max with a gamma exponent: below 1 brightens, above 1 darkens."""

    exponent: Annotated[float, Opt("Exponent of the curve", gt=0, le=10)] = 0.5

    def curve(self, frame: Frame) -> Curve:
        """Return the curve over the range of the frame."""
        seen = frame.statistics
        return Power(black=seen.minimum, white=seen.maximum, exponent=self.exponent)
