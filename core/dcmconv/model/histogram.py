"""A histogram that merges: the values of many frames in little memory, in any order.

If all frames have the same linear modality transform and stored values of at most 16 bits, it
counts each stored value, which is exact.  Otherwise it counts modality values in bins of equal
width, a power of two that depends only on the extremes.  Two bins of half the width combine into
one, so merging in any order gives exactly the histogram of everything counted at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, frexp, ldexp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcmconv.model.frame_parts import Lut, Rescale

__all__ = ["MOST_BINS", "Histogram"]

MOST_BINS = 1 << 16
"""Bins from the least to the greatest value: a bin is narrower than 1/32767 of the range, or as
narrow as the distance from the greatest value to the next float64."""

_LEAST_EXPONENT = -1074
"""Every float64 is a whole multiple of 2 to this power."""
_MANTISSA = 53

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts of modality values.

    Parameters
    ----------
    minimum, maximum : float
        The extremes, in modality units.
    numbers : int64 array, shape (n,)
        The bins that are not empty, in ascending order.  With a ``modality`` they are stored
        values, else multiples of the width 2**exponent, each the lower end of its bin.
    counts : int64 array, shape (n,)
        How many pixels are in each.
    modality : Rescale, optional
        From stored values to modality units; None for bins.
    exponent : int
        Of the width; 0 with a ``modality``.
    is_whole : bool
        Every modality value is a whole number, so bins of width 1 and less are exact.
    """

    minimum: float
    maximum: float
    numbers: Integers
    counts: Integers
    modality: Rescale | None
    exponent: int
    is_whole: bool

    @classmethod
    def of(cls, stored_values: NDArray[Any], modality: Rescale | Lut) -> Histogram | None:
        """Count stored values.

        Parameters
        ----------
        stored_values : integer or finite float array, any shape
            Without padding.
        modality : Rescale or Lut
            From stored values to modality units.

        Returns
        -------
        Histogram or None
            None if there is no value, or if modality values overflow.
        """
        if stored_values.size == 0:
            return None
        numbers, counts = _distinct(stored_values)
        modality_values = modality(numbers)
        # Adding 0.0 turns -0.0 into 0.0, so that the order of merging does not matter.
        minimum, maximum = float(modality_values.min()) + 0.0, float(modality_values.max()) + 0.0
        if not np.isfinite([minimum, maximum]).all():
            return None
        is_whole = bool((modality_values == np.floor(modality_values)).all())
        if isinstance(modality, Rescale) and _is_small(stored_values):
            exact = numbers.astype(np.int64)
            return cls(minimum, maximum, exact, counts, modality, 0, is_whole)
        exponent = _exponent(minimum, maximum)
        bins, counts = _summed(_bins(modality_values, exponent), counts)
        return cls(minimum, maximum, bins, counts, None, exponent, is_whole)

    @property
    def error(self) -> float:
        """How far below the exact value a percentile may be, in modality units; 0 if exact."""
        is_constant = self.minimum == self.maximum
        if self.modality is not None or is_constant or (self.is_whole and self.exponent <= 0):
            return 0.0
        return ldexp(1.0, self.exponent)

    @property
    def count(self) -> int:
        """How many pixels were counted."""
        return int(self.counts.sum())

    def merged(self, other: Histogram) -> Histogram:
        """Return the histogram of the values of both."""
        minimum, maximum = min(self.minimum, other.minimum), max(self.maximum, other.maximum)
        is_whole = self.is_whole and other.is_whole
        if self.modality is not None and self.modality == other.modality:
            modality, exponent, parts = self.modality, 0, (self, other)
        else:
            # Equal stored values of two transforms are different values: only bins can be added.
            modality, exponent = None, _exponent(minimum, maximum)
            parts = (self._in_bins(exponent), other._in_bins(exponent))
        numbers, counts = _summed(
            np.concatenate([part.numbers for part in parts]),
            np.concatenate([part.counts for part in parts]),
        )
        return Histogram(minimum, maximum, numbers, counts, modality, exponent, is_whole)

    def percentile(self, percent: float) -> float:
        """Return the modality value with ``percent`` of the pixels below it, interpolated.

        It is the exact value, or less than ``error`` below it.
        """
        position = (self.count - 1) * percent / 100
        below = int(position)
        low, high = self._ranked(below), self._ranked(min(below + 1, self.count - 1))
        return low + (high - low) * (position - below)

    def _ranked(self, rank: int) -> float:
        """Return the value at a rank, counted from 0, of all values in ascending order."""
        values = self._values()
        # With a negative slope, ascending stored values are descending modality values.
        order = np.argsort(values, kind="stable")
        # side: the first value with more than ``rank`` pixels up to it; ranks count from 0.
        index = int(np.searchsorted(np.cumsum(self.counts[order]), rank, side="right"))
        # The lower end of the first bin may be below the minimum.
        return max(float(values[order[index]]), self.minimum)

    def _values(self) -> NDArray[np.float64]:
        if self.modality is not None:
            return self.modality(self.numbers)
        values: NDArray[np.float64] = np.ldexp(self.numbers.astype(np.float64), self.exponent)
        return values

    def _in_bins(self, exponent: int) -> Histogram:
        """Return the same counts in bins of width 2**exponent, at least the current width."""
        if self.modality is not None:
            bins = _bins(self.modality(self.numbers), exponent)
        else:
            # Shifting rounds down, also below 0: each bin lies wholly in one of the wider bins.
            # 63 bits already leave only 0 or -1, as any greater shift must.
            bins = self.numbers >> min(exponent - self.exponent, 63)
        numbers, counts = _summed(bins, self.counts)
        return Histogram(self.minimum, self.maximum, numbers, counts, None, exponent, self.is_whole)


