"""The parts of a Frame: modality transform, lookup tables, palette, padding, window and spacing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Lut", "Padding", "Palette", "Rescale", "Spacing", "VoiWindow"]

FloatArray = NDArray[np.float64]


class Spacing(NamedTuple):
    """Distance between pixel centers in mm, and the attribute that it was read from."""

    rows: float
    columns: float
    attribute: str = "Pixel Spacing"

    def pixels_per(self, millimeters: float) -> tuple[Fraction, Fraction] | None:
        """Return how many rows and columns are in a length; None if they are not positive.

        Exact: a spacing is taken as the decimal number in the file, 0.1 is exactly a tenth.
        """
        if not (0 < self.rows < math.inf and 0 < self.columns < math.inf):
            return None
        # repr is the shortest decimal that a float stands for: 0.1, not 0.1000000000000000055.
        length = Fraction(repr(float(millimeters)))
        return length / Fraction(repr(float(self.rows))), length / Fraction(
            repr(float(self.columns))
        )


class Padding(NamedTuple):
    """The range of stored values, both ends included, that mark padding (PS3.3 C.7.5.1.1.2)."""

    first: float
    last: float


@dataclass(frozen=True)
class VoiWindow:
    """One window that the file offers (PS3.3 C.11.2.1.2), in modality units."""

    center: float
    width: float
    function: str = "LINEAR"
    explanation: str = ""


@dataclass(frozen=True)
class Rescale:
    """The linear modality transform: Rescale Slope (0028,1053) and Intercept (0028,1052)."""

    slope: float = 1.0
    intercept: float = 0.0

    def __call__(self, stored_values: NDArray[Any]) -> FloatArray:
        """Map stored values to modality units; a new float64 array of the same shape."""
        # dtype: without it, float32 pixels would stay float32, and lose bits of the slope.
        modality_values: FloatArray = np.multiply(stored_values, self.slope, dtype=np.float64)
        modality_values += self.intercept
        return modality_values


@dataclass(frozen=True, eq=False)
class Lut:
    """A lookup table of the file: Modality, VOI or Presentation LUT (PS3.3 C.11.1, C.11.2, C.11.6).

    ``entries`` is an integer array of shape (n,), read-only.  Inputs up to ``first`` map to entry
    0, inputs beyond the table map to the last entry.  ``bits`` is the width of an output value.
    Two tables are equal if their contents are.
    """

    entries: NDArray[Any]
    first: int = 0
    bits: int = 16
    explanation: str = ""

    def __call__(self, values: NDArray[Any]) -> FloatArray:
        """Look up values; a new float64 array of the same shape, in the units of the entries."""
        # float64, because an unsigned type would wrap around below ``first``.
        # Infinities become finite as well, and are clipped to the ends of the table.
        finite = np.nan_to_num(values.astype(np.float64), nan=float(self.first))
        index = np.clip(np.floor(finite) - self.first, 0, len(self.entries) - 1)
        entries: FloatArray = self.entries.astype(np.float64)
        looked_up: FloatArray = entries[index.astype(np.intp)]
        return looked_up

    @cached_property
    def key(self) -> tuple[Any, ...]:
        """Everything that the table depends on, as one hashable value."""
        # The contents: frames with equal copies of a table then share their lookup table.
        return self.first, self.bits, self.entries.dtype.str, self.entries.tobytes()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lut) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(frozen=True, eq=False)
class Palette:
    """A Palette Color LUT (PS3.3 C.7.6.3.1.5, C.7.6.19).

    ``table`` has shape (n, 3), or (n, 4) with alpha, uint8 or uint16; its first row is the color of
    the stored value ``first``.  A supplemental palette colors the values from ``first`` on, and
    leaves those below to the grayscale pipeline.
    """

    table: NDArray[Any]
    first: int = 0
    is_supplemental: bool = False
