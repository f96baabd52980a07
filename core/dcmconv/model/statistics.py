"""Extremes and percentiles in modality units, padding left out."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from dcmconv.errors import InputError

if TYPE_CHECKING:
    from dcmconv.model.frame import Frame, Lut, Padding, Rescale

__all__ = ["PixelStatistics", "Scope", "Statistics"]

Scope = Literal["frame", "instance", "series", "run"]
"""Over which frames statistics reach: one, or all that are in the same whole."""


class Statistics(ABC):
    """Statistics of pixels in modality units: of a frame, or of all frames of a statistics pass.

    Padding and non-finite values are left out.
    """

    @staticmethod
    def of(frame: Frame) -> PixelStatistics:
        """Return the statistics of a whole frame; what a supplemental palette colors is no gray."""
        values = _gray_values(frame, frame.stored_values)
        return PixelStatistics(values, frame.modality, frame.padding)

    @staticmethod
    def of_region(frame: Frame, region: tuple[int, int, int, int]) -> PixelStatistics:
        """Return the statistics of a rectangle: column, row, columns, rows, from the upper left.

        Raises
        ------
        InputError
            If no pixel of the frame lies inside.
        """
        column, row, columns, rows = region
        inside = frame.stored_values[row : row + rows, column : column + columns]
        if inside.size == 0:
            raise InputError(
                f"The region {column},{row} {columns}x{rows} lies outside a frame of "
                f"{frame.columns}x{frame.rows} pixels.",
                hint="Give column, row, columns and rows of a rectangle inside the frame.",
            )
        return PixelStatistics(_gray_values(frame, inside), frame.modality, frame.padding)

    @property
    def scope(self) -> Scope:
        """Over which frames they reach."""
        return "frame"

    @property
    def error(self) -> float:
        """How far a percentile may lie below the right one, in modality units; 0 where exact."""
        return 0.0

    @property
    @abstractmethod
    def minimum(self) -> float:
        """The least modality value; 0 where every pixel is padding."""

    @property
    @abstractmethod
    def maximum(self) -> float:
        """The greatest modality value; 0 where every pixel is padding."""

    @property
    @abstractmethod
    def count(self) -> int:
        """How many pixels count."""

    @abstractmethod
    def percentile(self, percent: float) -> float:
        """Return the modality value below which ``percent`` of the pixels lie, interpolated."""


class PixelStatistics(Statistics):
    """Statistics of pixels that are at hand, each computed when it is first asked for.

    They come from the stored values: a linear modality transform maps an extreme to an extreme, so
    no array of modality values is made.

    Parameters
    ----------
    stored_values : array, any shape
        As in ``Frame.stored_values``.
    modality : Rescale or Lut
        From stored values to modality units.
    padding : Padding, optional
        Stored values to leave out.
    """

    def __init__(
        self, stored_values: NDArray[Any], modality: Rescale | Lut, padding: Padding | None
    ) -> None:
        self._stored_values = stored_values
        self._padding = padding
        self.modality = modality

    @property
    def minimum(self) -> float:
        """The least modality value; 0 where every pixel is padding."""
        return self._extremes[0]

    @property
    def maximum(self) -> float:
        """The greatest modality value; 0 where every pixel is padding."""
        return self._extremes[1]

    @property
    def count(self) -> int:
        """How many pixels count."""
        return int(self.image_values.size)

    @cached_property
    def image_values(self) -> NDArray[Any]:
        """The stored values that are image; the array itself where all are."""
        values = self._stored_values
        if values.dtype.kind == "f":
            finite = np.isfinite(values)
            values = values if finite.all() else values[finite]
        if self._padding is None:
            return values
        is_padding = (values >= self._padding.first) & (values <= self._padding.last)
        return values[~is_padding] if is_padding.any() else values

    def percentile(self, percent: float) -> float:
        """Return the modality value below which ``percent`` of the pixels lie, interpolated."""
        if self._sorted_modality_values.size == 0:
            return 0.0
        position = (self._sorted_modality_values.size - 1) * percent / 100
        below = int(position)
        above = min(below + 1, self._sorted_modality_values.size - 1)
        low, high = self._sorted_modality_values[below], self._sorted_modality_values[above]
        return float(low + (high - low) * (position - below))

    @cached_property
    def _extremes(self) -> tuple[float, float]:
        from dcmconv.model.frame import Rescale

        if isinstance(self.modality, Rescale):
            stored_ends = self._stored_extremes()
        else:
            stored_ends = np.unique(self.image_values)
        if stored_ends.size == 0:
            return 0.0, 0.0
        ends = self.modality(stored_ends)
        return float(ends.min()), float(ends.max())

    def _stored_extremes(self) -> NDArray[Any]:
        """Return the least and the greatest stored value that is image; empty where none is."""
        values, padding = self._stored_values, self._padding
        if values.dtype.kind == "f" or not values.size:
            values, padding = self.image_values, None
        if not values.size:
            return values
        low, high = values.min(), values.max()
        if padding is None:
            return np.array([low, high])
        is_low, is_high = (padding.first <= end <= padding.last for end in (low, high))
        if is_low and is_high:
            return values[:0]
        # Most frames have no padding at their ends, and one look at these is all that it takes.
        if is_low:
            low = _least_from(values, values.dtype.type(math.floor(padding.last) + 1))
        if is_high:
            # Inverting the bits turns the order around, signed or not.
            high = ~_least_from(~values, ~values.dtype.type(math.ceil(padding.first) - 1))
        return np.array([low, high])

    @cached_property
    def _sorted_modality_values(self) -> NDArray[np.float64]:
        return np.sort(self.modality(self.image_values), axis=None)


def _least_from(values: NDArray[Any], bound: Any) -> Any:
    """Return the least value that is not below ``bound``; there has to be one.

    What lies below wraps around to the far end of the unsigned type: one pass without a mask.
    """
    above = (values - bound).view(f"u{values.dtype.itemsize}").min()
    return values.dtype.type(int(bound) + int(above))


def _gray_values(frame: Frame, stored_values: NDArray[Any]) -> NDArray[Any]:
    if frame.palette is None or not frame.palette.is_supplemental:
        return stored_values
    gray: NDArray[Any] = stored_values[stored_values < frame.palette.first]
    return gray
