"""Extremes and percentiles of one frame, padding left out."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.errors import InputError

if TYPE_CHECKING:
    from dcmconv.frame import Frame, Lut, Padding, Rescale

__all__ = ["Statistics"]


class Statistics:
    """Statistics of a frame in modality units, each computed when it is first asked for.

    They come from the stored values: a linear modality transform maps an extreme to an extreme, so
    no array of modality values is made.  Padding and non-finite values are left out.

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
        self._modality = modality
        self._padding = padding

    @classmethod
    def of(cls, frame: Frame) -> Statistics:
        """Return the statistics of a whole frame."""
        return cls(frame.stored_values, frame.modality, frame.padding)

    @classmethod
    def of_region(cls, frame: Frame, region: tuple[int, int, int, int]) -> Statistics:
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
        return cls(inside, frame.modality, frame.padding)

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
        return int(self._image_values.size)

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
        from dcmconv.frame import Rescale

        values = self._image_values
        if values.size == 0:
            return 0.0, 0.0
        if isinstance(self._modality, Rescale):
            ends = self._modality(np.array([values.min(), values.max()]))
        else:
            ends = self._modality(np.unique(values))
        return float(ends.min()), float(ends.max())

    @cached_property
    def _sorted_modality_values(self) -> NDArray[np.float64]:
        return np.sort(self._modality(self._image_values), axis=None)

    @cached_property
    def _image_values(self) -> NDArray[Any]:
        """The stored values that are image; the array itself where all are."""
        values = self._stored_values
        if values.dtype.kind == "f":
            finite = np.isfinite(values)
            values = values if finite.all() else values[finite]
        if self._padding is None:
            return values
        is_padding = (values >= self._padding.first) & (values <= self._padding.last)
        return values[~is_padding] if is_padding.any() else values
