"""Tone curves: what a normalizer returns instead of looping over pixels.

A curve maps modality values to display values, 0 black and 1 white, before any clipping.  It is a
frozen value whose fields are everything that it depends on, so the engine can fold it into one
lookup table and keep that table for every frame with an equal curve.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Curve", "CurveLike", "Keep", "Linear", "Tone"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Curve(ABC):
    """Base of curves with a name of their own; subclasses are frozen dataclasses.

    ``origin`` says in words where the curve comes from ("Window 1 of the file, LINEAR 40/400"); it
    goes into the outcome of each picture and never decides whether two curves are equal.
    """

    origin: str = field(default="", compare=False)

    @abstractmethod
    def __call__(self, modality_values: FloatArray) -> FloatArray:
        """Map modality values to display values.

        Parameters
        ----------
        modality_values : float64 array, any shape
            Values after the Modality LUT, in modality units.  Read-only.

        Returns
        -------
        float64 array, same shape
            0 is black and 1 is white; the engine clips, and draws what is not finite as background.
        """

    @property
    def ends(self) -> tuple[float, float] | None:
        """The modality values drawn black and white, where a straight line joins them."""
        return None


CurveLike = Curve | Callable[[FloatArray], FloatArray]
"""A curve, or a bare function, which is legal and right but never cached."""


@dataclass(frozen=True, kw_only=True)
class Linear(Curve):
    """A straight line from ``black`` to ``white``; a step where both are equal.

    ``black`` and ``white`` are in modality units.  ``white`` may lie below ``black``.
    """

    black: float
    white: float

    @property
    def ends(self) -> tuple[float, float]:
        """The modality values drawn black and white."""
        return self.black, self.white

    def __call__(self, modality_values: FloatArray) -> FloatArray:
        """Map modality values to display values; a new float64 array of the same shape."""
        if self.white == self.black:
            return (modality_values > self.black).astype(np.float64)
        # Subtract before dividing, in float64: exact wherever black and white are exact.
        if np.isfinite(self.white - self.black):
            return (modality_values - self.black) / (self.white - self.black)
        # Halves do not overflow, and halving is exact.
        return (modality_values / 2 - self.black / 2) / (self.white / 2 - self.black / 2)


@dataclass(frozen=True, kw_only=True)
class Keep:
    """No curve: the values go on unscaled, as stored or as modality values."""

    values: Literal["stored", "modality"] = "stored"
    origin: str = field(default="", compare=False)


Tone = CurveLike | tuple[CurveLike, CurveLike, CurveLike] | Keep
"""What ``Normalizer.curve`` may return: one curve, three for red, green and blue, or ``Keep``."""


def origin_of(tone: Any) -> str:
    """Return in words where a curve, three curves or ``Keep`` come from."""
    if isinstance(tone, tuple):
        return "; ".join(origin_of(part) for part in tone)
    return getattr(tone, "origin", "") or getattr(tone, "__name__", type(tone).__name__)