def _is_small(stored_values: NDArray[Any]) -> bool:
    return stored_values.dtype.kind in "iu" and stored_values.dtype.itemsize <= 2


def _distinct(stored_values: NDArray[Any]) -> tuple[NDArray[Any], Integers]:
    """Return the values that occur, in ascending order, and how often."""
    if not _is_small(stored_values):
        values, counts = np.unique(stored_values, return_counts=True)
        return values, counts.astype(np.int64)
    low = int(stored_values.min())
    # bincount is several times faster than numpy.unique, which sorts.
    counts = np.bincount(stored_values.astype(np.intp).ravel() - low)
    present = np.flatnonzero(counts)
    return present + low, counts[present].astype(np.int64)


def _summed(numbers: Integers, counts: Integers) -> tuple[Integers, Integers]:
    """Return each number once, in ascending order, with its counts summed."""
    order = np.argsort(numbers, kind="stable")
    numbers, counts = numbers[order], counts[order]
    # Before the first number, any other one: the first always starts a group.
    starts = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))
    return numbers[starts], np.add.reduceat(counts, starts)


def _exponent(minimum: float, maximum: float) -> int:
    """Return the least exponent that needs at most ``MOST_BINS`` bins for the range.

    A narrower range never gives a greater exponent, so the order of merging does not matter.
    """
    largest = max(abs(minimum), abs(maximum))
    # The number of a bin must itself be exact in float64.
    exponent = max(frexp(largest)[1] - _MANTISSA, _LEAST_EXPONENT) if largest else _LEAST_EXPONENT
    while _bin(maximum, exponent) - _bin(minimum, exponent) >= MOST_BINS:
        exponent += 1
    return exponent


def _bin(modality_value: float, exponent: int) -> int:
    number = floor(ldexp(modality_value, -exponent))
    # The quotient of a tiny negative value may underflow to 0; its bin is still the one below.
    return min(number, -1) if modality_value < 0 else number


def _bins(modality_values: NDArray[np.float64], exponent: int) -> Integers:
    # Equal to _bin, for arrays.
    numbers = np.floor(np.ldexp(modality_values, -exponent)).astype(np.int64)
    return np.where(modality_values < 0, np.minimum(numbers, -1), numbers)
