"""Tone curves: what a normalizer returns instead of looping over pixels.

A curve maps modality values to display values, 0 black and 1 white, before any clipping.  It is a
frozen value whose fields are everything that it depends on, so the engine can turn it into a
lookup table and reuse that table for every frame with an equal curve.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, TypeGuard

import numpy as np
from numpy.typing import NDArray

__all__ = ["Curve", "CurveLike", "Keep", "Linear", "Tone", "is_curve", "is_subclass"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Curve(ABC):
    """Base of named curves; subclasses are frozen dataclasses.

    ``origin`` describes where the curve comes from ("Window 1 of the file, LINEAR 40/400").  It
    goes into the outcome of each picture.  ``notes`` say what makes the curve doubtful for this
    frame.  Both are ignored when two curves are compared.
    """

    origin: str = field(default="", compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)

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
            0 is black and 1 is white; the engine clips, and draws non-finite values as background.
        """

    @property
    def ends(self) -> tuple[float, float] | None:
        """The modality values of black and white, if a straight line joins them; else None."""
        return None


@lru_cache(maxsize=256)
def is_subclass(kind: Any, base: Any) -> bool:
    """Remember issubclass(), which takes three calls for an abstract class, for each picture."""
    return issubclass(kind, base)


def is_curve(tone: object) -> TypeGuard[Curve]:
    """Return whether something is a ``Curve``."""
    kind: Any = type(tone)
    return is_subclass(kind, Curve)


CurveLike = Curve | Callable[[FloatArray], FloatArray]
"""A curve, or a plain function, which is valid but never cached."""


@dataclass(frozen=True, kw_only=True)
class Linear(Curve):
    """A straight line from ``black`` to ``white``; a step where both are equal.

    ``black`` and ``white`` are in modality units.  ``white`` may be less than ``black``.
    """

    black: float
    white: float

    @property
    def ends(self) -> tuple[float, float]:
        """The modality values of black and white."""
        return self.black, self.white

    def __call__(self, modality_values: FloatArray) -> FloatArray:
        """Map modality values to display values; a new float64 array of the same shape."""
        if self.white == self.black:
            # Dividing by 0 would give NaN at black itself.
            return (modality_values > self.black).astype(np.float64)
        # Subtract before dividing: black and white then come out as exactly 0 and 1.
        if np.isfinite(self.white - self.black):
            return (modality_values - self.black) / (self.white - self.black)
        # The difference overflows, but that of the halves does not, and halving is exact.
        return (modality_values / 2 - self.black / 2) / (self.white / 2 - self.black / 2)


@dataclass(frozen=True, kw_only=True)
class Keep:
    """No curve: the values are passed on unscaled, as stored or as modality values."""

    values: Literal["stored", "modality"] = "stored"
    origin: str = field(default="", compare=False)


Tone = CurveLike | tuple[CurveLike, CurveLike, CurveLike] | Keep
"""What ``Normalizer.curve`` may return: one curve, three for red, green and blue, or ``Keep``."""


def origin_of(tone: Any) -> str:
    """Describe where a curve, three curves or ``Keep`` come from."""
    if is_curve(tone) and tone.origin:
        return tone.origin
    if isinstance(tone, tuple):
        return "; ".join(origin_of(part) for part in tone)
    return getattr(tone, "origin", "") or getattr(tone, "__name__", type(tone).__name__)
