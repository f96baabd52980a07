"""Extremes and percentiles in modality units, padding excluded: of one frame, or of many.

``PixelStatistics`` are computed from pixels in memory.  For a wider scope, the statistics pass
makes one ``PartialStatistics`` per frame, merges them, and turns the result into
``WiderStatistics``, which each frame then carries.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from dcmconv.errors import InputError, PluginError
from dcmconv.model.frame_parts import Lut, Padding, Palette, Rescale
from dcmconv.model.histogram import Histogram
from dcmconv.model.ranks import (
    Ranked,
    Selection,
    ValueCounts,
    included,
    is_countable,
    is_padding,
)
from dcmconv.model.records import record

__all__ = [
    "PartialStatistics",
    "PixelStatistics",
    "Scope",
    "Statistics",
    "StatisticsRequest",
    "WiderStatistics",
]

Scope = Literal["frame", "instance", "series", "run"]
"""Which frames statistics cover: one, or all frames of an instance, a series or a run."""


class HasPixels(Protocol):
    """The part of a Frame that statistics are computed from."""

    @property
    def stored_values(self) -> NDArray[Any]: ...

    @property
    def modality(self) -> Rescale | Lut: ...

    @property
    def padding(self) -> Padding | None: ...

    @property
    def palette(self) -> Palette | None: ...


class Statistics(ABC):
    """Statistics of pixels in modality units: of a frame, or of all frames of a statistics pass.

    Padding and non-finite values are excluded.
    """

    @staticmethod
    def of(frame: HasPixels) -> PixelStatistics:
        """Return the statistics of a frame, without values that a supplemental palette colors."""
        values = _gray_values(frame, frame.stored_values)
        return PixelStatistics(values, frame.modality, frame.padding)

    @staticmethod
    def of_region(frame: HasPixels, region: tuple[int, int, int, int]) -> PixelStatistics:
        """Return the statistics of a rectangle: column, row, columns, rows, from the upper left.

        Raises
        ------
        InputError
            If the rectangle contains no pixel of the frame.
        """
        column, row, columns, rows = region
        inside = frame.stored_values[row : row + rows, column : column + columns]
        if inside.size == 0:
            frame_rows, frame_columns = frame.stored_values.shape[:2]
            raise InputError(
                f"The region {column},{row} {columns}x{rows} is outside the frame of "
                f"{frame_columns}x{frame_rows} pixels.",
                hint="Give column, row, columns and rows of a rectangle inside the frame.",
            )
        return PixelStatistics(_gray_values(frame, inside), frame.modality, frame.padding)

    @property
    def scope(self) -> Scope:
        """Which frames they cover."""
        return "frame"

    @property
    def error(self) -> float:
        """How far below the exact value a percentile may be, in modality units; 0 if exact."""
        return 0.0

    @property
    @abstractmethod
    def minimum(self) -> float:
        """The least modality value; 0 if every pixel is padding."""

    @property
    @abstractmethod
    def maximum(self) -> float:
        """The greatest modality value; 0 if every pixel is padding."""

    @property
    @abstractmethod
    def count(self) -> int:
        """How many pixels are included."""

    @abstractmethod
    def percentile(self, percent: float) -> float:
        """Return the modality value with ``percent`` of the pixels below it, interpolated."""


class PixelStatistics(Statistics):
    """Statistics of pixels in memory, each computed when it is first requested.

    They are computed from the stored values: a linear modality transform maps an extreme to an
    extreme, so no array of modality values is made.

    Parameters
    ----------
    stored_values : array, any shape
        As in ``Frame.stored_values``.
    modality : Rescale or Lut
        From stored values to modality units.
    padding : Padding, optional
        Stored values to exclude.
    """

    def __init__(
        self, stored_values: NDArray[Any], modality: Rescale | Lut, padding: Padding | None
    ) -> None:
        self._stored_values = stored_values
        self._padding = padding
        self.modality = modality

    @property
    def minimum(self) -> float:
        """The least modality value; 0 if every pixel is padding."""
        return self._extremes[0]

    @property
    def maximum(self) -> float:
        """The greatest modality value; 0 if every pixel is padding."""
        return self._extremes[1]

    @property
    def count(self) -> int:
        """How many pixels are included."""
        values = self._stored_values
        excluded = ~np.isfinite(values) if values.dtype.kind == "f" else None
        if self._padding is not None:
            padding = is_padding(values, self._padding)
            excluded = padding if excluded is None else excluded | padding
        return values.size if excluded is None else values.size - int(np.count_nonzero(excluded))

    def percentile(self, percent: float) -> float:
        """Return the modality value with ``percent`` of the pixels below it, interpolated."""
        return self._ranked.percentile(percent)

    @cached_property
    def _ranked(self) -> Ranked:
        """The modality values; all percentiles share one pass that counts them."""
        if is_countable(self._stored_values):
            return self._counts.mapped(self.modality)
        return Selection(included(self._stored_values, self._padding), self.modality)

    @cached_property
    def _counts(self) -> ValueCounts:
        return ValueCounts.of(self._stored_values, self._padding)

    @cached_property
    def _extremes(self) -> tuple[float, float]:
        if isinstance(self.modality, Rescale):
            stored_ends = self._stored_extremes()
        elif is_countable(self._stored_values):
            # A table need not be monotone: any stored value may give the extreme.
            stored_ends = self._counts.values
        else:
            stored_ends = included(self._stored_values, self._padding)
        if stored_ends.size == 0:
            return 0.0, 0.0
        ends = self.modality(stored_ends)
        return float(ends.min()), float(ends.max())

    def _stored_extremes(self) -> NDArray[Any]:
        """Return the least and the greatest included stored value; empty if there is none."""
        values, padding = self._stored_values, self._padding
        # Counted already, if a percentile came first.
        if "_counts" in self.__dict__:
            return self._counts.values[[0, -1]] if self._counts.total else values[:0]
        if not values.size:
            return values
        is_float = values.dtype.kind == "f"
        return _ends_of_floats(values, padding) if is_float else _ends(values, padding)


def _ends(values: NDArray[Any], padding: Padding | None) -> NDArray[Any]:
    """Return the least and the greatest of some integers without padding: two fast passes."""
    low, high = values.min(), values.max()
    if padding is None:
        return np.array([low, high])
    is_low, is_high = (padding.first <= end <= padding.last for end in (low, high))
    if is_low and is_high:
        # Padding is one range: everything between two of its values is padding too.
        return values[:0]
    # In most frames neither extreme is padding, and two comparisons are all it costs.
    if is_low:
        # ``high`` is above the padding, so the bound is at most that and fits in the type.
        low = _least_from(values, values.dtype.type(math.floor(padding.last) + 1))
    if is_high:
        # Inverting the bits reverses the order, for signed and unsigned types alike.
        high = ~_least_from(~values, ~values.dtype.type(math.ceil(padding.first) - 1))
    return np.array([low, high])


def _ends_of_floats(values: NDArray[Any], padding: Padding | None) -> NDArray[Any]:
    """Return the least and the greatest of some floats that is finite and not padding."""
    ends = np.array([values.min(), values.max()])
    # One NaN makes both ends NaN; an infinity is one of them.
    if included(ends, padding).size == ends.size:
        return ends
    values = included(values, padding)
    return np.array([values.min(), values.max()]) if values.size else values


def _least_from(values: NDArray[Any], bound: Any) -> Any:
    """Return the least value that is not below ``bound``; there must be one.

    Smaller values wrap around to the top of the unsigned type: one pass without a mask.
    """
    above = (values - bound).view(f"u{values.dtype.itemsize}").min()
    return values.dtype.type(int(bound) + int(above))


def _gray_values(frame: HasPixels, stored_values: NDArray[Any]) -> NDArray[Any]:
    if frame.palette is None or not frame.palette.is_supplemental:
        return stored_values
    gray: NDArray[Any] = stored_values[stored_values < frame.palette.first]
    return gray


class StatisticsRequest(NamedTuple):
    """What a normalizer needs in ``frame.statistics`` (see ``Normalizer.statistics_request``).

    ``percentiles`` lists those that it will ask for; the extremes are always included.
    """

    scope: Scope = "frame"
    percentiles: tuple[float, ...] = ()


@record(frozen=True, kw_only=True)
class WiderStatistics(Statistics):
    """Statistics of all frames of a scope that are in the same units, computed beforehand.

    Parameters
    ----------
    request : StatisticsRequest
        What was requested.
    units : str
        Of the values: frames in other units have separate statistics.
    minimum, maximum : float
        The extremes, exact; 0 if no pixel is included.
    count : int
        How many pixels are included.
    values : tuple of float
        One for each of the request's percentiles.
    error : float
        How far below the exact value a percentile may be; 0 if exact.
    """

    request: StatisticsRequest
    units: str = ""
    minimum: float = 0.0
    maximum: float = 0.0
    count: int = 0
    values: tuple[float, ...] = ()
    error: float = 0.0

    @property
    def scope(self) -> Scope:
        """Which frames they cover."""
        return self.request.scope

    def percentile(self, percent: float) -> float:
        """Return one of the requested percentiles.

        Raises
        ------
        PluginError
            If the normalizer did not request it.
        """
        known = dict(zip(self.request.percentiles, self.values, strict=True))
        if percent not in known:
            raise PluginError(
                f"The normalizer asked for percentile {percent:g} of the {self.scope}, but its "
                "statistics_request() does not list it.",
                hint="List it there: StatisticsRequest(scope=self.scope, percentiles=(1.0, 99.0)).",
            )
        return known[percent]


@record(frozen=True)
class PartialStatistics:
    """The statistics of some frames, small and ready to be merged with those of others.

    ``histogram`` is None if no percentile is wanted, or no pixel is included.
    """

    count: int = 0
    minimum: float = 0.0
    maximum: float = 0.0
    histogram: Histogram | None = None

    @classmethod
    def of(cls, frame: HasPixels, *, percentiles: bool) -> PartialStatistics:
        """Return those of one gray frame; ``percentiles`` says whether a histogram is needed."""
        if not percentiles:
            statistics = Statistics.of(frame)
            # Adding 0.0 turns -0.0 into 0.0, so that the order of merging does not matter.
            low, high = statistics.minimum + 0.0, statistics.maximum + 0.0
            # Where modality values overflow, there are no statistics, as in Histogram.of.
            is_finite = math.isfinite(low) and math.isfinite(high)
            return cls(statistics.count, low, high) if is_finite else cls()
        histogram = Histogram.of(
            _gray_values(frame, frame.stored_values), frame.modality, frame.padding
        )
        if histogram is None:
            return cls()
        return cls(histogram.count, histogram.minimum, histogram.maximum, histogram)

    def merged(self, other: PartialStatistics) -> PartialStatistics:
        """Return the statistics of both together; the order of merging does not matter."""
        if not self.count or not other.count:
            return self if self.count else other
        histogram = None
        if self.histogram is not None and other.histogram is not None:
            histogram = self.histogram.merged(other.histogram)
        return PartialStatistics(
            self.count + other.count,
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
            histogram,
        )

    def statistics(self, request: StatisticsRequest, units: str) -> WiderStatistics:
        """Return what a request asks for."""
        histogram = self.histogram
        wanted = request.percentiles
        return WiderStatistics(
            request=request,
            units=units,
            minimum=self.minimum,
            maximum=self.maximum,
            count=self.count,
            values=tuple(histogram.percentile(each) if histogram else 0.0 for each in wanted),
            error=histogram.error if histogram else 0.0,
        )
