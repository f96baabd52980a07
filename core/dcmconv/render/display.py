"""From stored values to display values, exactly: the slow way, which every table is made with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.errors import PluginError
from dcmconv.model.curve import CurveLike
from dcmconv.model.frame import Frame
from dcmconv.model.frame_parts import Lut, Padding, Rescale

__all__ = ["DisplayRule"]

FloatArray = NDArray[np.float64]

_NOISE = 2.0**-36
"""Of the scale from black to white: a value this little below a half is still rounded up.

With Rescale Slope 32.1216, the middle of an even range comes out as 42.49999999999999.
"""


@dataclass(frozen=True)
class DisplayRule:
    """Everything besides the stored value that determines a display value: the table cache's key.

    ``depth`` is 8 or 16 bits.  ``inverted`` combines the frame's polarity with ``invert``.
    """

    curve: CurveLike
    modality: Rescale | Lut
    padding: Padding | None
    presentation: Lut | None
    inverted: bool
    depth: int

    @classmethod
    def of(cls, frame: Frame, curve: CurveLike, *, depth: int, invert: bool) -> DisplayRule:
        """Return the rule for a frame."""
        presentation = frame.presentation if isinstance(frame.presentation, Lut) else None
        inverted = frame.is_inverted != invert
        return cls(curve, frame.modality, frame.padding, presentation, inverted, depth)

    @property
    def dtype(self) -> type[np.uint8 | np.uint16]:
        """The type of a display value."""
        return np.uint8 if self.depth == 8 else np.uint16

    def apply(self, stored_values: NDArray[Any]) -> NDArray[Any]:
        """Map stored values to display values in the standard's order (PS3.3 C.11).

        Modality LUT, curve, clipping, Presentation LUT, polarity, rounding half up.  Padding and
        non-finite values become background, which is 0 regardless of polarity.

        Returns
        -------
        uint8 or uint16 array, same shape
            A new array.
        """
        modality_values = self.modality(stored_values)
        background = ~np.isfinite(modality_values)
        if self.padding is not None:
            background |= (stored_values >= self.padding.first) & (
                stored_values <= self.padding.last
            )
        modality_values.flags.writeable = False
        unit_values = _checked(self.curve, self.curve(modality_values), modality_values)
        return self.quantize(unit_values, background)

    def quantize(self, unit_values: FloatArray, background: NDArray[np.bool_]) -> NDArray[Any]:
        """Turn values on the scale 0 to 1 into display values: the stages after the curve."""
        # A curve may itself give NaN, for a logarithm of a negative value, say.
        background = background | ~np.isfinite(unit_values)
        clipped = np.clip(np.where(background, 0.0, unit_values), 0.0, 1.0)
        if self.presentation is not None:
            clipped = _apply_presentation_lut(clipped, self.presentation)
        top = float((1 << self.depth) - 1)
        scaled = clipped * top
        if self.inverted:
            # Invert after scaling: (1 - 55 / 510) * 255 would be 227.49999999999997, not a half.
            scaled = top - scaled
        display_values = np.floor(scaled + (0.5 + top * _NOISE)).astype(self.dtype)
        display_values[background] = 0
        return display_values


def _apply_presentation_lut(unit_values: FloatArray, lut: Lut) -> FloatArray:
    """Look up P-Values (PS3.3 C.11.6.1.1); the range 0 to 1 is spread over the entries."""
    last = len(lut.entries) - 1
    index = np.floor(unit_values * last + (0.5 + last * _NOISE)) + lut.first
    p_values: FloatArray = lut(index) / ((1 << lut.bits) - 1)
    return p_values


def _checked(curve: CurveLike, result: Any, modality_values: FloatArray) -> FloatArray:
    if getattr(result, "shape", None) != modality_values.shape or result.dtype.kind != "f":
        shape = getattr(result, "shape", type(result).__name__)
        raise PluginError(
            f"The curve {curve!r} returned {shape}; expected a float array of shape "
            f"{modality_values.shape}, like its input.",
            hint="Test the plugin with dcmconv.testing.NormalizerConformance.",
        )
    values: FloatArray = result
    return values
