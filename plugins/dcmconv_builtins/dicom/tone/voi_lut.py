"""Windows and VOI LUTs as tone curves (PS3.3 C.11.2)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import Curve, InputError, Lut, VoiWindow

__all__ = ["Sigmoid", "VoiLut", "WindowLinear", "WindowLinearExact", "curve_of"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class WindowLinear(Curve):
    """VOI LUT Function LINEAR (PS3.3 C.11.2.1.2.1); a step where the width is 1.

    ``center`` and ``width`` are in modality units.

    Raises
    ------
    InputError
        If ``width`` is below 1, or a number is not finite.

    >>> WindowLinear(center=40, width=400)(np.array([-160.0, 39.5, 239.0])).tolist()
    [0.0, 0.5, 1.0]
    """

    center: float
    width: float

    def __post_init__(self) -> None:
        _check_finite(self.center, self.width)
        if self.width < 1:
            raise _width_error(self.width, "LINEAR needs at least 1")

    @property
    def ends(self) -> tuple[float, float]:
        """The modality values drawn black and white; equal where the window is a step."""
        # Black up to c - 0.5 - (w - 1) / 2, white above c - 0.5 + (w - 1) / 2.
        half_way = (self.width - 1) / 2
        return self.center - 0.5 - half_way, self.center - 0.5 + half_way

    def __call__(self, modality_values: FloatArray) -> FloatArray:
        """Map modality values to display values: a new array, not clipped."""
        black, _ = self.ends
        # Both ends meet at c - 0.5, and the formula would divide by 0 (PS3.3 C.11.2.1.2.1).
        if self.width == 1:
            return (modality_values > black).astype(np.float64)
        display_values: FloatArray = (modality_values - black) / (self.width - 1)
        return display_values


@dataclass(frozen=True, kw_only=True)
class WindowLinearExact(Curve):
    """VOI LUT Function LINEAR_EXACT (PS3.3 C.11.2.1.3.2): LINEAR without its 0.5 and its 1.

    ``center`` and ``width`` are in modality units.

    Raises
    ------
    InputError
        If ``width`` is not above 0, or a number is not finite.
    """

    center: float
    width: float

    def __post_init__(self) -> None:
        _check_finite(self.center, self.width)
        if self.width <= 0:
            raise _width_error(self.width, "LINEAR_EXACT needs more than 0")

    @property
    def ends(self) -> tuple[float, float]:
        """The modality values drawn black and white."""
        return self.center - self.width / 2, self.center + self.width / 2

    def __call__(self, modality_values: FloatArray) -> FloatArray:
        """Map modality values to display values: a new array, not clipped."""
        black, _ = self.ends
        display_values: FloatArray = (modality_values - black) / self.width
        return display_values


@dataclass(frozen=True, kw_only=True)
class Sigmoid(Curve):
    """VOI LUT Function SIGMOID (PS3.3 C.11.2.1.3.1): 1 / (1 + exp(-4 (x - center) / width)).

    ``center`` and ``width`` are in modality units.

    Raises
    ------
    InputError
        If ``width`` is not above 0, or a number is not finite.
    """

    center: float
    width: float

    def __post_init__(self) -> None:
        _check_finite(self.center, self.width)
        if self.width <= 0:
            raise _width_error(self.width, "SIGMOID needs more than 0")

    def __call__(self, modality_values: FloatArray) -> FloatArray:
        """Map modality values to display values between 0 and 1: a new array."""
        # The same function written with tanh, because exp overflows far from the center.
        half_way = np.tanh(2.0 * (modality_values - self.center) / self.width)
        display_values: FloatArray = 0.5 * (1.0 + half_way)
        return display_values


@dataclass(frozen=True, kw_only=True)
class VoiLut(Curve):
    """An item of the VOI LUT Sequence (PS3.3 C.11.2.1.1), scaled by its bits to 0..1.

    The table is indexed by whole numbers, so modality values are rounded (half up) first.
    """

    lut: Lut

    def __call__(self, modality_values: FloatArray) -> FloatArray:
        """Map modality values to display values between 0 and 1: a new array."""
        display_values: FloatArray = self.lut(np.floor(modality_values + 0.5))
        display_values /= 2.0**self.lut.bits - 1.0
        # NaN has no index in a table; it must reach the engine, which draws it as background.
        display_values[np.isnan(modality_values)] = np.nan
        return display_values


_FUNCTIONS: dict[str, Any] = {
    "": WindowLinear,
    "LINEAR": WindowLinear,
    "LINEAR_EXACT": WindowLinearExact,
    "SIGMOID": Sigmoid,
}


def curve_of(window: VoiWindow, origin: str = "") -> Curve:
    """Return the curve of a window, by its VOI LUT Function (0028,1056).

    Parameters
    ----------
    window : VoiWindow
        Center and width in modality units; an empty function means LINEAR.
    origin : str
        Where the window comes from, as the outcome reports it.

    Raises
    ------
    InputError
        If the function does not allow the width, a number is not finite, or the standard does not
        define the function.
    """
    curve_class = _FUNCTIONS.get(window.function)
    if curve_class is None:
        raise InputError(
            f"VOI LUT Function (0028,1056) is {window.function!r}; "
            "expected LINEAR, LINEAR_EXACT or SIGMOID.",
            hint="Override it with --window.function LINEAR, or use --normalize minmax.",
            reason="window",
        )
    curve: Curve = curve_class(center=window.center, width=window.width, origin=origin)
    return curve


def _check_finite(center: float, width: float) -> None:
    if math.isfinite(center) and math.isfinite(width):
        return
    raise InputError(
        f"Window Center (0028,1050) is {center:g} and Window Width (0028,1051) is {width:g}; "
        "expected finite numbers.",
        hint="Override them with --window.center and --window.width, or use --normalize minmax.",
        reason="window",
    )


def _width_error(width: float, need: str) -> InputError:
    return InputError(
        f"Window Width (0028,1051) is {width:g}; {need}.",
        hint="Override it with --window.width, or use --normalize minmax.",
        reason="window",
    )
